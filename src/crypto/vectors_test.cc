// The published vectors of Cobblestone-256 and the project's own (docs/formats/vectors, made by the independent script).
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "base/digest.h"
#include "crypto/extent_name.h"
#include "crypto/key_file.h"
#include "crypto/keyring.h"
#include "crypto/piece.h"
#include "crypto/unit_tag.h"
#include "crypto/test_support.h"

namespace bascule::crypto {
namespace {

using boost::json::object;
using boost::json::value;

boost::json::array vectors(const std::string& file, std::string_view format) {
  std::ifstream in(std::string(BASCULE_VECTORS) + "/" + file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto document = boost::json::parse(text);
  EXPECT_EQ(document.at("format").as_string(), boost::json::string_view(format.data(), format.size()));
  return document.at("vectors").as_array();
}

std::string text_of(const object& v, const char* field) {
  const value* found = v.if_contains(field);
  return found ? std::string(found->as_string()) : std::string();
}
std::string hex_of(const object& v, const char* field) { return from_hex(text_of(v, field)).value(); }
std::uint64_t number_of(const object& v, const char* field) { return v.at(field).to_number<std::uint64_t>(); }
bool should_open(const object& v) { return v.at("expect").as_string() == "success"; }

template <std::size_t N>
std::array<std::byte, N> fixed(std::string_view bytes) {
  std::array<std::byte, N> out{};
  EXPECT_EQ(bytes.size(), N);
  std::memcpy(out.data(), bytes.data(), std::min(N, bytes.size()));
  return out;
}

// Hexadecimal strings, and numbers for runs of zero bytes.
std::string joined(const value& parts) {
  std::string out;
  for (const value& part : parts.as_array()) {
    if (part.is_string()) out += from_hex(std::string(part.as_string())).value();
    else out.append(part.to_number<std::size_t>(), '\0');
  }
  return out;
}

struct Opened {
  std::vector<std::byte> plain;
  std::string resealed;
};

// Opens a whole piece and seals it again under the same salt, in uneven stretches.
Result<Opened> open_and_reseal(const PieceCipher& cipher, const Commitment& commitment, std::uint64_t plain_bytes,
                               std::string_view sealed) {
  BASCULE_ASSIGN(auto opener, PieceOpener::create(cipher, commitment, plain_bytes, sealed.size()));
  Opened opened;
  opened.plain.assign(plain_bytes, std::byte{0xEE});
  if (auto r = opener.open(0, as_bytes(sealed), opened.plain); !r) {
    for (std::byte b : opened.plain) EXPECT_EQ(b, std::byte{0});  // nothing of a failing piece is left
    return fail(r.error());
  }
  opened.resealed.resize(sealed_size(plain_bytes));
  PieceSealer sealer(cipher, as_writable(opened.resealed));
  Bytes rest = opened.plain;
  for (std::size_t step = 1; !rest.empty(); step = step * 3 + 1) {
    const std::size_t n = std::min(step, rest.size());
    EXPECT_TRUE(sealer.update(rest.first(n)));
    rest = rest.subspan(n);
  }
  EXPECT_EQ(sealer.finish().value(), sealed.size());
  return opened;
}

struct Counts {
  std::size_t opened = 0, refused = 0;
};

Counts check_chunked_encryption(const char* file) {
  Counts counts;
  for (const value& entry : vectors(file, "chunked-encryption")) {
    const object& v = entry.as_object();
    SCOPED_TRACE(text_of(v, "name"));
    const std::string message = joined(v.at("message")), key = hex_of(v, "key"), context = hex_of(v, "context");
    if (key.size() != SecretKey::kSize || message.size() < 56) {  // neither can be said with the types of piece.h
      EXPECT_FALSE(should_open(v));
      ++counts.refused;
      continue;
    }
    const auto salt = fixed<24>(message.substr(0, 24));
    auto cipher = PieceCipher::derive(InputKey(SecretKey(fixed<32>(key))), salt, as_bytes(context));
    if (text_of(v, "hash") == "SHA-256") {
      std::string info("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0", 48);
      info.append(as_text(salt)).append(context);
      std::array<std::byte, 76> derived;
      hkdf_expand_sha256(as_bytes(key), as_bytes(info), derived);
      cipher = PieceCipher::from_derived(derived);
    }
    const std::string_view sealed = std::string_view(message).substr(56);
    const auto plain_bytes = plain_size(sealed.size());
    const auto result = plain_bytes ? open_and_reseal(cipher, fixed<32>(message.substr(24, 32)), *plain_bytes, sealed)
                                    : Result<Opened>(fail(Code::corrupt, "impossible length"));
    EXPECT_EQ(result.has_value(), should_open(v)) << text_of(v, "comment");
    if (!result) {
      EXPECT_EQ(result.error().code, Code::corrupt);
      ++counts.refused;
      continue;
    }
    EXPECT_EQ(*plain_bytes, number_of(v, "payload_length"));
    EXPECT_EQ(to_hex(Sha256::of(result->plain)), text_of(v, "payload_sha256"));
    EXPECT_EQ(result->resealed, sealed);
    ++counts.opened;
  }
  return counts;
}

TEST(Vectors, PublishedChunkedEncryption) {
  const Counts counts = check_chunked_encryption("chunked_encryption.json");
  EXPECT_GE(counts.opened, 9u);
  EXPECT_GE(counts.refused, 20u);
}

TEST(Vectors, Cobblestone256) { EXPECT_GE(check_chunked_encryption("cobblestone_256.json").opened, 4u); }

TEST(Vectors, Pieces) {
  std::size_t opened_count = 0, refused_count = 0;
  for (const value& entry : vectors("pieces.json", "bascule-piece-1")) {
    const object& v = entry.as_object();
    SCOPED_TRACE(text_of(v, "name"));
    const std::string sealed = joined(v.at("sealed"));
    const auto context = piece_context(number_of(v, "container_id"), fixed<16>(hex_of(v, "piece_id")));
    const auto cipher = PieceCipher::derive(InputKey(SecretKey(fixed<32>(hex_of(v, "key")))),
                                            fixed<24>(hex_of(v, "salt")), context);
    const auto result = open_and_reseal(cipher, fixed<32>(hex_of(v, "commitment")), number_of(v, "plain_length"), sealed);
    ASSERT_EQ(result.has_value(), should_open(v)) << text_of(v, "comment");
    if (!result) {
      EXPECT_EQ(result.error().code, Code::corrupt);
      ++refused_count;
      continue;
    }
    EXPECT_EQ(to_hex(Sha256::of(result->plain)), text_of(v, "plain_sha256"));
    EXPECT_EQ(result->resealed, sealed);
    ++opened_count;
  }
  EXPECT_GE(opened_count, 10u);
  EXPECT_GE(refused_count, 20u);
}

TEST(Vectors, ExtentNames) {
  std::size_t count = 0;
  for (const value& entry : vectors("extent_names.json", "bascule-extent-name-1")) {
    const object& v = entry.as_object();
    SCOPED_TRACE(text_of(v, "name"));
    const ExtentNamer namer(SecretKey(fixed<32>(hex_of(v, "name_key"))));
    const auto read = namer.id(text_of(v, "name_text"));
    ASSERT_EQ(read.has_value(), should_open(v));
    ++count;
    if (!read) continue;
    Id16 id;
    std::byte wide[8];
    store_be64(wide, number_of(v, "incarnation") << 16);
    std::memcpy(id.data(), wide, 6);
    store_be32(id.data() + 6, static_cast<std::uint32_t>(number_of(v, "session")));
    store_be64(wide, number_of(v, "sequence") << 16);
    std::memcpy(id.data() + 10, wide, 6);
    EXPECT_EQ(*read, id);
    EXPECT_EQ(namer.name(id), text_of(v, "name_text"));
  }
  EXPECT_GE(count, 12u);
}

TEST(Vectors, UnitTags) {
  std::size_t count = 0;
  for (const value& entry : vectors("unit_tags.json", "bascule-unit-tag-1")) {
    const object& v = entry.as_object();
    SCOPED_TRACE(text_of(v, "name"));
    const UnitTagKeys keys(SecretKey(fixed<32>(hex_of(v, "catalog_key"))));
    const std::string content = joined(v.at("content"));
    const UnitPlace place{.unit = number_of(v, "unit"), .shard = static_cast<std::uint32_t>(number_of(v, "shard"))};
    auto mac = keys.of(fixed<16>(hex_of(v, "extent_id")));
    EXPECT_EQ(mac.verify(place, as_bytes(content), fixed<16>(hex_of(v, "tag"))), should_open(v));
    ++count;
  }
  EXPECT_GE(count, 11u);
}

TEST(Vectors, KeyFilesAndKeyrings) {
  Loop loop;
  CountingRandom random;
  FixedClock clock;
  std::size_t opened_count = 0, refused_count = 0;
  for (const value& entry : vectors("keyrings.json", "bascule-keyring-1")) {
    const object& v = entry.as_object();
    SCOPED_TRACE(text_of(v, "name"));
    auto file = KeyFile::parse(text_of(v, "key_file"), random);
    if (!file) {
      EXPECT_FALSE(should_open(v)) << file.error().message;
      ++refused_count;
      continue;
    }
    MapProvider provider;
    const Keyring::Parts parts{provider, **file, random, clock};
    if (v.at("kind").as_string() == "root") {
      provider.objects["keyring-root"] = hex_of(v, "object");
      auto ring = run(loop, Keyring::open_or_create(parts, Keyring::IfMissing::create));
      ASSERT_EQ(ring.has_value(), should_open(v));
      EXPECT_EQ(provider.objects.size(), 1u);
      EXPECT_EQ(provider.objects["keyring-root"], hex_of(v, "object"));  // a bad root is never replaced
      if (!ring) { ++refused_count; continue; }
      EXPECT_EQ(to_hex((*ring)->catalog_key().bytes()), v.at("keys").at(0).as_string());
      EXPECT_EQ(to_hex((*ring)->name_key().bytes()), v.at("keys").at(1).as_string());
    } else {
      // The keyring under the vector's name key, so that it looks under the name that the vector gives.
      auto root = root_object(loop, **file, SecretKey(), SecretKey(fixed<32>(hex_of(v, "name_key"))));
      provider.objects["keyring-root"] = root;
      auto ring = run(loop, Keyring::open_or_create(parts, Keyring::IfMissing::refuse));
      ASSERT_TRUE(ring.has_value());
      const std::uint64_t id = number_of(v, "container_id");
      EXPECT_EQ((*ring)->object_name(id), text_of(v, "object_name"));
      provider.objects[text_of(v, "object_name")] = hex_of(v, "object");
      auto key = run(loop, (*ring)->container_key(id));
      ASSERT_EQ(key.has_value(), should_open(v));
      if (!key) { ++refused_count; continue; }
      const InputKey expected(SecretKey(fixed<32>(from_hex(std::string(v.at("keys").at(0).as_string())).value())));
      EXPECT_EQ(PieceCipher::derive(**key, Salt{}, {}).commitment(), PieceCipher::derive(expected, Salt{}, {}).commitment());
    }
    ++opened_count;
  }
  EXPECT_GE(opened_count, 3u);
  EXPECT_GE(refused_count, 18u);
}

}  // namespace
}  // namespace bascule::crypto
