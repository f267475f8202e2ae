#include "auth/account_rules.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/log.h"

namespace bascule::auth {
namespace {

using Network = ops::AccountSettings::Network;
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint8_t kMappedBits = 96;

// Without a scope ("fe80::1%eth0"): that names this machine's interface, not the peer.
std::optional<std::array<std::uint8_t, 16>> parse_address(std::string_view text, bool& is_ipv4) {
  text = text.substr(0, text.find('%'));
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  char copy[INET6_ADDRSTRLEN];
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  std::array<std::uint8_t, 16> address{};
  is_ipv4 = inet_pton(AF_INET, copy, address.data() + kMapped.size()) == 1;
  if (is_ipv4) std::ranges::copy(kMapped, address.begin());
  else if (inet_pton(AF_INET6, copy, address.data()) != 1) return std::nullopt;
  return address;
}

bool is_within(const std::array<std::uint8_t, 16>& address, const Network& network) {
  const std::size_t whole = network.prefix_bits / 8;
  const unsigned rest = network.prefix_bits % 8;
  if (std::memcmp(address.data(), network.address.data(), whole) != 0) return false;
  return rest == 0 || ((address[whole] ^ network.address[whole]) >> (8 - rest)) == 0;
}

// "TLS 1.3": 13. One that is not known passes: the server takes none older than 1.2.
int tls_number(std::string_view version) { return version == "TLS 1.2" ? 12 : 13; }

bool is_ipv4(const Network& network) {
  return network.prefix_bits >= kMappedBits && std::ranges::equal(kMapped, std::span(network.address).first(kMapped.size()));
}

std::unexpected<Error> no_network(std::string_view text) {
  return fail(Code::invalid_argument, "'" + std::string(text) + "' is no network; allowed is an address, or one with the length "
                                      "of its prefix behind a slash and no bit set beyond it (10.1.0.0/16, 2001:db8::/32)");
}

}  // namespace

std::optional<AuthFailure> check_connection(const AuthRequest& request, const ops::AccountSettings& settings) {
  if (settings.https_only && !request.tls)
    return AuthFailure{400, "AccountRequiresHttps", "The account being accessed does not support http."};
  if (settings.minimum_tls != 0 && request.tls && tls_number(request.tls_version) < settings.minimum_tls)
    return AuthFailure{400, "TlsVersionNotPermitted",
                       "The TLS version of the connection is not permitted on this storage account."};
  if (!admits(settings, request.peer_address)) return failures::authorization_failure();
  return std::nullopt;
}

std::optional<AuthFailure> check_key_use(const ops::AccountSettings& settings) {
  if (settings.allow_shared_key) return std::nullopt;
  return AuthFailure{403, "KeyBasedAuthenticationNotPermitted",
                     "Key based authentication is not permitted on this storage account."};
}

std::optional<AuthFailure> check_sas_lifetime(const Sas& sas, const AuthRequest& request,
                                              const ops::AccountSettings& settings) {
  if (settings.sas_expiry_seconds == 0) return std::nullopt;
  const auto start = sas.start.empty() ? std::nullopt : parse_iso8601(sas.start);
  const auto expiry = parse_iso8601(sas.expiry);
  const auto most = std::chrono::seconds(settings.sas_expiry_seconds);
  if (start && expiry && *expiry - *start <= most) return std::nullopt;
  const std::string why =
      start ? "The signed expiry is later than the account's SAS expiration policy allows: at most " +
                  period_text(settings.sas_expiry_seconds) + " after the signed start."
            : "The account's SAS expiration policy requires a signed start.";
  if (settings.sas_expiry_block && sas.identifier.empty()) return failures::authentication_failed(why);
  log::info("SAS against the account's expiration policy",
            {{"account", request.account}, {"container", request.container}, {"why", why}});
  return std::nullopt;
}

std::optional<AuthFailure> check_anonymous(const ops::AccountSettings& settings, std::string_view version) {
  if (settings.allow_public_access || version >= kFirstChallenge) return std::nullopt;
  return AuthFailure{409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account."};
}

bool admits(const ops::AccountSettings& settings, std::string_view text) {
  if (!settings.deny_by_default) return true;
  bool ipv4 = false;
  const auto address = parse_address(text, ipv4);
  return address && std::ranges::any_of(settings.allowed_networks,
                                        [&](const Network& network) { return is_within(*address, network); });
}

Result<Network> parse_account_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  bool ipv4 = false;
  const auto address = text.contains('%') ? std::nullopt : parse_address(text.substr(0, slash), ipv4);
  if (!address) return no_network(text);
  const unsigned most = ipv4 ? 32 : 128;
  unsigned bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || bits > most) return no_network(text);
  }
  Network network{*address, static_cast<std::uint8_t>(ipv4 ? kMappedBits + bits : bits)};
  for (std::size_t bit = network.prefix_bits; bit < 128; ++bit)
    if (network.address[bit / 8] & (0x80u >> (bit % 8))) return no_network(text);
  return network;
}

std::string text_of(const Network& network) {
  char text[INET6_ADDRSTRLEN] = {};
  const bool ipv4 = is_ipv4(network);
  inet_ntop(ipv4 ? AF_INET : AF_INET6, network.address.data() + (ipv4 ? kMapped.size() : 0), text, sizeof text);
  const unsigned bits = network.prefix_bits - (ipv4 ? kMappedBits : 0u);
  return bits == (ipv4 ? 32u : 128u) ? std::string(text) : fmt::format("{}/{}", text, bits);
}

Result<std::uint32_t> parse_period(std::string_view text) {
  const auto wrong = [&] {
    return fail(Code::invalid_argument, "'" + std::string(text) + "' is no period; allowed is DAYS.HH:MM:SS, such as 1.12:05:06");
  };
  const std::size_t dot = text.find('.');
  std::uint64_t days = 0;
  std::string_view clock = text;
  if (dot != std::string_view::npos) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + dot, days);
    if (dot == 0 || error != std::errc() || end != text.data() + dot || days > UINT32_MAX / 86400) return wrong();
    clock = text.substr(dot + 1);
  }
  if (clock.size() != 8 || clock[2] != ':' || clock[5] != ':') return wrong();
  std::uint64_t parts[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    const char* at = clock.data() + 3 * i;
    if (const auto [end, error] = std::from_chars(at, at + 2, parts[i]); error != std::errc() || end != at + 2) return wrong();
  }
  const std::uint64_t seconds = days * 86400 + parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59 || seconds == 0 || seconds > UINT32_MAX) return wrong();
  return static_cast<std::uint32_t>(seconds);
}

std::string period_text(std::uint32_t seconds) {
  return fmt::format("{}.{:02}:{:02}:{:02}", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

}  // namespace bascule::auth
