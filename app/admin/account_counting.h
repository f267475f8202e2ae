// Whose a request is, by its address alone, as api/common/target.h reads it: good for counting, decides nothing.
#pragma once
#include "api/common/target.h"
#include "app/admin/account_metrics.h"
#include "http/message.h"

namespace bascule::app {

class AccountCounting final : public AccountMetrics::Known {
 public:
  // All outlive it.
  AccountCounting(AccountMetrics& metrics, const ops::Operations& operations, api::Domains domains)
      : metrics_(metrics), operations_(operations), domains_(std::move(domains)) {}

  void add(const http::Request& request, const RequestMetrics::Outcome& outcome) { metrics_.add(slot_of(request), outcome); }
  std::size_t slot_of(const http::Request& request) const;
  bool has(std::string_view account) const override { return operations_.account(account) != nullptr; }

 private:
  AccountMetrics& metrics_;
  const ops::Operations& operations_;
  const api::Domains domains_;
};

}  // namespace bascule::app
