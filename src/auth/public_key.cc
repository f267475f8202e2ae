#include "auth/public_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace bascule::auth {
namespace {

// Whether an RSA modulus is a product of two primes is not looked at: that costs a tenth of a second and more, and an issuer
// that publishes another deceives nobody but itself.
constexpr std::size_t kLeastRsaBits = 2048, kMostRsaBits = 8192;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::uint64_t kLeastExponent = 65537;

template <auto Free> struct Freer {
  template <class T> void operator()(T* p) const { Free(p); }
};
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

const unsigned char* data(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

Number to_number(Bytes bytes) { return Number(BN_bin2bn(data(bytes), static_cast<int>(bytes.size()), nullptr)); }

Result<Key> make_key(const char* kind, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return fail(Code::invalid_argument, "the numbers make no public key");
  return Key(made);
}

Sha256Value fingerprint_of(Bytes a, Bytes b) {
  Sha256 hash;
  char length[8];
  store_le<std::uint64_t>(length, a.size());
  hash.update(as_bytes({length, sizeof length}));
  hash.update(a);
  hash.update(b);
  return hash.finish();
}

const EVP_MD* sha256() {
  static EVP_MD* const kDigest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kDigest;
}

// JOSE has r and s side by side; OpenSSL wants them in DER.
std::string to_der(Bytes signature) {
  Number r = to_number(signature.first(kCoordinateBytes)), s = to_number(signature.subspan(kCoordinateBytes));
  EcSignature both(ECDSA_SIG_new());
  if (!r || !s || !both || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(both.get(), &der);
  std::string out(reinterpret_cast<const char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view text) {
  if (text == "RS256") return Algorithm::rs256;
  if (text == "PS256") return Algorithm::ps256;
  if (text == "ES256") return Algorithm::es256;
  return std::nullopt;
}

PublicKey::~PublicKey() { EVP_PKEY_free(key_); }

Result<std::shared_ptr<const PublicKey>> PublicKey::rsa(Bytes modulus, Bytes exponent) {
  if (modulus.size() > kMostRsaBits / 8 + 1 || exponent.size() > 8)
    return fail(Code::invalid_argument, "the RSA key's numbers are too large");
  const Number n = to_number(modulus), e = to_number(exponent);
  if (!n || !e) return fail(Code::invalid_argument, "the RSA key has no numbers");
  const auto bits = static_cast<std::size_t>(BN_num_bits(n.get()));
  if (bits < kLeastRsaBits || bits > kMostRsaBits)
    return fail(Code::invalid_argument, "an RSA key of " + std::to_string(bits) + " bits; 2048 to 8192 are accepted");
  if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_get_word(e.get()) < kLeastExponent)
    return fail(Code::invalid_argument, "the RSA key's numbers are weak");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return fail(Code::internal, "no memory for a key");
  BASCULE_ASSIGN(Key key, make_key("RSA", builder.get()));
  return std::shared_ptr<const PublicKey>(
      new PublicKey(key.release(), false, (bits + 7) / 8, fingerprint_of(modulus, exponent)));
}

Result<std::shared_ptr<const PublicKey>> PublicKey::p256(Bytes x, Bytes y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes)
    return fail(Code::invalid_argument, "the coordinates of a P-256 key have 32 bytes each");
  std::string point(1, '\x04');
  point.append(as_text(x)).append(as_text(y));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return fail(Code::internal, "no memory for a key");
  BASCULE_ASSIGN(Key key, make_key("EC", builder.get()));
  const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return fail(Code::invalid_argument, "the point does not lie on P-256");
  return std::shared_ptr<const PublicKey>(new PublicKey(key.release(), true, 2 * kCoordinateBytes, fingerprint_of(x, y)));
}

bool PublicKey::verify(Algorithm algorithm, std::string_view text, Bytes signature) const {
  if (!fits(algorithm) || signature.size() != signature_bytes_) return false;
  thread_local const DigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_MD_CTX_reset(context.get()) != 1) return false;
  EVP_PKEY_CTX* options = nullptr;   // the digest context's
  if (EVP_DigestVerifyInit(context.get(), &options, sha256(), nullptr, key_) != 1) return false;
  if (algorithm == Algorithm::ps256 &&
      (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  std::string der;
  if (elliptic_) {
    der = to_der(signature);
    if (der.empty()) return false;
    signature = as_bytes(der);
  }
  return EVP_DigestVerify(context.get(), data(signature), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

}  // namespace bascule::auth
