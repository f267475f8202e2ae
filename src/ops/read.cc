// Get Blob: a reader over one head's manifest. What it gives out has been verified; bytes of a failing chunk never leave.
#include <algorithm>

#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/manifest.h"
#include "ops/pending_copy.h"
#include "ops/run_reader.h"

namespace bascule::ops {

namespace {

class ManifestBlobReader final : public RunReader {
 public:
  ManifestBlobReader(const Service& service, Container container, BlobView view, catalog::Manifest manifest,
                     std::uint64_t first, std::uint64_t length, std::shared_ptr<void> token)
      : RunReader(service, std::move(container), std::move(view), first, length, std::move(token)),
        cursor_(service.parts().catalog, container_->cid, std::move(manifest)) {}

 private:
  Task<Result<Run>> next_run() override {
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
    const Run run = run_of(piece_, position_ - piece_start_, end_ - position_);
    position_ += run.take;
    if (position_ == piece_start_ + piece_.size_bytes) in_piece_ = false;
    co_return run;
  }

  ManifestCursor cursor_;
  bool sought_ = false, in_piece_ = false;
  extent::Piece piece_;
  std::uint64_t piece_start_ = 0;
};

}  // namespace

std::unique_ptr<BlobReader> Service::read_head(Container container, std::string blob, const catalog::HeadRecord& head) {
  if (head.manifest.spans)
    return span_reader(std::move(container), to_view(std::move(blob), head, now()), head.manifest, 0, head.size_bytes, read_token());
  return std::make_unique<ManifestBlobReader>(*this, std::move(container), to_view(std::move(blob), head, now()),
                                              head.manifest, 0, head.size_bytes, read_token());
}

Task<Result<std::unique_ptr<BlobReader>>> Service::open_blob(BlobRef ref, OpenBlob open) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  auto token = read_token();  // before the head is read: what it names stays until the reader is gone
  BASCULE_CO_ASSIGN(const auto head, co_await named_state(container->cid, ref));
  if (!there(head, ending_now(*container))) co_return refuse(Reason::blob_not_found);
  const catalog::HeadRecord& record = head->record;
  BASCULE_CO_TRY(check_lease_read(record.lease, open.conditions.lease_id, now()));
  BASCULE_CO_TRY(check_read(open.conditions, stamp(record)));
  BASCULE_CO_TRY(check_readable(record, now()));
  BASCULE_CO_TRY(check_own_content(&record));
  std::uint64_t first = 0, length = record.size_bytes;
  if (open.range) {
    first = open.range->first;
    if (first >= record.size_bytes) co_return refuse(Reason::invalid_range, std::to_string(record.size_bytes));
    const std::uint64_t last = std::min(open.range->last.value_or(record.size_bytes - 1), record.size_bytes - 1);
    length = last - first + 1;
  }
  if (ref.at.base() && access_is_due(ref.account, record))
    spawn(co_await this_executor(), note_access({ref.account, ref.container}, container, ref.blob));
  BlobView view = to_view(std::move(ref.blob), record, now());
  const catalog::EncryptionRecord* encryption = encryption_of(record);
  BASCULE_CO_TRY(check_encryption(encryption, open.conditions.encryption));
  if (encryption) {
    BASCULE_CO_ASSIGN(container, co_await keyed(std::move(container), std::move(ref.account), *encryption, open.conditions.encryption));
    BASCULE_CO_ASSIGN(view.metadata, open_metadata(record, *container));
  }
  if (record.manifest.spans)
    co_return span_reader(std::move(container), std::move(view), record.manifest, first, length, std::move(token));
  co_return std::make_unique<ManifestBlobReader>(*this, std::move(container), std::move(view), record.manifest, first,
                                                 length, std::move(token));
}

}  // namespace bascule::ops
