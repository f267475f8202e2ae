// Credentials against arbitrary requests: nothing that was not signed with the account's key is ever genuine.
// Input: method, path, query, Authorization and a header's value, each ended by a zero byte.
#include <string>

#include "auth/delegation.h"
#include "auth/sas.h"
#include "auth/sas_check.h"
#include "auth/shared_key.h"
#include "fuzz.h"

namespace {

using namespace bascule;
using namespace bascule::auth;

std::shared_ptr<const ops::Account> account() {
  static const auto it = [] {
    auto made = std::make_shared<ops::Account>(ops::Account{"acc", {std::string(64, 'k'), std::string(64, 'l')}});
    auto access = std::make_shared<catalog::AccountAccess>();
    access->secret.emplace().value.fill(std::byte{7});
    made->access = std::move(access);
    return made;
  }();
  return it;
}

constexpr Operation kOperations[] = {Operation::get_blob, Operation::put_blob, Operation::list_blobs, Operation::delete_blob};

// The fuzzer cannot make an HMAC: whatever it calls genuine is a hole.
void check_sas(const Sas& sas, const AuthRequest& request) {
  for (const Operation operation : kOperations) {
    fuzz::must(verify_sas(sas, request, operation, account()).has_value(), "a forged SAS is genuine");
    fuzz::must(verify_sas(sas, request, operation, nullptr).has_value(), "a SAS of no account is genuine");
    if (sas.delegation) (void)check_delegation(*sas.delegation, WallTime(std::chrono::seconds(1'700'000'000)));
    (void)auth::check_sas(sas, request, operation, WallTime(std::chrono::seconds(1'700'000'000)));
  }
  Sas stored = sas;
  (void)apply_stored_policy(stored, {ops::StoredPolicy{}});
  (void)account_sas_text(sas, "acc");
  (void)service_sas_text(sas, "acc", request.container, request.blob, request.snapshot);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text(data, size);
  const std::string_view method = fuzz::next_part(rest), path = fuzz::next_part(rest), raw_query = fuzz::next_part(rest);
  const std::string_view authorization = fuzz::next_part(rest), value = fuzz::next_part(rest);
  const auto query = parse_query(raw_query);
  if (!query) return 0;
  const http::HeaderView headers[] = {{"x-ms-date", "Tue, 14 Nov 2023 22:13:20 GMT"}, {"x-ms-version", "2023-11-03"},
                                      {"x-ms-meta-a", value}, {"Content-Length", "0"}, {"Range", value}};
  AuthRequest request;
  request.method = method;
  request.raw_path = path;
  request.query = &*query;
  request.headers = headers;
  request.account = "acc";
  request.container = "c";
  request.blob = path;
  request.version = "2023-11-03";
  request.peer_address = "192.0.2.1";
  const WallTime now(std::chrono::seconds(1'700'000'000));
  fuzz::must(verify_shared_key(request, authorization, account(), now).has_value(), "a forged signature is genuine");
  if (const auto sas = parse_sas(*query)) check_sas(*sas, request);

  std::string to_sign;
  const SignedParts parts{method, path, &*query, headers, "acc", "2023-11-03"};
  for (const bool collapse : {false, true}) {
    append_string_to_sign(parts, SharedKeyScheme::full, collapse, to_sign);
    append_string_to_sign(parts, SharedKeyScheme::lite, collapse, to_sign);
  }
  fuzz::must(compare_header_names(method, path) == -compare_header_names(path, method) ||
             (compare_header_names(method, path) < 0) == (compare_header_names(path, method) > 0),
             "the order of header names depends on which comes first");
  return 0;
}
