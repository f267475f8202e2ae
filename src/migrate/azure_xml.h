// Azure's listings and lists as values. Each takes the body as received and may change it.
#pragma once
#include "migrate/source.h"

namespace bascule::migrate {

// A Content-MD5, in a header or a listing; nothing where it is none.
std::optional<ops::Md5Value> md5_of(std::string_view base64);

Result<SourceContainerPage> parse_container_list(std::string body);
Result<SourceBlobPage> parse_blob_list(std::string body, bool with_versions);
Result<SourceBlockList> parse_block_list(std::string body);
Result<ops::Tags> parse_tags(std::string body);   // bytewise by key
Result<std::vector<ops::StoredPolicy>> parse_policies(std::string body);

}  // namespace bascule::migrate
