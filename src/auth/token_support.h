// For this folder's tests: an issuer that signs tokens, and documents that a test changes as it likes.
#pragma once
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <functional>
#include <map>

#include "auth/base64url.h"
#include "auth/documents.h"
#include "auth/public_key.h"

namespace bascule::auth::testing {

// A private key of a test's own.
class SigningKey {
 public:
  static SigningKey rsa(unsigned bits = 2048) { return SigningKey(EVP_RSA_gen(bits)); }
  static SigningKey ec(const char* curve = "P-256") { return SigningKey(EVP_EC_gen(curve)); }

  std::string sign(std::string_view algorithm, std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    EVP_DigestSignInit(context, &options, EVP_sha256(), nullptr, key_.get());
    if (algorithm == "PS256") {
      EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
    }
    std::size_t size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSign(context, nullptr, &size, data, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size());
    signature.resize(size);
    EVP_MD_CTX_free(context);
    if (EVP_PKEY_get_base_id(key_.get()) != EVP_PKEY_EC) return signature;
    const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
    std::string raw(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(both), reinterpret_cast<unsigned char*>(raw.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), reinterpret_cast<unsigned char*>(raw.data()) + 32, 32);
    ECDSA_SIG_free(both);
    return raw;
  }

  std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return bytes;
  }
  // Its public half, as a member of a key set. `more`: further members, each with a comma before it.
  std::string jwk(std::string_view id, std::string_view more = R"(,"use":"sig")") const {
    std::string text = "{\"kid\":\"" + std::string(id) + "\"";
    if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC) {
      std::string x = number("qx"), y = number("qy");
      x.insert(0, 32 - std::min<std::size_t>(x.size(), 32), '\0');
      y.insert(0, 32 - std::min<std::size_t>(y.size(), 32), '\0');
      text += R"(,"kty":"EC","crv":"P-256","x":")" + to_base64url(as_bytes(x)) + R"(","y":")" + to_base64url(as_bytes(y)) + "\"";
    } else {
      text += R"(,"kty":"RSA","n":")" + to_base64url(as_bytes(number("n"))) + R"(","e":")" + to_base64url(as_bytes(number("e"))) + "\"";
    }
    return text + std::string(more) + "}";
  }
  std::string token(std::string_view header, std::string_view claims, std::string_view algorithm) const {
    const std::string text = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims));
    return text + "." + to_base64url(as_bytes(sign(algorithm, text)));
  }

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  std::shared_ptr<EVP_PKEY> key_;
};

inline std::string key_set(std::initializer_list<std::string> keys) {
  std::string text = "{\"keys\":[";
  for (const std::string& key : keys) text += (text.back() == '[' ? "" : ",") + key;
  return text + "]}";
}

constexpr std::string_view kIssuer = "https://id.example.org/realms/acme";
constexpr std::string_view kKeysUrl = "https://id.example.org/keys";

// What an issuer publishes; shared with the object that asks.
struct Published {
  std::map<std::string, std::string> documents;
  std::optional<Error> error;
  int asked = 0;

  Published() { documents[std::string(kIssuer) + "/.well-known/openid-configuration"] = discovery(kIssuer); }
  static std::string discovery(std::string_view issuer) {
    return "{\"issuer\":\"" + std::string(issuer) + "\",\"jwks_uri\":\"" + std::string(kKeysUrl) + "\"}";
  }
  void publish(std::string keys) { documents[std::string(kKeysUrl)] = std::move(keys); }
};

class FakeDocuments final : public Documents {
 public:
  explicit FakeDocuments(std::shared_ptr<Published> published) : published_(std::move(published)) {}
  Task<Result<std::string>> get(std::string url, std::size_t most_bytes) override {
    ++published_->asked;
    if (published_->error) co_return fail(*published_->error);
    const auto found = published_->documents.find(url);
    if (found == published_->documents.end()) co_return fail(Code::unavailable, "not there");
    if (found->second.size() > most_bytes) co_return fail(Code::exhausted, "too large");
    co_return found->second;
  }

 private:
  const std::shared_ptr<Published> published_;
};

}  // namespace bascule::auth::testing
