// The base of what is put around a provider: hands everything on.
#pragma once
#include <memory>

#include "provider/provider.h"

namespace bascule::provider {

class Decorator : public Provider {
 public:
  explicit Decorator(std::unique_ptr<Provider> inner) : inner_(std::move(inner)) {}

  std::string_view name() const override { return inner_->name(); }
  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override {
    return inner_->put(std::move(name), content, deadline);
  }
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override {
    return inner_->get(std::move(name), offset, into, deadline);
  }
  Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) override {
    return inner_->try_get(name, offset, into);
  }
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override {
    return inner_->size(std::move(name), deadline);
  }
  Task<Result<void>> remove(std::string name, Instant deadline) override {
    return inner_->remove(std::move(name), deadline);
  }
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override {
    return inner_->list(std::move(prefix), std::move(after), limit, deadline);
  }
  void announce(std::span<const std::string> names) override { inner_->announce(names); }

 protected:
  Provider& inner() { return *inner_; }

 private:
  std::unique_ptr<Provider> inner_;
};

}  // namespace bascule::provider
