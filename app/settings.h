// The table of settings: the one place that says what may be configured. It drives the file, the environment, --set, the
// checks and their messages, and what the documentation must list.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::app {

enum class Kind : std::uint8_t {
  text,
  path,
  list,      // of texts
  flag,
  number,    // whole
  size,      // bytes: 4096, "64KiB", "128MiB"
  duration,  // "500ms", "30s", "2m", "1h"
  choice,
};

struct Setting {
  std::string_view name;      // "data" or "section.key"
  Kind kind;
  std::string_view standard;  // as on the command line; "" = not set, or the place named in `help`
  std::string_view choices;   // choice: "folder|s3"
  std::uint64_t least = 0, most = 0;  // number, size (bytes), duration (milliseconds)
  std::string_view help;      // one or two sentences
  // From the environment, a private configuration file, the file that NAME_file names, or systemd's credential NAME; never
  // from the command line, never shown.
  bool secret = false;
  bool live = false;          // a change is in force after SIGHUP; else it needs a restart
};
inline constexpr bool kOpen = false, kSecret = true, kLive = true;   // for the table's rows

std::span<const Setting> settings();
const Setting* find_setting(std::string_view name);
// The known name that is nearest to a misspelt one; "" if none is near.
std::string_view nearest_setting(std::string_view name);
// "BASCULE_SERVER_LISTEN"
std::string environment_name(const Setting& setting);
// "a whole number from 1 to 256"
std::string allowed(const Setting& setting);

// A value in its checked form.
struct Value {
  std::string text;               // text, path, choice
  std::vector<std::string> list;
  std::uint64_t number = 0;       // number, size in bytes, duration in milliseconds, flag 0 or 1
  bool operator==(const Value&) const = default;
};
// From text (command line, environment; of a list: parts between commas). The message says what is allowed and repeats
// nothing of a secret.
Result<Value> parse_value(const Setting& setting, std::string_view text);
// A value, but for lists, as it would be written: "128MiB", "30s", "true".
std::string show_value(const Setting& setting, const Value& value);
// A number that was read as one.
Result<Value> check_number(const Setting& setting, std::int64_t number);

}  // namespace bascule::app
