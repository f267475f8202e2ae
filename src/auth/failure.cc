#include "auth/failure.h"

namespace bascule::auth::failures {
namespace {

AuthFailure mismatch(std::string_view kind, std::string_view what) {
  return {403, "Authorization" + std::string(kind) + "Mismatch",
          "This request is not authorized to perform this operation using this " + std::string(what) + "."};
}

}  // namespace

AuthFailure authentication_failed(std::string detail, std::string_view reason) {
  AuthFailure failure{403, "AuthenticationFailed",
                      "Server failed to authenticate the request. Make sure the value of Authorization header is "
                      "formed correctly including the signature."};
  failure.reason = reason;
  if (!detail.empty()) failure.extras.emplace_back("AuthenticationErrorDetail", std::move(detail));
  return failure;
}
AuthFailure malformed_authorization() {
  return {400, "InvalidAuthenticationInfo",
          "Authentication information is not given in the correct format. Check the value of Authorization header."};
}
AuthFailure bearer_not_accepted(std::string challenge, std::string detail) {
  AuthFailure failure{401, "InvalidAuthenticationInfo",
                      "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
                      {}, std::move(challenge)};
  if (!detail.empty()) failure.extras.emplace_back("AuthenticationErrorDetail", std::move(detail));
  return failure;
}
AuthFailure no_authentication(std::string challenge) {
  return {401, "NoAuthenticationInformation",
          "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
          {}, std::move(challenge)};
}
AuthFailure resource_not_found() { return {404, "ResourceNotFound", "The specified resource does not exist."}; }
AuthFailure service_mismatch() { return mismatch("Service", "service"); }
AuthFailure resource_type_mismatch() { return mismatch("ResourceType", "resource type"); }
AuthFailure permission_mismatch() { return mismatch("Permission", "permission"); }
AuthFailure protocol_mismatch() { return mismatch("Protocol", "protocol"); }
AuthFailure source_ip_mismatch(std::string_view address) {
  return mismatch("SourceIP", "source IP " + std::string(address));
}
AuthFailure authorization_failure() {
  return {403, "AuthorizationFailure", "This request is not authorized to perform this operation."};
}
AuthFailure invalid_query_parameter(std::string_view name, std::string_view value, std::string_view reason) {
  return {400,
          "InvalidQueryParameterValue",
          "Value for one of the query parameters specified in the request URI is invalid.",
          {{"QueryParameterName", std::string(name)},
           {"QueryParameterValue", std::string(value)},
           {"Reason", std::string(reason)}}};
}
AuthFailure server_busy() {
  return {503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request."};
}
AuthFailure internal_error() {
  return {500, "InternalError", "The server encountered an internal error. Please retry the request."};
}

}  // namespace bascule::auth::failures
