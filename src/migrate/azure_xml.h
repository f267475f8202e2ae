// Azure's listings and lists as values. Each takes the body as received and may change it.
#pragma once
#include "migrate/source.h"

namespace bascule::migrate {

Result<SourceContainerPage> parse_container_list(std::string body);
Result<SourceBlobPage> parse_blob_list(std::string body, bool with_versions);
Result<SourceBlockList> parse_block_list(std::string body);
Result<std::vector<ops::StoredPolicy>> parse_policies(std::string body);

}  // namespace bascule::migrate
