// Bodies of type multipart/mixed (RFC 2046) as batches use them: cut into parts under limits, nothing copied.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace bascule::api {

// The boundary that a Content-Type of multipart/mixed names; nothing for any other type or without a usable boundary.
std::optional<std::string> multipart_boundary(std::string_view content_type);

struct BodyPart {
  std::vector<http::HeaderView> headers;
  std::string_view content;

  std::string_view get(std::string_view name) const;  // the header's value, "" where it is not there
};

struct MultipartLimits {
  std::size_t parts = 1024;
  std::size_t headers = 32;  // of one part
};

// The parts in order; views point into `body`. Nothing where the body has no closing delimiter, a part's headers are
// malformed, or a limit is passed (then `beyond_parts` says so, where it was the number of parts).
std::optional<std::vector<BodyPart>> split_multipart(std::string_view body, std::string_view boundary,
                                                     const MultipartLimits& limits, bool* beyond_parts = nullptr);

}  // namespace bascule::api
