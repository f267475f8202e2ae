// Tags of blobs: what keeps and what loses them, and that a search finds what the heads say, whatever happens at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using testing::StringBody;

TagSearch::Key exactly(std::string key, std::string value) { return {std::move(key), TagSearch::Bound{value}, TagSearch::Bound{value}}; }
TagSearch::Key between(std::string key, std::optional<TagSearch::Bound> lower, std::optional<TagSearch::Bound> upper) {
  return {std::move(key), std::move(lower), std::move(upper)};
}

class TagsTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    make_containers({"c", "d"});
  }

  Result<Written> put(BlobRef ref, Tags tags = {}, Conditions conditions = {}) {
    return GatewayTest::put(ref, "text", {.tags = std::move(tags), .conditions = std::move(conditions)});
  }
  Tags tags(BlobRef ref) {
    const auto got = world.run(ops().get_blob_tags(ref, {}));
    EXPECT_TRUE(got);
    return got ? *got : Tags{{"?", ""}};
  }
  // "container/blob key=value" of each hit, over all pages.
  std::vector<std::string> find(std::vector<TagSearch::Key> keys, std::optional<std::string> container = {}, std::size_t limit = 5000) {
    std::vector<std::string> found;
    FindByTags what{{std::move(keys), std::move(container)}, "", limit};
    for (int page_count = 0; page_count < 10'000; ++page_count) {
      const auto page = world.run(ops().find_by_tags("acct", what));
      if (!page) { found.push_back(page.error().message); break; }
      EXPECT_LE(page->items.size(), limit);
      for (const auto& item : page->items) {
        std::string line = item.container + "/" + item.blob;
        for (const auto& [key, value] : item.tags) line += " " + key + "=" + value;
        found.push_back(line);
      }
      if (page->next.empty()) break;
      what.start = page->next;
    }
    return found;
  }
  std::size_t index_records() {
    return world.run(gateway->catalog->scan({.begin = "I", .end = "J", .limit = 100'000}))->size();
  }
  std::shared_ptr<const TagFilter> holds(std::string key, std::string value, TagOperator op = TagOperator::equal) {
    TagFilter filter;
    filter.steps.push_back({TagFilter::Step::Kind::compare, std::move(key), op, std::move(value)});
    return std::make_shared<const TagFilter>(std::move(filter));
  }
};

TEST_F(TagsTest, Are_kept_found_changed_and_gone) {
  const auto written = put(blob("b"), {{"a", "1"}, {"b", "2"}});
  ASSERT_TRUE(written);
  EXPECT_EQ(tags(blob("b")), (Tags{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(find({exactly("a", "1")}), std::vector<std::string>{"c/b a=1"});
  ASSERT_TRUE(world.run(ops().set_blob_tags(blob("b"), {{"a", "3"}}, {})));
  const auto view = world.run(ops().head_blob(blob("b"), {}));
  EXPECT_EQ(view->etag, written->etag);                     // they move neither
  EXPECT_EQ(view->last_modified, written->last_modified);
  EXPECT_EQ(view->tags, (Tags{{"a", "3"}}));
  EXPECT_TRUE(find({exactly("a", "1")}).empty());
  EXPECT_TRUE(find({exactly("b", "2")}).empty());
  EXPECT_EQ(find({exactly("a", "3")}), std::vector<std::string>{"c/b a=3"});
  ASSERT_TRUE(world.run(ops().set_blob_metadata(blob("b"), {{"m", "n"}}, {})));   // what leaves them alone
  ASSERT_TRUE(world.run(ops().set_blob_headers(blob("b"), {}, {})));
  EXPECT_EQ(tags(blob("b")), (Tags{{"a", "3"}}));
  ASSERT_TRUE(put(blob("b")));                              // a new blob has none of the old one's
  EXPECT_TRUE(tags(blob("b")).empty());
  EXPECT_EQ(index_records(), 0u);
  ASSERT_TRUE(world.run(ops().set_blob_tags(blob("b"), {{"a", "4"}}, {})));
  ASSERT_TRUE(world.run(ops().put_block_list(blob("b"), {})));
  EXPECT_EQ(index_records(), 0u);
  ASSERT_TRUE(world.run(ops().put_block_list(blob("b"), {.tags = {{"a", "5"}}})));
  EXPECT_EQ(find({exactly("a", "5")}).size(), 1u);
  ASSERT_TRUE(world.run(ops().delete_blob(blob("b"), {})));
  EXPECT_EQ(index_records(), 0u);
  EXPECT_EQ(why(world.run(ops().get_blob_tags(blob("b"), {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().set_blob_tags(blob("b"), {}, {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().set_blob_tags(blob("b", "none"), {}, {}))), Reason::container_not_found);
}

TEST_F(TagsTest, A_copy_has_those_that_it_was_given_or_the_sources) {
  ASSERT_TRUE(put(blob("b"), {{"a", "1"}}));
  for (const char* container : {"c", "d"}) {
    ASSERT_TRUE(world.run(ops().copy_blob(blob("copy", container), blob("b"), {})));
    EXPECT_EQ(tags(blob("copy", container)), (Tags{{"a", "1"}}));
    ASSERT_TRUE(world.run(ops().copy_blob(blob("copy", container), blob("b"), {.tags = Tags{}})));
    EXPECT_TRUE(tags(blob("copy", container)).empty());
    ASSERT_TRUE(world.run(ops().copy_blob(blob("copy", container), blob("b"), {.tags = Tags{{"z", "9"}}})));
    EXPECT_EQ(tags(blob("copy", container)), (Tags{{"z", "9"}}));
  }
  EXPECT_EQ(find({exactly("z", "9")}), (std::vector<std::string>{"c/copy z=9", "d/copy z=9"}));
  EXPECT_EQ(find({exactly("a", "1")}), (std::vector<std::string>{"c/b a=1"}));
  ASSERT_TRUE(world.run(ops().copy_blob(blob("b"), blob("b"), {.tags = Tags{{"y", "8"}}})));   // onto itself
  EXPECT_TRUE(find({exactly("a", "1")}).empty());
  EXPECT_EQ(find({exactly("y", "8")}).size(), 1u);
}

TEST_F(TagsTest, Conditions_on_them_decide_every_operation) {
  ASSERT_TRUE(put(blob("b"), {{"a", "1"}}));
  ASSERT_TRUE(put(blob("source")));
  const Conditions yes{.if_tags = holds("a", "1")}, no{.if_tags = holds("a", "2")};
  struct Operation {
    const char* name;
    std::function<Reason(Conditions)> run;
    Reason refused = Reason::condition_not_met;
  };
  const Operation operations[] = {
      {"Get Blob", [&](Conditions c) { return why(world.run(ops().open_blob(blob("b"), {.conditions = c}))); }},
      {"Get Blob Properties", [&](Conditions c) { return why(world.run(ops().head_blob(blob("b"), c))); }},
      {"Get Block List", [&](Conditions c) { return why(world.run(ops().get_block_list(blob("b"), c))); }},
      {"Get Tags", [&](Conditions c) { return why(world.run(ops().get_blob_tags(blob("b"), c))); }},
      {"Set Tags", [&](Conditions c) { return why(world.run(ops().set_blob_tags(blob("b"), {{"a", "1"}}, c))); }},
      {"Set Metadata", [&](Conditions c) { return why(world.run(ops().set_blob_metadata(blob("b"), {}, c))); }},
      {"Set Properties", [&](Conditions c) { return why(world.run(ops().set_blob_headers(blob("b"), {}, c))); }},
      {"Lease", [&](Conditions c) {
         LeaseAction acquire{.duration_seconds = -1, .conditions = c};
         const auto leased = world.run(ops().lease_blob(blob("b"), acquire));
         if (leased) (void)world.run(ops().lease_blob(blob("b"), {.kind = LeaseAction::Kind::release, .lease_id = leased->lease_id}));
         return why(leased);
       }},
      {"Copy from it", [&](Conditions c) { return why(world.run(ops().copy_blob(blob("copy"), blob("b"), {.source_conditions = c}))); },
       Reason::source_condition_not_met},
      {"Copy onto it", [&](Conditions c) {
         return why(world.run(ops().copy_blob(blob("b"), blob("source"), {.conditions = c, .tags = Tags{{"a", "1"}}})));
       }, Reason::target_condition_not_met},
      {"Put Block List", [&](Conditions c) { return why(world.run(ops().put_block_list(blob("b"), {.tags = {{"a", "1"}}, .conditions = c}))); }},
      {"Put Blob", [&](Conditions c) { return why(put(blob("b"), {{"a", "1"}}, c)); }},
      {"Delete Blob", [&](Conditions c) { return why(world.run(ops().delete_blob(blob("b"), {.conditions = c}))); }},
  };
  for (const auto& op : operations) {
    EXPECT_EQ(op.run(no), op.refused) << op.name;
    EXPECT_EQ(op.run(yes), Reason::none) << op.name;
  }
  EXPECT_EQ(why(put(blob("new"), {}, yes)), Reason::condition_not_met);   // what is not there has no tags
  ASSERT_TRUE(put(blob("new"), {{"a", "1"}}));
  EXPECT_EQ(why(put(blob("new"), {}, {.if_match = ETagSet{.values = {1}}, .if_tags = holds("a", "1")})), Reason::condition_not_met);
}

TEST_F(TagsTest, Under_a_lease_they_are_set_by_its_holder) {
  ASSERT_TRUE(put(blob("b"), {{"a", "1"}}));
  const auto lease = world.run(ops().lease_blob(blob("b"), {.duration_seconds = -1}));
  ASSERT_TRUE(lease);
  const std::string wrong = "99999999-9999-4999-8999-999999999999";
  EXPECT_EQ(why(world.run(ops().set_blob_tags(blob("b"), {}, {}))), Reason::lease_id_missing);
  EXPECT_EQ(why(world.run(ops().set_blob_tags(blob("b"), {}, {.lease_id = wrong}))), Reason::lease_mismatch_data);
  EXPECT_EQ(why(world.run(ops().get_blob_tags(blob("b"), {.lease_id = wrong}))), Reason::lease_mismatch_data);
  EXPECT_TRUE(world.run(ops().get_blob_tags(blob("b"), {})));
  EXPECT_TRUE(world.run(ops().set_blob_tags(blob("b"), {}, {.lease_id = lease->lease_id})));
}

// Every search against the plain truth, with pages of every size.
TEST_F(TagsTest, A_search_finds_what_the_plain_truth_says) {
  SeededRandom random(11);
  std::map<std::string, Tags> truth;   // "container/blob"
  for (int i = 0; i < 300; ++i) {
    const std::string container = random.next_u64() % 3 ? "c" : "d", name = "blob " + std::to_string(i);
    Tags tags;
    for (const char* key : {"k", "kk", "x", "y"})
      if (random.next_u64() % 3) tags.emplace_back(key, std::to_string(random.next_u64() % 12));
    ASSERT_TRUE(put(blob(name, container), tags));
    truth[container + "/" + name] = tags;
  }
  using Bound = TagSearch::Bound;
  const std::vector<std::vector<TagSearch::Key>> searches = {
      {exactly("k", "1")},
      {exactly("k", "")},
      {between("k", Bound{"1"}, {})},
      {between("k", Bound{"1", false}, {})},
      {between("k", {}, Bound{"10"})},
      {between("k", {}, Bound{"10", false})},
      {between("k", Bound{"1", false}, Bound{"11", false})},
      {between("k", Bound{"5"}, Bound{"3"})},
      {exactly("k", "1"), exactly("x", "2")},
      {exactly("k", "1"), exactly("x", "2"), exactly("y", "3")},
      {exactly("k", "3"), between("x", Bound{"2"}, Bound{"7"})},
      {between("x", Bound{"2"}, Bound{"7"}), exactly("k", "3"), exactly("y", "5")},
      {between("x", Bound{"2"}, {}), between("y", {}, Bound{"5"})},
      {exactly("none", "1")},
  };
  for (const auto& keys : searches) {
    for (const std::optional<std::string>& container : {std::optional<std::string>(), std::optional<std::string>("d"), std::optional<std::string>("no")}) {
      std::multiset<std::string> expected;
      for (const auto& [path, has] : truth) {
        if (container && !path.starts_with(*container + "/")) continue;
        std::string line = path;
        bool all = true;
        auto sorted = keys;
        std::ranges::sort(sorted, {}, &TagSearch::Key::key);
        for (const auto& key : sorted) {
          const std::string* value = find_tag(has, key.key);
          all = all && value && key.holds(*value);
          if (all) line += " " + key.key + "=" + *value;
        }
        if (all) expected.insert(line);
      }
      for (const std::size_t limit : {1u, 3u, 5000u}) {
        const auto found = find(keys, container, limit);
        EXPECT_EQ(std::multiset<std::string>(found.begin(), found.end()), expected) << keys[0].key << " " << limit;
      }
    }
  }
}

Task<void> change(Service& ops, int writer, int& left) {
  SeededRandom random(static_cast<std::uint64_t>(writer) + 100);
  for (int i = 0; i < 25; ++i) {
    BlobRef ref{"acct", "c", "b" + std::to_string(random.next_u64() % 3)};
    const Tags tags{{"k", std::to_string(random.next_u64() % 4)}, {"w", std::to_string(writer)}};
    switch (random.next_u64() % 4) {
      case 0: {
        StringBody body("text");
        (void)co_await ops.put_blob(ref, {.body = {.length_bytes = 4}, .tags = tags}, body);
        break;
      }
      case 1: (void)co_await ops.delete_blob(ref, {}); break;
      case 2: (void)co_await ops.copy_blob(ref, {"acct", "c", "b" + std::to_string(random.next_u64() % 3)}, {}); break;
      default: (void)co_await ops.set_blob_tags(ref, tags, {}); break;
    }
  }
  --left;
}
Task<void> change_all(Service& ops, Clock& clock) {
  int left = 6;
  for (int writer = 0; writer < 6; ++writer) spawn(co_await this_executor(), change(ops, writer, left));
  while (left > 0) co_await clock.sleep_for(std::chrono::milliseconds(5));
}

TEST_F(TagsTest, The_index_says_what_the_heads_say_after_writers_that_met) {
  world.store_latency(std::chrono::milliseconds(2));
  world.run(change_all(ops(), world.clock));
  world.store_latency({});
  std::set<std::string> expected, index;
  const auto heads = world.run(gateway->catalog->scan({.begin = "B", .end = "C"}));
  for (const auto& e : *heads)
    for (const auto& [key, value] : tags_of(*catalog::decode<catalog::HeadRecord>(e.value)))
      expected.insert(catalog::keys::tag(load_be64(e.key.data() + 1), key, value, e.key.substr(9)));
  for (const auto& e : *world.run(gateway->catalog->scan({.begin = "I", .end = "J"}))) index.insert(e.key);
  EXPECT_EQ(index, expected);
}

TEST_F(TagsTest, Are_there_after_a_crash) {
  ASSERT_TRUE(put(blob("b"), {{"a", "1"}}));
  world.crash(std::move(gateway));
  open();
  EXPECT_EQ(tags(blob("b")), (Tags{{"a", "1"}}));
  EXPECT_EQ(find({exactly("a", "1")}).size(), 1u);
}

}  // namespace
}  // namespace bascule::ops
