// Whose a connection from this machine is.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace bascule::server {

// The user that holds the other end of a TCP connection over the loopback interface, as the kernel tells it (sock_diag(7),
// the one socket with just these two ends): `listening` is one of Server::addresses() ("127.0.0.1:40342", "[::1]:40342"),
// peer_address and peer_port are the request's. Nothing where there is no such socket in this network namespace, where it
// has been closed meanwhile, or where the kernel does not say. Any thread; two system calls.
std::optional<std::uint32_t> owner_of_peer(std::string_view listening, std::string_view peer_address, std::uint16_t peer_port);

// The user at the other end of a Unix socket, in the label that the server gives such a peer: "unix uid:1001".
std::optional<std::uint32_t> owner_in_label(std::string_view peer_address);

}  // namespace bascule::server
