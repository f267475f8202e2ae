// Tags: the header, the document, the condition and the search. What is read is within the limits, holds only what tags may,
// and is the same when it is written and read again; a condition always has an answer.
#include <algorithm>

#include "api/common/tag_expression.h"
#include "api/common/tags.h"
#include "fuzz.h"

namespace {

using namespace bascule;

void must_be_tags(const ops::Tags& tags) {
  fuzz::must(tags.size() <= api::kMaxTags, "more tags than allowed");
  fuzz::must(std::ranges::is_sorted(tags), "tags out of order");
  for (const auto& [key, value] : tags) {
    fuzz::must(!key.empty() && key.size() <= api::kMaxTagKey && value.size() <= api::kMaxTagValue, "a tag beyond its size");
    fuzz::must(api::is_tag_text(key) && api::is_tag_text(value), "a foreign character");
    fuzz::must(*ops::find_tag(tags, key) == value, "a tag that is not found");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  http::Request request;
  request.headers = {{"x-ms-tags", text}, {"x-ms-if-tags", text}};
  const api::HeaderIndex headers(request);
  ops::Tags known = {{"a", "1"}, {"b", ""}, {"key", "value"}};
  if (const auto tags = api::parse_tags_header(headers)) {
    must_be_tags(*tags);
    known = *tags;
  }
  if (const auto tags = api::parse_tags_document(text)) {
    must_be_tags(*tags);
    std::string xml;
    api::append_tags(xml, *tags);
    const auto again = api::parse_tags_document(xml);
    fuzz::must(again && *again == *tags, "tags that are not read as they are written");
  }
  if (const auto condition = api::parse_tag_condition(headers, api::H::if_tags)) {
    fuzz::must(*condition && !(*condition)->steps.empty(), "a condition without comparisons");
    (void)(*condition)->holds(known);
    fuzz::must(!(*condition)->holds({}), "a condition that holds of nothing");
  }
  for (const bool in_container : {false, true}) {
    const auto search = api::parse_tag_search(text, in_container);
    if (!search) {
      fuzz::must(search.error().fault == api::Fault::invalid_query_parameter_value, "refused as something else");
      continue;
    }
    fuzz::must(!search->keys.empty() && search->keys.size() <= api::kMaxTags, "a search without keys, or with too many");
    fuzz::must(!in_container || !search->container, "a container within a container");
    for (const auto& key : search->keys) {
      fuzz::must(key.lower || key.upper, "a key without bounds");
      if (key.exact()) fuzz::must(key.holds(key.lower->value), "an exact value that it does not hold");
      fuzz::must(std::ranges::count(search->keys, key.key, &ops::TagSearch::Key::key) == 1, "a key twice");
    }
  }
  return 0;
}
