// What the targets share: parts of the input, and a claim that must hold.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace bascule::fuzz {

// A broken property is a finding: the input is kept by libFuzzer.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", what);
  std::abort();
}

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes what stands before the first `separator` (all of it if there is none) off the input.
inline std::string_view next_part(std::string_view& rest, char separator = '\0') {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

}  // namespace bascule::fuzz
