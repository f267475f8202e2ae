// How a name's states follow one another: what a write, a deletion or a snapshot leaves behind, by the account's settings.
// Everything is decided under the version of the name's head and goes in the writer's own commit.
#pragma once
#include "catalog/history.h"
#include "ops/service.h"

namespace bascule::ops {

// Version ids and the times of snapshots count as ETags do.
inline WallTime time_of(ETag etag) { return WallTime(Ticks(static_cast<std::int64_t>(etag) - kDotNetEpochTicks)); }

// The blob that a name stands for now, if there is one: neither deleted nor past its own end.
inline const catalog::HeadRecord* there(const catalog::Maybe<catalog::HeadRecord>& found, WallTime now) {
  const catalog::HeadRecord* head = catalog::live(found);
  return head && !expired(*head, now) ? head : nullptr;
}
inline const catalog::HeadRecord* there(const catalog::HeadRef& found, WallTime now) {
  const catalog::HeadRecord* head = catalog::live(found);
  return head && !expired(*head, now) ? head : nullptr;
}

// The blob's own end, if it has one, is noted for the sweeper, in place of `before`.
void note_end(catalog::Transaction& t, const ContainerRef& container, std::uint64_t cid, const std::string& blob, WallTime before,
              const catalog::HeadRecord& head);

inline std::optional<Stamp> stamp(const catalog::HeadRecord* head) {
  return head ? std::optional(stamp(*head)) : std::nullopt;
}
inline Lease lease_of(const catalog::HeadRecord* head) { return head ? head->lease : std::nullopt; }

// A write of a blob of this type over what stands there: a blob's type is fixed until it and all its versions are deleted.
Result<void> check_type(const catalog::Maybe<catalog::HeadRecord>& old, BlobType type);

// Whether a past state's record is of the kind that `at` asks for.
bool is_state(const catalog::HeadRecord& record, At at);

// The manifest becomes another holder of the same content; the first time, `owner` is marked as a holder too (and must be
// written by the same commit).
catalog::Manifest share_manifest(catalog::Catalog& catalog, catalog::Transaction& t, std::uint64_t cid, catalog::Manifest& owner);

// Lets go of a manifest for the sweeper, but for what `kept` names. `blob`: where others of the same content would be.
void drop_manifest(catalog::Catalog& catalog, catalog::Transaction& t, std::uint64_t cid, const catalog::Manifest& old,
                   const catalog::Manifest& kept = {}, const std::string& blob = {});

// What was deleted softly is to go when its time has come, and is no longer, once it has been brought back or is gone.
// `time`: the past state's; WallTime(): the head.
void note_expiry(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, WallTime time, const catalog::HistoryRecord& h);
void forget_expiry(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, WallTime time, const catalog::HistoryRecord& h);

// Takes a past state out of the counts of its name's head.
void uncount(catalog::HistoryRecord& head, const catalog::HistoryRecord& past);
// A head that nothing of the past needs any more loses its record of it.
void tidy(catalog::HeadRecord& head);
// Writes a head whose past has changed; a tombstone that guards nothing any more goes.
void put_guard(catalog::Transaction& t, std::string head_key, catalog::Found<catalog::HeadRecord> head);

}  // namespace bascule::ops
