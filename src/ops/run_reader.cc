#include "ops/run_reader.h"

namespace bascule::ops {

namespace {

constexpr Duration kReadTimeout = std::chrono::seconds(60);

constexpr int kMostMoves = 8;   // of a piece while it is being read

// From where the piece lies now. An extent that a manifest names must be there, or have been gathered into another: else its
// absence is damage, not "no such blob".
Task<Result<void>> read_run(const Service& service, extent::PieceReader& reader, Run run, MutableBytes sealed, MutableBytes plain) {
  for (int move = 0;; ++move) {
    const extent::Piece piece = service.forwarding().place(run.piece);
    auto read = co_await reader.read(piece, run.chunks, sealed, plain, service.parts().clock.now() + kReadTimeout);
    if (read || read.error().code != Code::not_found) co_return read;
    BASCULE_CO_ASSIGN(const bool moved, co_await service.forwarding().learn(run.piece, piece.extent));
    if (!moved || move == kMostMoves)
      co_return fail(Code::corrupt, "extent " + reader.extent_name(piece.extent) + " is missing at its provider");
  }
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
  const auto had = reader_.try_read(service_.forwarding().place(run.piece), run.chunks, sealed, plain);
  if (!had && had.error().code != Code::not_found) co_return fail(had.error());
  if (!had || !*had) BASCULE_CO_TRY(co_await read_run(service_, reader_, run, sealed, plain));
  co_return Bytes(plain.subspan(run.skip, run.take));
}

Task<void> RunReader::fetch(const Service& service, Container container, std::shared_ptr<void>, std::shared_ptr<Fetch> f) {
  extent::PieceReader reader(service.parts().provider, service.parts().namer, service.ciphers(), container->key, container->cid);
  f->done.set(co_await read_run(service, reader, f->run, f->buffer.sealed_bytes(f->run.chunks), f->buffer.plain_bytes(f->run.chunks)));
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
