// A backup's manifests, words of reading back, segments and names, once they are opened: arbitrary bytes decode or are refused, and
// what decodes is encoded as it was.
#include "backup/format.h"
#include "fuzz.h"

namespace {

using namespace bascule;
using namespace bascule::backup;

template <class T> void check(const Result<T>& decoded, Result<T> (*decode)(std::string_view)) {
  if (!decoded) {
    fuzz::must(decoded.error().code == Code::corrupt, "what is refused is called something else than corrupt");
    return;
  }
  const std::string written = encode(*decoded);
  const auto again = decode(written);
  fuzz::must(again && encode(*again) == written, "it changes when it is written and read again");
}

void check_segment(std::string_view bytes) {
  SegmentReader reader{std::string(bytes)};
  SegmentWriter writer;
  std::string before;
  std::uint64_t entries = 0;
  while (true) {
    const auto more = reader.next();
    if (!more) {
      fuzz::must(more.error().code == Code::corrupt, "what is refused is called something else than corrupt");
      return;
    }
    if (!*more) break;
    fuzz::must(entries == 0 || before < reader.key(), "keys do not ascend");
    before = reader.key();
    writer.add(reader.key(), reader.version(), reader.value());
    fuzz::must(reader.entries() == ++entries, "an entry is not counted");
  }
  SegmentReader again(writer.take());
  std::uint64_t read = 0;
  while (true) {
    const auto more = again.next();
    fuzz::must(more.has_value(), "a segment of our own is refused");
    if (!*more) break;
    ++read;
  }
  fuzz::must(read == entries, "a segment of our own has other entries");
}

void check_names(std::string_view bytes) {
  if (const auto name = parse_manifest_name(bytes)) fuzz::must(manifest_name(name->number, name->id) == bytes, "a manifest's name changes");
  if (const auto id = parse_segment_name(bytes)) fuzz::must(segment_name(*id) == bytes, "a segment's name changes");
  (void)parse_read_back_name(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text(data + 1, size - 1);
  switch (data[0] % 5) {
    case 0: check(decode_manifest(bytes), decode_manifest); break;
    case 1: check(decode_read_back(bytes), decode_read_back); break;
    case 2: check_segment(bytes); break;
    case 3: check_names(bytes); break;
    default: {   // sealed by nobody
      const crypto::SecretKey key;
      fuzz::must(!open_object(key, Kind::manifest, "x", bytes), "a forgery opens");
      fuzz::must(!RunKey(key, Salt{}).open(0, bytes), "a forgery opens");
    }
  }
  return 0;
}
