// From what inputs say to the assessment. Read assessment.h first: what comes out; gather.h: what goes in.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "estate/gather.h"
#include "estate/prices.h"

namespace bascule::estate {

struct AssessOptions {
  std::string command = "bascule assess";
  std::string made;                        // the time, ISO 8601 (folders below app/ read no clock)
  std::string program_version;
  std::optional<double> bandwidth_bits;    // a second
  std::optional<Prices> prices;
};

Assessment assess(Gathered gathered, const AssessOptions& options);

// "1Gbit/s", "200 Mbit/s", "100MB/s", "2.5Gbps" -> bits a second.
std::optional<double> parse_bandwidth(std::string_view text);

}  // namespace bascule::estate
