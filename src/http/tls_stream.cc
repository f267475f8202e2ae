#include "http/tls_stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace bascule::http {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;

bool is_numeric(const std::string& host) {
  unsigned char address[16];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

}  // namespace

// The socket as OpenSSL sees it: its own socket BIO would raise SIGPIPE.
struct TlsBio {
  static TlsStream& stream(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    BIO_clear_retry_flags(bio);
    TlsStream& self = stream(bio);
    const ssize_t n = ::recv(self.fd(), into, size, MSG_DONTWAIT);
    if (n > 0) {
      self.count_in(static_cast<std::size_t>(n));
      *got = static_cast<std::size_t>(n);
      return 1;
    }
    if (n == 0) self.peer_ended_ = true;
    else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) BIO_set_retry_read(bio);
    return 0;
  }

  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* sent) {
    BIO_clear_retry_flags(bio);
    TlsStream& self = stream(bio);
    const ssize_t n = ::send(self.fd(), from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      self.count_out(static_cast<std::size_t>(n));
      *sent = static_cast<std::size_t>(n);
      return 1;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) BIO_set_retry_write(bio);
    return 0;
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return stream(bio).peer_ended_ ? 1 : 0;
    return 0;
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      BIO_meth_set_read_ex(m, read);
      BIO_meth_set_write_ex(m, write);
      BIO_meth_set_ctrl(m, control);
      BIO_meth_set_create(m, create);
      return m;
    }();
    return made;
  }
};

TlsStream::TlsStream(Executor executor, int fd, std::string peer_address, TlsContextPtr tls, SocketOptions options)
    : SocketStream(std::move(executor), fd, std::move(peer_address), options), tls_(std::move(tls)), ssl_(SSL_new(tls_->get())) {
  BIO* bio = BIO_new(TlsBio::method());
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_, bio, bio);
}

TlsStream::~TlsStream() { SSL_free(ssl_); }

Task<Result<void>> TlsStream::handshake(std::string host) {
  if (host.empty()) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
    if (is_numeric(host)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
    } else {
      SSL_set_tlsext_host_name(ssl_, host.c_str());
      SSL_set1_host(ssl_, host.c_str());
      SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    }
  }
  while (true) {
    if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) co_return Result<void>();
    auto waited = co_await wait_or_fail(result, "the TLS handshake failed");
    if (!waited) co_return fail(std::move(waited).error());
    if (!*waited) co_return fail(Code::unavailable, "the peer ended the connection during the TLS handshake");
  }
}

Task<Result<std::size_t>> TlsStream::read_some(MutableBytes into) {
  while (true) {
    if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, into.data(), into.size(), &got);
    if (result == 1) co_return got;
    auto waited = co_await wait_or_fail(result, "reading failed");
    if (!waited) co_return fail(std::move(waited).error());
    if (!*waited) co_return 0;
  }
}

Task<Result<void>> TlsStream::wait_readable() {
  if (SSL_has_pending(ssl_) == 1) co_return Result<void>();
  idle_ = true;
  auto ready = co_await wait(Socket::wait_read);
  idle_ = false;
  co_return ready;
}

Task<Result<void>> TlsStream::write_all(Slices slices) {
  SlicePosition at;
  while (!at.at_end(slices)) {
    if (aborted()) co_return fail(Code::cancelled, "the connection was aborted");
    std::size_t sent = 0;
    const int result = write_record(slices, at, sent);
    if (result == 1) {
      at.advance(slices, sent);
      continue;
    }
    auto waited = co_await wait_or_fail(result, "writing failed");
    if (!waited) co_return fail(std::move(waited).error());
    if (!*waited) co_return fail(Code::unavailable, "the peer has ended the connection");
  }
  co_return Result<void>();
}

// A record is filled from as many slices as it takes; what lies in one piece is not copied. An attempt that is repeated
// gathers the same bytes again, which is what OpenSSL asks for.
int TlsStream::write_record(Slices slices, const SlicePosition& at, std::size_t& sent) {
  thread_local char record[kRecordBytes];
  Bytes next = slices[at.index].subspan(at.offset);
  if (next.size() < kRecordBytes && at.index + 1 < slices.size()) {
    std::size_t size = 0;
    for (std::size_t i = at.index; i < slices.size() && size < kRecordBytes; ++i) {
      const Bytes from = slices[i].subspan(i == at.index ? at.offset : 0);
      const std::size_t bytes = std::min(from.size(), kRecordBytes - size);
      if (bytes != 0) std::memcpy(record + size, from.data(), bytes);
      size += bytes;
    }
    next = {reinterpret_cast<const std::byte*>(record), size};
  }
  ERR_clear_error();
  return SSL_write_ex(ssl_, next.data(), next.size(), &sent);
}

void TlsStream::say_goodbye() {
  if (broken_ || aborted() || SSL_in_init(ssl_)) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);  // the alert fits the socket's buffer, or the peer does not read anyway
}

Task<Result<bool>> TlsStream::wait_or_fail(int result, const char* what) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: {
      auto ready = co_await wait(Socket::wait_read);
      if (!ready) co_return fail(std::move(ready).error());
      co_return true;
    }
    case SSL_ERROR_WANT_WRITE: {
      auto ready = co_await wait(Socket::wait_write);
      if (!ready) co_return fail(std::move(ready).error());
      co_return true;
    }
    case SSL_ERROR_ZERO_RETURN:
      co_return false;
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      if (!peer_ended_) {
        co_return fail(Code::unavailable, std::string(what) + ": " + std::strerror(saved_errno));
      }
      [[fallthrough]];
    default:
      broken_ = true;
      if (peer_ended_) {
        co_return fail(Code::unavailable, std::string(what) + ": the peer ended the connection without a TLS goodbye");
      }
      co_return fail(failure(what));
  }
}

Error TlsStream::failure(const char* what) const {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  std::string message = std::string(what) + ": ";
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long verdict = SSL_get_verify_result(ssl_);
    switch (verdict) {
      case X509_V_ERR_CERT_HAS_EXPIRED:
        message += "the server's certificate has expired (or this machine's clock is wrong)";
        break;
      case X509_V_ERR_CERT_NOT_YET_VALID:
        message += "the server's certificate is not valid yet (or this machine's clock is wrong)";
        break;
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        message += "the server's certificate is for another name";
        break;
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        message += std::string("the server's certificate is not trusted (") + X509_verify_cert_error_string(verdict) +
                   "); if it is your own authority's, name its file";
        break;
      default:
        message += std::string("the server's certificate is refused: ") + X509_verify_cert_error_string(verdict);
    }
    return {Code::permission_denied, 0, std::move(message)};
  }
  if (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_WRONG_VERSION_NUMBER) {
    return {Code::unavailable, 0, message + "the peer does not speak TLS on this port"};
  }
  return {Code::unavailable, 0, message + (text == nullptr ? "unknown TLS error" : text)};
}

Task<Result<std::unique_ptr<ByteStream>>> accept_tls(int fd, std::string peer_address, TlsContextPtr tls,
                                                     Instant deadline, SocketOptions options) {
  auto stream = std::make_unique<TlsStream>(co_await this_executor(), fd, std::move(peer_address), std::move(tls), options);
  stream->set_deadline(deadline);
  BASCULE_CO_TRY(co_await stream->handshake(""));
  co_return std::move(stream);
}

}  // namespace bascule::http
