#include "app/admin/control.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/admin/control_requests.h"
#include "app/version.h"

namespace bascule::app {
namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(text->data(), text->size()) : "";
}

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  const bool* flag = value ? value->if_bool() : nullptr;
  return flag && *flag;
}

std::uint64_t number_of(const json::object& object, std::string_view key, std::uint64_t otherwise) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value && value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
  return value && value->is_uint64() ? value->get_uint64() : otherwise;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (const json::array* array = value ? value->if_array() : nullptr)
    for (const json::value& item : *array)
      if (const json::string* text = item.if_string()) texts.emplace_back(text->data(), text->size());
  return texts;
}

namespace {

json::object status(const Control::Parts& parts) {
  json::object out;
  out["version"] = json::string_view(kVersion.data(), kVersion.size());
  out["commit"] = json::string_view(kCommit.data(), kCommit.size());
  out["serving"] = parts.readiness != nullptr;
  if (parts.readiness) {
    out["ready"] = parts.readiness->ready();
    out["reason"] = parts.readiness->reason();
    out["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(parts.clock.now() - parts.started).count();
    json::array addresses;
    for (const std::string& address : parts.addresses) addresses.emplace_back(address);
    out["addresses"] = std::move(addresses);
    out["encrypted"] = parts.encrypted;
  }
  out["data"] = parts.engine.options().data;
  out["provider"] = std::string(parts.engine.provider().name());
  out["session"] = parts.engine.catalog().session();
  return out;
}

int exit_of(const Error& error) {
  if (error.code == Code::invalid_argument) return kUsage;
  return error.code == Code::unsupported ? kUnsupported : kFailed;
}

}  // namespace

Task<void> Control::handle(std::string what, std::string body, const std::atomic<bool>& stop, ControlOutput& output) {
  boost::system::error_code bad;
  json::value parsed = body.empty() ? json::value(json::object()) : json::parse(body, bad);
  Result<json::object> outcome = fail(Code::invalid_argument, "the request is no JSON object");
  int exit = kDone;
  if (!bad && parsed.is_object()) {
    ControlCall call{parts_, std::move(parsed.as_object()), stop, output};
    if (what == "status") outcome = status(parts_);
    else if (what == "account-show" || what == "account-set") outcome = co_await account_settings_request(what, call);
    else if (what.starts_with("account-")) outcome = co_await account_request(what, call);
    else if (what.starts_with("lifecycle-")) outcome = co_await lifecycle_request(what, call, exit);
    else if (what.starts_with("scope-")) outcome = co_await scope_request(what, call);
    else if (what == "immutability") outcome = co_await immutability_request(call);
    else if (what == "compact") outcome = co_await compact_request(call);
    else if (what == "check") outcome = co_await check_request(call, exit);
    else if (what == "migrate") outcome = co_await migrate_request(call, exit);
    else outcome = fail(Code::unsupported, "the running server does not know the request '" + what + "'; is it an older version?");
  }
  json::object last;
  if (outcome) last = std::move(*outcome);
  else {
    if (exit == kDone) exit = exit_of(outcome.error());
    last["error"] = outcome.error().message;
  }
  last["exit"] = exit;
  (void)co_await output.line(json::serialize(last));
}

}  // namespace bascule::app
