#include "crypto/sealed_text.h"

namespace bascule::crypto {
namespace {
constexpr std::size_t kFrontBytes = sizeof(Salt) + sizeof(Commitment);
}  // namespace

std::string seal_text(const InputKey& key, const Salt& salt, Bytes context, std::string_view plain) {
  const PieceCipher cipher = PieceCipher::derive(key, salt, context);
  const Commitment commitment = cipher.commitment();
  std::string sealed(kFrontBytes + sealed_size(plain.size()), '\0');
  std::memcpy(sealed.data(), salt.data(), salt.size());
  std::memcpy(sealed.data() + salt.size(), commitment.data(), commitment.size());
  PieceSealer sealer(cipher, as_writable(sealed).subspan(kFrontBytes));
  require(sealer.update(as_bytes(plain)).has_value() && sealer.finish().has_value(), "sealing a text");
  return sealed;
}

Result<std::string> open_text(const InputKey& key, Bytes context, std::string_view sealed) {
  if (sealed.size() < kFrontBytes) return fail(Code::corrupt, "sealed text: it is too short");
  Salt salt;
  Commitment commitment;
  std::memcpy(salt.data(), sealed.data(), salt.size());
  std::memcpy(commitment.data(), sealed.data() + salt.size(), commitment.size());
  const Bytes chunks = as_bytes(sealed.substr(kFrontBytes));
  const auto size = plain_size(chunks.size());
  if (!size) return fail(Code::corrupt, "sealed text: no text is that long");
  const PieceCipher cipher = PieceCipher::derive(key, salt, context);
  BASCULE_ASSIGN(PieceOpener opener, PieceOpener::create(cipher, commitment, *size, chunks.size()));
  std::string plain(*size, '\0');
  BASCULE_TRY(opener.open(0, chunks, as_writable(plain)));
  return plain;
}

}  // namespace bascule::crypto
