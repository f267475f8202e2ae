#include "server/peer_owner.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace bascule::server {
namespace {

TEST(PeerOwner, OfALoopbackConnection) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), size), 0);
  sockaddr_in own{};
  ::getsockname(client, reinterpret_cast<sockaddr*>(&own), &size);
  const std::string where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  EXPECT_EQ(owner_of_peer(where, "127.0.0.1", ntohs(own.sin_port)), ::geteuid());
  EXPECT_FALSE(owner_of_peer(where, "127.0.0.2", ntohs(own.sin_port)));
  EXPECT_FALSE(owner_of_peer("127.0.0.1:1", "127.0.0.1", ntohs(own.sin_port)));
  EXPECT_FALSE(owner_of_peer(where, "127.0.0.1", 0));
  EXPECT_FALSE(owner_of_peer(where, "not an address", 1));
  EXPECT_FALSE(owner_of_peer("", "127.0.0.1", 1));
  // The same over an IPv6 socket, as Java's are.
  const int mapped = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 wide{.sin6_family = AF_INET6, .sin6_port = address.sin_port};
  ASSERT_EQ(::inet_pton(AF_INET6, "::ffff:127.0.0.1", &wide.sin6_addr), 1);
  ASSERT_EQ(::connect(mapped, reinterpret_cast<sockaddr*>(&wide), sizeof wide), 0);
  socklen_t wide_size = sizeof wide;
  ::getsockname(mapped, reinterpret_cast<sockaddr*>(&wide), &wide_size);
  EXPECT_EQ(owner_of_peer(where, "127.0.0.1", ntohs(wide.sin6_port)), ::geteuid());
  ::close(mapped);
  ::close(client);
  EXPECT_FALSE(owner_of_peer(where, "127.0.0.1", ntohs(own.sin_port)));
  ::close(listener);
}

TEST(PeerOwner, OfAUnixSocket) {
  EXPECT_EQ(owner_in_label("unix uid:1001"), 1001u);
  for (const char* wrong : {"unix uid:", "unix uid:-1", "unix uid:1 ", "127.0.0.1", "unix uid:4294967296", ""})
    EXPECT_FALSE(owner_in_label(wrong)) << wrong;
}

}  // namespace
}  // namespace bascule::server
