#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstring>

namespace bascule::http {
namespace {

std::string openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "unknown error" : text;
}

Result<TlsContextPtr> make_context(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) return fail(Code::internal, "TLS cannot be set up: " + openssl_error());
  auto owner = std::make_shared<const TlsContext>(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // RELEASE_BUFFERS: an idle connection holds no record buffers. The other two: writes are gathered anew at each attempt.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    return fail(Code::internal, "TLS cannot be set up: " + openssl_error());
  }
  return owner;
}

Result<void> check_file(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return {};
  const int error = errno;
  const Code code = error == ENOENT ? Code::not_found : Code::permission_denied;
  return fail(code, path + " cannot be read: " + std::strerror(error));
}

int choose_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                  void*) {
  static constexpr unsigned char kOffered[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOffered, sizeof kOffered - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<TlsContextPtr> make_server_tls(const std::string& certificate_file, const std::string& key_file) {
  BASCULE_TRY(check_file(certificate_file));
  BASCULE_TRY(check_file(key_file));
  BASCULE_ASSIGN(auto owner, make_context(TLS_server_method()));
  SSL_CTX* context = owner->get();
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return fail(Code::invalid_argument, certificate_file + " holds no usable PEM certificate: " + openssl_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(Code::invalid_argument, key_file + " does not hold the PEM private key of " + certificate_file + ": " +
                                            openssl_error());
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    return fail(Code::invalid_argument, key_file + " is not the private key of " + certificate_file);
  }
  static constexpr unsigned char kSessionContext[] = "bascule";
  SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets carry the state
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context, choose_http11, nullptr);
  return owner;
}

Result<TlsContextPtr> make_client_tls(const std::string& ca_file) {
  BASCULE_ASSIGN(auto owner, make_context(TLS_client_method()));
  SSL_CTX* context = owner->get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  static constexpr unsigned char kOffered[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context, kOffered, sizeof kOffered - 1);
  if (ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return fail(Code::internal, "the system's certificate authorities cannot be loaded: " + openssl_error());
    }
    return owner;
  }
  BASCULE_TRY(check_file(ca_file));
  if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
    return fail(Code::invalid_argument, ca_file + " holds no usable PEM certificates: " + openssl_error());
  }
  return owner;
}

}  // namespace bascule::http
