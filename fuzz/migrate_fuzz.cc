// What a source's server answers, and the connection string that a person pastes. A NUL ends the first part, which names
// the parser by its first letter.
#include "fuzz.h"
#include "fetch/page_list.h"
#include "migrate/azure_xml.h"
#include "migrate/connection.h"

namespace bascule {
namespace {

void connection(std::string_view text) {
  const auto parsed = migrate::parse_connection(text);
  if (!parsed) {
    // A key or a signature must not come back in a message: longer than any word of ours, and without a space.
    constexpr std::size_t kTelling = 32;
    for (std::size_t at = 0; at + kTelling <= text.size(); ++at) {
      const std::string_view part = text.substr(at, kTelling);
      if (part.find(' ') == std::string_view::npos)
        fuzz::must(parsed.error().message.find(part) == std::string::npos, "a refusal repeats what was given");
    }
    return;
  }
  const std::string shown = parsed->describe();
  fuzz::must(parsed->key.has_value() != !parsed->sas.empty() || !parsed->key, "both a key and a SAS");
  fuzz::must(parsed->sas.size() < 24 || shown.find(parsed->sas) == std::string::npos, "the SAS is shown");
  fuzz::must(!parsed->key || parsed->key->size() < 24 || shown.find(*parsed->key) == std::string::npos, "the key is shown");
}

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  std::string_view rest = fuzz::text(data, size);
  const std::string_view which = fuzz::next_part(rest);
  switch (which.empty() ? '\0' : which.front()) {
    case 'c': (void)migrate::parse_container_list(std::string(rest)); break;
    case 'b':
      if (const auto page = migrate::parse_blob_list(std::string(rest), true))
        for (const auto& blob : page->items) fuzz::must(!blob.name.empty(), "a blob without a name");
      break;
    case 'l':
      if (const auto blocks = migrate::parse_block_list(std::string(rest)))
        for (const auto& block : blocks->committed) fuzz::must(!block.id.empty(), "a block without an id");
      break;
    case 'r':
      if (const auto list = fetch::parse_page_list(std::string(rest)))
        for (const auto& range : list->ranges) fuzz::must(range.first <= range.last, "a range that ends before it begins");
      break;
    case 'p': (void)migrate::parse_policies(std::string(rest)); break;
    default: connection(rest);
  }
  return 0;
}
