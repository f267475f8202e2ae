#include "migrate/advice.h"

#include "auth/request.h"

namespace bascule::migrate {
namespace {

bool lacks(const std::string& rights, std::string_view needed) {
  for (const char c : needed)
    if (rights.find(c) == std::string::npos) return true;
  return false;
}

std::string about_sas(const std::string& sas, WallTime now) {
  const auth::Query query = auth::parse_query(sas).value_or(auth::Query{});
  const auto field = [&](std::string_view name) {
    const std::string* value = auth::find_parameter(query, name);
    return value != nullptr ? *value : std::string();
  };
  const std::string start = field("st"), expiry = field("se"), rights = field("sp");
  if (const auto end = parse_iso8601(expiry); end && *end <= now)
    return "the SAS expired on " + expiry + "; make a new one";
  if (const auto begin = parse_iso8601(start); begin && *begin > now)
    return "the SAS is valid only from " + start + "; wait, or look at this machine's clock";
  if (!rights.empty() && lacks(rights, "rl"))
    return "the SAS gives the rights '" + rights + "'; needed are read and list (sp=rl)";
  const std::string services = field("ss"), types = field("srt");
  if (!services.empty() && lacks(services, "b")) return "the SAS is not for the blob service; needed is ss=b";
  if (!types.empty() && lacks(types, "sco")) return "the SAS is for '" + types + "'; needed are services, containers and objects (srt=sco)";
  return "look at the SAS: was it copied whole, was its key or its stored policy changed since, may this machine's address use it "
         "(sip), do the account's network rules (networkAcls) let it in?";
}

// What the source's account is set to, where its answers show it.
std::string about_settings(const std::string& message) {
  const struct {
    std::string_view code, advice;
  } known[] = {
      {" KeyBasedAuthenticationNotPermitted",
       "the account's keys are switched off there (allowSharedKeyAccess): give URLs with user delegation SAS instead, one container "
       "at a time (`az storage container generate-sas --as-user --auth-mode login --permissions rl`). Here the same setting is "
       "`bascule account set --shared-key-access off`"},
      {" AccountRequiresHttps", "the account takes https:// alone there (supportsHttpsTrafficOnly)"},
      {" PublicAccessNotPermitted", "the account forbids public access there (allowBlobPublicAccess): credentials are needed"},
      {" TlsVersionNotPermitted", "the account wants a newer TLS there (minimumTlsVersion)"},
  };
  for (const auto& one : known)
    if (message.find(one.code) != std::string::npos) return std::string(one.advice);
  return {};
}

}  // namespace

Error with_advice(Error error, const Connection& connection, WallTime now) {
  std::string advice = about_settings(error.message);
  if (!advice.empty()) {
    error.message += " — " + advice;
    return error;
  }
  if (error.code == Code::permission_denied && !error.message.starts_with("the source answered"))
    advice = "a source behind an authority of its own needs --ca-file";
  else if (error.code == Code::permission_denied && !connection.key)
    advice = about_sas(connection.sas, now);
  else if (error.code == Code::permission_denied)
    advice = "look at AccountName (" + connection.account + ") and AccountKey in the connection string, at the storage account's "
             "network rules (networkAcls), and at this machine's clock";
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
