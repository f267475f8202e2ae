// What an account is set to, shown and changed. Data plane and management plane alike: Azure sets the latter elsewhere.
#include "app/admin/control_requests.h"
#include "api/common/version.h"
#include "auth/account_rules.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::uint64_t kMostDays = 365, kMostQuarantineSeconds = 24 * 3600;

struct SettingName {
  std::string_view name;
  enum class Kind : std::uint8_t { flag, days, seconds, text, networks } kind;
};
using Kind = SettingName::Kind;
constexpr SettingName kNames[] = {
    {"versioning", Kind::flag},           {"delete_retention_days", Kind::days},
    {"allow_permanent_delete", Kind::flag}, {"container_delete_retention_days", Kind::days},
    {"name_quarantine_seconds", Kind::seconds}, {"last_access_tracking", Kind::flag},
    {"default_service_version", Kind::text}, {"shared_key_access", Kind::flag}, {"public_access", Kind::flag},
    {"https_only", Kind::flag},          {"minimum_tls_version", Kind::text}, {"sas_expiry_period", Kind::text},
    {"sas_expiry_action", Kind::text},   {"key_expiry_days", Kind::days}, {"default_network_action", Kind::text},
    {"allowed_networks", Kind::networks},
};
constexpr std::uint64_t kMostKeyDays = 3650;
constexpr std::size_t kMostNetworks = 400;  // Azure's

std::string_view text_in(const json::value& value) {
  const json::string& text = value.get_string();
  return {text.data(), text.size()};
}

// One of the names above; the value has been checked.
void set_one(ops::AccountSettings& s, std::string_view name, const json::value& value) {
  const auto number = [&] { return value.to_number<std::uint64_t>(); };
  if (name == "versioning") s.versioning = value.get_bool();
  else if (name == "delete_retention_days") s.delete_retention_days = static_cast<std::uint16_t>(number());
  else if (name == "allow_permanent_delete") s.allow_permanent_delete = value.get_bool();
  else if (name == "container_delete_retention_days") s.container_retention_days = static_cast<std::uint16_t>(number());
  else if (name == "name_quarantine_seconds") s.quarantine_seconds = static_cast<std::uint32_t>(number());
  else if (name == "last_access_tracking") s.last_access_tracking = value.get_bool();
  else if (name == "default_service_version") s.default_service_version = text_in(value);
  else if (name == "shared_key_access") s.allow_shared_key = value.get_bool();
  else if (name == "public_access") s.allow_public_access = value.get_bool();
  else if (name == "https_only") s.https_only = value.get_bool();
  else if (name == "minimum_tls_version") s.minimum_tls = text_in(value) == "1.3" ? 13 : text_in(value) == "1.2" ? 12 : 0;
  else if (name == "sas_expiry_period") s.sas_expiry_seconds = text_in(value).empty() ? 0 : *auth::parse_period(text_in(value));
  else if (name == "sas_expiry_action") s.sas_expiry_block = text_in(value) == "Block";
  else if (name == "key_expiry_days") s.key_expiry_days = static_cast<std::uint16_t>(number());
  else if (name == "default_network_action") s.deny_by_default = text_in(value) == "Deny";
  else if (name == "allowed_networks") {
    s.allowed_networks.clear();
    for (const json::value& one : value.get_array()) s.allowed_networks.push_back(*auth::parse_account_network(text_in(one)));
  }
}

Result<void> check_text(std::string_view name, std::string_view text) {
  if (text.empty() && name != "sas_expiry_action" && name != "default_network_action") return {};  // not set
  if (name == "default_service_version") {
    if (api::Version::parse(text)) return {};
    return fail(Code::invalid_argument, std::string(name) + ": '" + std::string(text) + "' is no version of the protocol");
  }
  if (name == "sas_expiry_period") {
    if (const auto period = auth::parse_period(text); !period) return fail(period.error());
    return {};
  }
  const auto among = [&](std::initializer_list<std::string_view> allowed) -> Result<void> {
    std::string all;
    for (const std::string_view one : allowed) {
      if (one == text) return {};
      all.append(all.empty() ? "" : ", ").append(one);
    }
    return fail(Code::invalid_argument, std::string(name) + ": allowed is one of " + all);
  };
  if (name == "minimum_tls_version") return among({"1.2", "1.3"});
  if (name == "sas_expiry_action") return among({"Log", "Block"});
  return among({"Allow", "Deny"});
}

Result<void> check_networks(const json::array& networks) {
  if (networks.size() > kMostNetworks)
    return fail(Code::invalid_argument, "allowed_networks: at most " + std::to_string(kMostNetworks) + " are allowed");
  for (const json::value& one : networks) {
    if (!one.is_string()) return fail(Code::invalid_argument, "allowed_networks: allowed is a list of texts");
    if (const auto network = auth::parse_account_network(text_in(one)); !network) return fail(network.error());
  }
  return {};
}

Result<void> check_one(std::string_view name, const json::value& value) {
  for (const SettingName& known : kNames) {
    if (known.name != name) continue;
    if (known.kind == Kind::flag) {
      if (value.is_bool()) return {};
      return fail(Code::invalid_argument, std::string(name) + ": allowed is on or off");
    }
    if (known.kind == Kind::text)
      return value.is_string() ? check_text(name, text_in(value)) : fail(Code::invalid_argument, std::string(name) + ": allowed is a text");
    if (known.kind == Kind::networks)
      return value.is_array() ? check_networks(value.get_array()) : fail(Code::invalid_argument, "allowed_networks: allowed is a list of texts");
    const std::uint64_t most = name == "key_expiry_days" ? kMostKeyDays : known.kind == Kind::days ? kMostDays : kMostQuarantineSeconds;
    const bool number = (value.is_int64() && value.get_int64() >= 0) || value.is_uint64();
    if (number && value.to_number<std::uint64_t>() <= most) return {};
    return fail(Code::invalid_argument, std::string(name) + ": allowed is a whole number from 0 (off) to " + std::to_string(most));
  }
  return fail(Code::invalid_argument, "an account has no setting '" + std::string(name) + "'");
}

// Whose age is over what the account's policy allows; warned of, never refused, as Azure does.
json::array expired_keys(const ops::Account& account, WallTime now) {
  json::array expired;
  const ops::AccountSettings& s = account.settings;
  for (std::size_t i = 0; i < account.keys.size() && s.key_expiry_days != 0; ++i) {
    const WallTime since = s.keys_since[i] == WallTime() ? account.created : s.keys_since[i];
    if (now - since > std::chrono::hours(24) * s.key_expiry_days) expired.emplace_back(i + 1);
  }
  return expired;
}

// What decides who may come, and how.
void show_access(const ops::Account& account, json::object& out, WallTime now) {
  const ops::AccountSettings& s = account.settings;
  out["shared_key_access"] = s.allow_shared_key;
  out["public_access"] = s.allow_public_access;
  out["https_only"] = s.https_only;
  out["minimum_tls_version"] = s.minimum_tls == 13 ? "1.3" : s.minimum_tls == 12 ? "1.2" : "";
  out["sas_expiry_period"] = s.sas_expiry_seconds == 0 ? std::string() : auth::period_text(s.sas_expiry_seconds);
  out["sas_expiry_action"] = s.sas_expiry_block ? "Block" : "Log";
  out["key_expiry_days"] = s.key_expiry_days;
  out["expired_keys"] = expired_keys(account, now);
  json::array created;
  for (std::size_t i = 0; i < account.keys.size(); ++i)
    created.emplace_back(format_iso8601(s.keys_since[i] == WallTime() ? account.created : s.keys_since[i]));
  out["keys_since"] = std::move(created);
  out["default_network_action"] = s.deny_by_default ? "Deny" : "Allow";
  json::array networks;
  for (const auto& network : s.allowed_networks) networks.emplace_back(auth::text_of(network));
  out["allowed_networks"] = std::move(networks);
}

json::object shown(const ops::Account& account, WallTime now) {
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
  show_access(account, settings, now);
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
  co_return shown(*account, call.parts.clock.wall());
}

}  // namespace bascule::app
