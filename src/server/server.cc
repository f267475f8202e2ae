#include "server/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <future>
#include <mutex>

#include "base/live.h"
#include "base/log.h"
#include "http/socket_stream.h"
#include "http/tls.h"
#include "server/address.h"

namespace bascule::server {
namespace {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

constexpr int kAcceptsPerTurn = 64;
constexpr std::int64_t kRefusalsAtOnce = 64;  // beyond, a connection too many is closed without a word
constexpr Duration kPauseWithoutFiles = std::chrono::milliseconds(100);
constexpr Duration kCutTime = std::chrono::seconds(5);  // for tasks to end after their connection was cut

// Of a Unix socket: whose it is (peer_owner.h reads it).
std::string unix_label(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "unix";
  return "unix uid:" + std::to_string(peer.uid);
}

std::string address_of(const sockaddr_storage& from, int fd) {
  char text[INET6_ADDRSTRLEN] = "";
  if (from.ss_family == AF_UNIX) return unix_label(fd);
  if (from.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text, sizeof text);
    return text;
  }
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
  else inet_ntop(AF_INET6, &v6, text, sizeof text);
  return text;
}

std::uint16_t port_of(const sockaddr_storage& from) {
  if (from.ss_family == AF_UNIX) return 0;
  return ntohs(from.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(from).sin_port
                                         : reinterpret_cast<const sockaddr_in6&>(from).sin6_port);
}

struct PerLoop {
  http::StreamSet streams;  // used on the loop
  http::SocketTally tally;
  std::atomic<std::int64_t> open{0};
};

}  // namespace

// Counts what passes through to the application's handler.
class CountingHandler final : public http::Handler {
 public:
  CountingHandler(http::Handler& inner, ServerCounters& counters) : inner_(inner), counters_(counters) {}
  Task<void> handle(http::Exchange& exchange) override {
    counters_.requests.fetch_add(1, std::memory_order_relaxed);
    return inner_.handle(exchange);
  }

 private:
  http::Handler& inner_;
  ServerCounters& counters_;
};

struct Server::State : std::enable_shared_from_this<State> {
  State(Loops& l, ServerOptions o, http::Handler& h, http::RefusalWriter r, Clock& c)
      : options(std::move(o)), live(options), loops(l), refuse(std::move(r)), clock(c), handler(h, counters) {
    for (std::size_t i = 0; i < loops.size(); ++i) per_loop.push_back(std::make_unique<PerLoop>());
  }

  Task<void> accept(std::shared_ptr<State> self, std::shared_ptr<Acceptor> acceptor);
  bool take(int fd, const sockaddr_storage& from);
  Task<void> serve(std::shared_ptr<State> self, int fd, std::string peer, std::uint16_t port, std::size_t loop, bool too_many);
  std::size_t least_loaded() const;

  http::TlsContextPtr current_tls() {
    const std::lock_guard lock(tls_mutex);
    return tls;
  }

  // Runs `job(PerLoop&)` on every loop and waits.
  template <class F> void on_each_loop(F job) {
    for (std::size_t i = 0; i < loops.size(); ++i) {
      if (loops[i].stopped()) continue;
      auto done = std::make_shared<std::promise<void>>();
      auto finished = done->get_future();
      boost::asio::post(loops[i], [self = shared_from_this(), i, job, done] {
        job(*self->per_loop[i]);
        done->set_value();
      });
      finished.wait_for(kCutTime);
    }
  }

  const ServerOptions options;             // at the start
  Live<ServerOptions> live;                // limits, times and files in force
  Loops& loops;
  const http::RefusalWriter refuse;
  Clock& clock;
  ServerCounters counters;
  CountingHandler handler;
  std::vector<std::unique_ptr<PerLoop>> per_loop;
  std::vector<std::shared_ptr<Acceptor>> acceptors;  // used on the first loop
  std::atomic<bool> draining{false};
  std::atomic<bool> cut{false};  // draining is over: the connections left were aborted
  std::atomic<std::int64_t> refusals_under_way{0};
  std::mutex tls_mutex;
  http::TlsContextPtr tls;
};

Task<void> Server::State::accept(std::shared_ptr<State> self, std::shared_ptr<Acceptor> acceptor) {
  boost::system::error_code error;
  while (!draining) {
    co_await acceptor->async_wait(Acceptor::wait_read,
                                  boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>{}, error));
    if (draining || !acceptor->is_open()) co_return;
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const int fd = ::accept4(acceptor->native_handle(), reinterpret_cast<sockaddr*>(&from), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        take(fd, from);
        continue;
      }
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log::warn("accept_failed", {{"why", std::strerror(errno)}});
        co_await clock.sleep_for(kPauseWithoutFiles);
      }
      if (errno != ECONNABORTED && errno != EINTR) break;
    }
  }
}

std::size_t Server::State::least_loaded() const {
  std::size_t best = 0;
  for (std::size_t i = 1; i < per_loop.size(); ++i) {
    if (per_loop[i]->open.load(std::memory_order_relaxed) < per_loop[best]->open.load(std::memory_order_relaxed)) best = i;
  }
  return best;
}

bool Server::State::take(int fd, const sockaddr_storage& from) {
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
  const bool too_many = counters.open.load() - refusals_under_way.load() >=
                        static_cast<std::int64_t>(live.get().max_connections);
  if (too_many) {
    counters.refused.fetch_add(1, std::memory_order_relaxed);
    if (refusals_under_way.load() >= kRefusalsAtOnce) {
      ::close(fd);
      return false;
    }
    ++refusals_under_way;
  }
  const std::size_t loop = least_loaded();
  ++counters.open;
  ++per_loop[loop]->open;
  spawn(loops[loop], serve(shared_from_this(), fd, address_of(from, fd), port_of(from), loop, too_many));
  return true;
}

Task<void> Server::State::serve(std::shared_ptr<State> self, int fd, std::string peer, std::uint16_t port, std::size_t loop,
                                bool too_many) {
  struct Leaving {
    State& state;
    std::size_t loop;
    bool refusal;
    ~Leaving() {
      if (refusal) --state.refusals_under_way;
      --state.per_loop[loop]->open;
      --state.counters.open;
    }
  };
  const Leaving leaving{*this, loop, too_many};
  // Refusals before a request could be read are recorded, too: who was it, and why.
  struct Refusing {
    State& state;
    const std::string address;
    const std::uint16_t port;
    events::ConnectionEvent::Kind kind;
    void record(int status, std::string_view why) const {
      if (events::EventSink* sink = state.options.events; sink && sink->enabled())
        sink->record(events::ConnectionEvent{.time = state.clock.wall(), .kind = kind, .status = status, .reason = why,
                                             .caller_address = address, .caller_port = port});
    }
  };
  Refusing refusing{*this, peer, port, too_many ? events::ConnectionEvent::Kind::too_many_connections
                                                 : events::ConnectionEvent::Kind::handshake_failed};
  const http::RefusalWriter refuse_and_record = [&refusing](int status, std::string_view why, std::string& body) {
    refusing.record(status, why);
    return refusing.state.refuse(status, why, body);
  };
  const http::SocketOptions socket{.set = &per_loop[loop]->streams, .tally = &per_loop[loop]->tally, .peer_port = port};
  const ServerOptions& limits = live.get();
  std::unique_ptr<http::ByteStream> stream;
  if (auto context = current_tls()) {
    auto accepted = co_await http::accept_tls(fd, std::move(peer), std::move(context),
                                              std::chrono::steady_clock::now() + limits.handshake_timeout, socket);
    if (!accepted) {
      counters.failed_handshakes.fetch_add(1, std::memory_order_relaxed);
      log::debug("handshake_failed", {{"why", accepted.error().message}});
      refusing.kind = events::ConnectionEvent::Kind::handshake_failed;
      refusing.record(0, accepted.error().message);
      co_return;
    }
    stream = std::move(*accepted);
  } else {
    stream = http::make_socket_stream(co_await this_executor(), fd, std::move(peer), socket);
  }
  if (too_many) {
    co_await http::refuse_connection(std::move(stream), 503, "There are too many connections.", limits.limits, clock,
                                     refuse_and_record);
  } else {
    refusing.kind = events::ConnectionEvent::Kind::unreadable_request;
    co_await http::serve_connection(std::move(stream), handler, limits.limits, clock, refuse_and_record, draining);
  }
}

Server::Server(Loops& loops, ServerOptions options, http::Handler& handler, http::RefusalWriter refuse, Clock& clock)
    : loops_(loops), state_(std::make_shared<State>(loops, std::move(options), handler, std::move(refuse), clock)) {}

Server::~Server() { stop(); }

bool Server::encrypted() const { return !state_->options.certificate_file.empty(); }

Result<void> Server::start() {
  const ServerOptions& options = state_->options;
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return fail(Code::invalid_argument, "TLS needs both a certificate file and a key file");
  }
  if (options.listen.empty()) return fail(Code::invalid_argument, "there is no address to listen on");
  if (encrypted()) BASCULE_TRY(reload_certificate());

  std::vector<Listener> listeners;
  const auto close_all = [&] {
    for (const Listener& listener : listeners) ::close(listener.fd);
  };
  for (const std::string& where : options.listen) {
    auto opened = listen_on(where);
    if (!opened) {
      close_all();
      return fail(std::move(opened).error());
    }
    listeners.insert(listeners.end(), opened->begin(), opened->end());
  }
  for (const Listener& listener : listeners) {
    if (encrypted() || listener.loopback || options.allow_plain_http) continue;
    close_all();
    return fail(Code::invalid_argument,
                listener.name + " can be reached from other machines, but there is no certificate: keys and data would "
                                "cross the network unencrypted. Give a certificate and its key, listen on 127.0.0.1, or "
                                "allow plain HTTP explicitly (behind a proxy that does TLS)");
  }
  port_ = listeners.front().port;
  for (const Listener& listener : listeners) {
    addresses_.push_back(listener.name);
    auto acceptor = std::make_shared<Acceptor>(loops_[0].get_executor());
    boost::system::error_code error;
    acceptor->assign(boost::asio::ip::tcp::v4(), listener.fd, error);
    if (error) return fail(Code::internal, listener.name + ": " + error.message());
    state_->acceptors.push_back(acceptor);
    spawn(loops_[0], state_->accept(state_, acceptor));
  }
  return {};
}

Result<std::function<void()>> Server::prepare(ServerOptions fresh) {
  http::TlsContextPtr tls;
  if (fresh.certificate_file.empty() == encrypted()) return fail(Code::invalid_argument, "whether there is TLS can be changed by a restart alone");
  if (encrypted()) { BASCULE_ASSIGN(tls, http::make_server_tls(fresh.certificate_file, fresh.key_file)); }
  fresh.events = state_->options.events;
  return [state = state_, tls, options = std::move(fresh)] {
    state->live.set(options);
    const std::lock_guard lock(state->tls_mutex);
    state->tls = tls;
  };
}

Result<void> Server::reload_certificate() {
  const ServerOptions& options = state_->live.get();
  BASCULE_ASSIGN(auto fresh, http::make_server_tls(options.certificate_file, options.key_file));
  const std::lock_guard lock(state_->tls_mutex);
  state_->tls = std::move(fresh);
  return {};
}

bool Server::drain(Duration limit) {
  State& state = *state_;
  if (state.cut) return false;
  state.draining = true;
  for (const std::string& address : addresses_)
    if (address.starts_with("unix:")) ::unlink(address.c_str() + 5);
  const auto closing = std::make_shared<std::promise<void>>();
  auto closed = closing->get_future();
  boost::asio::post(loops_[0], [self = state_, closing] {
    for (auto& acceptor : self->acceptors) {
      boost::system::error_code ignored;
      acceptor->close(ignored);
    }
    self->acceptors.clear();
    closing->set_value();
  });
  if (!loops_[0].stopped()) closed.wait_for(kCutTime);
  state.on_each_loop([](PerLoop& loop) { loop.streams.end_idle(); });

  const auto wait_until_empty = [&](Instant until) {
    while (state.counters.open != 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return state.counters.open == 0;
  };
  if (wait_until_empty(std::chrono::steady_clock::now() + limit)) return true;
  state.cut = true;
  state.on_each_loop([](PerLoop& loop) { loop.streams.abort_all(); });
  wait_until_empty(std::chrono::steady_clock::now() + kCutTime);
  return false;
}

const ServerCounters& Server::counters() const { return state_->counters; }

std::uint64_t Server::bytes_in() const {
  std::uint64_t sum = 0;
  for (const auto& loop : state_->per_loop) sum += loop->tally.bytes_in.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t Server::bytes_out() const {
  std::uint64_t sum = 0;
  for (const auto& loop : state_->per_loop) sum += loop->tally.bytes_out.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace bascule::server
