#include "api/blob/encryption.h"

#include <algorithm>

#include "api/common/since.h"
#include "api/common/text.h"
#include "base/digest.h"

namespace bascule::api::blob {
namespace {

constexpr std::string_view kAccountKey = "$account-encryption-key";

std::unexpected<Problem> bad_secret(H header) {  // without its value
  return refuse({Fault::invalid_header_value, {{"HeaderName", std::string(name(header))}}});
}

struct KeyHeaders {
  H key, sha256, algorithm;
  Version since;
};
constexpr KeyHeaders kOwn{H::encryption_key, H::encryption_key_sha256, H::encryption_algorithm, since::kCustomerKeys};
constexpr KeyHeaders kSource{H::source_encryption_key, H::source_encryption_key_sha256, H::source_encryption_algorithm,
                             since::kSourceKeys};

bool names_key(const HeaderIndex& headers, const KeyHeaders& of) {
  return headers.has(of.key) || headers.has(of.sha256) || headers.has(of.algorithm);
}

Parsed<std::shared_ptr<const ops::CustomerKey>> read_key(const Call& call, KeyUse use, const KeyHeaders& of) {
  const HeaderIndex& headers = call.headers;
  if (call.version < of.since) return refuse(Fault::feature_version_mismatch);
  if (!call.request.encrypted) return refuse(Fault::customer_key_over_http);
  const auto text = headers.find(of.key), hash = headers.find(of.sha256);
  const auto algorithm = headers.find(of.algorithm);
  if (!text) return missing_header(name(of.key));
  if (!hash) return missing_header(name(of.sha256));
  if (!algorithm && use == KeyUse::write) return missing_header(name(of.algorithm));
  if (algorithm && !same_text(*algorithm, "AES256")) return bad_header(name(of.algorithm), *algorithm);
  auto bytes = from_base64(*text);
  if (!bytes || bytes->size() != crypto::SecretKey::kSize) return bad_secret(of.key);
  auto key = std::make_shared<ops::CustomerKey>();
  std::memcpy(key->key.writable().data(), bytes->data(), crypto::SecretKey::kSize);
  OPENSSL_cleanse(bytes->data(), bytes->size());
  key->sha256 = Sha256::of(key->key.bytes());
  const auto claimed = from_base64(*hash);
  if (!claimed || !equal_constant_time(as_bytes(*claimed), key->sha256)) return bad_header(name(of.sha256), *hash);
  return key;
}

// Operations whose content or metadata is sealed anew.
bool seals(auth::Operation o) {
  using enum auth::Operation;
  switch (o) {
    case put_blob:
    case put_blob_from_url:
    case put_block:
    case put_block_from_url:
    case put_block_list:
    case create_append_blob:
    case append_block:
    case append_block_from_url:
    case create_page_blob:
    case put_page:
    case put_page_from_url:
    case set_blob_metadata:
    case snapshot_blob: return true;
    default: return false;
  }
}

}  // namespace

bool takes_key(auth::Operation o) {
  using enum auth::Operation;
  return seals(o) || o == set_blob_headers || o == get_blob || o == get_blob_properties || o == get_blob_metadata || o == query_blob;
}

bool takes_source_key(auth::Operation o) {
  using enum auth::Operation;
  return o == put_blob_from_url || o == put_block_from_url || o == append_block_from_url || o == put_page_from_url;
}

bool takes_scope(auth::Operation o) { return seals(o) || o == auth::Operation::copy_blob_from_url; }

Parsed<ops::AskedEncryption> asked_encryption(const Call& call, KeyUse use) {
  const HeaderIndex& headers = call.headers;
  ops::AskedEncryption asked;
  const auto scope = headers.find(H::encryption_scope);
  const std::string& signed_scope = call.authorised.encryption_scope;
  if (use == KeyUse::write && scope) {
    if (call.version < since::kEncryptionScopes) return refuse(Fault::feature_version_mismatch);
    if (scope->empty() || (!signed_scope.empty() && *scope != signed_scope)) return bad_header(name(H::encryption_scope), *scope);
    asked.scope = *scope;
  } else if (use == KeyUse::write) {
    asked.scope = signed_scope;
  }
  if (!names_key(headers, kOwn)) return asked;
  if (!asked.scope.empty()) return bad_header(name(H::encryption_scope), asked.scope);
  BASCULE_ASSIGN(asked.key, read_key(call, use, kOwn));
  return asked;
}

Parsed<std::shared_ptr<const ops::CustomerKey>> source_key(const Call& call) {
  if (!names_key(call.headers, kSource)) return nullptr;
  return read_key(call, KeyUse::write, kSource);
}

void add_written_encryption(Reply& reply, const ops::AskedEncryption& asked, const std::string& scope, Version version) {
  reply.request_encrypted();
  if (asked.key) reply.add("x-ms-encryption-key-sha256", to_base64(asked.key->sha256));
  else if (!scope.empty() && version >= since::kEncryptionScopes) reply.add("x-ms-encryption-scope", scope);
}

void add_read_encryption(Reply& reply, const ops::BlobView& blob) {
  if (blob.key_sha256) reply.add("x-ms-encryption-key-sha256", to_base64(*blob.key_sha256));
  else if (!blob.encryption_scope.empty()) reply.add("x-ms-encryption-scope", blob.encryption_scope);
}

Parsed<ops::ContainerEncryption> container_encryption(const Call& call) {
  const auto scope = call.headers.find(H::default_encryption_scope), deny = call.headers.find(H::deny_encryption_scope_override);
  ops::ContainerEncryption encryption;
  if (!scope && !deny) return encryption;
  if (call.version < since::kEncryptionScopes) return refuse(Fault::feature_version_mismatch);
  if (!scope || scope->empty()) return missing_header(name(H::default_encryption_scope));
  if (!deny) return missing_header(name(H::deny_encryption_scope_override));
  encryption.deny_override = same_text(*deny, "true");
  if (!encryption.deny_override && !same_text(*deny, "false")) return bad_header(name(H::deny_encryption_scope_override), *deny);
  encryption.default_scope = *scope;
  return encryption;
}

std::string_view default_scope_text(const ops::ContainerView& container) {
  return container.default_encryption_scope.empty() ? kAccountKey : std::string_view(container.default_encryption_scope);
}

}  // namespace bascule::api::blob
