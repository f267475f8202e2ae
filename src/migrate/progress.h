// What a migration says while it runs.
#pragma once
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "migrate/report.h"

namespace bascule::migrate {

struct Progress {
  enum class Phase : std::uint8_t { inventory, copy } phase = Phase::inventory;
  std::uint64_t blobs_done = 0, blobs_total = 0;  // total: of the inventory (so far, while it is taken)
  std::uint64_t bytes_done = 0, bytes_total = 0;  // done: arrived at the target, verified or about to be
  std::uint64_t failed = 0;
  double bytes_per_second = 0, blobs_per_second = 0;      // lately
  std::optional<Duration> left;                           // nothing until it can be told
  Duration elapsed{};
};

class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void progress(const Progress& progress) = 0;     // about once a second
  virtual void inventory(const Inventory& inventory) = 0;  // once, before anything is written
  virtual void failure(const Failure& failure) = 0;        // at once
  virtual void finished(const Report& report) = 0;
};

enum class ProgressStyle : std::uint8_t {
  line,   // one line that is drawn again: a terminal
  plain,  // a line every ten seconds
  json,   // a JSON object a line, the report last
};
// Writes to `out` (the caller's). `strict` only for the report's exit code.
std::unique_ptr<ProgressSink> make_progress_sink(ProgressStyle style, std::FILE* out, bool strict);

std::string format_bytes(std::uint64_t bytes);   // "1.5 GiB"
std::string format_duration(Duration duration);  // "1 h 02 min", "12 s"

}  // namespace bascule::migrate
