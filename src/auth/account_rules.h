// What an account's settings refuse, whoever asks: connections that are not as it wants them, kinds of credentials that it
// does not take. Sources: "Require secure transfer", "Enforce a minimum required version of TLS", "Prevent Shared Key
// authorization", "Remediate anonymous read access", "Configure an expiration policy for shared access signatures",
// "Configure Azure Storage firewalls" in Microsoft's documentation; AZURE-DETAILS 31 to 33.
#pragma once
#include <optional>
#include <string_view>

#include "auth/failure.h"
#include "auth/request.h"
#include "auth/sas.h"
#include "ops/types.h"

namespace bascule::auth {

// False for an account that is as new: nothing below is then asked, and a request costs what it cost.
inline bool has_rules(const ops::AccountSettings& s) {
  return s.https_only || !s.allow_shared_key || !s.allow_public_access || s.deny_by_default || s.minimum_tls != 0 ||
         s.sas_expiry_seconds != 0;
}

// Before any credential is looked at: 400 AccountRequiresHttps, 400 TlsVersionNotPermitted, 403 AuthorizationFailure for an
// address outside the allowed networks.
std::optional<AuthFailure> check_connection(const AuthRequest& request, const ops::AccountSettings& settings);

// Signed with a key of the account (Shared Key, account and service SAS; not a user delegation SAS): 403
// KeyBasedAuthenticationNotPermitted where that is off.
std::optional<AuthFailure> check_key_use(const ops::AccountSettings& settings);

// A SAS of any kind, once its times are complete: where it may not run so long, or says no start, 403 AuthenticationFailed
// if the policy blocks; else, and always for one with a stored access policy, it is logged.
std::optional<AuthFailure> check_sas_lifetime(const Sas& sas, const AuthRequest& request,
                                              const ops::AccountSettings& settings);

// A request without credentials that says that protocol version: 409 PublicAccessNotPermitted. From 2019-12-12 on it is
// asked for credentials, as any that may not be answered without them ("Responses to anonymous read requests").
std::optional<AuthFailure> check_anonymous(const ops::AccountSettings& settings, std::string_view version);

// Whether the account's networks let that address (numeric, as a connection has it) in. True where they deny nobody.
bool admits(const ops::AccountSettings& settings, std::string_view address);

// "10.1.2.3", "10.1.0.0/16", "2001:db8::/32". invalid_argument: not one, or bits set behind the prefix.
Result<ops::AccountSettings::Network> parse_account_network(std::string_view text);
std::string text_of(const ops::AccountSettings::Network& network);

// "d.hh:mm:ss" as Azure writes and takes it; at least a second, at most 49,710 days. invalid_argument otherwise.
Result<std::uint32_t> parse_period(std::string_view text);
std::string period_text(std::uint32_t seconds);

}  // namespace bascule::auth
