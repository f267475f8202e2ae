#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cmath>

#include "base/time.h"

namespace bascule::log {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warn", "error", "off"};

std::atomic<bool> as_json = false;

// spdlog writes whole lines from any thread; what is in them is formed here.
spdlog::logger& sink() {
  static spdlog::logger logger = [] {
    spdlog::logger made("bascule", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%v");
    made.set_level(spdlog::level::trace);
    made.flush_on(spdlog::level::trace);
    return made;
  }();
  return logger;
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return true;
  }
  return false;
}

// Valid inside double quotes of both forms: JSON's escapes are logfmt's too. No event can forge a second line.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
}

void append_text(std::string& out, bool json, std::string_view text) {
  if (!json && !needs_quotes(text)) {
    out += text;
    return;
  }
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_value(std::string& out, bool json, const Field& field) {
  switch (field.type) {
    case Field::Type::text: append_text(out, json, field.text); break;
    case Field::Type::signed_number: fmt::format_to(std::back_inserter(out), "{}", field.signed_number); break;
    case Field::Type::unsigned_number: fmt::format_to(std::back_inserter(out), "{}", field.unsigned_number); break;
    case Field::Type::real:
      if (std::isfinite(field.real)) fmt::format_to(std::back_inserter(out), "{}", field.real);
      else append_text(out, json, fmt::format("{}", field.real));  // JSON has no such numbers
      break;
    case Field::Type::boolean: out += field.boolean ? "true" : "false"; break;
  }
}

void append_pair(std::string& out, bool json, const Field& field) {
  if (json) {
    out += out.size() == 1 ? "\"" : ",\"";
    append_escaped(out, field.key);
    out += "\":";
  } else {
    if (!out.empty()) out += ' ';
    out += field.key;
    out += '=';
  }
  append_value(out, json, field);
}

}  // namespace

namespace detail {
std::atomic<Level> threshold = Level::info;
}

std::string_view name(Level level) { return kNames[static_cast<std::size_t>(level)]; }

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void setup(const Options& options) {
  as_json = options.json;
  detail::threshold.store(options.level, std::memory_order_relaxed);
}

std::string format_line(bool json, std::string_view time, Level level, std::string_view event, Fields fields) {
  std::string line = json ? "{" : "";
  line.reserve(160);
  append_pair(line, json, {"time", time});
  append_pair(line, json, {"level", name(level)});
  append_pair(line, json, {"event", event});
  for (const Field& field : fields) append_pair(line, json, field);
  if (json) line += '}';
  return line;
}

void write(Level level, std::string_view event, Fields fields) {
  const WallTime now = std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now());
  const std::string line = format_line(as_json.load(std::memory_order_relaxed), format_iso8601(now), level, event, fields);
  sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace bascule::log
