#include "ops/run_reader.h"

namespace bascule::ops {

namespace {

constexpr Duration kReadTimeout = std::chrono::seconds(60);

// An extent that a manifest names must be there: its absence is damage, not "no such blob".
std::unexpected<Error> lost(const extent::PieceReader& reader, const Run& run, Error error) {
  if (error.code != Code::not_found) return fail(std::move(error));
  return fail(Code::corrupt, "extent " + reader.extent_name(run.piece.extent) + " is missing at its provider");
}

Bytes zeros(std::size_t size) {
  static const std::vector<std::byte> kZeros(64 * 1024);
  return Bytes(kZeros).first(size);
}

}  // namespace

void RunReader::Buffer::reserve(const crypto::ChunkRun& c) {
  const bool single = c.chunks == 1;
  if (sealed && capacity >= c.sealed_bytes && (single || plain)) return;
  capacity = c.sealed_bytes;
  sealed = std::make_unique_for_overwrite<std::byte[]>(capacity);
  plain = single ? nullptr : std::make_unique_for_overwrite<std::byte[]>(capacity);
}

Task<Result<Bytes>> RunReader::next_direct() {
  BASCULE_CO_ASSIGN(const Run run, co_await next_run());
  if (run.take == 0) co_return Bytes{};
  if (run.zeros) co_return zeros(run.take);
  buffer_.reserve(run.chunks);
  const MutableBytes sealed = buffer_.sealed_bytes(run.chunks), plain = buffer_.plain_bytes(run.chunks);
  auto had = reader_.try_read(run.piece, run.chunks, sealed, plain);
  if (!had) co_return lost(reader_, run, had.error());
  if (!*had) {
    auto read = co_await reader_.read(run.piece, run.chunks, sealed, plain, service_.parts().clock.now() + kReadTimeout);
    if (!read) co_return lost(reader_, run, read.error());
  }
  co_return Bytes(plain.subspan(run.skip, run.take));
}

Task<void> RunReader::fetch(const Service& service, Container container, std::shared_ptr<void>, std::shared_ptr<Fetch> f) {
  extent::PieceReader reader(service.parts().provider, service.parts().namer, service.ciphers(), container->key, container->cid);
  auto read = co_await reader.read(f->run.piece, f->run.chunks, f->buffer.sealed_bytes(f->run.chunks),
                                   f->buffer.plain_bytes(f->run.chunks), service.parts().clock.now() + kReadTimeout);
  f->done.set(read ? std::move(read) : Result<void>(lost(reader, f->run, read.error())));
}

Task<Result<Bytes>> RunReader::next_ahead() {
  current_.reset();
  while (ahead_.size() < service_.options().read_ahead + 1) {
    BASCULE_CO_ASSIGN(const Run run, co_await next_run());
    if (run.take == 0) break;
    auto f = std::make_shared<Fetch>();
    f->run = run;
    ahead_.push_back(f);
    if (run.zeros) {
      f->done.set({});
      continue;
    }
    f->buffer.reserve(run.chunks);
    spawn(co_await this_executor(), fetch(service_, container_, token_, f));
  }
  if (ahead_.empty()) co_return Bytes{};
  current_ = std::move(ahead_.front());
  ahead_.pop_front();
  BASCULE_CO_TRY(co_await current_->done.wait());
  if (current_->run.zeros) co_return zeros(current_->run.take);
  co_return Bytes(current_->buffer.plain_bytes(current_->run.chunks).subspan(current_->run.skip, current_->run.take));
}

}  // namespace bascule::ops
