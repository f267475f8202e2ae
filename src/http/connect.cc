// connect_stream(): names to addresses to sockets.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>
#include <vector>

#include "http/socket_base.h"
#include "http/tls_stream.h"
#include "runtime/completion.h"

namespace bascule::http {
namespace {

namespace ip = boost::asio::ip;
using Endpoints = std::vector<ip::tcp::endpoint>;
using Resolver = ip::basic_resolver<ip::tcp, Executor>;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

// A look-up cannot be interrupted: past the deadline its answer is dropped.
struct LookUp {
  explicit LookUp(const Executor& executor) : resolver(executor), timer(executor) {}
  Resolver resolver;
  Timer timer;
  bool answered = false;
  Completion<Result<Endpoints>> done;

  void answer(Result<Endpoints> result) {
    if (std::exchange(answered, true)) return;
    timer.cancel();
    done.set(std::move(result));
  }
};

Task<Result<Endpoints>> look_up(std::string host, std::uint16_t port, Instant deadline) {
  boost::system::error_code not_numeric;
  const ip::address address = ip::make_address(host, not_numeric);
  if (!not_numeric) co_return Endpoints{{address, port}};

  auto query = std::make_shared<LookUp>(co_await this_executor());
  if (deadline != kNoDeadline) {
    query->timer.expires_at(deadline);
    query->timer.async_wait([query](const boost::system::error_code& error) {
      if (!error) query->answer(fail(Code::timeout, "the name service took too long"));
    });
  }
  query->resolver.async_resolve(
      host, std::to_string(port), ip::resolver_base::numeric_service,
      [query](const boost::system::error_code& error, const Resolver::results_type& found) {
        if (error) return query->answer(fail(Code::unavailable, "the name is not known: " + error.message()));
        Endpoints endpoints;
        for (const auto& entry : found) endpoints.push_back(entry.endpoint());
        query->answer(std::move(endpoints));
      });
  co_return co_await query->done.wait();
}

Address address_of(const ip::address& from) {
  return from.is_v6() ? from.to_v6().to_bytes() : ip::make_address_v6(ip::v4_mapped, from.to_v4()).to_bytes();
}

Result<int> begin_connect(const ip::tcp::endpoint& to) {
  const int fd = ::socket(to.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Code::unavailable, std::string("no socket: ") + std::strerror(errno));
  if (::connect(fd, to.data(), static_cast<socklen_t>(to.size())) == 0 || errno == EINPROGRESS) return fd;
  const int error = errno;
  ::close(fd);
  return fail(Code::unavailable, std::strerror(error));
}

Task<Result<std::unique_ptr<ByteStream>>> connect_to(ip::tcp::endpoint to, std::string host, TlsContextPtr tls,
                                                     Instant connect_by, Instant deadline) {
  const Executor executor = co_await this_executor();
  BASCULE_CO_ASSIGN(const int fd, begin_connect(to));
  const std::string peer = to.address().to_string();
  if (!tls) {
    auto stream = std::make_unique<SocketStream>(executor, fd, peer, SocketOptions{});
    stream->set_deadline(connect_by);
    BASCULE_CO_TRY(co_await stream->wait_connected());
    co_return std::move(stream);
  }
  auto stream = std::make_unique<TlsStream>(executor, fd, peer, std::move(tls), SocketOptions{});
  stream->set_deadline(connect_by);
  BASCULE_CO_TRY(co_await stream->wait_connected());
  stream->set_deadline(deadline);
  BASCULE_CO_TRY(co_await stream->handshake(host));
  co_return std::move(stream);
}

}  // namespace

Task<Result<std::unique_ptr<ByteStream>>> connect_stream(std::string host, std::uint16_t port, TlsContextPtr tls,
                                                         Instant deadline, AddressFilter permit) {
  BASCULE_CO_ASSIGN(Endpoints endpoints, co_await look_up(host, port, deadline));
  Error last{Code::unavailable, 0, "the name has no address"};
  if (permit && std::erase_if(endpoints, [&](const auto& to) { return !permit(address_of(to.address())); }) != 0)
    last = {Code::unsupported, 0, "it has no address that may be connected to"};
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    // An address that swallows packets must not take the time of those behind it.
    Instant connect_by = deadline;
    if (deadline != kNoDeadline && i + 1 < endpoints.size()) {
      const Instant now = std::chrono::steady_clock::now();
      connect_by = now + (deadline - now) / 2;
    }
    auto stream = co_await connect_to(endpoints[i], host, tls, connect_by, deadline);
    if (stream) co_return stream;
    last = std::move(stream).error();
    if (last.code == Code::permission_denied) break;
  }
  last.message = endpoints.empty() ? last.message : endpoints.back().address().to_string() + ": " + last.message;
  co_return fail(std::move(last));
}

}  // namespace bascule::http
