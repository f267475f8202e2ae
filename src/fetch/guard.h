// Which addresses may be connected to on behalf of a client that names a URL. By default only those of the public
// internet: never this machine, its private and link-local networks, the metadata services of clouds (169.254.169.254,
// fd00:ec2::254, 100.100.100.200, 168.63.129.16), multicast, documentation and reserved ranges, nor an IPv4 address of those kinds inside an
// IPv6 one (mapped, compatible, NAT64, 6to4, Teredo).
// Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), RFC 4291, RFC 6052, RFC 3056, RFC 4380.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/address.h"

namespace bascule::fetch {

// A stretch of addresses: "10.1.0.0/16", "fd00::/8", "192.0.2.7".
struct Network {
  http::Address address{};     // IPv4 in mapped form
  int prefix_bits = 128;       // of the mapped form: an IPv4 /16 is 112
  bool contains(const http::Address& other) const;
};
Result<Network> parse_network(std::string_view text);  // invalid_argument

bool is_public(const http::Address& address);

// Public ones, and those that the operator has allowed.
http::AddressFilter make_guard(std::vector<Network> allowed);

}  // namespace bascule::fetch
