// Whatever `bascule assess` may be given, as bytes: each byte string is an input, and 0xff parts several. The result is JSON
// that can be read, says of each resource what it must, and is the same when the text comes again.
#include <boost/json/parse.hpp>

#include "estate/assess.h"
#include "estate/assessment_json.h"
#include "estate/facts.h"
#include "estate/summary.h"
#include "fuzz.h"

namespace {

using namespace bascule;

std::string written(const estate::Assessment& assessment) {
  std::string text;
  fuzz::must(estate::write_json(assessment, estate::Language::en, [&](std::string_view part) { text += part; return true; }), "not written");
  return text;
}

estate::Assessment assessed(std::string_view text) {
  estate::Gatherer gatherer(estate::Catalogue::builtin());
  for (int i = 0; i < 4 && !text.empty(); ++i) gatherer.read_text("input", std::string(fuzz::next_part(text, '\xff')));
  return estate::assess(std::move(gatherer).finish(), {.bandwidth_bits = 1e9});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text(data, size);
  const estate::Assessment assessment = assessed(input);
  for (std::uint64_t i = 0; i < assessment.size(); ++i) {
    const estate::Resource resource = assessment.resource(i);
    fuzz::must(!resource.id.empty() && !resource.reason.en.empty(), "a resource without id or reason");
    fuzz::must(resource.wave <= assessment.waves.size(), "a wave that is not there");
    for (const std::uint32_t on : resource.depends_on) {
      fuzz::must(on < assessment.size() && on != i, "a dependency that is not there");
      const estate::Resource other = assessment.resource(on);
      fuzz::must(resource.wave == 0 || other.wave <= resource.wave, "goes before what it depends on");
    }
    for (const char c : resource.name) fuzz::must(static_cast<unsigned char>(c) >= 0x20, "a control character in a name");
  }
  for (const estate::Input& one : assessment.inputs) fuzz::must(one.notes.size() < 100, "notes without end");
  const std::string text = written(assessment);
  for (const char c : text) fuzz::must(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != '<'), "a character that a page would take amiss");
  boost::system::error_code error;
  (void)boost::json::parse(text, error);
  fuzz::must(!error, "our own JSON cannot be read");
  (void)estate::summary(assessment, estate::Language::fr);
  fuzz::must(written(assessed(input)) == text, "the same input, another result");
  return 0;
}
