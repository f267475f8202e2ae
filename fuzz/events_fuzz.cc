// Access events: every line is one line of JSON that says what went in, whatever it is; a secret in a query never comes out.
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "events/line.h"
#include "fuzz.h"

namespace {

using namespace bascule;
using namespace bascule::events;

// RFC 3629's grammar, row by row: how long the character at the beginning is; 0 = none.
std::size_t utf8_length(std::string_view s) {
  const auto in = [&](std::size_t i, int low, int high) { return i < s.size() && static_cast<unsigned char>(s[i]) >= low && static_cast<unsigned char>(s[i]) <= high; };
  if (in(0, 0x00, 0x7F)) return 1;
  if (in(0, 0xC2, 0xDF) && in(1, 0x80, 0xBF)) return 2;
  if (((in(0, 0xE0, 0xE0) && in(1, 0xA0, 0xBF)) || (in(0, 0xE1, 0xEC) && in(1, 0x80, 0xBF)) || (in(0, 0xED, 0xED) && in(1, 0x80, 0x9F)) ||
       (in(0, 0xEE, 0xEF) && in(1, 0x80, 0xBF))) && in(2, 0x80, 0xBF))
    return 3;
  if (((in(0, 0xF0, 0xF0) && in(1, 0x90, 0xBF)) || (in(0, 0xF1, 0xF3) && in(1, 0x80, 0xBF)) || (in(0, 0xF4, 0xF4) && in(1, 0x80, 0x8F))) &&
      in(2, 0x80, 0xBF) && in(3, 0x80, 0xBF))
    return 4;
  return 0;
}

std::string replaced(std::string_view s) {
  std::string out;
  while (!s.empty()) {
    const std::size_t n = utf8_length(s);
    out.append(n ? s.substr(0, n) : "\xEF\xBF\xBD");
    s.remove_prefix(n ? n : 1);
  }
  return out;
}

// All of it, or the beginning and the mark.
bool says(std::string_view said, const std::string& meant) {
  if (said == meant) return true;
  constexpr std::string_view kCut = "\xE2\x80\xA6";
  return said.ends_with(kCut) && meant.starts_with(said.substr(0, said.size() - kCut.size())) && meant.size() > 60;
}

template <class Event, class... More> boost::json::object parsed(const Event& event, const More&... more) {
  static const auto room = std::make_unique<char[]>(kMostLineBytes);
  const std::size_t size = format_line(room.get(), {"00", 1, 2}, event, more...);
  const std::string_view line(room.get(), size);
  fuzz::must(size <= kMostLineBytes && line.find('\n') == size - 1, "no single line");
  for (const char c : line.substr(0, size - 1)) fuzz::must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a control character");
  boost::system::error_code bad;
  const boost::json::value value = boost::json::parse(line.substr(0, size - 1), bad);
  fuzz::must(!bad && value.is_object(), "no JSON object");
  return value.as_object();
}

void check(const boost::json::object& object, std::string_view key, std::string_view meant) {
  if (meant.empty()) return;
  const boost::json::value* value = object.if_contains(key);
  fuzz::must(value && value->is_string() && says(std::string_view(value->as_string()), replaced(meant)), "a text changes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text(data, size);
  const std::string_view blob = fuzz::next_part(rest, '|'), agent = fuzz::next_part(rest, '|'), query = fuzz::next_part(rest, '|');
  AccessEvent e;
  e.operation = "GetBlob";
  e.account = "acme";
  e.container = "c";
  e.blob = blob;
  e.user_agent = agent;
  e.host = "h";
  e.path = "/c";
  const std::string with_secret = std::string(query) + "&sig=hunter2hunter2&token=hunter2hunter2&hunter2hunter2";
  e.query = with_secret;
  e.client_request_id = rest;
  e.error_code = agent;
  const auto o = parsed(e);
  check(o, "UserAgentHeader", agent);
  check(o, "ClientRequestId", rest);
  check(o, "ObjectKey", blob.empty() ? std::string("/acme/c") : "/acme/c/" + std::string(blob));
  if (query.find("hunter2hunter2") == std::string_view::npos && blob.find("hunter2hunter2") == std::string_view::npos &&
      agent.find("hunter2hunter2") == std::string_view::npos && rest.find("hunter2hunter2") == std::string_view::npos)
    fuzz::must(boost::json::serialize(o).find("hunter2hunter2") == std::string::npos, "a secret comes out");
  check(parsed(AdminEvent{.operation = "x", .reason = blob, .target = agent}), "Reason", blob);
  check(parsed(ConnectionEvent{.reason = rest}, std::uint64_t{0}), "Reason", rest);
  const Detail details[] = {{"Key", agent}};
  parsed(ServiceEvent{.operation = "x", .reason = rest, .details = details});
  return 0;
}
