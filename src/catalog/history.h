// What a head's record says of its name's past: whether it stands for a blob that is there at all, and which past states
// lie beside it (keys::past). Sources: "Blob snapshots", "Blob versioning", "Soft delete for blobs".
#pragma once
#include "catalog/catalog.h"

namespace bascule::catalog {

inline constexpr HistoryRecord kNoHistory{};
inline const HistoryRecord& history_of(const HeadRecord& h) { return h.extras ? h.extras->history : kNoHistory; }
// The version id; the epoch's beginning where it has none.
inline WallTime version_of(const HeadRecord& h) { return h.extras ? h.extras->version : WallTime{}; }

// A name that has only past states, or a blob that was deleted softly, keeps a head: it guards what lies beside it. To every
// operation that does not ask for deleted things it is as good as not there; this is where that is decided.
inline bool is_live(const HeadRecord& h) { return !h.extras || h.extras->history.state == HistoryRecord::State::live; }
inline const HeadRecord* live(const Maybe<HeadRecord>& found) {
  return found && is_live(found->record) ? &found->record : nullptr;
}
inline const HeadRecord* live(const HeadRef& found) { return found && is_live(found->record) ? &found->record : nullptr; }

// Until when something deleted softly can be brought back. The period is that of the time when it was deleted.
inline WallTime deletion_due(const HistoryRecord& h) {
  return h.deleted + std::chrono::duration_cast<Ticks>(std::chrono::days(h.retention_days));
}

}  // namespace bascule::catalog
