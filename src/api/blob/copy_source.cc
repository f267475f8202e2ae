#include "api/blob/copy_source.h"

#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

std::string_view port_of(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) return {};
  return host.substr(colon + 1);
}

bool is_loopback(std::string_view name) { return name == "localhost" || name == "[::1]" || name.starts_with("127."); }

// Another server may be behind any other local address, with an account of the same name.
bool same_server(std::string_view a, std::string_view b) {
  if (same_text(a, b)) return true;
  return is_loopback(host_name(a)) && is_loopback(host_name(b)) && port_of(a) == port_of(b);
}

}  // namespace

Parsed<CopySource> parse_copy_source(std::string_view text, std::string_view request_host, Version version,
                                     const Domains& domains, const ops::Operations& operations, H header) {
  CopySource source;
  const std::size_t question = text.find('?');
  const std::string_view address = text.substr(0, question);
  const std::string_view query = question == std::string_view::npos ? std::string_view() : text.substr(question);
  source.url_without_query = address;
  const auto malformed = [&] { return bad_header(name(header), source.url_without_query); };

  std::string_view rest;
  if (same_text(address.substr(0, 8), "https://")) rest = address.substr(8);
  else if (same_text(address.substr(0, 7), "http://")) rest = address.substr(7);
  else if (address.starts_with('/') && version < since::kCopySourceUrls) {
    // "localhost" makes the path's first segment the account.
    auto target = parse_target("localhost", address, query, domains, operations);
    if (!target || target->blob.empty()) return malformed();
    source.ours = true;
    source.target = std::move(*target);
    return source;
  } else {
    return malformed();
  }
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos) return malformed();
  const std::string_view host = rest.substr(0, slash);
  auto target = parse_target(host, rest.substr(slash), query, domains, operations);
  if (!target || (target->path_style && !same_server(host, request_host))) return source;  // not ours
  if (target->blob.empty()) return malformed();
  source.ours = true;
  source.target = std::move(*target);
  return source;
}

}  // namespace bascule::api::blob
