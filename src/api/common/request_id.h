// x-ms-request-id: a GUID for every answer, unique among all processes, at the price of one atomic addition.
#pragma once
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/random.h"

namespace bascule::api {

class RequestIds {
 public:
  explicit RequestIds(Random& random) : prefix_(random.next_u64()), next_(random.next_u64() << 32) {}
  std::string next();  // any thread

 private:
  const std::uint64_t prefix_;
  std::atomic<std::uint64_t> next_;
};

// The 36 characters of a GUID in lower case from any form that .NET's Guid takes (D, N, B, P); nothing otherwise.
std::optional<std::string> parse_guid(std::string_view text);

}  // namespace bascule::api
