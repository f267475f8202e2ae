// What the ways of copying share, and how a pending copy is carried on.
#pragma once
#include <atomic>

#include "catalog/copy_job.h"
#include "ops/service.h"

namespace bascule::ops {

// While a copy onto a blob is pending nothing else may write to it (AZURE-DETAILS 44).
Result<void> check_not_copying(const catalog::HeadRecord* head);

// Null where it is no target of incremental copies, and no snapshot of one.
const catalog::IncrementalCopyRecord* incremental_of(const catalog::HeadRecord& head);
// The target of incremental copies is for nothing else: its own content is neither read nor written (incremental_copy_blob).
// Its snapshots are like others.
Result<void> check_own_content(const catalog::HeadRecord* head);
inline Result<void> check_writable(const catalog::HeadRecord* head) {
  BASCULE_TRY(check_not_copying(head));
  return check_own_content(head);
}

// The conditions and the lease of a copy's target.
Result<void> check_target(const Conditions& conditions, const catalog::HeadRecord* there, WallTime now);
// The same, where it is replaced by what is of that type.
Result<void> check_copy_target(const Conditions& conditions, const catalog::Maybe<catalog::HeadRecord>& old, std::uint8_t type,
                               WallTime now);

// A stretch of a reader as the body of a write.
class ReaderBody final : public BodySource {
 public:
  explicit ReaderBody(BlobReader& reader) : reader_(reader) {}
  Task<Result<std::size_t>> read(MutableBytes into) override;

 private:
  BlobReader& reader_;
  Bytes rest_;
};

constexpr std::uint8_t kStagedIdBytes = 8;   // where a stretch begins, big-endian; behind it the id of the block it begins
constexpr Duration kCopyLifetime = std::chrono::days(14);   // then a copy has failed ("Copy Blob")

}  // namespace bascule::ops
