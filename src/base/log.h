// Structured logging: one line per event on standard error, as logfmt or as JSON. Any thread.
//
//   log::info("request", {{"method", "GET"}, {"status", 200}, {"id", request_id}});
//   if (log::enabled(Level::debug)) ...   // where the fields themselves are costly
//
// An event is a short constant name; what varies goes into fields. Never log a secret, a signature, or a URL's query.
#pragma once
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };

std::string_view name(Level level);
std::optional<Level> parse_level(std::string_view text);

struct Options {
  Level level = Level::info;
  bool json = false;
};
// Any thread, any number of times; without it, the defaults above hold.
void setup(const Options& options);

namespace detail {
extern std::atomic<Level> threshold;
}
inline bool enabled(Level level) { return level >= detail::threshold.load(std::memory_order_relaxed); }

// A key (a constant word) and a value. Views are read before write() returns.
struct Field {
  enum class Type : std::uint8_t { text, signed_number, unsigned_number, real, boolean };
  std::string_view key;
  Type type;
  std::string_view text;
  union {
    std::int64_t signed_number;
    std::uint64_t unsigned_number;
    double real;
    bool boolean;
  };

  Field(std::string_view k, std::string_view v) : key(k), type(Type::text), text(v), signed_number(0) {}
  Field(std::string_view k, const std::string& v) : Field(k, std::string_view(v)) {}
  Field(std::string_view k, const char* v) : Field(k, std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), type(Type::boolean), boolean(v) {}
  Field(std::string_view k, std::floating_point auto v) : key(k), type(Type::real), real(v) {}
  Field(std::string_view k, std::signed_integral auto v) : key(k), type(Type::signed_number), signed_number(v) {}
  Field(std::string_view k, std::unsigned_integral auto v) : key(k), type(Type::unsigned_number), unsigned_number(v) {}
};
using Fields = std::initializer_list<Field>;

void write(Level level, std::string_view event, Fields fields);  // regardless of the threshold

inline void debug(std::string_view event, Fields fields = {}) { if (enabled(Level::debug)) write(Level::debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { if (enabled(Level::info)) write(Level::info, event, fields); }
inline void warn(std::string_view event, Fields fields = {}) { if (enabled(Level::warn)) write(Level::warn, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { if (enabled(Level::error)) write(Level::error, event, fields); }

// One event as a line without its end: what write() prints.
std::string format_line(bool json, std::string_view time, Level level, std::string_view event, Fields fields);

}  // namespace bascule::log
