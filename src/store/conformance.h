// The suite that every engine passes (conformance_test.cc). An engine's own test file instantiates it:
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(EngineUnderTest{...}), engine_name);
// Tests only.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "runtime/run.h"
#include "store/store.h"

namespace bascule::store {

struct EngineUnderTest {
  std::string name;
  // A store over the place `where` (an empty directory of the test's own), opened again with what it held where the
  // engine is durable. Commits do not trim the journal by themselves.
  std::function<std::unique_ptr<Store>(const std::string& where)> open;
  bool durable = false;
};

inline void PrintTo(const EngineUnderTest& tested, std::ostream* out) { *out << tested.name; }  // GoogleTest's name
inline std::string engine_name(const testing::TestParamInfo<EngineUnderTest>& info) { return info.param.name; }

class StoreConformance : public testing::TestWithParam<EngineUnderTest> {
 protected:
  void SetUp() override;
  void TearDown() override;
  void reopen();

  std::optional<Versioned> get(std::string_view key);
  Result<std::uint64_t> commit(Commit c) { return run(loop_, store_->commit(std::move(c))); }
  std::vector<Entry> scan(Store::Scan range);
  std::string keys(Store::Scan range);  // joined with spaces

  Loop loop_;
  std::string where_;
  std::unique_ptr<Store> store_;
};

}  // namespace bascule::store
