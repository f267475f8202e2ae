#include "app/admin/control_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <thread>

#include "app/admin/control_http.h"
#include "base/log.h"
#include "http/server_connection.h"
#include "http/socket_stream.h"

namespace bascule::app {
namespace {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

constexpr std::string_view kSocketName = "admin.sock";
constexpr int kMostConnections = 64;

// A socket's address within the folder, whatever the length of the folder's path (sun_path holds 107 bytes).
struct Place {
  int folder = -1;
  sockaddr_un address{};
  explicit Place(const std::string& data) {
    folder = ::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + std::string(kSocketName);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  }
  ~Place() { if (folder >= 0) ::close(folder); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// The owner, or nothing: root and the service's user alone may ask.
std::optional<AdminPrincipal> owner_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || (peer.uid != 0 && peer.uid != ::geteuid())) return std::nullopt;
  return local_owner(peer.uid, "socket");
}

class ControlHandler final : public http::Handler {
 public:
  ControlHandler(Control& control, AdminPrincipal who, Clock& clock, const std::atomic<bool>& stop)
      : control_(control), who_(std::move(who)), clock_(clock), stop_(stop) {}
  Task<void> handle(http::Exchange& exchange) override { return serve_control(control_, who_, exchange, clock_, stop_); }

 private:
  Control& control_;
  const AdminPrincipal who_;
  Clock& clock_;
  const std::atomic<bool>& stop_;
};

}  // namespace

std::string control_socket_path(const std::string& data) { return data + "/" + std::string(kSocketName); }

struct ControlServer::State {
  State(Control& asked, Loop& l, Clock& c, std::string p) : control(asked), loop(l), clock(c), path(std::move(p)) {}
  Control& control;
  Loop& loop;
  Clock& clock;
  const std::string path;
  std::atomic<bool> stopping{false};
  std::atomic<int> open{0};
  std::shared_ptr<Acceptor> acceptor;   // used on the loop

  static Task<void> accept(std::shared_ptr<State> self) {
    boost::system::error_code error;
    while (!self->stopping) {
      const auto acceptor = self->acceptor;
      if (!acceptor) co_return;
      co_await acceptor->async_wait(Acceptor::wait_read, boost::asio::redirect_error(boost::asio::use_awaitable_t<Executor>{}, error));
      if (self->stopping || !acceptor->is_open()) co_return;
      const int fd = ::accept4(acceptor->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) co_await self->clock.sleep_for(std::chrono::milliseconds(100));
        continue;
      }
      const auto who = owner_of(fd);
      if (!who || self->open >= kMostConnections) {
        ::close(fd);
        continue;
      }
      ++self->open;
      spawn(self->loop, serve(self, *who, fd));
    }
  }

  static Task<void> serve(std::shared_ptr<State> self, AdminPrincipal who, int fd) {
    http::ConnectionLimits limits;
    limits.idle_timeout = limits.body_stall_timeout = std::chrono::seconds(10);
    auto stream = http::make_socket_stream(co_await this_executor(), fd, "");
    ControlHandler handler(self->control, std::move(who), self->clock, self->stopping);
    co_await http::serve_connection(std::move(stream), handler, limits, self->clock, refuse_unread_control, self->stopping);
    --self->open;
  }
};

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& data, Control& control, Loop& loop, Clock& clock) {
  const std::string path = control_socket_path(data);
  const auto trouble = [&](const char* doing) {
    return fail(Code::unavailable, "cannot " + std::string(doing) + " " + path + ": " + std::strerror(errno));
  };
  const Place place(data);
  if (place.folder < 0) return trouble("open the folder of");
  ::unlinkat(place.folder, std::string(kSocketName).c_str(), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return trouble("make a socket for");
  const mode_t before = ::umask(0177);  // never open to others, not even for a moment
  const int bound = ::bind(fd, place.get(), sizeof place.address);
  ::umask(before);
  if (bound != 0 || ::listen(fd, 16) != 0) {
    const auto failed = trouble("listen on");
    ::close(fd);
    return failed;
  }
  auto state = std::make_shared<State>(control, loop, clock, path);
  state->acceptor = std::make_shared<Acceptor>(loop.get_executor());
  boost::system::error_code error;
  state->acceptor->assign(boost::asio::ip::tcp::v4(), fd, error);
  if (error) {
    ::close(fd);
    return fail(Code::internal, path + ": " + error.message());
  }
  spawn(loop, State::accept(state));
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(state)));
}

void ControlServer::stop(Duration limit) {
  if (state_->stopping.exchange(true)) return;
  ::unlink(state_->path.c_str());
  boost::asio::post(state_->loop, [self = state_] {
    boost::system::error_code ignored;
    if (self->acceptor) self->acceptor->close(ignored);
    self->acceptor.reset();
  });
  const Instant until = std::chrono::steady_clock::now() + limit;
  while (state_->open != 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

ControlServer::~ControlServer() { stop(std::chrono::seconds(30)); }

}  // namespace bascule::app
