// Bearer tokens, key sets and discovery documents as anybody may write them. What is parsed keeps its limits; nothing that the
// fuzzer makes is signed with the key that is looked at. Input: what it is to be taken for, then the text.
#include <string>

#include "auth/jwks.h"
#include "auth/jwt.h"
#include "fuzz.h"

namespace {

using namespace bascule;
using namespace bascule::auth;

// A published example: RFC 7515, appendix A.2 (RSA) and A.3 (P-256).
constexpr std::string_view kKeys =
    R"({"keys":[{"kid":"r","kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"},{"kid":"e","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

void take_token(std::string_view text) {
  const auto jwt = parse_jwt(text, {"groups", "realm_access.roles"});
  if (!jwt) {
    fuzz::must(jwt.error().code == Code::invalid_argument, "a token is refused for another reason");
    return;
  }
  fuzz::must(text.size() <= kMostTokenBytes && jwt->claims.groups.size() <= kMostTokenGroups, "a limit was not kept");
  fuzz::must(!jwt->signature.empty() && jwt->signed_text.size() < text.size(), "a token without a signature");
  static const KeySet kSet = *parse_jwks(kKeys);
  for (const std::string_view id : {std::string_view(jwt->key_id), std::string_view("r"), std::string_view("e")}) {
    const PublicKey* key = kSet.find(id, jwt->algorithm);
    // The signatures of the RFC's examples are over other claims than ours read, and may be in the corpus: they name no issuer of use.
    if (key && key->verify(jwt->algorithm, jwt->signed_text, as_bytes(jwt->signature)))
      fuzz::must(jwt->claims.issuer == "joe", "a forged token is genuine");
  }
}

void take_key_set(std::string_view text) {
  const auto set = parse_jwks(text);
  if (!set) return;
  fuzz::must(set->entries.size() + set->ignored <= kMostKeys, "more keys than may be");
  for (const KeySet::Entry& entry : set->entries) {
    fuzz::must(entry.key != nullptr, "an entry without its key");
    for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::ps256, Algorithm::es256}) {
      const PublicKey* found = set->find(entry.id, algorithm);
      fuzz::must(!found || found->fits(algorithm), "a key that does not fit");
      fuzz::must(!entry.key->verify(algorithm, "text", as_bytes(std::string(256, 'x'))), "any signature is good");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::text(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: take_token(text); break;
    case 1: take_key_set(text); break;
    case 2: (void)parse_discovery(text); break;
  }
  return 0;
}
