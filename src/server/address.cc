#include "server/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>

namespace bascule::server {
namespace {

constexpr int kBacklog = 4096;

struct HostPort {
  std::string host;
  std::string port;
};

Result<HostPort> split(std::string_view where) {
  const auto wrong = [&] {
    return fail(Code::invalid_argument, "'" + std::string(where) + "' is no address to listen on; allowed are HOST:PORT, "
                                                                   "[IPv6]:PORT and *:PORT");
  };
  HostPort result;
  std::string_view rest = where;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return wrong();
    result.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!rest.starts_with(':')) return wrong();
  } else {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos || rest.find(':', colon + 1) != std::string_view::npos) return wrong();
    result.host = rest.substr(0, colon);
    rest.remove_prefix(colon);
  }
  result.port = rest.substr(1);
  std::uint16_t number = 0;
  const char* end = result.port.data() + result.port.size();
  const auto parsed = std::from_chars(result.port.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || result.host.empty()) return wrong();
  return result;
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr) >> 24 == 127;
  }
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

std::string describe(const sockaddr* address, std::uint16_t& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    port = ntohs(v4->sin_port);
    return std::string(text) + ":" + std::to_string(port);
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  port = ntohs(v6->sin6_port);
  return "[" + std::string(text) + "]:" + std::to_string(port);
}

Result<Listener> listen_at(const addrinfo& at, bool all_addresses) {
  Listener listener;
  listener.name = describe(at.ai_addr, listener.port);
  const auto give_up = [&](const char* what) {
    const int error = errno;
    if (listener.fd >= 0) ::close(listener.fd);
    Code code = Code::unavailable;
    std::string hint = std::strerror(error);
    if (error == EADDRINUSE) {
      code = Code::already_exists;
      hint = "another program uses it";
    } else if (error == EACCES) {
      code = Code::permission_denied;
      hint += " (ports below 1024 need a privilege)";
    } else if (error == EADDRNOTAVAIL) {
      hint = "this machine does not have the address";
    }
    return fail(code, std::string(what) + " " + listener.name + ": " + hint);
  };
  listener.fd = ::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener.fd < 0) return give_up("no socket for");
  const int one = 1;
  ::setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (at.ai_family == AF_INET6) {
    const int v6_only = all_addresses ? 0 : 1;
    ::setsockopt(listener.fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  if (::bind(listener.fd, at.ai_addr, at.ai_addrlen) != 0) return give_up("cannot listen on");
  if (::listen(listener.fd, kBacklog) != 0) return give_up("cannot listen on");
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener.fd, reinterpret_cast<sockaddr*>(&bound), &size);
  listener.name = describe(reinterpret_cast<const sockaddr*>(&bound), listener.port);
  listener.loopback = is_loopback(reinterpret_cast<const sockaddr*>(&bound));
  return listener;
}

Result<std::vector<Listener>> listen_on_path(const std::string& path) {
  Listener listener{.name = "unix:" + path, .loopback = true};
  sockaddr_un address{.sun_family = AF_UNIX};
  if (!path.starts_with('/') || path.size() >= sizeof address.sun_path)
    return fail(Code::invalid_argument, listener.name + ": allowed is an absolute path of at most 107 bytes");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  struct stat there{};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return fail(Code::already_exists, path + " is there, and is no socket");
    ::unlink(path.c_str());
  }
  listener.fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const mode_t before = ::umask(0111);
  const bool bound = listener.fd >= 0 && ::bind(listener.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  ::umask(before);
  if (bound && ::listen(listener.fd, kBacklog) == 0) return std::vector<Listener>{listener};
  if (listener.fd >= 0) ::close(listener.fd);
  return fail(error == EACCES ? Code::permission_denied : Code::unavailable, "cannot listen on " + path + ": " + std::strerror(error));
}

}  // namespace

Result<std::vector<Listener>> listen_on(std::string_view where) {
  if (where.starts_with("unix:")) return listen_on_path(std::string(where.substr(5)));
  BASCULE_ASSIGN(HostPort address, split(where));
  const bool all = address.host == "*";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  // "::" without V6ONLY takes IPv4 as well; a machine without IPv6 falls back below.
  addrinfo* found = nullptr;
  const char* host = all ? "::" : address.host.c_str();
  if (const int error = ::getaddrinfo(host, address.port.c_str(), &hints, &found); error != 0) {
    return fail(Code::invalid_argument, "'" + std::string(where) + "': " + ::gai_strerror(error));
  }
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  std::vector<Listener> listeners;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    auto listener = listen_at(*at, all);
    if (!listener) {
      for (const Listener& opened : listeners) ::close(opened.fd);
      if (all && at->ai_family == AF_INET6 && listener.error().code == Code::unavailable) {
        return listen_on("0.0.0.0:" + address.port);
      }
      return fail(std::move(listener).error());
    }
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace bascule::server
