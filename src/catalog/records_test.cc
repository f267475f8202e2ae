#include "catalog/copy_job.h"
#include "catalog/records.h"

#include <gtest/gtest.h>

#include "catalog/codec.h"

namespace bascule::catalog {
namespace {

extent::Piece piece() {
  extent::Piece p;
  p.extent = {{0x010203040506, 7, 8}};
  p.id = {{0x010203040506, 7, 9}};
  p.offset = 16;
  p.size_bytes = 5;
  p.salt.fill(std::byte{0xAA});
  p.commitment.fill(std::byte{0xBB});
  return p;
}
const std::string kPieceHex = "010203040506000000070000000000080102030405060000000700000000000910000000" "05000000" +
                              std::string(48, 'a') + std::string(64, 'b');

HeadRecord head() {
  HeadRecord h;
  h.etag = 0x1122334455667788;
  h.last_modified = WallTime(Ticks(1));
  h.created = WallTime(Ticks(2));
  h.size_bytes = 300;
  h.content_type = "t";
  h.metadata = {{"k", "v"}};
  h.tier = "Cool";
  h.lease = LeaseRecord{LeaseRecord::Kind::breaking, "id", 15, WallTime(Ticks(3))};
  h.copy = CopyRecord{"c", "s", "success", 1, 2, WallTime(Ticks(4))};
  h.content_md5.emplace().fill(std::byte{0xCC});
  h.cache_control = "no";
  h.manifest = {.id = 5, .holder = 6, .shared = true, .base = 4, .paged = false, .entries = {{piece(), true, "b1"}, {piece(), false, ""}}};
  return h;
}

std::string hex(const std::string& bytes) { return to_hex(as_bytes(bytes)); }

// What is written today must be readable for ever: a change here is a new format, not a new expectation.
TEST(Records, Have_these_bytes) {
  EXPECT_EQ(hex(encode(MappingRecord{0x0102})), "010201000000000000");
  EXPECT_EQ(hex(encode(AccountSettings())), "0100");
  EXPECT_EQ(hex(encode(AccountSettings{.delete_retention_days = 200, .versioning = true})), "0102" "0603c80100" "080101");
  AccountSettings closed;
  closed.allow_shared_key = false;
  closed.minimum_tls = 12;
  EXPECT_EQ(hex(encode(closed)), "0102" "0d0101" "0e010c");
  EXPECT_FALSE(decode<AccountSettings>(std::string("\x01\x01\x0d\x01\x08", 5)));
  EXPECT_EQ(hex(encode(DeletedContainerRecord{1, WallTime(Ticks(2)), WallTime(Ticks(3))})),
            "01010000000000000002000000000000000300000000000000");
  EXPECT_EQ(hex(encode(UploadRecord{1, 2, WallTime(Ticks(3))})), "010100000000000000020300000000000000");
  EXPECT_EQ(hex(encode(EndRecord{"ac", "box"})), "01026163" "03626f78");
  EXPECT_EQ(hex(encode(IntentRecord{1, true, false})), "01010000000000000001");
  EXPECT_EQ(hex(encode(IntentRecord{1, false, true})), "01010000000000000002");
  EXPECT_EQ(hex(encode_total(258)), "010201000000000000");
  EXPECT_EQ(hex(encode(BlockRecord{300, {piece()}})), "01ac0201" + kPieceHex);
  EXPECT_EQ(hex(encode_page({{piece(), true, "b1"}, {piece(), false, ""}})), "010201026231" + kPieceHex + "00" + kPieceHex);
  SessionRecord session{.open = false, .incarnation = 1, .started = WallTime(Ticks(2)), .closed = WallTime(Ticks(3)), .settled = true};
  EXPECT_EQ(hex(encode(session)), "0104" "0100000000000000" "0200000000000000" "0300000000000000" + std::string(64, '0'));
  ExtentRecord extent{.size_bytes = 100};
  extent.unit_tags.emplace_back().fill(std::byte{0xDD});
  EXPECT_EQ(hex(encode(extent)), "016400000000" "00" "01" + std::string(32, 'd') + "00");
}

template <class T> std::string again(const std::string& bytes) {
  auto record = decode<T>(bytes);
  return record ? encode(*record) : "refused";
}

// Whatever is cut off or put on is refused; a flipped bit is refused or gives another record, and never more than that.
template <class T> void endure(const T& record) {
  const std::string bytes = encode(record);
  EXPECT_EQ(again<T>(bytes), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(decode<T>(bytes.substr(0, n))) << n;
  EXPECT_FALSE(decode<T>(bytes + '\0'));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    if (auto other = decode<T>(damaged)) EXPECT_FALSE(encode(*other).empty());
    else EXPECT_EQ(other.error().code, Code::corrupt);
  }
  std::string foreign = bytes;
  foreign[0] = 2;
  EXPECT_FALSE(decode<T>(foreign));
}

TEST(Records, Come_back_as_they_were_and_refuse_what_is_damaged) {
  HeadRecord past = head();
  past.extras.made().version = WallTime(Ticks(77));
  past.extras->history = {.state = HistoryRecord::State::deleted, .kind = HistoryRecord::Kind::version, .latest = WallTime(Ticks(77)),
                          .past = 3, .snapshots = 1, .versions = 200, .deleted = WallTime(Ticks(99)), .retention_days = 365};
  endure(past);
  const auto again = decode<HeadRecord>(encode(past));
  ASSERT_TRUE(again && again->extras);
  EXPECT_EQ(again->extras->version, past.extras->version);
  EXPECT_EQ(again->extras->history, past.extras->history);
  EXPECT_EQ(encode(head()), [] { HeadRecord h = head(); h.extras.made(); return encode(h); }());   // nothing set, nothing written
  endure(AccountRecord{{"k1", "k2"}, true, WallTime(Ticks(9))});
  AccountSettings settings;
  endure(settings);
  settings.logging = {"2.0", true, false, true, 7};
  settings.hour_metrics = {"1.0", true, true, 300};
  settings.cors = {{"https://a.example,*", "GET,PUT", "x-ms-*", "*", 3600}, {}};
  settings.default_service_version = "2026-04-06";
  settings.delete_retention_days = 365;
  settings.website = {true, "index.html", "", "404.html"};
  settings.versioning = settings.last_access_tracking = true;
  settings.container_retention_days = 7;
  settings.quarantine_seconds = 0;
  endure(settings);
  EXPECT_EQ(*decode<AccountSettings>(encode(settings)), settings);
  settings.allow_shared_key = settings.allow_public_access = false;
  settings.https_only = settings.sas_expiry_block = settings.deny_by_default = true;
  settings.minimum_tls = 13;
  settings.key_expiry_days = 90;
  settings.sas_expiry_seconds = 86400;
  settings.allowed_networks = {{{0x20, 0x01, 0x0d, 0xb8}, 32}, {}};
  settings.keys_since[1] = WallTime(Ticks(3));
  endure(settings);
  EXPECT_EQ(*decode<AccountSettings>(encode(settings)), settings);
  settings.encryption_scopes = {{"one", 5, true, WallTime(Ticks(1)), WallTime(Ticks(2))}, {"two", 6, false, {}, {}}};
  endure(settings);
  EXPECT_EQ(*decode<AccountSettings>(encode(settings)), settings);
  endure(MappingRecord{7});
  endure(DeletedContainerRecord{7, WallTime(Ticks(8)), WallTime(Ticks(9))});
  ContainerRecord container{.etag = 1, .public_access = 2, .metadata = {{"a", "b"}}, .policies = {{"p", "s", "e", "r", true}}};
  endure(container);
  container.extras.made().default_scope = "one";
  container.extras->deny_scope_override = true;
  endure(container);
  container.extras->immutability = {.days = 300, .locked = true, .extensions = 2, .appends = ContainerImmutability::Appends::all,
                                    .versions = true, .versions_since = WallTime(Ticks(4)), .holds = {"case42", "tax"}};
  endure(container);
  EXPECT_EQ(decode<ContainerRecord>(encode(container))->extras->immutability, container.extras->immutability);
  endure(head());
  HeadRecord tagged = head();
  tagged.extras.made().tags = {{"a", "1"}, {"b", ""}};
  tagged.extras->expires = tagged.extras->last_access = WallTime(Ticks(5));
  tagged.extras->rehydration = {"Cool", true, WallTime(Ticks(6))};
  tagged.extras->immutability = {.until = WallTime(Ticks(7)), .locked = true, .legal_hold = true};
  endure(tagged);
  EXPECT_EQ(decode<HeadRecord>(encode(tagged))->extras->tags, tagged.extras->tags);
  EXPECT_EQ(decode<HeadRecord>(encode(tagged))->extras->immutability, tagged.extras->immutability);
  endure(HeadRecord{});
  endure(UploadRecord{1, 2, {}, {}});
  EncryptionRecord keyed, scoped;
  keyed.key_sha256.emplace().fill(std::byte{0xDD});
  keyed.sealed_metadata = "sealed";
  scoped.scope = "one";
  scoped.scope_id = 9;
  for (const EncryptionRecord& encryption : {keyed, scoped}) {
    endure(UploadRecord{1, 64, {}, encryption});
    HeadRecord h = head();
    h.extras.made().encryption = encryption;
    endure(h);
    const auto back = decode<HeadRecord>(encode(h));
    EXPECT_TRUE(back->extras->encryption->same_keys(encryption));
    EXPECT_EQ(back->extras->encryption->sealed_metadata, encryption.sealed_metadata);
    EXPECT_EQ(back->extras->encryption->scope, encryption.scope);
  }
  endure(BlockRecord{5, {piece(), piece()}});
  ExtentRecord extent{.size_bytes = 5, .unit_tags = {{}, {}}, .forward = {{piece().extent, 1, 2, 3}}};
  endure(extent);
  extent.sources = {piece().extent, extent.forward[0].to};   // with what was appended to the form later
  EXPECT_EQ(decode<ExtentRecord>(encode(extent))->sources, extent.sources);
  EXPECT_FALSE(decode<ExtentRecord>(encode(extent) + '\0'));
  CopyJobRecord changes{.cid = 1, .copy_id = "i", .incremental = true, .begun = true, .former = WallTime(Ticks(9)), .done = 4096};
  const auto job = decode<CopyJobRecord>(encode(changes));
  ASSERT_TRUE(job);
  EXPECT_TRUE(job->incremental && job->begun);
  EXPECT_EQ(job->former, changes.former);
  EXPECT_EQ(job->done, changes.done);
  changes.incremental = changes.begun = false;
  changes.whole_spans = true;
  const auto whole = decode<CopyJobRecord>(encode(changes));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->whole_spans && !whole->incremental && !whole->begun);
  endure(SessionRecord{.incarnation = 3, .clean = true});
  endure(DropRecord{.kind = DropRecord::Kind::upload, .cid = 1, .manifest = head().manifest, .kept = head().manifest,
                    .blob = "b", .epoch = 4, .pieces = {piece()}});
  endure(IntentRecord{1, true, true});
  endure(EndRecord{"acct", "box"});
  HeadRecord failed = head();
  failed.extras.made().copy_description = "404 BlobNotFound";
  endure(failed);
  endure(CopyJobRecord{.cid = 1, .account = "a", .container = "c", .blob = "b", .copy_id = "i", .source_url = "u", .source_etag = "e",
                       .source_kind = 2, .total_bytes = 300, .epoch = 7, .claimed_by = 9});
}

TEST(Records, Refuse_a_kind_that_is_none) {
  for (const int kind : {0, 6, 255}) {
    std::string drop = encode(DropRecord{});
    drop[1] = static_cast<char>(kind);
    EXPECT_FALSE(decode<DropRecord>(drop)) << kind;
  }
  ContainerRecord leased;
  leased.lease = LeaseRecord{.kind = LeaseRecord::Kind::broken, .id = "A"};
  std::string bytes = encode(leased);
  const std::size_t at = 1 + 8 + 8 + 1 + 1;  // behind format, ETag, time, access and an empty count of metadata
  ASSERT_EQ(bytes[at], 3);
  bytes[at] = 4;
  EXPECT_FALSE(decode<ContainerRecord>(bytes));
}

TEST(Codec, A_number_has_one_encoding) {
  for (const std::uint64_t v : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, ~std::uint64_t{0}}) {
    std::string bytes;
    Writer(bytes).varint(v);
    Reader r(bytes);
    EXPECT_EQ(r.varint(), v);
    EXPECT_TRUE(r.done());
  }
  for (const std::string_view padded : {std::string_view("\x80\x00", 2), std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10)}) {
    Reader r(padded);
    (void)r.varint();
    EXPECT_FALSE(r.ok());
  }
}

TEST(Codec, An_impossible_count_fails_before_anything_is_allocated) {
  std::string bytes;
  Writer(bytes).varint(std::uint64_t{1} << 60);
  Reader r(bytes);
  EXPECT_EQ(r.count(1), 0u);
  EXPECT_FALSE(r.ok());
}

}  // namespace
}  // namespace bascule::catalog
