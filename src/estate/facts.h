// What one resource's JSON tells: blockers, its size, the resources it refers to. Nothing else of it is kept, so that no secret
// in it can come out: values leave here only as numbers, as ids that parse_reference() accepts, and as the four words below.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "estate/arm_id.h"
#include "estate/catalogue.h"

namespace bascule::estate {

enum class Dialect : std::uint8_t { arm, terraform };

struct Facts {
  std::string location, sku, kind;       // cleaned: see clean_word()
  std::uint64_t blockers = 0;            // BlockerRule::bit
  std::int64_t size_bytes = -1;
  std::uint8_t size_rank = 0;
};

// `sensitive` marks what is not looked at (Terraform's sensitive_values); may be null.
Facts read_facts(const boost::json::object& resource, Dialect dialect, const TypeRules& rules, const boost::json::value* sensitive);

// Calls `found` for each resource that the value refers to, by any string or member's name in it, apart from `rules`' back
// references and tags.
void find_references(const boost::json::value& value, const TypeRules& rules, const std::function<void(const ArmId&)>& found);

// The value at a path, through no wildcard; null where there is none.
const boost::json::value* at_path(const boost::json::object& object, const Path& path);

// A word to show: without control characters, at most `most` bytes (whole characters), and "(hidden)" where it looks like a
// secret: a key, a token, a signature, a connection string.
std::string clean_word(std::string_view text, std::size_t most);
bool looks_secret(std::string_view text);

}  // namespace bascule::estate
