#include "server/peer_owner.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string>

namespace bascule::server {
namespace {

constexpr std::uint8_t kEstablished = 1;   // TCP_ESTABLISHED

template <class Number> bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};
struct Answer {
  nlmsghdr header{};
  inet_diag_msg body{};
  char rest[1024];
};

// One end's address into the kernel's form; false: not a number of that family.
bool put_address(int family, std::string_view text, void* into) { return ::inet_pton(family, std::string(text).c_str(), into) == 1; }

// An end as it was asked for; or the same IPv4 address inside an IPv6 one, as sockets of some runtimes (Java's) have it.
bool same_end(int asked_family, const std::uint32_t (&asked)[4], int found_family, const std::uint32_t (&found)[4]) {
  if (asked_family == found_family) return std::memcmp(asked, found, sizeof asked) == 0;
  return asked_family == AF_INET && found_family == AF_INET6 && found[0] == 0 && found[1] == 0 && found[2] == htonl(0xffff) &&
         found[3] == asked[0];
}

}  // namespace

std::optional<std::uint32_t> owner_of_peer(std::string_view listening, std::string_view peer_address, std::uint16_t peer_port) {
  const std::size_t colon = listening.rfind(':');
  if (colon == std::string_view::npos || peer_port == 0) return std::nullopt;
  std::uint16_t port = 0;
  if (!read_number(listening.substr(colon + 1), port)) return std::nullopt;
  std::string_view own = listening.substr(0, colon);
  if (own.starts_with('[') && own.ends_with(']')) own = own.substr(1, own.size() - 2);
  const int family = own.find(':') == std::string_view::npos ? AF_INET : AF_INET6;

  Request request;
  request.header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 1};
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = ~0u;
  inet_diag_sockid& id = request.body.id;
  id.idiag_sport = htons(peer_port);  // the socket that is looked for is the peer's: its own end is the source
  id.idiag_dport = htons(port);
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (!put_address(family, peer_address, id.idiag_src) || !put_address(family, own, id.idiag_dst)) return std::nullopt;

  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return std::nullopt;
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  Answer answer;
  const bool asked = ::send(fd, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
  const ssize_t got = asked ? ::recv(fd, &answer, sizeof answer, 0) : -1;
  ::close(fd);
  const auto least = static_cast<ssize_t>(offsetof(Answer, rest));
  if (got < least || answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  // Both ends once more: what the kernel found must be what was asked for, and alive (a closed one belongs to nobody).
  const inet_diag_sockid& found = answer.body.id;
  if (answer.body.idiag_state != kEstablished || found.idiag_sport != id.idiag_sport || found.idiag_dport != id.idiag_dport ||
      !same_end(family, id.idiag_src, answer.body.idiag_family, found.idiag_src) ||
      !same_end(family, id.idiag_dst, answer.body.idiag_family, found.idiag_dst))
    return std::nullopt;
  return answer.body.idiag_uid;
}

std::optional<std::uint32_t> owner_in_label(std::string_view peer_address) {
  constexpr std::string_view kLead = "unix uid:";
  std::uint32_t uid = 0;
  if (!peer_address.starts_with(kLead) || !read_number(peer_address.substr(kLead.size()), uid)) return std::nullopt;
  return uid;
}

}  // namespace bascule::server
