#include "crypto/piece.h"

#include <openssl/evp.h>

#include <algorithm>

namespace bascule::crypto {
namespace {

constexpr std::string_view kInfo("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0", 48);
constexpr std::string_view kContext("bascule/piece\x01", 14);

const unsigned char* chars(const std::byte* p) { return reinterpret_cast<const unsigned char*>(p); }
unsigned char* chars(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }

}  // namespace

ChunkRun chunks_of(std::uint64_t plain_bytes, std::uint64_t offset, std::uint64_t size) {
  ChunkRun run;
  offset = std::min(offset, plain_bytes);
  size = std::min(size, plain_bytes - offset);
  if (size == 0) return run;
  const std::uint64_t last_chunk = (offset + size - 1) / kChunkBytes;
  run.first_chunk = offset / kChunkBytes;
  run.chunks = last_chunk - run.first_chunk + 1;
  run.plain_offset = run.first_chunk * kChunkBytes;
  run.plain_bytes = std::min((last_chunk + 1) * kChunkBytes, plain_bytes) - run.plain_offset;
  run.sealed_offset = run.first_chunk * kSealedChunkBytes;
  run.sealed_bytes = run.plain_bytes + run.chunks * kTagBytes;
  return run;
}

PieceContext piece_context(std::uint64_t container_id, const Id16& piece_id) {
  PieceContext context;
  std::memcpy(context.data(), kContext.data(), kContext.size());
  store_be64(context.data() + kContext.size(), container_id);
  std::memcpy(context.data() + kContext.size() + 8, piece_id.data(), piece_id.size());
  return context;
}

InputKey InputKey::joined(std::string_view label, Bytes secret, bool kept) const {
  const std::byte zero{0};
  const Bytes info[] = {as_bytes(label), Bytes(&zero, 1), secret};
  SecretKey key;
  hkdf_expand_sha512(hmac_, info, key.writable());
  InputKey both(key);
  both.kept_ = kept;
  return both;
}

SecretKey InputKey::subkey(std::string_view label) const {
  const std::byte zero{0};
  const Bytes info[] = {as_bytes(label), Bytes(&zero, 1)};
  SecretKey key;
  hkdf_expand_sha512(hmac_, info, key.writable());
  return key;
}

PieceCipher PieceCipher::derive(const InputKey& key, const Salt& salt, Bytes context) {
  std::array<std::byte, 32 + 12 + 32> derived;
  const Bytes info[] = {as_bytes(kInfo), salt, context};
  hkdf_expand_sha512(key.hmac_, info, derived);
  PieceCipher cipher = from_derived(derived);
  OPENSSL_cleanse(derived.data(), derived.size());
  return cipher;
}

PieceCipher PieceCipher::from_derived(std::span<const std::byte, 76> derived) {
  PieceCipher cipher;
  std::memcpy(cipher.key_.writable().data(), derived.data(), 32);
  std::memcpy(cipher.base_nonce_.data(), derived.data() + 32, 12);
  std::memcpy(cipher.commitment_.data(), derived.data() + 44, 32);
  return cipher;
}

Commitment PieceCipher::commitment() const { return commitment_; }

PieceCipher::Nonce PieceCipher::nonce(std::uint64_t chunk) const {
  Nonce nonce;
  std::memcpy(nonce.data(), base_nonce_.data(), nonce.size());
  store_be64(nonce.data() + 4, load_be64(nonce.data() + 4) ^ chunk);
  return nonce;
}

PieceSealer::PieceSealer(const PieceCipher& cipher, MutableBytes out) : cipher_(cipher), out_(out) {
  const auto nonce = cipher_.nonce(0);
  require(EVP_CipherInit_ex2(context_.get(), nullptr, cipher_.key_.data(), nonce.data(), 1, nullptr) == 1,
          "setting a piece's key");
}

void PieceSealer::set_nonce() {
  const auto nonce = cipher_.nonce(chunk_);
  require(EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), 1, nullptr) == 1, "setting a nonce");
}

void PieceSealer::end_chunk() {
  int none = 0;
  unsigned char* at = chars(out_.data()) + written_;
  require(EVP_EncryptFinal_ex(context_.get(), at, &none) == 1 &&
              EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, at) == 1,
          "sealing a chunk");
  written_ += kTagBytes;
}

Result<void> PieceSealer::update(Bytes plain) {
  while (!plain.empty()) {
    const std::size_t take = std::min(plain.size(), kChunkBytes - in_chunk_);
    if (!room(take + kTagBytes)) return fail(Code::invalid_argument, "piece: more plaintext than its buffer was made for");
    int sealed = 0;
    require(EVP_EncryptUpdate(context_.get(), chars(out_.data()) + written_, &sealed, chars(plain.data()),
                              static_cast<int>(take)) == 1 &&
                sealed == static_cast<int>(take),
            "sealing");
    written_ += take;
    in_chunk_ += take;
    plain = plain.subspan(take);
    if (in_chunk_ == kChunkBytes) {
      end_chunk();
      ++chunk_;
      in_chunk_ = 0;
      set_nonce();
    }
  }
  return {};
}

Result<std::size_t> PieceSealer::finish() {
  if (!room(kTagBytes)) return fail(Code::invalid_argument, "piece: no room for its last tag");
  end_chunk();
  return written_;
}

MutableBytes PieceSealer::next_plain() const {
  const std::size_t left = out_.size() - written_;
  return out_.subspan(written_, std::min(kChunkBytes - in_chunk_, left - std::min(left, kTagBytes)));
}

PieceOpener::PieceOpener(const PieceCipher& cipher, std::uint64_t plain_bytes)
    : cipher_(cipher), plain_bytes_(plain_bytes) {
  require(EVP_CipherInit_ex2(context_.get(), nullptr, cipher_.key_.data(), nullptr, 0, nullptr) == 1,
          "setting a piece's key");
}

Result<PieceOpener> PieceOpener::create(const PieceCipher& cipher, const Commitment& commitment,
                                        std::uint64_t plain_bytes, std::uint64_t sealed_bytes) {
  if (!equal_constant_time(cipher.commitment_, commitment)) {
    return fail(Code::corrupt, "piece: the commitment does not match: wrong key, container, piece id or salt");
  }
  if (sealed_size(plain_bytes) != sealed_bytes) {
    return fail(Code::corrupt, "piece: truncated or extended: its length is not that of its plaintext");
  }
  return PieceOpener(cipher, plain_bytes);
}

bool PieceOpener::open_chunk(std::uint64_t chunk, Bytes sealed, std::byte* out) {
  EVP_CIPHER_CTX* context = context_.get();
  const auto nonce = cipher_.nonce(chunk);
  const int plain = static_cast<int>(sealed.size() - kTagBytes);
  auto* tag = const_cast<unsigned char*>(chars(sealed.data()) + plain);
  require(EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), 0, nullptr) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1,
          "preparing to open");
  int opened = 0, none = 0;
  unsigned char nowhere = 0;
  unsigned char* to = plain > 0 ? chars(out) : &nowhere;
  if (plain > 0) {
    require(EVP_DecryptUpdate(context, to, &opened, chars(sealed.data()), plain) == 1 && opened == plain, "opening");
  }
  return EVP_DecryptFinal_ex(context, to + opened, &none) == 1;
}

Result<void> PieceOpener::open(std::uint64_t first_chunk, Bytes sealed, MutableBytes out) {
  const std::uint64_t last_chunk = chunks() - 1;
  if (first_chunk > last_chunk) return fail(Code::invalid_argument, "piece: no such chunk");
  const std::uint64_t most = sealed_size(plain_bytes_) - first_chunk * kSealedChunkBytes;
  const std::uint64_t count = (sealed.size() + kSealedChunkBytes - 1) / kSealedChunkBytes;
  if (sealed.size() > most || (sealed.size() < most && sealed.size() % kSealedChunkBytes != 0) ||
      out.size() != sealed.size() - count * kTagBytes) {
    return fail(Code::invalid_argument, "piece: not a run of whole chunks");
  }
  MutableBytes to = out;
  for (std::uint64_t chunk = first_chunk; !sealed.empty(); ++chunk) {
    const std::size_t n = std::min(sealed.size(), kSealedChunkBytes);
    if (!open_chunk(chunk, sealed.first(n), to.data())) {
      std::fill(out.begin(), out.end(), std::byte{0});
      return fail(Code::corrupt, "piece: chunk " + std::to_string(chunk) + " is damaged or not of this piece");
    }
    sealed = sealed.subspan(n);
    to = to.subspan(n - kTagBytes);
  }
  return {};
}

}  // namespace bascule::crypto
