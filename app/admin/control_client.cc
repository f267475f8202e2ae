// Over the socket: blocking, HTTP/1.0, so that the answer's body is what comes until the end, and its last line says whether
// it is whole.
#include "app/admin/control_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "app/admin/control_socket.h"
#include "app/admin/rest.h"

namespace bascule::app {
namespace {

constexpr std::size_t kMostHead = 16 * 1024, kMostLine = 64 * 1024 * 1024;

class Connection {
 public:
  ~Connection() { if (fd_ >= 0) ::close(fd_); }

  Result<void> open(const std::string& data) {
    const int folder = ::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fail(Code::not_found, "there is no folder " + data);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/admin.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int connected = fd_ < 0 ? -1 : ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::close(folder);
    if (connected == 0) return {};
    if (error == EACCES || error == EPERM)
      return fail(Code::permission_denied, control_socket_path(data) + " is another user's: run this as the user that the server runs as");
    return fail(Code::not_found, "no server answers at " + control_socket_path(data));
  }

  Result<void> send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return fail(Code::unavailable, "the server went away");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  // 0 = the end.
  Result<std::size_t> receive(char* into, std::size_t size, const std::atomic<bool>& stop) {
    while (true) {
      if (stop) return fail(Code::cancelled, "stopped");
      pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
      const int ready = ::poll(&wait, 1, 200);
      if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
      const ssize_t got = ::recv(fd_, into, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail(Code::unavailable, "the server went away");
    }
  }

 private:
  int fd_ = -1;
};

}  // namespace

Result<void> ask_socket(const std::string& data, const ControlRequest& request, const boost::json::object& members, const OnAnswerLine& on_line,
                        const std::atomic<bool>& stop) {
  BASCULE_ASSIGN(const RestForm form, rest_form(request, members));
  Connection connection;
  BASCULE_TRY(connection.open(data));
  BASCULE_TRY(connection.send(std::string(request.method) + " " + form.target + " HTTP/1.0\r\nHost: admin\r\nContent-Type: application/json\r\n"
                              "Content-Length: " + std::to_string(form.body.size()) + "\r\n\r\n"));
  BASCULE_TRY(connection.send(form.body));
  std::string pending;
  bool head = true;
  char buffer[16 * 1024];
  while (true) {
    BASCULE_ASSIGN(const std::size_t got, connection.receive(buffer, sizeof buffer, stop));
    if (got == 0) break;
    pending.append(buffer, got);
    if (head) {
      const std::size_t end = pending.find("\r\n\r\n");
      if (end == std::string::npos) {
        if (pending.size() > kMostHead) return fail(Code::unavailable, "what answers at " + control_socket_path(data) + " is no Bascule");
        continue;
      }
      if (pending.compare(0, 9, "HTTP/1.1 ") != 0) return fail(Code::unavailable, "what answers at " + control_socket_path(data) + " is no Bascule");
      pending.erase(0, end + 4);
      head = false;
    }
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1)
      on_line(std::string_view(pending).substr(begin, end - begin));
    pending.erase(0, begin);
    if (pending.size() > kMostLine) return fail(Code::unavailable, "the server's answer makes no sense");
  }
  if (head || !pending.empty()) return fail(Code::unavailable, "the server went away in the middle of its answer");
  return {};
}

}  // namespace bascule::app
