// Structured messages: what is written is read again; nothing else is taken for a message, and no reading goes past its end.
#include <algorithm>

#include "api/common/structured_message.h"
#include "base/crc64.h"
#include "fuzz.h"

namespace {

using namespace bascule;

// Nothing where the message is refused.
std::optional<std::string> read(std::string_view message, std::uint64_t content_bytes, std::size_t step) {
  api::StructuredReader reader(message.size(), content_bytes);
  std::string content;
  while (!reader.done()) {
    std::size_t size = reader.framing_bytes();
    if (size > 0) {
      if (size > message.size() || !reader.framing(as_bytes(message.substr(0, size)))) return std::nullopt;
    } else {
      fuzz::must(reader.content_bytes() > 0, "neither framing nor content, and not done");
      size = static_cast<std::size_t>(std::min<std::uint64_t>({reader.content_bytes(), step, message.size()}));
      if (size == 0) return std::nullopt;
      reader.content(as_bytes(message.substr(0, size)));
      content += message.substr(0, size);
    }
    message.remove_prefix(size);
  }
  fuzz::must(message.empty(), "a message that ends before its announced length");
  fuzz::must(content.size() == content_bytes, "content of another length than announced");
  return content;
}

std::string written(std::string_view content, std::uint64_t segment, std::size_t step) {
  api::StructuredWriter writer(content.size(), segment);
  const std::uint64_t announced = writer.message_bytes();
  std::string out;
  while (true) {
    out += writer.take_framing();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({writer.room(), step, content.size()}));
    if (size == 0) break;
    writer.content(as_bytes(content.substr(0, size)));
    out += content.substr(0, size);
    content.remove_prefix(size);
  }
  fuzz::must(out.size() == announced, "a message of another length than announced");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t step = 1 + data[0] % 32, segment = 1 + data[1];
  const std::string_view text = fuzz::text(data + 2, size - 2);
  // As content: there and back, whatever the stretches.
  const std::string message = written(text, segment, step);
  fuzz::must(read(message, text.size(), step) == text, "content does not come back");
  std::string changed = message;
  changed[data[2] % changed.size()] ^= static_cast<char>(1 + data[1] % 255);
  fuzz::must(!read(changed, text.size(), step), "a changed byte goes unseen");
  // As a message: refused, or the CRC64s are those of the content, however it was cut.
  const std::uint64_t segments = text.size() > 12 ? load_le<std::uint16_t>(text.data() + 11) : 1;
  const std::uint64_t framing = 13 + 18 * segments + 8;
  const std::uint64_t content_bytes = text.size() > framing ? text.size() - framing : data[0];
  const auto once = read(text, content_bytes, step), again = read(text, content_bytes, 1 + step / 2);
  fuzz::must(once == again, "what is read depends on how it was cut");
  if (once) {
    const std::uint64_t crc = load_le<std::uint64_t>(text.data() + text.size() - 8);
    fuzz::must(crc == crc64(as_bytes(*once)), "a message with a wrong CRC64 was taken");
  }
  return 0;
}
