#include "migrate/advice.h"

#include "http/url.h"

namespace bascule::migrate {
namespace {

// A parameter of the SAS, decoded; "" = not there.
std::string sas_field(std::string_view sas, std::string_view name) {
  while (!sas.empty()) {
    const std::string_view part = sas.substr(0, sas.find('&'));
    sas.remove_prefix(std::min(sas.size(), part.size() + 1));
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return http::percent_decode(part.substr(name.size() + 1)).value_or("");
  }
  return {};
}

bool lacks(const std::string& rights, std::string_view needed) {
  for (const char c : needed)
    if (rights.find(c) == std::string::npos) return true;
  return false;
}

std::string about_sas(const std::string& sas, WallTime now) {
  const std::string start = sas_field(sas, "st"), expiry = sas_field(sas, "se"), rights = sas_field(sas, "sp");
  if (const auto end = parse_iso8601(expiry); end && *end <= now)
    return "the SAS expired on " + expiry + "; make a new one";
  if (const auto begin = parse_iso8601(start); begin && *begin > now)
    return "the SAS is valid only from " + start + "; wait, or look at this machine's clock";
  if (!rights.empty() && lacks(rights, "rl"))
    return "the SAS gives the rights '" + rights + "'; needed are read and list (sp=rl)";
  const std::string services = sas_field(sas, "ss"), types = sas_field(sas, "srt");
  if (!services.empty() && lacks(services, "b")) return "the SAS is not for the blob service; needed is ss=b";
  if (!types.empty() && lacks(types, "sco")) return "the SAS is for '" + types + "'; needed are services, containers and objects (srt=sco)";
  return "look at the SAS: was it copied whole, was its key or its stored policy changed since, may this machine's address use it?";
}

}  // namespace

Error with_advice(Error error, const Connection& connection, WallTime now) {
  std::string advice;
  if (error.code == Code::permission_denied && !error.message.starts_with("the source answered"))
    advice = "a source behind an authority of its own needs --ca-file";
  else if (error.code == Code::permission_denied && !connection.key)
    advice = about_sas(connection.sas, now);
  else if (error.code == Code::permission_denied)
    advice = "look at AccountName (" + connection.account + ") and AccountKey in the connection string, at the storage account's "
             "firewall, and at this machine's clock";
  else if (error.code == Code::unavailable || error.code == Code::timeout)
    advice = "is the account's name right, is " + connection.describe() + " reachable from here (firewall, proxy, private endpoint)? "
             "Nothing was lost: the same command goes on when it answers";
  else if (error.code == Code::overloaded)
    advice = "the source asks to be left alone for a while: run the same command later, or with a smaller --streams-at-once";
  else if (error.code == Code::not_found)
    advice = "there is no such container, or no such account, at " + connection.describe();
  if (!advice.empty()) error.message += " — " + advice;
  return error;
}

}  // namespace bascule::migrate
