// What was odd about one input, for people and for programs: five of a kind in full, the others counted.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "estate/assessment.h"

namespace bascule::estate {

class Notes {
 public:
  explicit Notes(Input& input) : input_(input) {}
  Notes(const Notes&) = delete;
  Notes& operator=(const Notes&) = delete;

  void add(Severity severity, std::string_view id, std::string en, std::string fr, std::uint64_t line = 0, std::uint64_t offset_bytes = 0);
  // How many of them are errors, the counted ones too.
  std::uint64_t errors() const { return errors_; }
  // Says how many were only counted. Once, at the end.
  void close();

 private:
  static constexpr std::uint64_t kInFull = 5;
  Input& input_;
  std::map<std::string, std::pair<std::uint64_t, Severity>, std::less<>> counts_;
  std::uint64_t errors_ = 0;
};

}  // namespace bascule::estate
