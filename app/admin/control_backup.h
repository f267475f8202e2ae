// What of the backup requests needs no catalog: the server answers with its own parts, a command without one with app/backup_place.h.
#pragma once
#include <boost/json/object.hpp>

#include "app/admin/control.h"
#include "app/backup_place.h"

namespace bascule::app {

struct BackupCall {
  const EngineOptions& options;
  backup::Content content;
  Workers& workers;
  boost::json::object body;
  const std::atomic<bool>& stop;
  ControlOutput& output;
};

// backup-list and backup-verify, each to its last line without "exit".
Task<Result<boost::json::object>> backup_look(const std::string& what, BackupCall call, int& exit);

boost::json::object to_json(const backup::ReadReport& report, backup::ReadBack::Extents extents);
// "2026-11-23T08:00:00Z" and what parse_iso8601 takes; "" is nothing.
Result<std::optional<WallTime>> parse_instant(const std::string& text);
std::string extents_word(backup::ReadBack::Extents extents);   // "none", "sample", "all"

}  // namespace bascule::app
