// What an account is set to, shown and changed. Data plane and management plane alike: Azure sets the latter elsewhere.
#include "app/admin/control_requests.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::uint64_t kMostDays = 365, kMostQuarantineSeconds = 24 * 3600;

struct SettingName {
  std::string_view name;
  enum class Kind : std::uint8_t { flag, days, seconds } kind;
};
using Kind = SettingName::Kind;
constexpr SettingName kNames[] = {
    {"versioning", Kind::flag},           {"delete_retention_days", Kind::days},
    {"allow_permanent_delete", Kind::flag}, {"container_delete_retention_days", Kind::days},
    {"name_quarantine_seconds", Kind::seconds}, {"last_access_tracking", Kind::flag},
};

// One of the names above; the value has been checked.
void set_one(ops::AccountSettings& s, std::string_view name, const json::value& value) {
  const auto number = [&] { return value.to_number<std::uint64_t>(); };
  if (name == "versioning") s.versioning = value.get_bool();
  else if (name == "delete_retention_days") s.delete_retention_days = static_cast<std::uint16_t>(number());
  else if (name == "allow_permanent_delete") s.allow_permanent_delete = value.get_bool();
  else if (name == "container_delete_retention_days") s.container_retention_days = static_cast<std::uint16_t>(number());
  else if (name == "name_quarantine_seconds") s.quarantine_seconds = static_cast<std::uint32_t>(number());
  else if (name == "last_access_tracking") s.last_access_tracking = value.get_bool();
}

Result<void> check_one(std::string_view name, const json::value& value) {
  for (const SettingName& known : kNames) {
    if (known.name != name) continue;
    if (known.kind == Kind::flag) {
      if (value.is_bool()) return {};
      return fail(Code::invalid_argument, std::string(name) + ": allowed is on or off");
    }
    const std::uint64_t most = known.kind == Kind::days ? kMostDays : kMostQuarantineSeconds;
    const bool number = (value.is_int64() && value.get_int64() >= 0) || value.is_uint64();
    if (number && value.to_number<std::uint64_t>() <= most) return {};
    return fail(Code::invalid_argument, std::string(name) + ": allowed is a whole number from 0 (off) to " + std::to_string(most));
  }
  return fail(Code::invalid_argument, "an account has no setting '" + std::string(name) + "'");
}

json::object shown(const ops::Account& account) {
  const ops::AccountSettings& s = account.settings;
  json::object settings{{"versioning", s.versioning},
                        {"delete_retention_days", s.delete_retention_days},
                        {"allow_permanent_delete", s.allow_permanent_delete},
                        {"container_delete_retention_days", s.container_retention_days},
                        {"name_quarantine_seconds", s.quarantine_seconds},
                        {"last_access_tracking", s.last_access_tracking},
                        {"default_service_version", s.default_service_version},
                        {"cors_rules", s.cors.size()}};
  json::object website{{"enabled", s.website.enabled}};
  if (s.website.enabled) {
    website["index_document"] = s.website.index_document;
    website["default_index_document_path"] = s.website.default_index_document_path;
    website["error_document_404_path"] = s.website.error_document_404_path;
  }
  settings["static_website"] = std::move(website);
  return {{"name", account.name}, {"development", account.development}, {"settings", std::move(settings)}};
}

}  // namespace

Task<Result<json::object>> account_settings_request(const std::string& what, ControlCall& call) {
  ops::Service& service = call.parts.engine.service();
  const std::string name = text_of(call.body, "name");
  if (what == "account-set") {
    const json::value* given = call.body.if_contains("settings");
    if (!given || !given->is_object() || given->get_object().empty())
      co_return fail(Code::invalid_argument, "nothing to set was given");
    const json::object& changes = given->get_object();
    for (const auto& change : changes) BASCULE_CO_TRY(check_one({change.key().data(), change.key().size()}, change.value()));
    BASCULE_CO_TRY(co_await service.change_settings(name, [&changes](ops::AccountSettings& settings) {
      for (const auto& change : changes) set_one(settings, {change.key().data(), change.key().size()}, change.value());
      return Result<void>();
    }));
    for (const auto& change : changes)
      log::info("account setting changed", {{"account", name}, {"setting", std::string_view(change.key().data(), change.key().size())}});
  }
  const auto account = service.account(name);
  if (!account) co_return fail(Code::not_found, "there is no account " + name);
  co_return shown(*account);
}

}  // namespace bascule::app
