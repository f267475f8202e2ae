#include "api/identity/assertion.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "auth/base64url.h"

namespace bascule::api::identity {
namespace json = boost::json;
using auth::to_base64url;
namespace {

constexpr auto kLifetime = std::chrono::seconds(60);
constexpr int kLeastRsaBits = 2048;
constexpr std::size_t kP256Bytes = 32;

template <auto Free> struct Freer {
  template <class T> void operator()(T* p) const { Free(p); }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;

int no_passphrase(char*, int, int, void*) { return -1; }  // never asks at a terminal

Result<Key> read_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(Code::invalid_argument, "the client's key is no private key in PEM without a passphrase");
  const int kind = EVP_PKEY_get_base_id(key.get());
  const bool good = kind == EVP_PKEY_RSA ? EVP_PKEY_get_bits(key.get()) >= kLeastRsaBits
                                         : kind == EVP_PKEY_EC && EVP_PKEY_get_bits(key.get()) == 256;
  if (!good) return fail(Code::invalid_argument, "the client's key is neither RSA of 2048 bits or more nor P-256");
  return key;
}

Result<std::string> sign(EVP_PKEY* key, bool rsa, std::string_view text) {
  const auto trouble = [] { return fail(Code::internal, "signing the client's assertion failed"); };
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* how = nullptr;
  if (EVP_DigestSignInit(context.get(), &how, EVP_sha256(), nullptr, key) != 1) return trouble();
  if (rsa && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1))
    return trouble();
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) != 1) return trouble();
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, data, text.size()) != 1) return trouble();
  out.resize(size);
  if (rsa) return out;
  // JWS wants r and s side by side, OpenSSL writes DER.
  const auto* der = reinterpret_cast<const unsigned char*>(out.data());
  const EcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(out.size())));
  std::string raw(2 * kP256Bytes, '\0');
  auto* at = reinterpret_cast<unsigned char*>(raw.data());
  if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), at, kP256Bytes) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), at + kP256Bytes, kP256Bytes) < 0)
    return trouble();
  return raw;
}

}  // namespace

Result<std::string> make_assertion(std::string_view pem, const AssertionParts& parts, WallTime now, Random& random) {
  BASCULE_ASSIGN(const Key key, read_key(pem));
  const bool rsa = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
  json::object header{{"alg", rsa ? "PS256" : "ES256"}, {"typ", "JWT"}};
  if (!parts.key_id.empty()) header["kid"] = parts.key_id;
  std::array<std::byte, 16> number;
  random.fill(number);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const json::object claims{{"iss", parts.client_id}, {"sub", parts.client_id}, {"aud", parts.audience},
                            {"jti", to_base64url(number)}, {"iat", seconds}, {"nbf", seconds},
                            {"exp", seconds + kLifetime.count()}};
  std::string text = to_base64url(as_bytes(json::serialize(header))) + "." + to_base64url(as_bytes(json::serialize(claims)));
  BASCULE_ASSIGN(const std::string signature, sign(key.get(), rsa, text));
  return text + "." + to_base64url(as_bytes(signature));
}

}  // namespace bascule::api::identity
