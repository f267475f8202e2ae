// The two XML documents of S3 that are read: an error's, and a page of ListObjectsV2.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace bascule::provider::s3 {

inline constexpr std::size_t kErrorLimitBytes = 64 * 1024;
inline constexpr std::size_t kListingLimitBytes = 4 * 1024 * 1024;  // 1,000 keys of at most 1,024 bytes, each escaped

struct ErrorDocument {
  std::string code;         // "" where the body was no S3 error
  std::string message;
  std::string region;       // AuthorizationHeaderMalformed, some redirects
  std::string endpoint;     // PermanentRedirect, TemporaryRedirect
  std::string server_time;  // RequestTimeTooSkewed: ISO 8601
  std::string request_id;
};

// Never fails: a body that is not an error document (a proxy's HTML, nothing at all) gives an empty code.
ErrorDocument parse_error(std::string body);

struct ListedObject {
  std::string key;
  std::uint64_t size_bytes = 0;
};
struct ListingPage {
  std::vector<ListedObject> objects;
  bool truncated = false;
};

// `unavailable` where the body is not a ListBucketResult: it was cut, or something between answered instead.
Result<ListingPage> parse_listing(std::string body);

}  // namespace bascule::provider::s3
