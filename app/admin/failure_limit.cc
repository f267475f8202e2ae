#include "app/admin/failure_limit.h"

#include <arpa/inet.h>

namespace bascule::app {

std::string FailureLimit::network_of(std::string_view address) {
  in6_addr v6{};
  const std::string text(address.substr(0, address.find('%')));
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return text;
  return {reinterpret_cast<const char*>(v6.s6_addr), 8};
}

bool FailureLimit::may_try(std::string_view address, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto at = known_.find(network_of(address));
  return at == known_.end() || at->second.count < kMostFailures || now - at->second.since >= kWindow;
}

bool FailureLimit::failed(std::string_view address, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto [at, fresh] = known_.try_emplace(network_of(address), Failures{now, 0});
  if (fresh) {
    order_.push_back(at->first);
    if (order_.size() > kMostAddresses) {
      known_.erase(order_.front());
      order_.pop_front();
    }
  }
  Failures& failures = at->second;
  if (now - failures.since >= kWindow) failures = {now, 0};
  return ++failures.count == kMostFailures;
}

}  // namespace bascule::app
