// What the operations share that take their content from a URL.
#pragma once
#include "api/blob/guards.h"
#include "api/blob/source.h"

namespace bascule::api::blob {

// Such a request has none of its own.
Parsed<> require_no_body(const Call& call);

// x-ms-source-content-md5 and x-ms-source-content-crc64: what the bytes that are read must have.
Parsed<DeclaredHashes> source_hashes(const HeaderIndex& headers);

// x-ms-source-range, which some operations need.
Parsed<SourceUse> ranged_source(const Call& call, bool required);

}  // namespace bascule::api::blob
