#include "app/admin/account_counting.h"

#include <algorithm>

#include "api/common/text.h"

namespace bascule::app {
namespace {

constexpr std::string_view kSecondary = "-secondary";

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  return host.starts_with('[') || colon == std::string_view::npos ? host : host.substr(0, colon);
}

std::string_view without_secondary(std::string_view account) {
  if (account.size() > kSecondary.size() && account.ends_with(kSecondary)) account.remove_suffix(kSecondary.size());
  return account;
}

std::string_view first_segment(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

}  // namespace

std::size_t AccountCounting::slot_of(const http::Request& request) const {
  const std::string_view host = without_port(request.find("Host").value_or(""));
  const std::string_view by_path = without_secondary(first_segment(request.path));
  if (api::is_local_host(host)) return metrics_.slot(by_path, *this);
  const std::size_t dot = host.find('.');
  char lower[AccountMetrics::kMostName + kSecondary.size()];
  if (dot > sizeof lower) return domains_.names.empty() ? metrics_.slot(by_path, *this) : AccountMetrics::kUnknown;
  std::ranges::transform(host.substr(0, dot), lower, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view label = without_secondary({lower, dot});
  if (domains_.names.empty()) {
    const std::size_t slot = metrics_.slot(label, *this);
    return slot == AccountMetrics::kUnknown ? metrics_.slot(by_path, *this) : slot;
  }
  const bool ours = std::ranges::any_of(domains_.names, [&](const std::string& d) { return api::same_text(d, host.substr(dot + 1)); });
  return metrics_.slot(ours ? label : by_path, *this);
}

}  // namespace bascule::app
