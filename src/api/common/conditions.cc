#include "api/common/conditions.h"

#include "api/common/request_id.h"
#include "api/common/since.h"
#include "api/common/tag_expression.h"
#include "api/common/text.h"

namespace bascule::api {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

void add_etags(std::string_view text, ops::ETagSet& set) {
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view one = trim(text.substr(0, comma));
    if (one == "*") set.any = true;
    else if (!one.empty()) set.values.push_back(parse_etag(one).value_or(0));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

// A header given several times is one list of its values (RFC 9110, 5.3).
std::optional<ops::ETagSet> parse_etags(const HeaderIndex& headers, H header) {
  const auto text = headers.find(header);
  if (!text || text->empty()) return std::nullopt;
  ops::ETagSet set;
  if (!headers.repeated(header)) {
    add_etags(*text, set);
  } else {
    for (const auto& sent : headers.request().headers)
      if (same_text(sent.name, name(header))) add_etags(sent.value, set);
  }
  return set;
}

struct Names {
  H match, none_match, modified_since, unmodified_since;
};

Parsed<> parse_four(const HeaderIndex& headers, const Names& names, ops::Conditions& into) {
  for (H date : {names.modified_since, names.unmodified_since})
    if (headers.repeated(date)) return bad_header(name(date), headers.get(date));
  into.if_match = parse_etags(headers, names.match);
  into.if_none_match = parse_etags(headers, names.none_match);
  if (auto text = headers.find(names.modified_since)) into.if_modified_since = parse_http_date(*text);
  if (auto text = headers.find(names.unmodified_since)) into.if_unmodified_since = parse_http_date(*text);
  return {};
}

// One pair at most: If-Match with If-Unmodified-Since, or If-None-Match with If-Modified-Since; one ETag each.
Parsed<> check_pairs(const ops::Conditions& c) {
  const bool positive = c.if_match || c.if_unmodified_since;
  const bool negative = c.if_none_match || c.if_modified_since;
  const auto several = [](const std::optional<ops::ETagSet>& set) {
    return set && set->values.size() + (set->any ? 1 : 0) > 1;
  };
  if ((positive && negative) || several(c.if_match) || several(c.if_none_match))
    return refuse(Fault::multiple_condition_headers_not_supported);
  return {};
}

}  // namespace

Parsed<std::optional<std::string>> parse_lease_id(const HeaderIndex& headers, H header) {
  const auto text = headers.find(header);
  if (!text) return std::optional<std::string>();
  auto id = parse_guid(*text);
  if (!id) return bad_header(name(header), *text);
  return std::optional<std::string>(std::move(*id));
}

Parsed<ops::Conditions> parse_conditions(const HeaderIndex& headers, Version version, ConditionUse use) {
  ops::Conditions conditions;
  BASCULE_ASSIGN(conditions.lease_id, parse_lease_id(headers, H::lease_id));
  BASCULE_TRY(parse_four(headers, {H::if_match, H::if_none_match, H::if_modified_since, H::if_unmodified_since},
                         conditions));
  BASCULE_ASSIGN(conditions.if_tags, parse_tag_condition(headers, H::if_tags));
  if (conditions.empty()) return conditions;
  if (use == ConditionUse::read) {
    if (conditions.if_none_match && conditions.if_none_match->any) return refuse(Fault::unsatisfiable_condition);
    conditions.combined = version >= since::kCombinedConditions;
  }
  if (!conditions.combined) BASCULE_TRY(check_pairs(conditions));
  return conditions;
}

Parsed<ops::Conditions> parse_tag_conditions(const HeaderIndex& headers) {
  ops::Conditions conditions;
  BASCULE_ASSIGN(conditions.lease_id, parse_lease_id(headers, H::lease_id));
  BASCULE_TRY(parse_four(headers,
                         {H::blob_if_match, H::blob_if_none_match, H::blob_if_modified_since, H::blob_if_unmodified_since},
                         conditions));
  BASCULE_ASSIGN(conditions.if_tags, parse_tag_condition(headers, H::if_tags));
  BASCULE_TRY(check_pairs(conditions));
  return conditions;
}

Parsed<ops::Conditions> parse_source_conditions(const HeaderIndex& headers) {
  ops::Conditions conditions;
  BASCULE_ASSIGN(conditions.lease_id, parse_lease_id(headers, H::source_lease_id));
  BASCULE_TRY(parse_four(headers,
                         {H::source_if_match, H::source_if_none_match, H::source_if_modified_since,
                          H::source_if_unmodified_since},
                         conditions));
  BASCULE_ASSIGN(conditions.if_tags, parse_tag_condition(headers, H::source_if_tags));
  BASCULE_TRY(check_pairs(conditions));
  return conditions;
}

}  // namespace bascule::api
