// Pieces, ranges of chunks, wrapped keys and key files against arbitrary bytes: nothing opens that was not sealed, and
// what was sealed opens, in any split.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "crypto/extent_name.h"
#include "crypto/key_file.h"
#include "crypto/piece.h"

namespace {

using namespace bascule;
using namespace bascule::crypto;

void must(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  explicit Input(Bytes all) : rest_(all) {}
  std::uint64_t number(unsigned bytes) {
    std::uint64_t value = 0;
    for (; bytes > 0 && !rest_.empty(); --bytes, rest_ = rest_.subspan(1)) {
      value = value << 8 | std::to_integer<std::uint64_t>(rest_[0]);
    }
    return value;
  }
  Bytes rest() const { return rest_; }

 private:
  Bytes rest_;
};

PieceCipher cipher_for(std::uint64_t container_id) {
  static const InputKey key{SecretKey{}};
  return PieceCipher::derive(key, Salt{}, piece_context(container_id, Id16{}));
}

// Foreign bytes of a possible length, opened as a piece and as a run within one.
void open_foreign(Input input) {
  const auto cipher = cipher_for(1);
  const std::uint64_t first = input.number(1);
  const Bytes sealed = input.rest();
  const auto plain = plain_size(sealed.size());
  must(!plain || sealed_size(*plain) == sealed.size());
  if (plain) {
    auto opener = PieceOpener::create(cipher, cipher.commitment(), *plain, sealed.size());
    std::vector<std::byte> out(*plain);
    must(opener && !opener->open(0, sealed, out));
  }
  auto opener = PieceOpener::create(cipher, cipher.commitment(), 10 * kChunkBytes + 7, sealed_size(10 * kChunkBytes + 7));
  std::vector<std::byte> out(sealed.size());
  for (std::size_t less : {0u, 16u, 32u}) {
    if (out.size() >= less) must(!opener->open(first, sealed, MutableBytes(out).first(out.size() - less)) || sealed.empty());
  }
}

// The input as plaintext, sealed in a split that it chooses, then damaged at a place that it chooses.
void seal_and_open(Input input) {
  const std::uint64_t step = input.number(2) + 1, repeat = input.number(1) % 40, flip = input.number(3);
  const std::uint64_t offset = input.number(3), size = input.number(3);
  std::vector<std::byte> plain;
  for (std::uint64_t i = 0; i <= repeat; ++i) plain.insert(plain.end(), input.rest().begin(), input.rest().end());
  if (plain.size() > 300'000) plain.resize(300'000);
  const auto cipher = cipher_for(2);
  std::vector<std::byte> sealed(sealed_size(plain.size()));
  PieceSealer sealer(cipher, sealed);
  for (std::size_t at = 0; at < plain.size(); at += step) {
    must(sealer.update(Bytes(plain).subspan(at, std::min<std::size_t>(step, plain.size() - at))).has_value());
  }
  must(sealer.finish().value() == sealed.size());

  auto opener = PieceOpener::create(cipher, cipher.commitment(), plain.size(), sealed.size()).value();
  std::vector<std::byte> out(plain.size());
  must(opener.open(0, sealed, out).has_value() && out == plain);
  const ChunkRun run = chunks_of(plain.size(), offset, size);
  if (run.chunks > 0) {
    std::vector<std::byte> part(run.plain_bytes);
    must(opener.open(run.first_chunk, Bytes(sealed).subspan(run.sealed_offset, run.sealed_bytes), part).has_value());
    must(std::equal(part.begin(), part.end(), plain.begin() + static_cast<std::ptrdiff_t>(run.plain_offset)));
  }
  sealed[flip % sealed.size()] ^= std::byte{1};
  must(!opener.open(0, sealed, out));
}

void parse_text(Input input) {
  const std::string_view text = as_text(input.rest());
  if (auto file = KeyFile::parse(text, system_random())) must((*file)->id().size() == 16);
  static const ExtentNamer namer{SecretKey{}};
  if (const auto id = namer.id(text)) must(namer.name(*id) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(reinterpret_cast<const std::byte*>(data), size));
  switch (input.number(1) % 3) {
    case 0: open_foreign(input); break;
    case 1: seal_and_open(input); break;
    default: parse_text(input);
  }
  return 0;
}
