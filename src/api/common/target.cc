#include "api/common/target.h"

#include <algorithm>

#include "api/common/text.h"

namespace bascule::api {
namespace {

constexpr std::size_t kMaxBlobNameCharacters = 1024;
constexpr std::string_view kSecondary = "-secondary";

bool strip_secondary(std::string& account) {
  if (account.size() <= kSecondary.size() || !account.ends_with(kSecondary)) return false;
  account.resize(account.size() - kSecondary.size());
  return true;
}

// The account of a host-style address, "" where the host is not one.
std::string account_of_host(const std::string& name, const Domains& domains, const ops::Operations& operations) {
  if (is_local_host(name)) return {};
  const std::size_t dot = name.find('.');
  std::string label = name.substr(0, dot);
  if (!domains.names.empty()) {
    const std::string_view domain = std::string_view(name).substr(dot + 1);
    const bool ours = std::ranges::any_of(domains.names, [&](const std::string& d) { return same_text(d, domain); });
    return ours ? label : std::string();
  }
  std::string bare = label;
  strip_secondary(bare);
  return operations.account(bare) ? label : std::string();
}

std::size_t utf8_length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

Parsed<std::string> decode_blob_name(std::string_view raw) {
  auto name = auth::percent_decode(raw);
  if (!name || !valid_utf8(*name) || name->find('\0') != std::string::npos) return refuse(Fault::invalid_uri);
  std::ranges::replace(*name, '\\', '/');
  if (name->size() > kMaxBlobNameCharacters && utf8_length(*name) > kMaxBlobNameCharacters)
    return refuse(Fault::out_of_range_input);
  return std::move(*name);
}

std::string_view take_segment(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return segment;
}

}  // namespace

std::string host_name(std::string_view host) {
  if (host.starts_with('[')) host = host.substr(0, host.find(']') + 1);
  else host = host.substr(0, host.rfind(':'));
  std::string name(host);
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

bool is_local_host(std::string_view name) {
  if (name.empty() || name.front() == '[' || name.find('.') == std::string_view::npos) return true;
  return std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Parsed<> check_container_name(std::string_view name) {
  if (name == "$root" || name == "$web" || name == "$logs" || name == "$blobchangefeed") return {};
  char before = '-';
  for (char c : name) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!alphanumeric && (c != '-' || before == '-')) return refuse(Fault::invalid_resource_name);
    before = c;
  }
  if (name.size() < 3 || name.size() > 63) return refuse(Fault::out_of_range_input);
  if (before == '-') return refuse(Fault::invalid_resource_name);
  return {};
}

Parsed<Target> parse_target(std::string_view host, std::string_view raw_path, std::string_view raw_query,
                            const Domains& domains, const ops::Operations& operations) {
  Target target;
  target.host = host;
  target.raw_path = raw_path;
  if (raw_query.starts_with('?')) raw_query.remove_prefix(1);
  if (!raw_query.empty()) {
    auto query = auth::parse_query(raw_query);
    if (!query) return refuse(Fault::invalid_uri);
    target.query = std::move(*query);
  }
  if (!raw_path.starts_with('/')) return refuse(Fault::invalid_uri);
  std::string_view rest = raw_path.substr(1);

  const std::string name = host_name(host);
  target.account = account_of_host(name, domains, operations);
  if (target.account.empty()) {
    if (!domains.names.empty() && !is_local_host(name)) return refuse(Fault::invalid_uri);
    target.path_style = true;
    auto account = auth::percent_decode(take_segment(rest));
    if (!account || account->empty()) return refuse(Fault::invalid_uri);
    target.account = std::move(*account);
  }
  target.secondary = strip_secondary(target.account);
  if (rest.empty()) return target;

  const bool lone = rest.find('/') == std::string_view::npos;
  const std::string_view raw_container = take_segment(rest);
  const std::string_view restype = target.get("restype");
  if (lone && !same_text(restype, "container") && !same_text(restype, "account")) {
    target.container = "$root";
    BASCULE_ASSIGN(target.blob, decode_blob_name(raw_container));
    return target;
  }
  auto container = auth::percent_decode(raw_container);
  if (!container) return refuse(Fault::invalid_uri);
  target.container = std::move(*container);
  BASCULE_TRY(check_container_name(target.container));
  BASCULE_ASSIGN(target.blob, decode_blob_name(rest));
  return target;
}

}  // namespace bascule::api
