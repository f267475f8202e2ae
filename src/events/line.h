// Events as lines of JSON (docs/access-events.md). Written straight into the caller's buffer: no allocation, no lock.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "events/event.h"

namespace bascule::events {

// No line is longer, its line feed included: each text is cut at a bound of its own, and a cut one ends with "…".
inline constexpr std::size_t kMostLineBytes = 24 * 1024;
inline constexpr std::string_view kSchemaVersion = "1.0";

// Where a line comes from: (run, stream, sequence) is unique, and a stream's sequence has no gaps, so that a line that is
// missing later was taken out.
struct Stamp {
  std::string_view run;          // of the process, hexadecimal
  std::uint32_t stream = 0;      // of the process: a thread's
  std::uint64_t sequence = 0;
};

// Writes the line, line feed included, at `out`, where kMostLineBytes are free. Returns its length.
std::size_t format_line(char* out, const Stamp& stamp, const AccessEvent& event);
std::size_t format_line(char* out, const Stamp& stamp, const AdminEvent& event);
std::size_t format_line(char* out, const Stamp& stamp, const ConnectionEvent& event, std::uint64_t suppressed);
std::size_t format_line(char* out, const Stamp& stamp, const ServiceEvent& event);

// The inside of a JSON string: at most `limit` bytes (at least 8), cut at a character with "…" where that is not enough.
// Bytes that are no UTF-8 become U+FFFD; control characters, the C1 ones too, are escaped. Returns the end.
char* write_escaped(char* out, std::string_view text, std::size_t limit);

// A query as a reader may see it: the values of parameters that are known and harmless, XXXXX for all others, signatures
// above all. The same bound and form as write_escaped().
char* write_query(char* out, std::string_view query, std::size_t limit);

}  // namespace bascule::events
