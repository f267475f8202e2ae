#include "fetch/guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace bascule::fetch {
namespace {

using http::Address;

constexpr std::string_view kNotPublicV4[] = {
    "0.0.0.0/8",      "10.0.0.0/8",      "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24",    "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "192.175.48.0/24", "198.18.0.0/15",  "198.51.100.0/24", "203.0.113.0/24",  "224.0.0.0/4",    "240.0.0.0/4",
    "168.63.129.16",  // the host agent of Azure's machines: public by its number alone
};
constexpr std::string_view kNotPublicV6[] = {
    "2001::/23",      // protocol assignments, with Teredo, ORCHID and benchmarking
    "2001:db8::/32",  // documentation
    "2620:4f:8000::/48",
    "3fff::/20",      // documentation
};
constexpr std::string_view kGlobalV6 = "2000::/3", kNat64 = "64:ff9b::/96", k6to4 = "2002::/16", kMapped = "::ffff:0:0/96";

std::vector<Network> networks(auto& texts) {
  std::vector<Network> all;
  for (const std::string_view text : texts) all.push_back(*parse_network(text));
  return all;
}

bool within(const Address& address, const std::vector<Network>& all) {
  return std::ranges::any_of(all, [&](const Network& one) { return one.contains(address); });
}

Address mapped(const Address& from, std::size_t at) {
  Address v4{};
  v4[10] = v4[11] = 0xff;
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), 4, v4.begin() + 12);
  return v4;
}

bool is_public_v4(const Address& address) {
  static const std::vector<Network> kNot = networks(kNotPublicV4);
  return !within(address, kNot);
}

}  // namespace

bool Network::contains(const Address& other) const {
  for (int bit = 0; bit < prefix_bits; bit += 8) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int rest = std::min(8, prefix_bits - bit);
    const int mask = 0xff << (8 - rest) & 0xff;
    if ((address[at] & mask) != (other[at] & mask)) return false;
  }
  return true;
}

Result<Network> parse_network(std::string_view text) {
  const auto wrong = [&] { return fail(Code::invalid_argument, "'" + std::string(text) + "' is no network: 10.1.0.0/16, fd00::/8 or an address"); };
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Network network;
  int most = 128;
  if (in_addr v4{}; ::inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    network.address[10] = network.address[11] = 0xff;
    std::memcpy(network.address.data() + 12, &v4, 4);
    most = 32;
  } else if (::inet_pton(AF_INET6, address.c_str(), network.address.data()) != 1) {
    return wrong();
  }
  int bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc() || end != length.data() + length.size() || bits < 0 || bits > most) return wrong();
  }
  network.prefix_bits = bits + 128 - most;
  return network;
}

bool is_public(const Address& address) {
  static const std::vector<Network> kNot = networks(kNotPublicV6);
  static const Network kAll = *parse_network(kGlobalV6), kNat = *parse_network(kNat64), kSixToFour = *parse_network(k6to4),
                       kV4 = *parse_network(kMapped);
  if (kV4.contains(address)) return is_public_v4(address);
  if (kNat.contains(address)) return is_public_v4(mapped(address, 12));
  if (kSixToFour.contains(address)) return is_public_v4(mapped(address, 2));
  return kAll.contains(address) && !within(address, kNot);
}

http::AddressFilter make_guard(std::vector<Network> allowed) {
  return [allowed = std::move(allowed)](const Address& address) { return is_public(address) || within(address, allowed); };
}

}  // namespace bascule::fetch
