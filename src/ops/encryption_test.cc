// Customer-provided keys and encryption scopes: who lacks the key has nothing, and nothing mixes keys.
#include "ops/encryption.h"

#include <gtest/gtest.h>

#include "crypto/sealed_text.h"
#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using testing::content;

AskedEncryption key(int seed) {
  auto key = std::make_shared<CustomerKey>();
  for (std::byte& b : key->key.writable()) b = std::byte(seed++);
  key->sha256 = Sha256::of(key->key.bytes());
  return {key, {}};
}
AskedEncryption scope(std::string name) { return {nullptr, std::move(name)}; }

class EncryptionTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    for (const char* name : {"one", "two"}) ASSERT_TRUE(world.run(ops().put_encryption_scope("acct", name, true, true)));
    make_containers({"c"});
    ASSERT_TRUE(world.run(ops().create_container({"acct", "d"}, {}, PublicAccess::none, {"one", false})));
  }

  Result<Written> put(BlobRef ref, std::string text, AskedEncryption encryption, Metadata metadata = {}) {
    return GatewayTest::put(ref, std::move(text), {.metadata = std::move(metadata), .conditions = {.encryption = std::move(encryption)}});
  }
  Result<Written> put_block(std::string id, std::string text, AskedEncryption encryption) {
    return GatewayTest::put_block(blob("b"), std::move(id), std::move(text), {.encryption = std::move(encryption)});
  }
  Result<Written> put_list(std::vector<std::string> ids, AskedEncryption encryption) {
    PutBlockList list;
    for (auto& id : ids) list.blocks.push_back({BlockListEntry::From::latest, std::move(id)});
    list.conditions.encryption = std::move(encryption);
    return world.run(ops().put_block_list(blob("b"), list));
  }
  Result<std::string> get(BlobRef ref, AskedEncryption encryption = {}) {
    return world.run(testing::read_all(ops(), ref, {.range = {}, .conditions = {.encryption = std::move(encryption)}}));
  }
  Result<BlobView> head(BlobRef ref, AskedEncryption encryption = {}) {
    return world.run(ops().head_blob(ref, {.encryption = std::move(encryption)}));
  }
  Result<Copied> copy(BlobRef from, BlobRef to) { return world.run(ops().copy_blob(to, from, {})); }
  catalog::HeadRecord record(BlobRef ref) {
    const auto container = world.run(ops().get_container({ref.account, ref.container}));
    auto found = world.run(gateway->catalog->get<catalog::HeadRecord>(catalog::keys::head(container->id, ref.blob)));
    return (*found)->record;
  }
};

TEST_F(EncryptionTest, A_customers_key_opens_and_nothing_else_does) {
  const std::string text = content(9'000'000, 1);
  ASSERT_TRUE(put(blob("b"), text, key(1), {{"word", "hidden"}}));
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(*get(blob("b"), key(1)) == text);
    EXPECT_EQ(why(get(blob("b"))), Reason::encryption_key_missing);
    EXPECT_EQ(why(get(blob("b"), key(2))), Reason::encryption_mismatch);
    EXPECT_EQ(why(head(blob("b"))), Reason::encryption_key_missing);
    EXPECT_EQ(head(blob("b"), key(1))->metadata, (Metadata{{"word", "hidden"}}));
    open();
  }
  // Not even who has everything that the gateway keeps.
  const catalog::HeadRecord kept = record(blob("b"));
  const auto container = world.run(ops().get_container({"acct", "c"}));
  const auto own = *world.run(gateway->keyring->container_key(container->id));
  for (const auto& entry : kept.manifest.entries) {
    const auto cipher = crypto::PieceCipher::derive(*own, entry.piece.salt, crypto::piece_context(container->id, extent::to_id16(entry.piece.id)));
    EXPECT_NE(cipher.commitment(), entry.piece.commitment);
  }
  EXPECT_TRUE(kept.metadata.empty());
  EXPECT_EQ(kept.extras->encryption->sealed_metadata.find("hidden"), std::string::npos);
  EXPECT_FALSE(kept.manifest.entries.empty());
}

TEST_F(EncryptionTest, A_key_for_what_has_none_is_refused) {
  ASSERT_TRUE(put(blob("b"), "plain", {}));
  EXPECT_EQ(why(get(blob("b"), key(1))), Reason::encryption_key_unused);
  EXPECT_EQ(why(head(blob("b"), key(1))), Reason::encryption_key_unused);
  EXPECT_EQ(why(world.run(ops().set_blob_metadata(blob("b"), {{"a", "b"}}, {.encryption = key(1)}))), Reason::encryption_key_unused);
  EXPECT_EQ(*get(blob("b")), "plain");
}

TEST_F(EncryptionTest, Metadata_is_sealed_when_it_is_set) {
  ASSERT_TRUE(put(blob("b"), "text", key(1)));
  EXPECT_EQ(why(world.run(ops().set_blob_metadata(blob("b"), {{"a", "b"}}, {}))), Reason::encryption_key_missing);
  EXPECT_EQ(why(world.run(ops().set_blob_metadata(blob("b"), {{"a", "b"}}, {.encryption = key(2)}))), Reason::encryption_mismatch);
  ASSERT_TRUE(world.run(ops().set_blob_metadata(blob("b"), {{"a", "b"}, {"empty", ""}}, {.encryption = key(1)})));
  EXPECT_TRUE(record(blob("b")).metadata.empty());
  EXPECT_EQ(head(blob("b"), key(1))->metadata, (Metadata{{"a", "b"}, {"empty", ""}}));
  EXPECT_EQ(*get(blob("b"), key(1)), "text");
  const auto page = world.run(ops().list_blobs({"acct", "c"}, {}));
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->items.at(0).blob.metadata_sealed);
  EXPECT_TRUE(page->items.at(0).blob.metadata.empty());
  ASSERT_TRUE(world.run(ops().set_blob_metadata(blob("b"), {}, {.encryption = key(1)})));
  EXPECT_FALSE(head(blob("b"), key(1))->metadata_sealed);
}

TEST_F(EncryptionTest, Blocks_of_one_blob_are_under_one_key) {
  ASSERT_TRUE(put_block("1", "one", key(1)));
  EXPECT_EQ(why(put_block("2", "two", key(2))), Reason::encryption_mismatch);
  EXPECT_EQ(why(put_block("2", "two", {})), Reason::encryption_key_missing);
  EXPECT_EQ(why(put_block("2", "two", scope("one"))), Reason::encryption_key_missing);
  ASSERT_TRUE(put_block("2", "two", key(1)));
  EXPECT_EQ(why(put_list({"1", "2"}, {})), Reason::encryption_key_missing);
  EXPECT_EQ(why(put_list({"1", "2"}, key(2))), Reason::encryption_mismatch);
  ASSERT_TRUE(put_list({"1", "2"}, key(1)));
  EXPECT_EQ(*get(blob("b"), key(1)), "onetwo");
  // What is committed is taken over only by who has its key.
  EXPECT_EQ(why(put_list({"2"}, {})), Reason::encryption_key_missing);
  ASSERT_TRUE(put_list({"2"}, key(1)));
  EXPECT_EQ(*get(blob("b"), key(1)), "two");
}

TEST_F(EncryptionTest, Scopes_have_keys_of_their_own) {
  const std::string text = content(100'000, 2);
  ASSERT_EQ(put(blob("b"), text, scope("one"))->encryption_scope, "one");
  EXPECT_TRUE(*get(blob("b")) == text);
  EXPECT_EQ(head(blob("b"))->encryption_scope, "one");
  EXPECT_EQ(why(put(blob("x"), "", scope("unknown"))), Reason::encryption_scope_not_found);
  ASSERT_TRUE(world.run(ops().put_encryption_scope("acct", "one", false, false)));
  open();
  EXPECT_EQ(why(get(blob("b"))), Reason::encryption_scope_disabled);
  EXPECT_EQ(why(put(blob("x"), "", scope("one"))), Reason::encryption_scope_disabled);
  ASSERT_TRUE(world.run(ops().put_encryption_scope("acct", "one", true, false)));
  EXPECT_TRUE(*get(blob("b")) == text);
  EXPECT_EQ(world.run(ops().put_encryption_scope("acct", "one", true, true)).error().code, Code::already_exists);
  EXPECT_EQ(world.run(ops().put_encryption_scope("acct", "three", true, false)).error().code, Code::not_found);
  EXPECT_EQ(world.run(ops().put_encryption_scope("acct", "a_b", true, true)).error().code, Code::invalid_argument);
}

TEST_F(EncryptionTest, A_containers_default_scope) {
  EXPECT_EQ(put(blob("b", "d"), "text", {})->encryption_scope, "one");
  open();
  EXPECT_EQ(*get(blob("b", "d")), "text");
  EXPECT_EQ(put(blob("b", "d"), "text", scope("two"))->encryption_scope, "two");
  EXPECT_EQ(put(blob("b", "d"), "text", scope(std::string(kAccountEncryptionKey)))->encryption_scope, "");
  ASSERT_TRUE(world.run(ops().create_container({"acct", "strict"}, {}, PublicAccess::none, {"one", true})));
  EXPECT_EQ(why(put(blob("b", "strict"), "text", scope("two"))), Reason::encryption_forbidden);
  EXPECT_EQ(why(put(blob("b", "strict"), "text", key(1))), Reason::encryption_forbidden);
  EXPECT_EQ(put(blob("b", "strict"), "text", scope("one"))->encryption_scope, "one");
  EXPECT_EQ(why(world.run(ops().create_container({"acct", "x"}, {}, PublicAccess::none, {"unknown", false}))),
            Reason::encryption_scope_not_found);
}

TEST_F(EncryptionTest, A_copy_is_sealed_as_new_content_of_its_container) {
  const std::string text = content(100'000, 3);
  ASSERT_TRUE(put(blob("scoped"), text, scope("two"), {{"a", "b"}}));
  ASSERT_TRUE(copy(blob("scoped"), blob("plain")));
  EXPECT_EQ(head(blob("plain"))->encryption_scope, "");
  ASSERT_TRUE(copy(blob("scoped"), blob("elsewhere", "d")));
  EXPECT_EQ(head(blob("elsewhere", "d"))->encryption_scope, "one");
  ASSERT_TRUE(copy(blob("elsewhere", "d"), blob("same", "d")));   // shared: both are under "one"
  ASSERT_TRUE(copy(blob("scoped"), blob("scoped")));              // onto itself, under another key
  for (const auto& ref : {blob("plain"), blob("elsewhere", "d"), blob("same", "d"), blob("scoped")}) {
    EXPECT_TRUE(*get(ref) == text) << ref.blob;
    EXPECT_EQ(head(ref)->metadata, (Metadata{{"a", "b"}})) << ref.blob;
  }
  ASSERT_TRUE(put(blob("keyed"), text, key(1)));
  EXPECT_EQ(why(copy(blob("keyed"), blob("stolen"))), Reason::encryption_key_missing);
}

TEST(SealedText, OpensUnderItsKeyAndContextAlone) {
  crypto::SecretKey secret;
  const crypto::InputKey container(secret), both = container.joined("label/1", as_bytes("client"), false);
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{40'000}}) {
    const std::string text = content(size, size), sealed = crypto::seal_text(both, crypto::Salt{}, as_bytes("context"), text);
    EXPECT_EQ(*crypto::open_text(both, as_bytes("context"), sealed), text);
    EXPECT_FALSE(crypto::open_text(container, as_bytes("context"), sealed));
    EXPECT_FALSE(crypto::open_text(container.joined("label/2", as_bytes("client"), true), as_bytes("context"), sealed));
    EXPECT_FALSE(crypto::open_text(both, as_bytes("other"), sealed));
    std::string damaged = sealed;
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    EXPECT_FALSE(crypto::open_text(both, as_bytes("context"), damaged));
    EXPECT_FALSE(crypto::open_text(both, as_bytes("context"), sealed.substr(0, sealed.size() - 1)));
  }
}

}  // namespace
}  // namespace bascule::ops
