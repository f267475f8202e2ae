// TLS for servers and clients: certificates, versions, what is trusted.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace bascule::http {

// Immutable once made; may be shared by all threads. TLS 1.2 (AEAD suites with forward secrecy) and 1.3, session tickets,
// no renegotiation.
class TlsContext {
 public:
  explicit TlsContext(SSL_CTX* owned) : context_(owned) {}
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* const context_;
};

using TlsContextPtr = std::shared_ptr<const TlsContext>;

// PEM files: the certificate followed by its chain, and its private key. Errors name the file (permission_denied,
// not_found, invalid_argument: no PEM, or the key is another certificate's).
Result<TlsContextPtr> make_server_tls(const std::string& certificate_file, const std::string& key_file);

// `ca_file`: PEM with the roots to trust; "" = the system's.
Result<TlsContextPtr> make_client_tls(const std::string& ca_file);

}  // namespace bascule::http
