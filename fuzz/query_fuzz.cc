// A statement, and content for it: the first line is the statement, the rest the content. The answer must not depend on
// the parts that the content comes in, whose size, like the formats, the input's first byte chooses.
#include "fuzz.h"
#include "query/run.h"

using namespace bascule::query;

namespace {

std::string answer_of(const Request& request, std::string_view content, std::size_t step) {
  Run run(request, content.size(), {}, {});
  std::string answer;
  std::size_t at = 0;
  do {   // on behind done(), too: how much was read is part of the answer
    const auto part = content.substr(at, step);
    at += part.size();
    run.feed(part, at == content.size(), answer);
  } while (at < content.size());
  run.finish(answer);
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choice = *data;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t line = std::min(text.find('\n'), text.size());
  auto statement = parse(text.substr(0, line));
  if (!statement) return 0;
  const std::string_view content = text.substr(std::min(line + 1, text.size()));
  Request request{std::move(*statement), {.json = (choice & 1) != 0, .headers = (choice & 2) != 0}, {.json = (choice & 4) != 0}};
  if (choice & 8) request.input.escape = "\\";
  if (!request.input.json) request.statement.from.clear();
  bascule::fuzz::must(answer_of(request, content, 1 + (choice >> 4)) == answer_of(request, content, content.size() + 1),
                      "the answer depends on the parts");
  return 0;
}
