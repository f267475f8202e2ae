// The one table from S3's refusals to this project's errors.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "provider/s3/s3_xml.h"

namespace bascule::provider::s3 {

// What an answer that is no success said, and what was asked.
struct Refusal {
  int status = 0;
  ErrorDocument document;                 // an empty code for HEAD and for foreign bodies
  std::string bucket_region;              // x-amz-bucket-region
  std::string location;                   // Location
  std::optional<WallTime> server_time;    // Date
  bool object = false;                    // the request named an object: 404 may mean that it is missing
  bool head = false;                      // no body can come: 404 alone must do
};

// Who asked: what messages name. Nothing here is secret.
struct Asker {
  std::string_view provider;              // its configured name
  std::string_view shown;                 // "bucket 'b' at https://host"
  std::string_view access_key;
  std::string_view region;
  std::string_view object;                // its name, "" for a listing
  WallTime now{};
};

// not_found only for an object that the provider says is missing (NoSuchKey); a missing bucket is permission_denied, so
// that nobody takes it for missing objects. Configuration that is wrong is permission_denied too: repeating cannot help.
Error to_error(const Refusal& refusal, const Asker& asker);

// "3 s", "1 h 2 min": for messages about clocks.
std::string shown_duration(std::chrono::seconds duration);

}  // namespace bascule::provider::s3
