#include "store/conformance.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "store/limits.h"

namespace bascule::store {

void StoreConformance::SetUp() {
  std::string pattern = (std::filesystem::temp_directory_path() / "bascule-store-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  where_ = pattern;
  store_ = GetParam().open(where_);
  ASSERT_TRUE(store_);
}

void StoreConformance::TearDown() {
  store_.reset();
  std::filesystem::remove_all(where_);
}

void StoreConformance::reopen() {
  store_.reset();
  store_ = GetParam().open(where_);
  ASSERT_TRUE(store_);
}

std::optional<Versioned> StoreConformance::get(std::string_view key) {
  auto got = run(loop_, store_->get(key));
  EXPECT_TRUE(got) << got.error().message;
  std::optional<Versioned> now;
  const auto tried = store_->try_get(key, now);
  EXPECT_TRUE(tried);
  if (tried && *tried && got) {
    EXPECT_EQ(now.has_value(), got->has_value());
    if (now && *got) {
      EXPECT_EQ(now->version, (*got)->version);
      EXPECT_EQ(now->value, (*got)->value);
    }
  }
  return got ? *got : std::nullopt;
}

std::vector<Entry> StoreConformance::scan(Store::Scan range) {
  auto got = run(loop_, store_->scan(std::move(range)));
  EXPECT_TRUE(got) << got.error().message;
  return got ? std::move(*got) : std::vector<Entry>{};
}

std::string StoreConformance::keys(Store::Scan range) {
  std::string joined;
  for (const Entry& entry : scan(std::move(range))) joined += (joined.empty() ? "" : " ") + entry.key;
  return joined;
}

namespace {

Change put(std::string key, std::uint64_t version, std::string value = "") {
  return {std::move(key), version, std::move(value)};
}

TEST_P(StoreConformance, A_key_has_the_version_it_was_given_and_absence_is_0) {
  EXPECT_FALSE(get("a"));
  ASSERT_TRUE(commit({{{"a", 0}}, {put("a", 7, "one")}, ""}));
  ASSERT_TRUE(get("a"));
  EXPECT_EQ(get("a")->version, 7u);
  EXPECT_EQ(get("a")->value, "one");
  ASSERT_TRUE(commit({{{"a", 7}}, {put("a", UINT64_MAX, "")}, ""}));
  EXPECT_EQ(get("a")->version, UINT64_MAX);
  EXPECT_EQ(get("a")->value, "");
  ASSERT_TRUE(commit({{{"a", UINT64_MAX}}, {put("a", 0)}, ""}));
  EXPECT_FALSE(get("a"));
  ASSERT_TRUE(commit({{{"a", 0}}, {put("a", 7, "again")}, ""}));
  EXPECT_EQ(get("a")->value, "again");
}

TEST_P(StoreConformance, A_commit_is_all_or_nothing) {
  ASSERT_TRUE(commit({{}, {put("a", 1, "a"), put("b", 1, "b")}, ""}));
  const auto refused = commit({{{"a", 1}, {"b", 2}}, {put("a", 2, "x"), put("b", 0), put("c", 2, "x")}, "record"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_EQ(get("a")->value, "a");
  EXPECT_EQ(get("b")->value, "b");
  EXPECT_FALSE(get("c"));
  EXPECT_EQ(run(loop_, store_->read_journal(0, 10))->size(), 0u);
  EXPECT_EQ(commit({{{"a", 0}}, {put("a", 5)}, ""}).error().code, Code::conflict);
  EXPECT_EQ(commit({{{"nowhere", 5}}, {put("a", 5)}, ""}).error().code, Code::conflict);
}

TEST_P(StoreConformance, Several_commits_may_name_one_thing_and_the_first_writes_it) {
  for (const std::uint64_t version : {7, 8}) {
    Commit commit;
    commit.changes.push_back({"extent", version, "content", true});
    commit.changes.push_back({"who" + std::to_string(version), version, "x"});
    ASSERT_TRUE(this->commit(std::move(commit)));
  }
  const auto found = get("extent");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, 7u);
  EXPECT_TRUE(get("who8"));
}

TEST_P(StoreConformance, A_commit_may_only_look) {
  ASSERT_TRUE(commit({{}, {put("guard", 3)}, ""}));
  EXPECT_TRUE(commit({{{"guard", 3}}, {}, ""}));
  EXPECT_EQ(commit({{{"guard", 4}}, {}, ""}).error().code, Code::conflict);
  EXPECT_TRUE(commit({{{"guard", 3}, {"other", 0}}, {put("third", 1)}, ""}));
  EXPECT_EQ(get("guard")->version, 3u);
}

TEST_P(StoreConformance, The_message_of_a_conflict_names_no_key) {
  ASSERT_TRUE(commit({{}, {put("secret-name", 3)}, ""}));
  const auto refused = commit({{{"secret-name", 4}}, {}, ""});
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
}

TEST_P(StoreConformance, What_is_over_a_limit_is_refused_and_changes_nothing) {
  const auto code = [&](Commit c) {
    const auto result = commit(std::move(c));
    return result ? std::string("taken") : std::string(name(result.error().code));
  };
  const std::string bad(name(Code::invalid_argument));
  EXPECT_EQ(code({{}, {put("k", 1, "a"), put("k", 2, "b")}, ""}), bad);
  std::vector<Change> many;
  for (int i = 0; i < 20; ++i) many.push_back(put("key" + std::to_string(i % 19), 1));
  EXPECT_EQ(code({{}, many, ""}), bad);
  EXPECT_EQ(code({{}, {put("", 1)}, ""}), bad);
  EXPECT_EQ(code({{{"", 0}}, {}, ""}), bad);
  EXPECT_EQ(code({{}, {put(std::string(kMaxKeyBytes + 1, 'k'), 1)}, ""}), bad);
  EXPECT_EQ(code({{{std::string(kMaxKeyBytes + 1, 'k'), 0}}, {}, ""}), bad);
  EXPECT_EQ(code({{}, {put("k", 1, std::string(kMaxValueBytes + 1, 'v'))}, ""}), bad);
  EXPECT_EQ(code({{}, {{"k", 0, "a removal has no value"}}, ""}), bad);
  EXPECT_EQ(code({{}, {put("k", 1)}, std::string(kMaxJournalRecordBytes + 1, 'j')}), bad);
  const auto filled_to = [](std::size_t bytes) {
    Commit c;
    for (std::size_t i = 0; bytes != 0; ++i) {
      const std::size_t value = std::min(kMaxValueBytes, bytes - 4);
      c.changes.push_back(put("k" + std::to_string(100 + i), 1, std::string(value, 'v')));
      bytes -= value + 4;
      if (bytes != 0 && bytes < 5) c.changes.back().value.resize(value - 5), bytes += 5;
    }
    return c;
  };
  EXPECT_EQ(code(filled_to(kMaxCommitBytes + 1)), bad);
  EXPECT_TRUE(scan({"", "\xff", 10}).empty());
  EXPECT_EQ(code(filled_to(kMaxCommitBytes)), "taken");
  EXPECT_EQ(code({{}, {put(std::string(kMaxKeyBytes, 'k'), 1, std::string(kMaxValueBytes, 'v'))}, ""}), "taken");
  EXPECT_EQ(get(std::string(kMaxKeyBytes, 'k'))->value.size(), kMaxValueBytes);
  EXPECT_EQ(run(loop_, store_->scan({"", "z", 0})).error().code, Code::invalid_argument);
}

TEST_P(StoreConformance, A_view_shows_one_instant_while_commits_go_on) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(commit({{}, {put(key, 1, "then")}, ""}));
  auto view = store_->view();
  ASSERT_TRUE(view) << view.error().message;
  ASSERT_TRUE(commit({{}, {put("a", 2, "now"), put("aa", 1, "new"), {"b", 0, ""}}, ""}));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(commit({{}, {put("x" + std::to_string(i), 1, std::string(20'000, 'x'))}, ""}));
  for (int look = 0; look < 2; ++look) {
    std::string seen;
    for (std::string begin;;) {   // page by page, as who reads all of it
      const auto page = run(loop_, (*view)->scan({.begin = begin, .end = "\xff", .limit = 2}));
      ASSERT_TRUE(page) << page.error().message;
      for (const Entry& e : *page) seen += e.key + "=" + std::to_string(e.version) + e.value + " ";
      if (page->size() < 2) break;
      begin = page->back().key + '\0';
    }
    EXPECT_EQ(seen, "a=1then b=1then c=1then ");
    auto later = store_->view();
    ASSERT_TRUE(later);
    EXPECT_EQ(run(loop_, (*later)->scan({.begin = "a", .end = "d", .limit = 10}))->size(), 3u);
  }
  view->reset();
  EXPECT_EQ(keys({"a", "d", 10}), "a aa c");
}

TEST_P(StoreConformance, A_scan_keeps_to_its_bounds_and_limits) {
  for (const char* key : {"a", "b", "ba", "c", "d"}) ASSERT_TRUE(commit({{}, {put(key, 1, "12345")}, ""}));
  EXPECT_EQ(keys({"a", "d", 10}), "a b ba c");
  EXPECT_EQ(keys({"aa", "c", 10}), "b ba");
  EXPECT_EQ(keys({"", "z", 10}), "a b ba c d");
  EXPECT_EQ(keys({"b", "b", 10}), "");
  EXPECT_EQ(keys({"c", "a", 10}), "");
  EXPECT_EQ(keys({"a", "z", 2}), "a b");
  EXPECT_EQ(keys({"a", "d", 10, 1 << 20, true}), "c ba b a");
  EXPECT_EQ(keys({"b", "d", 2, 1 << 20, true}), "c ba");
  EXPECT_EQ(keys({"", "z", 1, 1 << 20, true}), "d");
  EXPECT_EQ(keys({"a", "z", 10, 11}), "a b ba");  // the entry that reaches the bytes is the last
  EXPECT_EQ(keys({"a", "z", 10, 10}), "a b");
  EXPECT_EQ(keys({"a", "z", 10, 1}), "a");
}

TEST_P(StoreConformance, Keys_are_bytes) {
  const std::vector<std::string> ordered = {std::string(1, '\0'), std::string("\0\0", 2),  std::string("\0\xff", 2),
                                            "a",                  std::string("a\0", 2),   std::string("a\0b", 3),
                                            "a\x7f",              "a\x80",                 "a\xff",
                                            "a\xff\xff",          "b",                     "\x80",
                                            "\xff",               std::string("\xff\0", 2)};
  std::vector<std::string> shuffled = ordered;
  std::ranges::shuffle(shuffled, std::mt19937_64(3));
  for (const auto& key : shuffled) ASSERT_TRUE(commit({{{key, 0}}, {put(key, 1, key)}, ""}));
  const auto expect = [&](Store::Scan range, std::vector<std::string> wanted) {
    std::vector<std::string> found;
    for (auto& entry : scan(std::move(range))) {
      found.push_back(entry.key);
      EXPECT_EQ(entry.key, entry.value);
    }
    EXPECT_EQ(found, wanted);
  };
  expect({"", "\xff\xff", 100}, ordered);
  auto backwards = ordered;
  std::ranges::reverse(backwards);
  expect({"", "\xff\xff", 100, 1 << 20, true}, backwards);
  expect({std::string("a\0", 2), "a\xff", 100}, {std::string("a\0", 2), std::string("a\0b", 3), "a\x7f", "a\x80"});
}

Task<void> race(Store& store, int contender, std::uint64_t version, std::uint64_t moment, int& won, int& lost, int& done) {
  Commit c{{{"key", version, contender % 2 ? moment : 0}}, {put("key", version + 1, std::to_string(contender))}, "won"};
  const auto result = co_await store.commit(std::move(c));
  if (result) ++won;
  else if (result.error().code == Code::conflict) ++lost;
  ++done;
}

TEST_P(StoreConformance, Of_many_commits_on_one_version_exactly_one_wins) {
  for (std::uint64_t version = 0; version < 20; ++version) {
    int won = 0, lost = 0, done = 0;
    loop_.restart();
    auto guard = boost::asio::make_work_guard(loop_);
    const std::uint64_t moment = store_->moment();
    for (int i = 0; i < 50; ++i) spawn(loop_, race(*store_, i, version, moment, won, lost, done));
    while (done < 50) loop_.run_one();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 49);
  }
  const auto journal = run(loop_, store_->read_journal(0, 1000));
  ASSERT_EQ(journal->size(), 20u);
}

Task<void> add_one(Store& store, int times, int& conflicts) {
  for (int i = 0; i < times;) {
    const std::uint64_t moment = i % 2 ? store.moment() : 0;
    const auto before = co_await store.get("counter");
    const std::uint64_t version = *before ? (*before)->version : 0;
    const int count = *before ? std::stoi((*before)->value) : 0;
    Commit c{{{"counter", version, moment}}, {put("counter", version + 1, std::to_string(count + 1))}, "r"};
    const auto result = co_await store.commit(std::move(c));
    if (result) ++i;
    else if (result.error().code == Code::conflict) ++conflicts;
    else co_return;
  }
}

TEST_P(StoreConformance, Threads_with_loops_of_their_own_lose_no_update) {
  constexpr int kThreads = 4, kTimes = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      Loop loop;
      int conflicts = 0;
      run(loop, add_one(*store_, kTimes, conflicts));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(get("counter")->value, std::to_string(kThreads * kTimes));
  EXPECT_EQ(run(loop_, store_->read_journal(0, 1000))->size(), std::size_t{kThreads * kTimes});
}

TEST_P(StoreConformance, The_journal_is_dense_in_commit_order_and_trimmed_from_the_front) {
  for (std::uint64_t i = 1; i <= 10; ++i) {
    const auto sequence = commit({{}, {put("k", i)}, "record " + std::to_string(i)});
    ASSERT_TRUE(sequence);
    EXPECT_EQ(*sequence, i);
    EXPECT_FALSE(commit({{{"k", 999}}, {put("k", 999)}, "never"}));
    EXPECT_EQ(commit({{}, {put("other", i)}, ""}).value(), 0u);  // without a record: no place in the journal
  }
  auto journal = run(loop_, store_->read_journal(0, 100)).value();
  ASSERT_EQ(journal.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(journal[i].sequence, i + 1);
    EXPECT_EQ(journal[i].record, "record " + std::to_string(i + 1));
  }
  journal = run(loop_, store_->read_journal(4, 3)).value();
  ASSERT_EQ(journal.size(), 3u);
  EXPECT_EQ(journal[0].sequence, 5u);
  ASSERT_TRUE(run(loop_, store_->trim_journal(7)));
  ASSERT_TRUE(run(loop_, store_->trim_journal(3)));
  journal = run(loop_, store_->read_journal(0, 100)).value();
  ASSERT_EQ(journal.size(), 3u);
  EXPECT_EQ(journal[0].sequence, 8u);
  ASSERT_TRUE(run(loop_, store_->trim_journal(UINT64_MAX)));
  EXPECT_TRUE(run(loop_, store_->read_journal(0, 100)).value().empty());
  EXPECT_TRUE(run(loop_, store_->read_journal(UINT64_MAX, 100)).value().empty());
  if (GetParam().durable) reopen();
  EXPECT_EQ(commit({{}, {put("k", 11)}, "after"}).value(), 11u);
  EXPECT_EQ(run(loop_, store_->read_journal(0, 100)).value().size(), 1u);
}

TEST_P(StoreConformance, Random_commits_agree_with_a_model_across_reopening) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::string prefix = "seed" + std::to_string(seed) + "/";
    std::map<std::string, Versioned> model;
    std::uint64_t next_version = 1, records = 0;
    std::uint64_t moment = store_->moment();  // what was read then, and may have changed since
    std::map<std::string, Versioned> then;
    const auto some_key = [&] { return prefix + std::to_string(random() % 40); };
    for (int step = 0; step < 400; ++step) {
      Commit c;
      bool holds = true;
      if (random() % 4 == 0) moment = store_->moment(), then = model;
      const auto version_in = [](const auto& state, const std::string& key) {
        const auto at = state.find(key);
        return at == state.end() ? 0 : at->second.version;
      };
      for (std::uint64_t i = random() % 4; i > 0; --i) {
        const auto key = some_key();
        const std::uint64_t real = version_in(model, key);
        const bool read_then = random() % 3 == 0;
        const std::uint64_t asked = read_then ? version_in(then, key) : random() % 8 == 0 ? random() % next_version : real;
        holds = holds && asked == real;
        c.preconditions.push_back({key, asked, read_then ? moment : 0});
      }
      std::map<std::string, Versioned> after = model;
      std::map<std::string, bool> changed;
      for (std::uint64_t i = random() % 12; i > 0; --i) {
        const auto key = some_key();
        if (!changed.emplace(key, true).second) continue;
        if (random() % 3 == 0) {
          after.erase(key);
          c.changes.push_back({key, 0, ""});
        } else {
          Versioned value{next_version++, std::string(random() % 300, static_cast<char>('a' + step % 26))};
          c.changes.push_back({key, value.version, value.value});
          after[key] = value;
        }
      }
      c.journal_record = "r";
      const auto result = commit(std::move(c));
      ASSERT_EQ(result.has_value(), holds);
      if (holds) model = std::move(after), ++records;
      if (step % 50 == 49) {
        if (GetParam().durable && step % 100 == 99) {
          reopen();
          moment = store_->moment(), then = model;
        }
        const auto entries = scan({prefix, prefix + "\xff", 1000});
        ASSERT_EQ(entries.size(), model.size());
        auto at = model.begin();
        for (const Entry& entry : entries) {
          EXPECT_EQ(entry.key, at->first);
          EXPECT_EQ(entry.version, at->second.version);
          EXPECT_EQ(entry.value, at->second.value);
          ++at;
        }
        const auto one = some_key();
        EXPECT_EQ(get(one).has_value(), model.contains(one));
      }
    }
    ASSERT_TRUE(run(loop_, store_->trim_journal(UINT64_MAX)));
  }
}

TEST_P(StoreConformance, Everything_is_there_after_reopening) {
  if (!GetParam().durable) GTEST_SKIP() << "not durable by nature";
  ASSERT_TRUE(commit({{}, {put("a", 5, "kept"), put("b", 6, "removed")}, "one"}));
  ASSERT_TRUE(commit({{{"b", 6}}, {put("b", 0)}, "two"}));
  reopen();
  EXPECT_EQ(get("a")->value, "kept");
  EXPECT_EQ(get("a")->version, 5u);
  EXPECT_FALSE(get("b"));
  EXPECT_EQ(run(loop_, store_->read_journal(0, 10))->size(), 2u);
  EXPECT_TRUE(commit({{{"a", 5}, {"b", 0}}, {}, ""}));
  EXPECT_EQ(commit({{{"a", 5}}, {put("a", 6)}, "three"}).value(), 3u);
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformance);

}  // namespace bascule::store
