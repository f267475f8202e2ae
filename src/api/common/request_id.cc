#include "api/common/request_id.h"

namespace bascule::api {
namespace {
constexpr char kDigits[] = "0123456789abcdef";
constexpr bool dash_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }
}  // namespace

std::string RequestIds::next() {
  const std::uint64_t low = next_.fetch_add(1, std::memory_order_relaxed);
  std::string text(36, '-');
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble, ++at) {
    if (dash_at(at)) ++at;
    const std::uint64_t half = nibble < 16 ? prefix_ : low;
    text[at] = kDigits[half >> (60 - 4 * (nibble % 16)) & 15];
  }
  return text;
}

std::optional<std::string> parse_guid(std::string_view text) {
  if (text.size() == 38 && ((text.front() == '{' && text.back() == '}') || (text.front() == '(' && text.back() == ')')))
    text = text.substr(1, 36);
  const bool dashes = text.size() == 36;
  if (!dashes && text.size() != 32) return std::nullopt;
  std::string guid;
  guid.reserve(36);
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (dashes && dash_at(i)) {
      if (c != '-') return std::nullopt;
      guid += c;
      continue;
    }
    if (!dashes && dash_at(guid.size())) guid += '-';
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    guid += c;
  }
  return guid;
}

}  // namespace bascule::api
