// Syslog (RFC 5424 in datagrams) and standard output.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "events/target.h"

namespace bascule::events {
namespace {

constexpr int kInformational = 6;
constexpr int kPatienceMs = 200;      // for a reader that is behind
constexpr std::size_t kAtOnce = 32;

constexpr auto kFacilities = std::to_array<std::string_view>(
    {"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "security", "console",
     "solaris-cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"});

bool wait_writable(int fd) {
  pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&one, 1, kPatienceMs) == 1 && (one.revents & POLLOUT) != 0;
}

class SyslogTarget final : public Target {
 public:
  explicit SyslogTarget(SyslogOptions options) : options_(std::move(options)) {
    char host[256] = "";
    if (::gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') std::strcpy(host, "-");
    tail_ = std::string(" ") + host + " bascule " + std::to_string(::getpid()) + " access - ";
  }
  ~SyslogTarget() override { close(); }

  std::string_view name() const override { return "syslog"; }
  const std::string& trouble() const override { return trouble_; }

  Result<void> connect() {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    if (options_.socket.size() >= sizeof address.sun_path) return fail(Code::invalid_argument, options_.socket + " is too long for a socket's path");
    std::memcpy(address.sun_path, options_.socket.c_str(), options_.socket.size() + 1);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(Code::unavailable, std::string("cannot make a socket: ") + std::strerror(errno));
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      const int error = errno;
      ::close(fd);
      return fail(Code::unavailable, "cannot reach syslog at " + options_.socket + ": " + std::strerror(error));
    }
    close();
    fd_ = fd;
    return {};
  }

  std::size_t write(std::string_view lines, WallTime now) override {
    if (fd_ < 0) {
      if (auto connected = connect(); !connected) {
        trouble_ = connected.error().message;
        return 0;
      }
    }
    // TIME-SECFRAC has six digits at most.
    std::string head = "<" + std::to_string(options_.facility * 8 + kInformational) + ">1 " + format_iso8601(now).substr(0, 26) + "Z" + tail_;
    std::size_t done = 0;
    while (done < lines.size()) {
      std::array<mmsghdr, kAtOnce> messages{};
      std::array<std::array<iovec, 2>, kAtOnce> parts{};
      std::array<std::size_t, kAtOnce> ends{};
      std::size_t count = 0;
      for (std::size_t at = done; at < lines.size() && count < kAtOnce; ++count) {
        const std::size_t end = lines.find('\n', at);   // there is one behind each line
        parts[count] = {iovec{head.data(), head.size()}, iovec{const_cast<char*>(lines.data()) + at, end - at}};
        messages[count].msg_hdr.msg_iov = parts[count].data();
        messages[count].msg_hdr.msg_iovlen = 2;
        at = ends[count] = end + 1;
      }
      const int sent = ::sendmmsg(fd_, messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) {
        done = ends[static_cast<std::size_t>(sent) - 1];
        continue;
      }
      const int error = errno;
      if (error == EINTR) continue;
      if ((error == EAGAIN || error == ENOBUFS) && wait_writable(fd_)) continue;
      trouble_ = "syslog at " + options_.socket + " takes nothing: " + std::strerror(error);
      if (error != EAGAIN && error != ENOBUFS) close();   // whoever listened has gone: connect anew
      break;
    }
    return done;
  }

 private:
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  const SyslogOptions options_;
  std::string tail_;
  int fd_ = -1;
  std::string trouble_;
};

class DescriptorTarget final : public Target {
 public:
  explicit DescriptorTarget(int fd) : fd_(fd) {
    struct stat about{};
    waits_ = ::fstat(fd, &about) == 0 && !S_ISREG(about.st_mode);
  }
  std::string_view name() const override { return "stdout"; }
  const std::string& trouble() const override { return trouble_; }

  std::size_t write(std::string_view lines, WallTime) override {
    std::size_t done = 0;
    if (torn_ && (!waits_ || wait_writable(fd_)) && ::write(fd_, "\n", 1) == 1) torn_ = false;
    while (done < lines.size()) {
      // What poll() calls writable takes so much without waiting; a descriptor that others share stays a waiting one.
      if (waits_ && !wait_writable(fd_)) {
        trouble_ = "nobody reads standard output";
        return whole_lines(lines, done);
      }
      const std::size_t most = waits_ ? std::min<std::size_t>(PIPE_BUF, lines.size() - done) : lines.size() - done;
      const ssize_t wrote = ::write(fd_, lines.data() + done, most);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) {
        trouble_ = std::string("cannot write to standard output: ") + std::strerror(errno);
        return whole_lines(lines, done);
      }
      done += static_cast<std::size_t>(wrote);
    }
    return done;
  }

 private:
  // Half a line that is out already stays, and is ended before the next begins.
  std::size_t whole_lines(std::string_view lines, std::size_t done) {
    const std::size_t end = lines.substr(0, done).rfind('\n');
    const std::size_t whole = end == std::string_view::npos ? 0 : end + 1;
    if (done == whole) return whole;
    torn_ = true;
    return lines[done] == '\n' ? done + 1 : whole;   // all of it but its end, which comes first next time
  }
  const int fd_;
  bool waits_ = true;
  bool torn_ = false;
  std::string trouble_;
};

}  // namespace

int syslog_facility(std::string_view word) {
  for (std::size_t i = 0; i < kFacilities.size(); ++i)
    if (kFacilities[i] == word) return static_cast<int>(i);
  return -1;
}

Result<std::unique_ptr<Target>> open_syslog_target(const SyslogOptions& options) {
  auto target = std::make_unique<SyslogTarget>(options);
  BASCULE_TRY(target->connect());
  return std::unique_ptr<Target>(std::move(target));
}

std::unique_ptr<Target> make_syslog_target(const SyslogOptions& options) { return std::make_unique<SyslogTarget>(options); }

std::unique_ptr<Target> make_descriptor_target(int descriptor) { return std::make_unique<DescriptorTarget>(descriptor); }

}  // namespace bascule::events
