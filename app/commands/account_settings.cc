// bascule account show, bascule account set.
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

std::string days_text(std::uint64_t days) {
  return days == 0 ? "off" : std::to_string(days) + (days == 1 ? " day" : " days");
}
const char* on_off(bool on) { return on ? "on" : "off"; }

void print(const json::object& answer) {
  const json::object& s = answer.at("settings").as_object();
  const json::object& website = s.at("static_website").as_object();
  std::printf("account %s%s\n", text_of(answer, "name").c_str(),
              flag_of(answer, "development") ? "  (development account: everybody knows its key)" : "");
  const auto line = [](const char* name, const std::string& value) { std::printf("  %-28s %s\n", name, value.c_str()); };
  line("versioning", on_off(flag_of(s, "versioning")));
  line("delete retention", days_text(number_of(s, "delete_retention_days", 0)));
  line("permanent delete", on_off(flag_of(s, "allow_permanent_delete")));
  line("container delete retention", days_text(number_of(s, "container_delete_retention_days", 0)));
  line("name quarantine", std::to_string(number_of(s, "name_quarantine_seconds", 0)) + " s");
  line("last access tracking", on_off(flag_of(s, "last_access_tracking")));
  if (const std::string version = text_of(s, "default_service_version"); !version.empty()) line("default service version", version);
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

}  // namespace

int run_account_settings(const Config& config, const AccountArguments& arguments) {
  json::object body{{"name", arguments.name}};
  const bool set = arguments.what == AccountArguments::What::set;
  if (set) {
    json::object settings;
    for (const AccountArguments::Change& change : arguments.changes) {
      if (change.is_flag) {
        settings[change.setting] = change.value == "on";
        continue;
      }
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
  std::printf("%s\n", json::serialize(out).c_str());
  return kDone;
}

}  // namespace bascule::app
