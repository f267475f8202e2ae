// x-ms-copy-source: which blob of ours it names.
#pragma once
#include "api/blob/call.h"

namespace bascule::api::blob {

struct CopySource {
  std::string url_without_query;  // as the client gave it: kept with the copy
  bool ours = false;              // false: a URL of somewhere else
  Target target;                  // where ours. Its views point into the header
};

// `header`: where the text stands. The URL form, and before 2012-02-12 also "/account/container/blob".
Parsed<CopySource> parse_copy_source(std::string_view text, std::string_view request_host, Version version,
                                     const Domains& domains, const ops::Operations& operations, H header = H::copy_source);

}  // namespace bascule::api::blob
