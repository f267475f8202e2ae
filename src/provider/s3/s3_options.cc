#include "provider/s3/s3_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "provider/s3/sigv4.h"

namespace bascule::provider {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

std::unexpected<Error> wrong(const S3Options& options, std::string_view what) {
  return fail(Code::invalid_argument, fmt::format("provider '{}': {}", options.name, what));
}

bool is_ipv4(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool under_localhost(std::string_view host) { return host == "localhost" || host.ends_with(".localhost"); }

bool is_loopback(std::string_view host) {
  return under_localhost(host) || host == "::1" || (is_ipv4(host) && host.starts_with("127."));
}

struct Authority {
  bool tls;
  std::string host;  // IPv6 without brackets
  std::uint16_t port;
};

std::optional<Authority> parse_endpoint(std::string_view url) {
  Authority out{};
  if (url.starts_with("https://")) {
    out.tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  out.port = out.tls ? 443 : 80;
  if (url.ends_with('/')) url.remove_suffix(1);
  std::string_view port;
  if (url.starts_with('[')) {
    const std::size_t end = url.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = url.substr(1, end - 1);
    url.remove_prefix(end + 1);
    const bool fits = !out.host.empty() && out.host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
    if (!fits || (!url.empty() && url[0] != ':')) return std::nullopt;
    if (!url.empty()) port = url.substr(1);
    if (!url.empty() && port.empty()) return std::nullopt;
  } else {
    const std::size_t colon = url.find(':');
    out.host = url.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = url.substr(colon + 1);
      if (port.empty()) return std::nullopt;
    }
    std::transform(out.host.begin(), out.host.end(), out.host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const bool fits = !out.host.empty() && std::all_of(out.host.begin(), out.host.end(), [](char c) {
      return is_lower_or_digit(c) || c == '-' || c == '.' || c == '_';
    });
    if (!fits) return std::nullopt;
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return std::nullopt;
  }
  return out;
}

Result<void> check_bucket(const S3Options& options, bool tls) {
  const std::string& bucket = options.bucket;
  const bool fits = bucket.size() >= 3 && bucket.size() <= 63 && std::all_of(bucket.begin(), bucket.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_';
  });
  if (!fits) return wrong(options, fmt::format("bucket '{}' is not a bucket's name: 3 to 63 of A-Z a-z 0-9 - . _", bucket));
  if (options.style != S3Options::Style::virtual_host) return {};
  const bool label = std::all_of(bucket.begin(), bucket.end(), [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
  if (!label || !is_lower_or_digit(bucket.front()) || !is_lower_or_digit(bucket.back())) {
    return wrong(options, fmt::format("bucket '{}' cannot be part of a host name: use style \"path\"", bucket));
  }
  if (tls && bucket.find('.') != std::string::npos) {
    return wrong(options, fmt::format("bucket '{}' has a dot, which no TLS certificate of the provider covers as a host "
                                      "name: use style \"path\"", bucket));
  }
  return {};
}

Result<void> check_keys(const S3Options& options) {
  const auto printable = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
  };
  if (options.access_key.empty() || !printable(options.access_key)) return wrong(options, "the access key is missing or malformed");
  if (options.secret_key.empty() || !printable(options.secret_key)) return wrong(options, "the secret key is missing or malformed");
  if (!printable(options.session_token)) return wrong(options, "the session token is malformed");
  return {};
}

}  // namespace

Result<S3Endpoint> resolve(const S3Options& options) {
  const auto authority = parse_endpoint(options.endpoint);
  if (!authority) {
    return wrong(options, fmt::format("endpoint '{}' is not of the form https://host or https://host:port (no path)",
                                      options.endpoint));
  }
  const auto& [tls, host, port] = *authority;
  BASCULE_TRY(check_bucket(options, tls));
  BASCULE_TRY(check_keys(options));
  if (options.region.empty() || !std::all_of(options.region.begin(), options.region.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; })) {
    return wrong(options, fmt::format("region '{}' is not a region's name, such as \"gra\" or \"fr-par\"", options.region));
  }
  if (options.prefix.size() > 512 || options.prefix.starts_with('/') ||
      !std::all_of(options.prefix.begin(), options.prefix.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '/'; })) {
    return wrong(options, "prefix may hold A-Z a-z 0-9 . _ - and, not first, /");
  }
  if (options.prefix.find("//") != std::string::npos || options.prefix == "." || options.prefix == ".." ||
      ("/" + options.prefix).find("/./") != std::string::npos || ("/" + options.prefix).find("/../") != std::string::npos) {
    return wrong(options, "prefix may not hold //, ./ or ../ (proxies rewrite such paths, which breaks signatures)");
  }
  if (!tls && !options.allow_plain_http && !is_loopback(host)) {
    return wrong(options, fmt::format("endpoint '{}' is plain http to another machine: use https, or allow_plain_http if "
                                      "the network between is yours", options.endpoint));
  }

  const bool virtual_host = options.style == S3Options::Style::virtual_host;
  if (virtual_host && (is_ipv4(host) || host.find(':') != std::string::npos)) {
    return wrong(options, "style \"virtual_host\" needs a host name in the endpoint, not an address");
  }
  S3Endpoint out;
  const std::string authority_host = virtual_host ? options.bucket + "." + host : host;
  const bool bracketed = host.find(':') != std::string::npos;
  out.host_header = bracketed ? "[" + authority_host + "]" : authority_host;
  if (port != (tls ? 443 : 80)) out.host_header += fmt::format(":{}", port);
  // Names under .localhost are this machine's (RFC 6761 section 6.3), which not every resolver knows.
  out.origin = {tls, under_localhost(authority_host) ? std::string("localhost") : authority_host, port};
  const std::string bucket_path = virtual_host ? "" : "/" + s3::uri_encode(options.bucket, false);
  out.bucket_path = virtual_host ? "/" : bucket_path;
  out.path_prefix = bucket_path + "/" + s3::uri_encode(options.prefix, true);
  out.sign_payload = options.sign_payload.value_or(!tls);
  out.shown = fmt::format("bucket '{}' at {}", options.bucket, options.endpoint);
  return out;
}

http::ClientOptions client_options(const S3Options& options) {
  http::ClientOptions out;
  out.ca_file = options.ca_file;
  out.connect_timeout = options.connect_timeout;
  out.stall_timeout = std::min(out.stall_timeout, options.request_timeout);
  if (options.in_flight != 0) out.connections_per_origin = options.in_flight;
  return out;
}

}  // namespace bascule::provider
