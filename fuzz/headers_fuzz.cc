// A request's head through the parser, the index, ranges, conditions, metadata and lease ids.
#include <string>

#include "api/common/conditions.h"
#include "api/common/metadata.h"
#include "api/common/ranges.h"
#include "fuzz.h"
#include "http/head_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  if (size < 1) return 0;
  constexpr api::Version kVersions[] = {{2009, 9, 19}, {2011, 8, 18}, {2013, 8, 15}, {2023, 11, 3}};
  const api::Version version = kVersions[data[0] % 4];
  // Fields alone are enough for an input: the request line and the end are always the same.
  std::string head = "GET /a/b HTTP/1.1\r\nHost: h\r\n";
  for (const char c : fuzz::text(data + 1, size - 1)) {
    if (c == '\n') head += '\r';
    head += c;
  }
  head += "\r\n\r\n";
  const std::size_t end = http::find_head_end(head, 0);
  http::Request request;
  if (http::parse_request_head(std::string_view(head).substr(0, end), {}, request).status != 0) return 0;

  const api::HeaderIndex index(request);
  if (const auto range = api::parse_range(index, version)) {
    fuzz::must(index.has(api::H::range) || index.has(api::H::ms_range), "a range from nowhere");
  }
  (void)api::parse_conditions(index, version, api::ConditionUse::read);
  (void)api::parse_conditions(index, version, api::ConditionUse::other);
  (void)api::parse_source_conditions(index);
  if (const auto id = api::parse_lease_id(index, api::H::lease_id); id && *id) {
    fuzz::must((*id)->size() == 36, "a lease id that is no GUID");
  }
  if (const auto metadata = api::parse_metadata(index)) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : *metadata) {
      fuzz::must(!name.empty(), "metadata without a name");
      bytes += name.size() + value.size();
    }
    fuzz::must(bytes <= api::kMaxMetadataBytes, "more metadata than allowed");
  }
  return 0;
}
