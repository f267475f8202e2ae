#include "auth/canonical.h"

#include <algorithm>
#include <array>
#include <vector>

#include "auth/text.h"

namespace bascule::auth {
namespace {

// The primary order of characters in header names; those that are not here are ignored by it.
constexpr std::string_view kOrder = "!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz";
constexpr auto kWeights = [] {
  std::array<unsigned char, 256> weights{};
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    weights[static_cast<unsigned char>(kOrder[i])] = static_cast<unsigned char>(i + 1);
    if (kOrder[i] >= 'a' && kOrder[i] <= 'z')
      weights[static_cast<unsigned char>(kOrder[i] - 32)] = static_cast<unsigned char>(i + 1);
  }
  return weights;
}();
constexpr unsigned char weight(char c) { return kWeights[static_cast<unsigned char>(c)]; }
constexpr int late_weight(char c) { return c == '-' ? 2 : c == '\'' ? 1 : 0; }

struct Named {
  std::string_view name, value;
  std::size_t index;  // in the order sent
};

// Headers that the full scheme signs by position, in its order.
enum Slot { encoding, language, length, md5, type, date, modified_since, match, none_match, unmodified_since, range, slots };

int slot_of(std::string_view name) {
  switch (name.size()) {
    case 4: return equal_without_case(name, "date") ? date : -1;
    case 5: return equal_without_case(name, "range") ? range : -1;
    case 8: return equal_without_case(name, "if-match") ? match : -1;
    case 11: return equal_without_case(name, "content-md5") ? md5 : -1;
    case 12: return equal_without_case(name, "content-type") ? type : -1;
    case 13: return equal_without_case(name, "if-none-match") ? none_match : -1;
    case 14: return equal_without_case(name, "content-length") ? length : -1;
    case 16:
      if (equal_without_case(name, "content-encoding")) return encoding;
      return equal_without_case(name, "content-language") ? language : -1;
    case 17: return equal_without_case(name, "if-modified-since") ? modified_since : -1;
    case 19: return equal_without_case(name, "if-unmodified-since") ? unmodified_since : -1;
    default: return -1;
  }
}

bool is_ms_header(std::string_view name) { return name.size() > 5 && equal_without_case(name.substr(0, 5), "x-ms-"); }

void append_lower(std::string_view text, std::string& out) {
  for (char c : text) out.push_back(to_lower(c));
}

void append_collapsed(std::string_view value, std::string& out) {
  bool quoted = false, space = false;
  for (char c : value) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
      space = true;
      continue;
    }
    if (space) out.push_back(' ');
    space = false;
    out.push_back(c);
  }
}

void append_canonical_headers(std::vector<Named>& headers, const SignedParts& parts, bool collapse, std::string& out) {
  const auto before = [](const Named& a, const Named& b) {
    const int order = compare_header_names(a.name, b.name);
    return order < 0 || (order == 0 && a.index < b.index);
  };
  if (headers.size() > 32) {
    std::sort(headers.begin(), headers.end(), before);
  } else {  // a handful, mostly sorted already
    for (std::size_t i = 1; i < headers.size(); ++i)
      for (std::size_t j = i; j > 0 && before(headers[j], headers[j - 1]); --j) std::swap(headers[j], headers[j - 1]);
  }
  std::string_view written;  // the name of the line that `out` ends with
  for (const Named& header : headers) {
    // Empty headers count from 2016-05-31 on.
    if (header.value.empty() && parts.version < "2016-05-31") continue;
    if (equal_without_case(header.name, written)) {
      out.back() = ',';  // instead of the line's end: repeated headers are one, their values joined
    } else {
      append_lower(header.name, out);
      out.push_back(':');
      written = header.name;
    }
    if (collapse) append_collapsed(header.value, out);
    else out.append(header.value);
    out.push_back('\n');
  }
}

void append_canonical_query(const Query& query, std::string& out) {
  if (query.empty()) return;
  std::vector<std::pair<std::string, std::string_view>> sorted;
  sorted.reserve(query.size());
  for (const QueryParameter& parameter : query) {
    std::string name = parameter.name;
    for (char& c : name) c = to_lower(c);
    sorted.emplace_back(std::move(name), parameter.value);
  }
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0 && sorted[i].first == sorted[i - 1].first) {
      out.push_back(',');
    } else {
      out.push_back('\n');
      out.append(sorted[i].first);
      out.push_back(':');
    }
    out.append(sorted[i].second);
  }
}

}  // namespace

int compare_header_names(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  for (;;) {
    while (i < a.size() && weight(a[i]) == 0) ++i;
    while (j < b.size() && weight(b[j]) == 0) ++j;
    if (i == a.size() || j == b.size()) {
      if (i != a.size()) return 1;
      if (j != b.size()) return -1;
      break;
    }
    if (weight(a[i]) != weight(b[j])) return weight(a[i]) < weight(b[j]) ? -1 : 1;
    ++i, ++j;
  }
  for (std::size_t k = 0; k < std::max(a.size(), b.size()); ++k) {
    const int left = k < a.size() ? late_weight(a[k]) : 0;
    const int right = k < b.size() ? late_weight(b[k]) : 0;
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

void append_string_to_sign(const SignedParts& parts, SharedKeyScheme scheme, bool collapse, std::string& out) {
  thread_local std::vector<Named> ms_headers;
  ms_headers.clear();
  std::array<std::string_view, slots> values{};
  bool has_ms_date = false;
  for (const http::HeaderView& header : parts.headers) {
    if (is_ms_header(header.name)) {
      ms_headers.push_back({header.name, header.value, ms_headers.size()});
      has_ms_date = has_ms_date || equal_without_case(header.name, "x-ms-date");
    } else if (const int slot = slot_of(header.name); slot >= 0) {
      values[static_cast<std::size_t>(slot)] = header.value;
    }
  }
  if (has_ms_date) values[date] = {};
  // "0" was signed as sent up to 2014-02-14.
  if (values[length] == "0" && parts.version >= "2015-02-21") values[length] = {};

  out.append(parts.method).push_back('\n');
  if (scheme == SharedKeyScheme::full) {
    for (const std::string_view value : values) out.append(value).push_back('\n');
  } else {
    for (const Slot slot : {md5, type, date}) out.append(values[slot]).push_back('\n');
  }
  append_canonical_headers(ms_headers, parts, collapse, out);
  out.append("/").append(parts.account).append(parts.raw_path);
  if (scheme == SharedKeyScheme::full) {
    append_canonical_query(*parts.query, out);
  } else if (const std::string* comp = find_parameter(*parts.query, "comp")) {
    out.append("?comp=").append(*comp);
  }
}

}  // namespace bascule::auth
