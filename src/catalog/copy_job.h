// The record of a copy that is under way: answered with "pending", and carried on by whoever claims it, after the end of
// the gateway that began it too. docs/formats/catalog.md, "copy job".
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "catalog/records.h"

namespace bascule::catalog {

struct CopyJobRecord {
  // The target; `cid` is its container's incarnation.
  std::uint64_t cid = 0;
  std::string account, container, blob;
  std::string copy_id;               // GUID text; the target's head names the same while the copy is pending
  // The source: a URL with its query (sealed, as all values, and gone with the job), or, where that is empty, a blob of ours.
  std::string source_url, source_etag;      // the ETag as its server writes it; "" = it gives none
  std::string source_account, source_container, source_blob;
  std::uint8_t source_kind = 0;             // ops::At::Kind
  WallTime source_time{};
  std::uint64_t source_state = 0;           // ours: its ETag
  std::uint64_t total_bytes = 0;
  std::uint64_t epoch = 0;           // what has arrived lies in blocks under it, each named by where it begins
  WallTime started{};
  std::uint32_t claimed_by = 0;      // a session; it may be taken over once that is closed
  // Written as spans, up to `done`: an incremental copy (what changed since the snapshot `former`; WallTime(): everything), or
  // all of an append or page blob from elsewhere.
  bool incremental = false, whole_spans = false, begun = false;
  WallTime former{};
  std::uint64_t done = 0;
};

inline bool by_spans(const CopyJobRecord& job) { return job.incremental || job.whole_spans; }

std::string encode(const CopyJobRecord&);
template <> Result<CopyJobRecord> decode(std::string_view);

inline bool copying(const HeadRecord& head) { return head.copy && head.copy->status == "pending"; }

}  // namespace bascule::catalog
