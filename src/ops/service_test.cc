#include "ops/service.h"

#include <gtest/gtest.h>

#include <map>

#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using testing::content;
using testing::StringBody;

class ServiceTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    make_containers({"c", "other"});
  }
};

TEST_F(ServiceTest, What_is_put_is_got_whatever_its_size) {
  for (const std::size_t size : {0u, 1u, 16383u, 16384u, 16385u, 262144u, 1048576u, 8388607u, 8388608u, 8388609u, 20000000u}) {
    const std::string text = content(size, size);
    ASSERT_TRUE(put(blob("b"), text));
    const auto got = get(blob("b"));
    ASSERT_TRUE(got) << size << ": " << got.error().message;
    EXPECT_TRUE(*got == text) << size;
  }
}

TEST_F(ServiceTest, Ranges_give_their_bytes_and_no_others) {
  for (const std::size_t ahead : {0u, 3u}) {
    open({.read_run_bytes = 64 * 1024, .read_ahead = ahead});
    const std::string text = content(9'000'000, 5);
    ASSERT_TRUE(put(blob("b"), text));
    SeededRandom random(9);
    for (int i = 0; i < 60; ++i) {
      const std::uint64_t first = random.next_u64() % text.size(), length = 1 + random.next_u64() % 400'000;
      const auto got = get(blob("b"), ByteRange{first, first + length - 1});
      ASSERT_TRUE(got);
      ASSERT_TRUE(*got == text.substr(first, length)) << first << " " << length;
    }
    EXPECT_EQ(get(blob("b"), ByteRange{8'999'999, {}})->size(), 1u);
    EXPECT_EQ(why(get(blob("b"), ByteRange{9'000'000, {}})), Reason::invalid_range);
  }
}

TEST_F(ServiceTest, A_body_that_is_not_what_was_announced_changes_nothing) {
  ASSERT_TRUE(put(blob("b"), "before"));
  PutBlob what;
  what.body = {.length_bytes = 10};
  StringBody short_body("nine byte");
  EXPECT_EQ(why(world.run(ops().put_blob(blob("b"), what, short_body))), Reason::body_incomplete);
  what = {};
  what.body.expected_md5 = Md5Value{};
  EXPECT_EQ(why(put(blob("b"), content(3'000'000, 1), what)), Reason::md5_mismatch);
  what = {};
  what.body.expected_crc64 = 1;
  EXPECT_EQ(why(put(blob("b"), "x", what)), Reason::crc64_mismatch);
  EXPECT_EQ(*get(blob("b")), "before");
}

TEST_F(ServiceTest, Blocks_become_content_in_the_order_of_the_list) {
  ASSERT_TRUE(put_block(blob("b"), "01", "one"));
  ASSERT_TRUE(put_block(blob("b"), "02", "two"));
  ASSERT_TRUE(put_block(blob("b"), "03", "three"));
  ASSERT_TRUE(put_block(blob("b"), "02", "TWO"));  // the later one counts
  EXPECT_EQ(why(get(blob("b"))), Reason::blob_not_found);
  EXPECT_EQ(why(put_block(blob("b"), "long", "x")), Reason::invalid_block_id_length);
  EXPECT_EQ(why(put_list(blob("b"), {"01", "09"})), Reason::invalid_block_list);
  ASSERT_TRUE(put_list(blob("b"), {"03", "01", "02", "01"}));
  EXPECT_EQ(*get(blob("b")), "threeoneTWOone");
  auto list = world.run(ops().get_block_list(blob("b"), {}));
  ASSERT_TRUE(list);
  ASSERT_EQ(list->committed.size(), 4u);
  EXPECT_EQ(list->committed[2].block_id, "02");
  EXPECT_EQ(list->committed[2].size_bytes, 3u);
  EXPECT_TRUE(list->uncommitted.empty());
  // What is committed may be taken again; what was left out is gone.
  EXPECT_EQ(why(put_list(blob("b"), {"01"}, BlockListEntry::From::uncommitted)), Reason::invalid_block_list);
  ASSERT_TRUE(put_block(blob("b"), "04", "four"));
  ASSERT_TRUE(put_list(blob("b"), {"04", "03"}));
  EXPECT_EQ(*get(blob("b")), "fourthree");
  EXPECT_EQ(why(put_list(blob("b"), {"01"})), Reason::invalid_block_list);
}

TEST_F(ServiceTest, Put_Blob_ends_an_upload) {
  ASSERT_TRUE(put_block(blob("b"), "01", "one"));
  ASSERT_TRUE(put(blob("b"), "whole"));
  EXPECT_EQ(why(put_list(blob("b"), {"01"})), Reason::invalid_block_list);
  EXPECT_EQ(*get(blob("b")), "whole");
  ASSERT_TRUE(put_list(blob("b"), {}));
  EXPECT_EQ(*get(blob("b")), "");
}

TEST_F(ServiceTest, A_long_block_list_is_paged_and_reads_from_anywhere) {
  std::vector<std::string> ids;
  std::string whole;
  for (int i = 0; i < 1500; ++i) {
    ids.push_back(std::to_string(10'000 + i));
    const std::string text = content(10 + static_cast<std::size_t>(i) % 90, static_cast<std::uint64_t>(i));
    ASSERT_TRUE(put_block(blob("b"), ids.back(), text));
    whole += text;
  }
  ASSERT_TRUE(put_list(blob("b"), ids));
  EXPECT_TRUE(*get(blob("b")) == whole);
  SeededRandom random(4);
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t first = random.next_u64() % whole.size(), length = 1 + random.next_u64() % 3000;
    ASSERT_EQ(*get(blob("b"), ByteRange{first, first + length - 1}), whole.substr(first, length));
  }
  // Copied within the container and across; then the original goes.
  for (const char* container : {"c", "other"}) {
    ASSERT_TRUE(world.run(ops().copy_blob(blob("copy", container), blob("b"), {})));
  }
  ASSERT_TRUE(world.run(ops().delete_blob(blob("b"), {})));
  EXPECT_TRUE(*get(blob("copy")) == whole);
  EXPECT_TRUE(*get(blob("copy", "other")) == whole);
  EXPECT_EQ(world.run(ops().get_block_list(blob("copy", "other"), {}))->committed.size(), 1500u);
}

TEST_F(ServiceTest, A_reader_goes_on_with_what_it_opened) {
  const std::string text = content(3'000'000, 8);
  ASSERT_TRUE(put(blob("b"), text));
  auto reader = world.run(ops().open_blob(blob("b"), {}));
  ASSERT_TRUE(reader);
  std::string got(as_text(*world.run((*reader)->next())));
  ASSERT_TRUE(put(blob("b"), "other"));
  while (true) {
    auto part = world.run((*reader)->next());
    ASSERT_TRUE(part);
    if (part->empty()) break;
    got.append(as_text(*part));
  }
  EXPECT_TRUE(got == text);
}

TEST_F(ServiceTest, Retired_reads_of_every_generation_are_waited_for) {
  ASSERT_TRUE(put(blob("b"), "text"));
  auto slow = world.run(ops().open_blob(blob("b"), {}));
  const auto first = ops().retire_reads();
  EXPECT_FALSE(first());
  const auto second = ops().retire_reads();  // the slow one is of an older generation still
  EXPECT_FALSE(second());
  auto late = world.run(ops().open_blob(blob("b"), {}));
  slow->reset();
  EXPECT_TRUE(first());
  EXPECT_TRUE(second());
}

TEST_F(ServiceTest, Copies_keep_what_Azure_keeps) {
  PutBlob what;
  what.headers.type = "text/x";
  what.metadata = {{"a", "1"}};
  ASSERT_TRUE(put(blob("b"), "text", what));
  for (const char* container : {"c", "other"}) {
    auto copied = world.run(ops().copy_blob(blob("copy", container), blob("b"), {.source_url = "http://here/c/b"}));
    ASSERT_TRUE(copied) << copied.error().message;
    auto view = world.run(ops().head_blob(blob("copy", container), {}));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->headers.type, "text/x");
    EXPECT_EQ(view->metadata, what.metadata);
    EXPECT_EQ(view->copy->status, "success");
    EXPECT_EQ(view->copy->source, "http://here/c/b");
    EXPECT_EQ(view->etag, copied->written.etag);
    EXPECT_EQ(*get(blob("copy", container)), "text");
  }
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("x"), blob("none"), {}))), Reason::source_not_found);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("x"), blob("b", "none"), {}))), Reason::source_container_not_found);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("x", "none"), blob("b"), {}))), Reason::container_not_found);
  // Onto itself: new metadata, the same content.
  CopyBlob again;
  again.metadata = Metadata{{"b", "2"}};
  ASSERT_TRUE(world.run(ops().copy_blob(blob("b"), blob("b"), again)));
  EXPECT_EQ(*get(blob("b")), "text");
  EXPECT_EQ(world.run(ops().head_blob(blob("b"), {}))->metadata, *again.metadata);
}

TEST_F(ServiceTest, Conditions_hold_at_the_commit) {
  auto first = put(blob("b"), "1");
  ASSERT_TRUE(first);
  PutBlob only_new;
  only_new.conditions.if_none_match = ETagSet{.any = true};
  EXPECT_EQ(why(put(blob("b"), "2", only_new)), Reason::blob_exists);
  PutBlob matching;
  matching.conditions.if_match = ETagSet{.values = {first->etag}};
  auto second = put(blob("b"), "2", matching);
  ASSERT_TRUE(second);
  EXPECT_GT(second->etag, first->etag);
  EXPECT_EQ(why(put(blob("b"), "3", matching)), Reason::condition_not_met);
  EXPECT_EQ(*get(blob("b")), "2");
}

// More than kMaxConflicts of each kind at once: they take turns, and nobody is told to come back.
TEST_F(ServiceTest, Writers_of_one_blob_at_the_same_time_all_come_through_and_one_is_last) {
  constexpr int kEach = 2 * kMaxConflicts;
  world.faults->set_options({.delay = 1});
  world.store_latency(std::chrono::milliseconds(4));
  for (const char* name : {"from", "b"}) ASSERT_TRUE(put(blob(name), "source"));
  int left = 0;
  std::map<std::string, int> good;
  struct Writers {
    static Task<void> write(Service& service, int i, int& left, int& good) {
      PutBlob what;
      what.body.length_bytes = 1000;
      StringBody body(std::string(1000, static_cast<char>('A' + i % 26)));
      if (co_await service.put_blob({"acct", "c", "b"}, what, body)) ++good;
      --left;
    }
    static Task<void> commit(Service& service, int& left, int& good) {
      if (co_await service.put_block_list({"acct", "c", "b"}, {})) ++good;
      --left;
    }
    static Task<void> note(Service& service, int i, int& left, int& good) {
      if (co_await service.set_blob_metadata({"acct", "c", "b"}, {{"n", std::to_string(i)}}, {})) ++good;
      --left;
    }
    static Task<void> copy(Service& service, std::string from, std::string to, int& left, int& good) {
      if (co_await service.copy_blob({"acct", "c", to}, {"acct", "c", from}, {})) ++good;
      --left;
    }
    static Task<void> block(Service& service, int& left, int& good) {
      PutBlock what{.block_id = "01", .body = {.length_bytes = 5}};
      StringBody body("block");
      if (co_await service.put_block({"acct", "c", "other"}, what, body)) ++good;
      --left;
    }
    static Task<void> container(Service& service, int i, int& left, int& good) {
      if (co_await service.set_container_metadata({"acct", "other"}, {{"n", std::to_string(i)}}, {})) ++good;
      --left;
    }
  };
  for (int i = 0; i < kEach; ++i) {
    spawn(world.loop, Writers::write(ops(), i, left, good["put"]));
    spawn(world.loop, Writers::commit(ops(), left, good["list"]));
    spawn(world.loop, Writers::note(ops(), i, left, good["metadata"]));
    spawn(world.loop, Writers::copy(ops(), "from", "b", left, good["copy"]));     // both ways: who waits for two waits in
    spawn(world.loop, Writers::copy(ops(), "b", "from", left, good["copy"]));     // the order of their keys
    spawn(world.loop, Writers::block(ops(), left, good["block"]));
    spawn(world.loop, Writers::container(ops(), i, left, good["container"]));
    left += 7;
  }
  while (left > 0) world.run(world.clock.sleep_for(std::chrono::milliseconds(10)));
  for (const char* kind : {"put", "list", "metadata", "block", "container"}) EXPECT_EQ(good[kind], kEach) << kind;
  EXPECT_EQ(good["copy"], 2 * kEach);
  const std::string got = *get(blob("b"));
  EXPECT_TRUE(got.empty() || got == "source" || got == std::string(1000, got[0])) << got;
}

TEST_F(ServiceTest, The_hundred_thousandth_block_is_the_last_also_after_a_restart) {
  const std::uint64_t cid = world.run(gateway->catalog->get<catalog::MappingRecord>(catalog::keys::mapping("acct", "c"))).value()->record.cid;
  ASSERT_TRUE(put_block(blob("b"), "000000", "x"));
  const auto upload = world.run(gateway->catalog->get<catalog::UploadRecord>(catalog::keys::upload(cid, "b")));
  const auto block = world.run(gateway->catalog->get<catalog::BlockRecord>(
      catalog::keys::block(cid, "b", (*upload)->record.epoch, "000000")));
  const auto id = [](std::size_t n) { std::string s = std::to_string(n); return std::string(6 - s.size(), '0') + s; };
  // Records of some size, so that they are many pages: all but two of what may be there.
  catalog::BlockRecord record = (*block)->record;
  record.pieces.resize(4, record.pieces[0]);
  for (std::size_t n = 1; n < BlockCounts::kMost - 2;) {
    catalog::Transaction t;
    for (; t.bytes() < 500'000 && n < BlockCounts::kMost - 2; ++n)
      t.put(catalog::keys::block(cid, "b", (*upload)->record.epoch, id(n)), encode(record));
    ASSERT_TRUE(world.run(gateway->catalog->commit(std::move(t))));
  }
  open();   // which counts anew
  world.faults->set_options({.delay = 1});
  struct Put {
    static Task<void> one(Service& service, std::string id, int& left, int& good, int& full) {
      PutBlock what{.block_id = std::move(id), .body = {.length_bytes = 1}};
      StringBody body("y");
      auto done = co_await service.put_block({"acct", "c", "b"}, what, body);
      if (done) ++good;
      else if (reason_of(done.error()) == Reason::block_count_exceeded) ++full;
      --left;
    }
  };
  int left = 20, good = 0, full = 0;
  for (int i = 0; i < left; ++i) spawn(world.loop, Put::one(ops(), id(200'000 + static_cast<std::size_t>(i)), left, good, full));
  while (left > 0) world.run(world.clock.sleep_for(std::chrono::milliseconds(10)));
  EXPECT_EQ(good, 2);
  EXPECT_EQ(full, 18);
  EXPECT_EQ(why(put_block(blob("b"), "300000", "x")), Reason::block_count_exceeded);
  EXPECT_TRUE(put_block(blob("b"), "000000", "again"));   // one that is there may come again
  EXPECT_EQ(why(put_block(blob("b"), "300000", "x")), Reason::block_count_exceeded);
  open();
  EXPECT_EQ(why(put_block(blob("b"), "300000", "x")), Reason::block_count_exceeded);
  ASSERT_TRUE(put_list(blob("b"), {"000000"}));
  EXPECT_TRUE(put_block(blob("b"), "300000", "x"));       // a new upload
}

TEST_F(ServiceTest, A_place_that_a_failed_block_had_is_free_again) {
  BlockCounts counts(*gateway->catalog);
  const auto take = [&](std::uint64_t epoch) { return *world.run(counts.take({1, "b", epoch, true})); };
  for (std::size_t i = 0; i < BlockCounts::kMost; ++i) ASSERT_TRUE(take(7));
  EXPECT_FALSE(take(7));
  EXPECT_TRUE(take(8));
  counts.give_back(7);
  EXPECT_TRUE(take(7));
  EXPECT_FALSE(take(7));
  counts.committed(7);
  EXPECT_FALSE(take(7));
}

TEST_F(ServiceTest, Lists_page_without_gaps_or_repetitions) {
  std::vector<std::string> names;
  for (const char* name : {"a", "a/1", "a/2", "a/b/c", "a0", "b", "c/", "c//x", "z"}) {
    names.push_back(name);
    ASSERT_TRUE(put(blob(name), name));
  }
  ASSERT_TRUE(put_block(blob("a/u"), "01", "x"));
  const auto all = [&](ListBlobs list) {
    std::vector<std::string> found;
    while (true) {
      auto page = world.run(ops().list_blobs({"acct", "c"}, list));
      EXPECT_TRUE(page);
      EXPECT_LE(page->items.size(), list.limit);
      for (const auto& item : page->items) found.push_back((item.is_prefix ? "+" : "") + item.blob.name);
      if (page->next.empty()) return found;
      list.start = page->next;
    }
  };
  for (const std::size_t limit : {1u, 2u, 3u, 5000u}) {
    EXPECT_EQ(all({.limit = limit}), names) << limit;
    EXPECT_EQ(all({.delimiter = "/", .limit = limit}), (std::vector<std::string>{"a", "+a/", "a0", "b", "+c/", "z"})) << limit;
    EXPECT_EQ(all({.prefix = "a/", .delimiter = "/", .limit = limit, .uncommitted = true}),
              (std::vector<std::string>{"a/1", "a/2", "+a/b/", "a/u"})) << limit;
  }
}

TEST_F(ServiceTest, A_page_of_much_metadata_ends_early_and_goes_on) {
  PutBlob what;
  for (int i = 0; i < 8; ++i) what.metadata.push_back({"m" + std::to_string(i), std::string(1000, 'x')});
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(put(blob(std::to_string(10'000 + i)), "", what));
  const auto pages = [&](bool metadata) {
    std::vector<std::size_t> sizes;
    std::size_t seen = 0;
    ListBlobs list{.metadata = metadata};
    do {
      auto page = world.run(ops().list_blobs({"acct", "c"}, list));
      EXPECT_TRUE(page);
      for (const auto& item : page->items) {
        EXPECT_EQ(item.blob.name, std::to_string(10'000 + seen++));
        EXPECT_EQ(item.blob.metadata.size(), metadata ? 8u : 0u);
      }
      sizes.push_back(page->items.size());
      list.start = page->next;
    } while (!list.start.empty());
    EXPECT_EQ(seen, 1500u);
    return sizes;
  };
  EXPECT_EQ(pages(false).size(), 1u);
  const auto with = pages(true);
  ASSERT_EQ(with.size(), 2u);
  EXPECT_LT(with[0] * 8000, kMostPageBytes + 8000);
  EXPECT_GT(with[0] * 8000, kMostPageBytes / 2);
  for (int i = 0; i < 1200; ++i) {   // the containers' page has the same bound
    ASSERT_TRUE(world.run(ops().create_container({"acct", "x" + std::to_string(10'000 + i)}, what.metadata, PublicAccess::none)));
  }
  auto page = world.run(ops().list_containers("acct", {.prefix = "x"}));
  ASSERT_TRUE(page);
  EXPECT_FALSE(page->next.empty());
  auto rest = world.run(ops().list_containers("acct", {.prefix = "x", .start = page->next}));
  EXPECT_EQ(page->items.size() + rest->items.size(), 1200u);
}

TEST_F(ServiceTest, A_container_made_again_has_nothing_of_the_former) {
  free_names_at_once();
  ASSERT_TRUE(put(blob("b"), "old"));
  ASSERT_TRUE(put_block(blob("u"), "01", "x"));
  ASSERT_TRUE(world.run(ops().delete_container({"acct", "c"}, {})));
  EXPECT_EQ(why(get(blob("b"))), Reason::container_not_found);
  EXPECT_EQ(why(put(blob("b"), "x")), Reason::container_not_found);
  ASSERT_TRUE(world.run(ops().create_container({"acct", "c"}, {}, PublicAccess::none)));
  EXPECT_EQ(why(get(blob("b"))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().get_block_list(blob("u"), {}))), Reason::blob_not_found);
}

TEST_F(ServiceTest, A_handle_fetched_while_its_container_was_deleted_is_not_kept) {
  free_names_at_once();
  ASSERT_TRUE(put(blob("b"), "old"));
  open();                                         // nothing is cached, keys included
  world.faults->set_options({.delay = 1, .max_delay = std::chrono::seconds(2)});
  struct Late {
    static Task<void> look(Service& service, bool& done) {
      (void)co_await service.head_blob({"acct", "c", "b"}, {});
      done = true;
    }
    static Task<void> remove(Service& service, bool& done) {
      (void)co_await service.delete_container({"acct", "c"}, {});
      done = true;
    }
  };
  for (int round = 0; round < 20; ++round) {
    bool looked[4] = {}, removed = false;
    spawn(world.loop, Late::remove(ops(), removed));
    for (bool& done : looked) spawn(world.loop, Late::look(ops(), done));
    const auto going_on = [&] { return !removed || std::ranges::count(looked, false) > 0; };
    while (going_on()) world.run(world.clock.sleep_for(std::chrono::milliseconds(50)));
    ASSERT_EQ(why(get(blob("b"))), Reason::container_not_found) << round;
    ASSERT_TRUE(world.run(ops().create_container({"acct", "c"}, {}, PublicAccess::none)));
    ASSERT_TRUE(put(blob("b"), "new"));
    world.crash(std::move(gateway));
    open();
  }
}

TEST_F(ServiceTest, A_provider_that_fails_leaves_everything_as_it_was) {
  ASSERT_TRUE(put(blob("b"), "before"));
  world.faults->set_away(true);
  EXPECT_EQ(put(blob("b"), "after").error().code, Code::unavailable);
  EXPECT_EQ(put_block(blob("b"), "01", "x").error().code, Code::unavailable);
  world.faults->set_away(false);
  EXPECT_EQ(*get(blob("b")), "before");
  EXPECT_TRUE(world.run(ops().get_block_list(blob("b"), {}))->uncommitted.empty());
  world.faults->set_options({.lie_flip_bit = 1});
  EXPECT_EQ(get(blob("b")).error().code, Code::corrupt);
}

TEST_F(ServiceTest, Accounts_survive_and_are_not_removed_over_containers) {
  EXPECT_EQ(world.run(ops().put_account({"acct", {"x", "y"}}, true)).error().code, Code::already_exists);
  EXPECT_EQ(world.run(ops().put_account({"Acct", {"x", "y"}}, true)).error().code, Code::invalid_argument);
  EXPECT_EQ(world.run(ops().remove_account("acct")).error().code, Code::conflict);
  ASSERT_TRUE(world.run(ops().put_account({"acct", {"x", "y"}}, false)));
  open();
  ASSERT_TRUE(ops().account("acct"));
  EXPECT_EQ(ops().account("acct")->keys[0], "x");
  ASSERT_TRUE(world.run(ops().put_account({"empty", {"x", "y"}}, true)));
  ASSERT_TRUE(world.run(ops().remove_account("empty")));
  EXPECT_FALSE(ops().account("empty"));
}

TEST_F(ServiceTest, Account_settings_survive_and_go_with_their_account) {
  EXPECT_EQ(ops().account("acct")->settings, AccountSettings());
  ASSERT_TRUE(world.run(ops().change_settings("acct", [](AccountSettings& s) -> Result<void> {
    s.versioning = true;
    s.cors = {{"*", "GET", "", "", 5}};
    return {};
  })));
  EXPECT_EQ(world.run(ops().change_settings("acct", [](AccountSettings& s) -> Result<void> {
    s.versioning = false;
    return fail(Code::invalid_argument, "no");
  })).error().code, Code::invalid_argument);
  EXPECT_EQ(world.run(ops().change_settings("nobody", [](AccountSettings&) { return Result<void>{}; })).error().code, Code::not_found);
  ASSERT_TRUE(world.run(ops().put_account({"acct", {"x", "y"}}, false)));   // new keys leave them alone
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(ops().account("acct")->settings.versioning);
    EXPECT_EQ(ops().account("acct")->settings.cors.size(), 1u);
    EXPECT_EQ(ops().account("acct")->keys[0], "x");
    open();
  }
  ASSERT_TRUE(world.run(ops().put_account({"empty", {"x", "y"}}, true)));
  ASSERT_TRUE(world.run(ops().change_settings("empty", [](AccountSettings& s) { s.versioning = true; return Result<void>{}; })));
  ASSERT_TRUE(world.run(ops().remove_account("empty")));
  ASSERT_TRUE(world.run(ops().put_account({"empty", {"x", "y"}}, true)));
  EXPECT_FALSE(ops().account("empty")->settings.versioning);
}

TEST_F(ServiceTest, The_development_account_has_no_quarantine) {
  ASSERT_TRUE(world.run(ops().put_account({"dev", {"x", "y"}, true}, true)));
  EXPECT_EQ(ops().account("dev")->settings.quarantine_seconds, 0u);
  open();
  EXPECT_EQ(ops().account("dev")->settings.quarantine_seconds, 0u);
  EXPECT_EQ(ops().account("acct")->settings.quarantine_seconds, 30u);
}

}  // namespace
}  // namespace bascule::ops
