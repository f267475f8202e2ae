#include "app/admin/control_events.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace bascule::app {
namespace {

namespace json = boost::json;

// Members whose texts name something. What is not here may hold a secret.
constexpr auto kShown = std::to_array<std::string_view>(
    {"name", "account", "container", "containers", "blob", "prefix", "scope", "role", "principal", "principal_type", "assignment", "assignee", "kind", "condition", "description", "id", "digest",
     "settings", "policy", "tag", "appends", "action", "mode", "why", "alone", "fingerprint", "days", "provider", "to", "network", "networks",
     "default_action", "bypass", "versioning", "state", "incarnation", "issuer", "tenant", "object_id", "group", "until", "note", "place", "at", "extents"});

bool shown(std::string_view name) { return std::ranges::find(kShown, name) != kShown.end(); }

json::value seen(const json::value& value, bool open) {
  if (value.is_string()) return open ? value : json::value("(hidden)");
  if (const json::array* array = value.if_array()) {
    json::array out;
    for (const json::value& item : *array) out.push_back(seen(item, open));
    return out;
  }
  if (const json::object* object = value.if_object()) {
    json::object out;   // the members of what is shown are shown, unless they are secrets by name
    for (const auto& [key, item] : *object) {
      const std::string_view name(key.data(), key.size());
      const bool secret = name.find("key") != std::string_view::npos || name.find("secret") != std::string_view::npos || name.find("token") != std::string_view::npos;
      out[key] = seen(item, open && !secret);
    }
    return out;
  }
  return value;
}

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

std::string_view authentication(std::string_view via) { return via == "api" ? "AdminToken" : via == "folder" ? "CommandLine" : "UnixSocket"; }

// Escapes what the library lets through and a terminal may obey: DEL and U+0080 to U+009F.
std::string printable_json(std::string text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
    const bool two = c == 0xC2 && next >= 0x80 && next < 0xA0;
    if (c != 0x7F && !two) {
      out += text[i];
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\u%04x", two ? next : c);
    out += escaped;
    i += two;
  }
  return out;
}

json::object parsed(std::string_view body) {
  boost::system::error_code bad;
  json::value value = json::parse(json::string_view(body.data(), body.size()), bad);
  return !bad && value.is_object() ? std::move(value.as_object()) : json::object();
}

}  // namespace

bool is_look(std::string_view operation) { return operation == "status" || operation == "whoami" || operation == "openapi"; }

std::string shown_arguments(std::string_view body) {
  const json::object object = parsed(body);
  if (object.empty()) return "";
  json::object out;
  for (const auto& [key, value] : object) out[key] = seen(value, shown({key.data(), key.size()}));
  return printable_json(json::serialize(out));
}

void record_act(events::EventSink& sink, const Act& act) {
  const json::object object = parsed(act.body);
  std::string target(text_of(object, "account"));
  for (const std::string_view key : {"name", "to", "place", "id"})
    if (target.empty()) target = text_of(object, key);
  if (object.contains("account"))
    for (const std::string_view key : {"container", "name"})
      if (const std::string_view within = text_of(object, key); !within.empty()) target.append("/").append(within);
  const std::string arguments = shown_arguments(act.body);
  sink.record(events::AdminEvent{.time = act.time, .took = act.took, .operation = act.operation, .outcome = act.outcome, .reason = act.error,
                                 .caller = act.caller, .role = act.role, .authentication = authentication(act.via), .approver = act.approver,
                                 .caller_address = act.address, .request_id = act.approval, .target = target, .arguments = arguments});
}

}  // namespace bascule::app
