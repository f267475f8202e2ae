#include "app/identity.h"

#include "http/url.h"

namespace bascule::app {
namespace {

// TENANT=URL
std::pair<std::string, std::string> split_issuer(const std::string& entry) {
  const std::size_t equals = entry.find('=');
  const std::size_t scheme = entry.find("://");
  if (equals == std::string::npos || equals == 0 || scheme == std::string::npos || equals > scheme) return {};
  return {entry.substr(0, equals), entry.substr(equals + 1)};
}

// What a client turns to for a token, in the form in which clients look for the tenant.
std::string default_authority(const auth::IssuerSettings& issuer) {
  const auto url = http::parse_url(issuer.url);
  if (!url) return {};
  return std::string(url->origin.tls ? "https://" : "http://") + http::host_header(url->origin) + "/" + issuer.tenant + "/oauth2/authorize";
}

}  // namespace

Result<auth::IssuersSettings> issuers_settings(const Config& config) {
  auth::IssuersSettings settings;
  for (const std::string& entry : config.list("identity.issuers")) {
    auto [tenant, url] = split_issuer(entry);
    if (tenant.empty())
      return fail(Code::invalid_argument, "identity.issuers = '" + entry + "' is not allowed; allowed is TENANT=https://…, the issuer as its tokens name it");
    settings.issuers.push_back({std::move(tenant), std::move(url)});
  }
  settings.audiences = {config.text("identity.resource")};
  for (const std::string& audience : config.list("identity.audiences")) settings.audiences.push_back(audience);
  for (const std::string& domain : config.list("server.domains")) settings.account_domains.push_back(domain);
  settings.claims = {config.text("identity.groups_claim"), config.text("identity.roles_claim")};
  settings.skew = config.duration("identity.clock_skew");
  settings.refresh = config.duration("identity.refresh");
  settings.keep = config.duration("identity.keep");
  if (settings.keep < settings.refresh)
    return fail(Code::invalid_argument, "identity.keep is shorter than identity.refresh: keys would be given up before they are read again");
  return settings;
}

Result<std::unique_ptr<auth::Issuers>> make_issuers(const Config& config, Clock& clock) {
  BASCULE_ASSIGN(auth::IssuersSettings settings, issuers_settings(config));
  auto issuers = auth::Issuers::make(std::move(settings), auth::make_http_documents(config.text("identity.ca_file"), clock), clock);
  if (!issuers) return fail(issuers.error().code, "identity.issuers: " + issuers.error().message);
  return issuers;
}

auth::Settings authentication_settings(const Config& config, auth::Issuers& issuers) {
  auth::Settings settings;
  settings.issuers = &issuers;
  settings.bearer_over_http = config.flag("identity.allow_plain_http");
  settings.resource = config.text("identity.resource");
  if (const std::string& authority = config.text("identity.authorization_uri"); !authority.empty()) settings.authority = authority;
  else if (!issuers.empty()) settings.authority = default_authority(issuers.settings().issuers.front());
  return settings;
}

std::string only_tenant(const Config& config) {
  const auto& issuers = config.list("identity.issuers");
  return issuers.size() == 1 ? split_issuer(issuers.front()).first : "";
}

}  // namespace bascule::app
