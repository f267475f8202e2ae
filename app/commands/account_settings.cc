// bascule account show, bascule account set.
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/azure_account.h"
#include "app/commands/commands.h"
#include "app/commands/files.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostAzureBytes = 4 << 20;

std::string days_text(std::uint64_t days) {
  return days == 0 ? "off" : std::to_string(days) + (days == 1 ? " day" : " days");
}
const char* on_off(bool on) { return on ? "on" : "off"; }

void line(const char* name, const std::string& value) { std::printf("  %-28s %s\n", name, value.c_str()); }

// Who may come, and how.
void print_access(const json::object& s) {
  line("shared key access", on_off(flag_of(s, "shared_key_access")));
  line("public access", on_off(flag_of(s, "public_access")));
  line("HTTPS only", on_off(flag_of(s, "https_only")));
  if (const std::string tls = text_of(s, "minimum_tls_version"); !tls.empty()) line("minimum TLS version", tls);
  const std::string period = text_of(s, "sas_expiry_period");
  line("SAS expiry policy", period.empty() ? "off" : period + ", " + text_of(s, "sas_expiry_action"));
  line("key expiry", days_text(number_of(s, "key_expiry_days", 0)));
  const auto since = texts_of(s, "keys_since");
  const json::value* expired = s.if_contains("expired_keys");
  for (std::size_t i = 0; i < since.size(); ++i) {
    bool old = false;
    if (expired && expired->is_array())
      for (const json::value& key : expired->get_array()) old = old || key.to_number<std::size_t>() == i + 1;
    line(i == 0 ? "  key 1 since" : "  key 2 since", since[i].substr(0, 10) + (old ? "  EXPIRED: `bascule account rotate-key`" : ""));
  }
  const bool deny = text_of(s, "default_network_action") == "Deny";
  std::string networks;
  for (const std::string& network : texts_of(s, "allowed_networks")) networks += (networks.empty() ? "" : ", ") + network;
  line("networks", deny ? (networks.empty() ? "all denied" : "only " + networks) : networks.empty() ? "all" : "all (set, not in force: " + networks + ")");
}

void print(const json::object& answer) {
  const json::object& s = answer.at("settings").as_object();
  const json::object& website = s.at("static_website").as_object();
  std::printf("account %s%s\n", text_of(answer, "name").c_str(),
              flag_of(answer, "development") ? "  (development account: everybody knows its key)" : "");
  line("versioning", on_off(flag_of(s, "versioning")));
  line("delete retention", days_text(number_of(s, "delete_retention_days", 0)));
  line("permanent delete", on_off(flag_of(s, "allow_permanent_delete")));
  line("container delete retention", days_text(number_of(s, "container_delete_retention_days", 0)));
  line("name quarantine", std::to_string(number_of(s, "name_quarantine_seconds", 0)) + " s");
  line("last access tracking", on_off(flag_of(s, "last_access_tracking")));
  if (const std::string version = text_of(s, "default_service_version"); !version.empty()) line("default service version", version);
  print_access(s);
  line("CORS rules", std::to_string(number_of(s, "cors_rules", 0)));
  line("static website", on_off(flag_of(website, "enabled")));
  for (const auto& [name, shown] : {std::pair("index_document", "  index document"),
                                    std::pair("default_index_document_path", "  default index document"),
                                    std::pair("error_document_404_path", "  404 document")})
    if (const std::string value = text_of(website, name); !value.empty()) line(shown, value);
}

// "off" or a whole number; the one who sets it knows the bounds.
Result<std::uint64_t> number_or_off(const AccountArguments::Change& change) {
  if (change.value == "off") return 0;
  std::uint64_t number = 0;
  const char* last = change.value.data() + change.value.size();
  const auto [end, error] = std::from_chars(change.value.data(), last, number);
  if (error == std::errc() && end == last) return number;
  return fail(Code::invalid_argument, change.option + " " + change.value + ": allowed is a whole number, or off");
}

json::array parts_of(const std::string& list) {
  json::array parts;
  for (std::size_t at = 0; at <= list.size() && list != "off";) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    std::string part = list.substr(at, comma - at);
    std::erase(part, ' ');
    if (!part.empty()) parts.emplace_back(std::move(part));
    at = comma + 1;
  }
  return parts;
}

// What a file of Azure's tools sets, and, on standard error, what it cannot.
Result<AzureAccount> read_given(const AccountArguments& arguments) {
  BASCULE_ASSIGN(const std::string text, read_text(arguments.from_azure, kMostAzureBytes));
  auto azure = read_azure_account(text);
  if (!azure) return fail(azure.error().code, arguments.from_azure + ": " + azure.error().message);
  if (!azure->name.empty() && azure->name != "default" && azure->name != arguments.name)
    std::fprintf(stderr, "note: it is the account %s there\n", azure->name.c_str());
  for (const std::string& one : azure->not_carried) std::fprintf(stderr, "not carried: %s\n", one.c_str());
  return azure;
}

}  // namespace

int run_account_settings(const Config& config, const AccountArguments& arguments) {
  json::object body{{"name", arguments.name}};
  const bool set = arguments.what == AccountArguments::What::set;
  json::array not_carried;
  if (set) {
    json::object settings;
    if (!arguments.from_azure.empty()) {
      auto azure = read_given(arguments);
      if (!azure) return complain(azure.error());
      settings = std::move(azure->settings);
      for (std::string& one : azure->not_carried) not_carried.emplace_back(std::move(one));
    }
    for (const AccountArguments::Change& change : arguments.changes) {
      using Form = AccountArguments::Change::Form;
      if (change.form == Form::flag) settings[change.setting] = change.value == "on";
      else if (change.form == Form::text) settings[change.setting] = change.value == "off" ? "" : change.value;
      else if (change.form == Form::list) settings[change.setting] = parts_of(change.value);
      if (change.form != Form::number) continue;
      auto number = number_or_off(change);
      if (!number) return complain(number.error());
      settings[change.setting] = *number;
    }
    if (settings.empty()) return complain("nothing to set was given; `bascule account set --help` lists what there is", kUsage);
    body["settings"] = std::move(settings);
  }
  const Asked asked = ask(config, set ? "account-set" : "account-show", body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (!arguments.json) {
    print(asked.last);
    return kDone;
  }
  json::object out = asked.last;
  out.erase("exit");
  if (!arguments.from_azure.empty()) out["not_carried"] = std::move(not_carried);
  std::printf("%s\n", json::serialize(out).c_str());
  return kDone;
}

}  // namespace bascule::app
