#include "auth/authorise.h"

#include "auth/account_rules.h"
#include "auth/bearer.h"
#include "auth/delegation.h"
#include "auth/sas.h"
#include "auth/sas_check.h"
#include "auth/shared_key.h"
#include "auth/text.h"

namespace bascule::auth {
namespace {

std::optional<std::string_view> authorization_header(const AuthRequest& request) {
  for (const http::HeaderView& header : request.headers)
    if (equal_without_case(header.name, "authorization")) return header.value;
  return std::nullopt;
}

Decision refuse(AuthFailure failure) { return std::unexpected(std::move(failure)); }

AuthFailure refused_anonymous(const AuthRequest& request, const Settings& settings) {
  if (request.version < kFirstChallenge) return failures::resource_not_found();
  return failures::no_authentication(challenge(settings));
}

Authorised make_authorised(PrincipalKind kind, std::shared_ptr<const ops::Account> account) {
  Authorised yes;
  yes.principal.kind = kind;
  yes.principal.account = std::move(account);
  return yes;
}

// `bearer`: who sent the request beside the SAS, if anybody.
Decision grant_sas(const Sas& sas, const AuthRequest& request, Operation operation,
                   std::shared_ptr<const ops::Account> account, WallTime now, const Identity* bearer) {
  auto grant = check_sas(sas, request, operation, now);
  if (!grant) return refuse(std::move(grant.error()));
  if (auto failure = check_sas_lifetime(sas, request, account->settings)) return refuse(std::move(*failure));
  Authorised yes = make_authorised(sas.is_account() ? PrincipalKind::account_sas : PrincipalKind::service_sas,
                                   std::move(account));
  yes.principal.permissions = std::move(grant->permissions);
  yes.create_only = grant->create_only;
  if (signs_overrides(sas.version) && !sas.is_account()) yes.overrides = sas.overrides;
  if (signs_encryption_scope(sas.version)) yes.encryption_scope = sas.encryption_scope;
  if (sas.delegation) {
    if (auto failure = check_delegation(*sas.delegation, now)) return refuse(std::move(*failure));
    if (auto failure = check_owner(sas, request, operation, *yes.principal.account, bearer, yes)) return refuse(std::move(*failure));
  }
  return yes;
}

// A SAS that is bound to a user goes with his token; beside any other, a token counts alone.
bool bound_to_user(const std::optional<Sas>& sas) { return sas && sas->delegation && !sas->delegation->user.empty(); }

Decision decide_bearer(const AuthRequest& request, Operation operation, const std::shared_ptr<const ops::Account>& account,
                       const std::optional<Sas>& sas, WallTime now, const Settings& settings, TokenDecision token) {
  if (!token) return refuse(refused_token(token.error(), settings));
  if (!bound_to_user(sas)) return grant_bearer(request, operation, account, std::move(*token));
  if (auto failure = verify_sas(*sas, request, operation, account)) return refuse(std::move(*failure));
  return grant_sas(*sas, request, operation, account, now, token->get());
}

// What the account's settings say before a credential is verified.
std::optional<AuthFailure> check_rules(const AuthRequest& request, const ops::AccountSettings& settings, Operation operation,
                                       const std::optional<std::string_view>& authorization, const std::optional<Sas>& sas) {
  if (auto failure = check_connection(request, settings)) return failure;
  if (authorization ? !bearer_token(*authorization) : sas && !sas->delegation) return check_key_use(settings);
  if (!authorization && !sas && action_of(operation).anonymous != AnonymousAccess::always)
    return check_anonymous(settings, request.version);
  return std::nullopt;
}

// What can be said without waiting. `sas` is the request's token if it has one.
std::optional<Decision> decide_now(const AuthRequest& request, Operation operation,
                                   const std::shared_ptr<const ops::Account>& account, const std::optional<Sas>& sas,
                                   WallTime now, const Settings& settings) {
  const auto authorization = authorization_header(request);
  if (account && has_rules(account->settings)) {
    if (auto failure = check_rules(request, account->settings, operation, authorization, sas)) return refuse(std::move(*failure));
  }
  if (authorization) {
    if (const auto token = bearer_token(*authorization)) {
      if (auto failure = refuse_bearer(request, settings)) return refuse(std::move(*failure));
      auto verified = settings.issuers->verify_now(*token, request.account, now);
      if (!verified) return std::nullopt;
      return decide_bearer(request, operation, account, sas, now, settings, std::move(*verified));
    }
    if (auto failure = verify_shared_key(request, *authorization, account, now)) return refuse(std::move(*failure));
    return make_authorised(PrincipalKind::shared_key, account);
  }
  if (sas) {
    if (auto failure = verify_sas(*sas, request, operation, account)) return refuse(std::move(*failure));
    if (!sas->identifier.empty()) return std::nullopt;
    return grant_sas(*sas, request, operation, account, now, nullptr);
  }
  if (!account) return refuse(failures::resource_not_found());
  const AnonymousAccess needs = action_of(operation).anonymous;
  if (needs == AnonymousAccess::always) return make_authorised(PrincipalKind::anonymous, account);
  if (needs == AnonymousAccess::never || !account->settings.allow_public_access) return refuse(refused_anonymous(request, settings));
  return std::nullopt;
}

AuthFailure unreadable(const Error& error) {
  return retryable(error.code) ? failures::server_busy() : failures::internal_error();
}

Decision grant_anonymous(const AuthRequest& request, Operation operation, std::shared_ptr<const ops::Account> account,
                         ops::PublicAccess access, const Settings& settings) {
  const AnonymousAccess needs = action_of(operation).anonymous;
  const bool allowed = (access == ops::PublicAccess::container) ||
                       (access == ops::PublicAccess::blob && needs == AnonymousAccess::blob);
  if (allowed) return make_authorised(PrincipalKind::anonymous, std::move(account));
  return refuse(refused_anonymous(request, settings));
}

}  // namespace

std::optional<Decision> authorise_now(const AuthRequest& request, Operation operation, const ops::Operations& operations,
                                      WallTime now, const Settings& settings) {
  return decide_now(request, operation, operations.account(request.account), parse_sas(*request.query), now, settings);
}

std::optional<Decision> authorise_now(const AuthRequest& request, Operation operation, const ops::Operations& operations,
                                      WallTime now) {
  static const Settings kDefaults;
  return authorise_now(request, operation, operations, now, kDefaults);
}

Task<Decision> authorise(const AuthRequest& request, Operation operation, ops::Operations& operations, WallTime now,
                         const Settings& settings) {
  std::shared_ptr<const ops::Account> account = operations.account(request.account);
  std::optional<Sas> sas = parse_sas(*request.query);
  if (auto decision = decide_now(request, operation, account, sas, now, settings)) co_return std::move(*decision);
  if (const auto authorization = authorization_header(request)) {   // only a token waits: for its issuer
    auto verified = co_await settings.issuers->verify(std::string(*bearer_token(*authorization)), std::string(request.account));
    co_return decide_bearer(request, operation, account, sas, now, settings, std::move(verified));
  }

  auto container =
      co_await operations.get_container({std::string(request.account), std::string(request.container)});
  const bool missing = !container && (ops::reason_of(container.error()) == ops::Reason::container_not_found ||
                                      ops::reason_of(container.error()) == ops::Reason::container_being_deleted);
  if (!container && !missing) co_return refuse(unreadable(container.error()));
  if (!sas) {
    co_return grant_anonymous(request, operation, account, missing ? ops::PublicAccess::none : container->public_access,
                              settings);
  }
  static const std::vector<ops::StoredPolicy> kNone;
  if (auto failure = apply_stored_policy(*sas, missing ? kNone : container->policies))
    co_return refuse(std::move(*failure));
  co_return grant_sas(*sas, request, operation, account, now, nullptr);
}

Task<Decision> authorise(const AuthRequest& request, Operation operation, ops::Operations& operations, WallTime now) {
  static const Settings kDefaults;
  return authorise(request, operation, operations, now, kDefaults);
}

Decision authorise_identity(const AuthRequest& request, Operation operation, const ops::Operations& operations,
                            std::shared_ptr<const Identity> identity) {
  return grant_bearer(request, operation, operations.account(request.account), std::move(identity));
}

}  // namespace bascule::auth
