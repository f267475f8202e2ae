#include "auth/bearer.h"

#include <fmt/format.h>

#include "auth/roles.h"
#include "auth/text.h"

namespace bascule::auth {
namespace {

constexpr std::string_view kFirstVersion = "2017-11-09";

}  // namespace

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() < kScheme.size() || !equal_without_case(authorization.substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

std::string challenge(const Settings& settings) {
  return fmt::format("Bearer authorization_uri={} resource_id={}", settings.authority, settings.resource);
}

std::optional<AuthFailure> refuse_bearer(const AuthRequest& request, const Settings& settings) {
  if (!request.version_named || request.version < kFirstVersion)
    return failures::authentication_failed("Authentication scheme Bearer is not supported in this version.", "protocol_version");
  if (!request.tls && !settings.bearer_over_http)
    return failures::authentication_failed("Authentication scheme Bearer is not allowed with HTTP.", "plain_http");
  if (!settings.issuers || settings.issuers->empty())
    return failures::bearer_not_accepted(challenge(settings), "No identity provider is configured here.");
  return std::nullopt;
}

AuthFailure refused_token(const TokenRefusal& refusal, const Settings& settings) {
  AuthFailure failure = refusal.kind == TokenRefusal::Kind::unavailable
                            ? failures::server_busy()
                            : failures::bearer_not_accepted(challenge(settings), refusal.detail);
  failure.reason = refusal.reason;
  return failure;
}

Decision grant_bearer(const AuthRequest& request, Operation operation, std::shared_ptr<const ops::Account> account,
                      std::shared_ptr<const Identity> identity) {
  if (!account) return std::unexpected(failures::resource_not_found());
  const RoleRule& rule = role_rule(operation);
  const std::uint32_t actions = granted(account->access.get(), *identity, request, rule.scope);
  if ((actions & rule.any_of) == 0) {
    AuthFailure failure = failures::permission_mismatch();
    failure.reason = "no_role";
    failure.who = std::move(identity);
    return std::unexpected(std::move(failure));
  }
  Authorised yes;
  yes.principal.kind = PrincipalKind::bearer;
  yes.principal.account = std::move(account);
  yes.principal.permissions = letters_of(actions);
  yes.principal.identity = std::move(identity);
  return yes;
}

std::optional<AuthFailure> check_owner(const Sas& sas, const AuthRequest& request, Operation operation,
                                       const ops::Account& account, const Identity* bearer, Authorised& yes) {
  const UserDelegation& d = *sas.delegation;
  if (!d.user.empty()) {
    const std::string& tenant = d.user_tenant.empty() ? d.tenant : d.user_tenant;
    if (!bearer || bearer->object_id != d.user || bearer->tenant != tenant)
      return failures::authentication_failed("The signature is bound to a user, whose token does not come with the request.", "bound_to_user");
  }
  const RoleRule& rule = role_rule(operation);
  const std::uint32_t actions = granted(account.access.get(), d.tenant, d.object_id, request, rule.scope);
  if ((actions & rule.any_of) == 0) return failures::permission_mismatch();
  std::erase_if(yes.principal.permissions, [letters = letters_of(actions)](char letter) {
    return letters.find(letter) == std::string::npos;
  });
  auto identity = std::make_shared<Identity>();
  identity->tenant = d.tenant;
  identity->object_id = d.object_id;
  yes.principal.kind = PrincipalKind::user_delegation_sas;
  yes.principal.identity = std::move(identity);
  return std::nullopt;
}

}  // namespace bascule::auth
