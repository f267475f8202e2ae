// Get Blob: a reader over one head's manifest. What it gives out has been verified; bytes of a failing chunk never leave.
#include <algorithm>
#include <deque>

#include "extent/reader.h"
#include "ops/manifest.h"
#include "ops/service.h"

namespace bascule::ops {

namespace {

constexpr Duration kReadTimeout = std::chrono::seconds(60);

// One stretch of one piece: what is asked of the provider in one go.
struct Run {
  extent::Piece piece;
  crypto::ChunkRun chunks;
  std::uint32_t skip = 0;     // bytes of the run's plaintext before the range
  std::uint32_t take = 0;     // bytes of the range
};

// An extent that a manifest names must be there: its absence is damage, not "no such blob".
std::unexpected<Error> lost(const extent::PieceReader& reader, const Run& run, Error error) {
  if (error.code != Code::not_found) return fail(std::move(error));
  return fail(Code::corrupt, "extent " + reader.extent_name(run.piece.extent) + " is missing at its provider");
}

struct RunBuffer {
  std::unique_ptr<std::byte[]> sealed, plain;
  std::size_t capacity = 0;
  MutableBytes sealed_bytes(const crypto::ChunkRun& c) const { return {sealed.get(), c.sealed_bytes}; }
  MutableBytes plain_bytes(const crypto::ChunkRun& c) const {
    return {plain ? plain.get() : sealed.get(), c.plain_bytes};  // a single chunk opens in its own place
  }
  void reserve(const crypto::ChunkRun& c) {
    const bool single = c.chunks == 1;
    if (sealed && capacity >= c.sealed_bytes && (single || plain)) return;
    capacity = c.sealed_bytes;
    sealed = std::make_unique_for_overwrite<std::byte[]>(capacity);
    plain = single ? nullptr : std::make_unique_for_overwrite<std::byte[]>(capacity);
  }
};

// A run that is fetched while earlier ones are being sent. Shared with the fetching task, which may outlive the reader.
struct Fetch {
  Run run;
  RunBuffer buffer;
  Completion<Result<void>> done;
};

class ManifestBlobReader final : public BlobReader {
 public:
  ManifestBlobReader(const Service& service, Container container, BlobView view, catalog::Manifest manifest,
                     std::uint64_t first, std::uint64_t length, std::shared_ptr<void> token)
      : service_(service), container_(std::move(container)), view_(std::move(view)), first_(first), length_(length),
        token_(std::move(token)), cursor_(service.parts().catalog, container_->cid, std::move(manifest)),
        reader_(service.parts().provider, service.parts().namer, service.ciphers(), container_->key,
                container_->cid),
        position_(first), end_(first + length) {}

  const BlobView& blob() const override { return view_; }
  std::uint64_t first_byte() const override { return first_; }
  std::uint64_t length_bytes() const override { return length_; }

  Task<Result<Bytes>> next() override {
    if (service_.options().read_ahead == 0) co_return co_await next_direct();
    co_return co_await next_ahead();
  }

 private:
  // The next run to ask for; take = 0 at the end.
  Task<Result<Run>> next_run() {
    if (position_ == end_) co_return Run{};
    if (!sought_) {
      BASCULE_CO_TRY(co_await cursor_.seek(position_));
      sought_ = true;
    }
    if (!in_piece_) {
      BASCULE_CO_ASSIGN(const auto at, co_await cursor_.next());
      if (!at.entry) co_return fail(Code::corrupt, "the manifest of a blob ends before its size");
      piece_ = at.entry->piece;
      piece_start_ = at.offset;
      in_piece_ = true;
    }
    const std::uint64_t offset = position_ - piece_start_;
    const std::uint64_t want = std::min<std::uint64_t>({end_ - position_, piece_.size_bytes - offset,
                                                        service_.options().read_run_bytes - offset % crypto::kChunkBytes});
    Run run{piece_, crypto::chunks_of(piece_.size_bytes, offset, want)};
    run.skip = static_cast<std::uint32_t>(offset - run.chunks.plain_offset);
    run.take = static_cast<std::uint32_t>(want);
    position_ += want;
    if (position_ == piece_start_ + piece_.size_bytes) in_piece_ = false;
    co_return run;
  }

  Task<Result<Bytes>> next_direct() {
    BASCULE_CO_ASSIGN(const Run run, co_await next_run());
    if (run.take == 0) co_return Bytes{};
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

  static Task<void> fetch(const Service& service, Container container, std::shared_ptr<void>, std::shared_ptr<Fetch> f) {
    extent::PieceReader reader(service.parts().provider, service.parts().namer, service.ciphers(), container->key, container->cid);
    auto read = co_await reader.read(f->run.piece, f->run.chunks, f->buffer.sealed_bytes(f->run.chunks),
                                     f->buffer.plain_bytes(f->run.chunks), service.parts().clock.now() + kReadTimeout);
    f->done.set(read ? std::move(read) : Result<void>(lost(reader, f->run, read.error())));
  }

  Task<Result<Bytes>> next_ahead() {
    current_.reset();
    while (ahead_.size() < service_.options().read_ahead + 1) {
      BASCULE_CO_ASSIGN(const Run run, co_await next_run());
      if (run.take == 0) break;
      auto f = std::make_shared<Fetch>();
      f->run = run;
      f->buffer.reserve(run.chunks);
      ahead_.push_back(f);
      spawn(co_await this_executor(), fetch(service_, container_, token_, f));
    }
    if (ahead_.empty()) co_return Bytes{};
    current_ = std::move(ahead_.front());
    ahead_.pop_front();
    BASCULE_CO_TRY(co_await current_->done.wait());
    co_return Bytes(current_->buffer.plain_bytes(current_->run.chunks).subspan(current_->run.skip, current_->run.take));
  }

  const Service& service_;
  const Container container_;
  const BlobView view_;
  const std::uint64_t first_, length_;
  const std::shared_ptr<void> token_;
  ManifestCursor cursor_;
  extent::PieceReader reader_;
  std::uint64_t position_, end_;
  bool sought_ = false, in_piece_ = false;
  extent::Piece piece_;
  std::uint64_t piece_start_ = 0;
  RunBuffer buffer_;
  std::deque<std::shared_ptr<Fetch>> ahead_;
  std::shared_ptr<Fetch> current_;
};

}  // namespace

std::unique_ptr<BlobReader> Service::read_head(Container container, std::string blob, const catalog::HeadRecord& head) {
  return std::make_unique<ManifestBlobReader>(*this, std::move(container), to_view(std::move(blob), head, now()),
                                              head.manifest, 0, head.size_bytes, read_token());
}

Task<Result<std::unique_ptr<BlobReader>>> Service::open_blob(BlobRef ref, OpenBlob open) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  auto token = read_token();  // before the head is read: what it names stays until the reader is gone
  BASCULE_CO_ASSIGN(const auto head, co_await parts_.catalog.head(catalog::keys::head(container->cid, ref.blob)));
  if (!head) co_return refuse(Reason::blob_not_found);
  const catalog::HeadRecord& record = head->record;
  BASCULE_CO_TRY(check_lease_read(record.lease, open.conditions.lease_id, now()));
  BASCULE_CO_TRY(check_read(open.conditions, stamp(record)));
  std::uint64_t first = 0, length = record.size_bytes;
  if (open.range) {
    first = open.range->first;
    if (first >= record.size_bytes) co_return refuse(Reason::invalid_range, std::to_string(record.size_bytes));
    const std::uint64_t last = std::min(open.range->last.value_or(record.size_bytes - 1), record.size_bytes - 1);
    length = last - first + 1;
  }
  BlobView view = to_view(std::move(ref.blob), record, now());
  co_return std::make_unique<ManifestBlobReader>(*this, std::move(container), std::move(view), record.manifest, first,
                                                 length, std::move(token));
}

}  // namespace bascule::ops
