// An issuer's public key and the signatures that it checks. Nothing weaker than RSA of 2048 bits and P-256; SHA-256.
// Sources: RFC 7518 sections 3 and 6, RFC 8725 (best current practices for JSON Web Tokens).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace bascule::auth {

enum class Algorithm : std::uint8_t { rs256, ps256, es256 };
// "RS256", "PS256", "ES256", and nothing else: neither `none` nor anything with a shared secret.
std::optional<Algorithm> parse_algorithm(std::string_view text);

// Immutable; any number of threads may check with it at once.
class PublicKey {
 public:
  // Big-endian numbers. invalid_argument: too short (2048 bits), too long (8192), an exponent that is even or below 65537.
  static Result<std::shared_ptr<const PublicKey>> rsa(Bytes modulus, Bytes exponent);
  // A point of P-256. invalid_argument: it does not lie on the curve.
  static Result<std::shared_ptr<const PublicKey>> p256(Bytes x, Bytes y);
  ~PublicKey();
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;

  // A key is for the algorithms of its own kind alone: an RSA key never checks an ES256 signature.
  bool fits(Algorithm algorithm) const { return (algorithm == Algorithm::es256) == elliptic_; }
  bool verify(Algorithm algorithm, std::string_view text, Bytes signature) const;
  const Sha256Value& fingerprint() const { return fingerprint_; }   // of its numbers

 private:
  PublicKey(EVP_PKEY* owned, bool elliptic, std::size_t signature_bytes, Sha256Value fingerprint)
      : key_(owned), elliptic_(elliptic), signature_bytes_(signature_bytes), fingerprint_(fingerprint) {}
  EVP_PKEY* const key_;
  const bool elliptic_;
  const std::size_t signature_bytes_;
  const Sha256Value fingerprint_;
};

}  // namespace bascule::auth
