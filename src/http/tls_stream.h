// TLS over a socket, by OpenSSL on the socket itself (asio::ssl would copy every byte once more through a pair of memory
// buffers of 17 KiB each per connection). Only for this folder's *.cc.
#pragma once
#include <openssl/ssl.h>

#include "http/socket_base.h"

namespace bascule::http {

class TlsStream final : public SocketStream {
 public:
  TlsStream(Executor executor, int fd, std::string peer_address, TlsContextPtr tls, SocketOptions options);
  ~TlsStream() override;

  // `host`: for a client, the name or address that the certificate must be for; "" for a server.
  Task<Result<void>> handshake(std::string host);

  Task<Result<std::size_t>> read_some(MutableBytes into) override;
  Task<Result<void>> wait_readable() override;
  Task<Result<void>> write_all(Slices slices) override;
  bool encrypted() const override { return true; }
  std::string_view tls_version() const override { return SSL_version(ssl_) == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2"; }

 private:
  friend struct TlsBio;
  void say_goodbye() override;
  int write_record(Slices slices, const SlicePosition& at, std::size_t& sent);
  // After a call that did not succeed: waits for what it needs, or says why it failed. False: the peer's orderly end.
  Task<Result<bool>> wait_or_fail(int result, const char* what);
  Error failure(const char* what) const;

  const TlsContextPtr tls_;
  SSL* const ssl_;
  bool peer_ended_ = false;  // without saying goodbye
  bool broken_ = false;      // no goodbye may be sent
};

}  // namespace bascule::http
