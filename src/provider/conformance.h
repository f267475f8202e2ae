// The suite that every provider passes (conformance_test.cc). A provider's own test file instantiates it:
//   INSTANTIATE_TEST_SUITE_P(Memory, ProviderConformance, testing::Values(ProviderUnderTest{...}), provider_name);
// Tests only.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "provider/provider.h"
#include "runtime/run.h"

namespace bascule::provider {

struct ProviderUnderTest {
  std::string name;
  // A provider that holds nothing under names beginning with `unique`, used on `loop` only. The pointer may own more than
  // the provider (an aliasing shared_ptr): all of it goes when the test ends. Null: the test is skipped.
  std::function<std::shared_ptr<Provider>(Loop& loop, const std::string& unique)> make;
  bool listing_is_fresh = true;  // false: a listing may lag behind; its content is then not asserted
  std::size_t largest_bytes = 16u << 20;
};

inline void PrintTo(const ProviderUnderTest& tested, std::ostream* out) { *out << tested.name; }  // GoogleTest's name
inline std::string provider_name(const testing::TestParamInfo<ProviderUnderTest>& info) { return info.param.name; }

class ProviderConformance : public testing::TestWithParam<ProviderUnderTest> {
 protected:
  void SetUp() override;
  void TearDown() override { provider_.reset(); }

  std::string object(std::string_view name) const { return unique_ + std::string(name); }
  static Instant soon() { return system_clock().now() + std::chrono::seconds(30); }
  Result<void> put(const std::string& name, std::string_view content);
  Result<std::string> get(const std::string& name, std::uint64_t offset, std::size_t length);
  Result<std::uint64_t> size(const std::string& name) { return run(loop_, provider_->size(name, soon())); }
  Result<void> remove(const std::string& name) { return run(loop_, provider_->remove(name, soon())); }
  // Names and sizes of all pages, "name:size name:size"; fails the test when a page is wrong in itself.
  std::string list(std::string prefix, std::size_t page);

  Loop loop_;
  std::string unique_;
  std::shared_ptr<Provider> provider_;
};

}  // namespace bascule::provider
