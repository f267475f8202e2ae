// Refusals as Azure words them ("Common REST API error codes", "SAS error codes"; AZURE-ANSWERS 2).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::auth {

struct Identity;   // principal.h

// The api layer writes it in its protocol's form.
struct AuthFailure {
  int status = 403;
  std::string code;
  std::string message;
  std::vector<std::pair<std::string, std::string>> extras;  // elements after Message, in order; to be escaped
  std::string www_authenticate;                             // the header's value; "" = none
  std::string_view reason{};                                // why, a constant word for the record; "" = as the code says
  std::shared_ptr<const Identity> who{};                    // who asked, where that is proven all the same
};

// The challenge came with this version; before, what one may not see is not there.
constexpr std::string_view kFirstChallenge = "2019-12-12";

namespace failures {
// 403 AuthenticationFailed with its AuthenticationErrorDetail.
AuthFailure authentication_failed(std::string detail, std::string_view reason = {});
AuthFailure malformed_authorization();                  // 400 InvalidAuthenticationInfo
AuthFailure bearer_not_accepted(std::string challenge, std::string detail = {}); // 401 InvalidAuthenticationInfo
AuthFailure no_authentication(std::string challenge);   // 401 NoAuthenticationInformation
AuthFailure resource_not_found();                       // 404
AuthFailure service_mismatch();                         // 403 Authorization…Mismatch
AuthFailure resource_type_mismatch();
AuthFailure permission_mismatch();
AuthFailure protocol_mismatch();
AuthFailure source_ip_mismatch(std::string_view address);
AuthFailure authorization_failure();                    // 403 AuthorizationFailure: nothing grants this to a SAS
AuthFailure invalid_query_parameter(std::string_view name, std::string_view value, std::string_view reason);
AuthFailure server_busy();                              // 503: the container's record cannot be read now
AuthFailure internal_error();                           // 500: it cannot be read at all
}  // namespace failures

}  // namespace bascule::auth
