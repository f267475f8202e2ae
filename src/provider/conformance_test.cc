#include "provider/conformance.h"

#include <random>

#include "runtime/random.h"

namespace bascule::provider {
namespace {

Task<Result<void>> put_text(Provider& provider, std::string name, std::string_view content, Instant deadline) {
  const Bytes slice[] = {as_bytes(content)};
  co_return co_await provider.put(std::move(name), slice, deadline);
}

std::string noise(std::size_t bytes, std::uint64_t seed) {
  std::string text(bytes, '\0');
  std::mt19937_64 random(seed);
  for (std::size_t at = 0; at < bytes; at += 8) {
    const std::uint64_t word = random();
    std::memcpy(text.data() + at, &word, std::min<std::size_t>(8, bytes - at));
  }
  return text;
}

template <class T> std::string outcome(const Result<T>& result) {
  return result ? "ok" : std::string(name(result.error().code));
}

}  // namespace

void ProviderConformance::SetUp() {
  const auto drawn = system_random().bytes<6>();
  unique_ = "t" + to_hex(drawn) + "-";
  provider_ = GetParam().make(loop_, unique_);
  if (!provider_) GTEST_SKIP() << "the provider is not here";
}

Result<void> ProviderConformance::put(const std::string& name, std::string_view content) {
  return run(loop_, put_text(*provider_, name, content, soon()));
}

Result<std::string> ProviderConformance::get(const std::string& name, std::uint64_t offset, std::size_t length) {
  std::string read(length, '?');
  const auto got = run(loop_, provider_->get(name, offset, as_writable(read), soon()));
  std::string at_once(length, '?');
  const auto tried = provider_->try_get(name, offset, as_writable(at_once));
  if (tried && *tried && got) { EXPECT_EQ(at_once, read); }
  if (tried && *tried) { EXPECT_TRUE(got) << "try_get() gave what get() does not"; }
  if (!tried) { EXPECT_FALSE(got) << "try_get() failed where get() does not: " << tried.error().message; }
  if (!got) return fail(got.error());
  return read;
}

std::string ProviderConformance::list(std::string prefix, std::size_t page) {
  std::string all, after;
  for (int pages = 0; pages < 1000; ++pages) {
    const auto listing = run(loop_, provider_->list(prefix, after, page, soon()));
    if (!listing) {
      ADD_FAILURE() << listing.error().message;
      return all;
    }
    EXPECT_LE(listing->objects.size(), page);
    for (const ObjectInfo& info : listing->objects) {
      EXPECT_GT(info.name, after);
      EXPECT_TRUE(info.name.starts_with(prefix));
      after = info.name;
      all += (all.empty() ? "" : " ") + info.name.substr(unique_.size()) + ":" + std::to_string(info.size_bytes);
    }
    if (listing->complete) return all;
    EXPECT_FALSE(listing->objects.empty()) << "an incomplete page must move on";
    if (listing->objects.empty()) break;
  }
  ADD_FAILURE() << "the listing does not end";
  return all;
}

namespace {

TEST_P(ProviderConformance, What_was_put_is_there_in_any_range) {
  const std::string content = noise(100'000, 1);
  ASSERT_EQ(outcome(put(object("a"), content)), "ok");
  EXPECT_EQ(size(object("a")).value(), content.size());
  for (const auto& [offset, length] : {std::pair<std::size_t, std::size_t>{0, 100'000}, {0, 1}, {99'999, 1},
                                       {4095, 2}, {12'345, 50'000}, {65'536, 4096}, {50'000, 50'000}}) {
    const auto read = get(object("a"), offset, length);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, content.substr(offset, length));
  }
  EXPECT_EQ(outcome(get(object("a"), 0, 0)), "ok");
}

TEST_P(ProviderConformance, Many_slices_make_one_object) {
  const std::string content = noise(300'000, 2);
  std::vector<Bytes> slices;
  std::mt19937_64 random(7);
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t length = std::min<std::size_t>(random() % 1000, content.size() - at);  // some are empty
    slices.push_back(as_bytes(std::string_view(content).substr(at, length)));
    at += length;
  }
  ASSERT_GT(slices.size(), 520u);
  ASSERT_EQ(outcome(run(loop_, provider_->put(object("sliced"), slices, soon()))), "ok");
  EXPECT_TRUE(get(object("sliced"), 0, content.size()).value() == content);
}

TEST_P(ProviderConformance, What_is_not_there_is_not_found) {
  EXPECT_EQ(outcome(get(object("nothing"), 0, 10)), "not found");
  EXPECT_EQ(outcome(get(object("nothing"), 0, 0)), "not found");
  EXPECT_EQ(outcome(size(object("nothing"))), "not found");
  EXPECT_EQ(outcome(remove(object("nothing"))), "ok");
}

TEST_P(ProviderConformance, An_object_that_ends_before_the_range_is_corrupt) {
  ASSERT_TRUE(put(object("short"), "0123456789"));
  EXPECT_EQ(outcome(get(object("short"), 0, 11)), "corrupt");
  EXPECT_EQ(outcome(get(object("short"), 9, 2)), "corrupt");
  EXPECT_EQ(outcome(get(object("short"), 10, 1)), "corrupt");
  EXPECT_EQ(outcome(get(object("short"), 1'000'000, 1)), "corrupt");
  EXPECT_EQ(get(object("short"), 9, 1).value(), "9");
}

TEST_P(ProviderConformance, A_put_may_be_repeated) {
  const std::string content = noise(50'000, 3);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(outcome(put(object("again"), content)), "ok");
  EXPECT_TRUE(get(object("again"), 0, content.size()).value() == content);
  EXPECT_EQ(size(object("again")).value(), content.size());
}

TEST_P(ProviderConformance, What_was_removed_is_gone_and_may_be_removed_again) {
  ASSERT_TRUE(put(object("gone"), "content"));
  EXPECT_EQ(get(object("gone"), 0, 7).value(), "content");
  EXPECT_EQ(outcome(remove(object("gone"))), "ok");
  EXPECT_EQ(outcome(get(object("gone"), 0, 7)), "not found");
  EXPECT_EQ(outcome(size(object("gone"))), "not found");
  EXPECT_EQ(outcome(remove(object("gone"))), "ok");
  if (GetParam().listing_is_fresh) { EXPECT_EQ(list(unique_, 10), ""); }
}

TEST_P(ProviderConformance, Listings_are_ordered_paged_and_bounded_by_their_prefix) {
  EXPECT_EQ(list(unique_, 3), "");
  for (const char* name : {"b-2", "a", "b-1", "b", "c-9", "b-10", "0"}) {
    ASSERT_TRUE(put(object(name), std::string(std::string_view(name).size(), 'x')));
  }
  if (!GetParam().listing_is_fresh) {
    list(unique_, 2);
    return;
  }
  const std::string all = "0:1 a:1 b:1 b-1:3 b-10:4 b-2:3 c-9:3";
  for (const std::size_t page : {1u, 2u, 3u, 6u, 7u, 8u, 1000u}) EXPECT_EQ(list(unique_, page), all);
  EXPECT_EQ(list(object("b-"), 2), "b-1:3 b-10:4 b-2:3");
  EXPECT_EQ(list(object("d"), 2), "");
  const auto middle = run(loop_, provider_->list(unique_, object("b-1"), 2, soon())).value();
  ASSERT_EQ(middle.objects.size(), 2u);
  EXPECT_EQ(middle.objects[0].name, object("b-10"));
  EXPECT_FALSE(middle.complete);
  const auto between = run(loop_, provider_->list(unique_, object("b-15"), 10, soon())).value();
  ASSERT_EQ(between.objects.size(), 2u);
  EXPECT_TRUE(between.complete);
}

TEST_P(ProviderConformance, Names_out_of_the_alphabet_are_refused) {
  std::string read(1, '?');
  for (const std::string& bad : {std::string(), std::string("A"), std::string("a/b"), std::string(".."),
                                 std::string("a.b"), std::string("a_b"), std::string("a b"), std::string("\xc3\xa9"),
                                 std::string("a\0b", 3), std::string(129, 'a')}) {
    SCOPED_TRACE(bad);
    EXPECT_EQ(outcome(put(bad, "x")), "invalid argument");
    EXPECT_EQ(outcome(run(loop_, provider_->get(bad, 0, as_writable(read), soon()))), "invalid argument");
    EXPECT_EQ(outcome(size(bad)), "invalid argument");
    EXPECT_EQ(outcome(remove(bad)), "invalid argument");
  }
  const std::string longest = object(std::string(128 - unique_.size(), 'z'));
  EXPECT_EQ(outcome(put(longest, "x")), "ok");
  EXPECT_EQ(get(longest, 0, 1).value(), "x");
}

TEST_P(ProviderConformance, What_was_announced_is_not_there_until_it_is_put) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back(object("soon-" + std::to_string(i)));
  provider_->announce(names);
  provider_->announce(names);
  for (int round = 0; round < 3; ++round) {
    for (const auto& name : names) {
      EXPECT_EQ(outcome(size(name)), "not found");
      EXPECT_EQ(outcome(get(name, 0, 1)), "not found");
    }
    EXPECT_EQ(list(unique_, 10), "");
  }
  for (int i = 0; i < 10; ++i) ASSERT_EQ(outcome(put(names[static_cast<std::size_t>(i)], "here")), "ok");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(outcome(get(names[static_cast<std::size_t>(i)], 0, 4)), i < 10 ? "ok" : "not found");
  }
  for (const auto& name : names) EXPECT_EQ(outcome(remove(name)), "ok");
  provider_->announce(std::vector<std::string>{"NOT/a name", ""});
}

TEST_P(ProviderConformance, A_deadline_that_has_passed_ends_the_call) {
  ASSERT_TRUE(put(object("late"), "content"));
  const Instant past = system_clock().now() - std::chrono::seconds(1);
  std::string read(7, '?');
  // `unavailable` is what a fault says that was drawn before anybody looked at the time.
  const auto fine = [](const std::string& how) {
    return how == "ok" || how == "timeout" || how == "overloaded" || how == "unavailable";
  };
  const Instant begin = system_clock().now();
  EXPECT_PRED1(fine, outcome(run(loop_, provider_->get(object("late"), 0, as_writable(read), past))));
  EXPECT_PRED1(fine, outcome(run(loop_, put_text(*provider_, object("later"), "x", past))));
  EXPECT_PRED1(fine, outcome(run(loop_, provider_->size(object("late"), past))));
  EXPECT_PRED1(fine, outcome(run(loop_, provider_->list(unique_, "", 5, past))));
  EXPECT_PRED1(fine, outcome(run(loop_, provider_->remove(object("never"), past))));
  EXPECT_LT(system_clock().now() - begin, std::chrono::seconds(5));
}

Task<void> round_trip(Provider& provider, std::string name, std::string content, Instant deadline, int& whole,
                      int& done) {
  const auto stored = co_await put_text(provider, name, content, deadline);
  std::string read(content.size(), '?');
  const auto got = co_await provider.get(name, 0, as_writable(read), deadline);
  if (stored && got && read == content) ++whole;
  ++done;
}

TEST_P(ProviderConformance, Many_calls_at_once_keep_apart) {
  constexpr int kCalls = 100;
  int whole = 0, done = 0;
  loop_.restart();
  auto guard = boost::asio::make_work_guard(loop_);
  std::vector<std::string> names;
  for (int i = 0; i < kCalls; ++i) names.push_back(object("p-" + std::to_string(i)));
  provider_->announce(std::span(names).first(kCalls / 2));
  for (int i = 0; i < kCalls; ++i) {
    spawn(loop_, round_trip(*provider_, names[static_cast<std::size_t>(i)],
                            noise(1000 + static_cast<std::size_t>(i) * 37, static_cast<std::uint64_t>(i)), soon(), whole,
                            done));
  }
  while (done < kCalls) loop_.run_one();
  EXPECT_EQ(whole, kCalls);
}

TEST_P(ProviderConformance, The_largest_object_goes_and_comes_whole) {
  const std::string content = noise(GetParam().largest_bytes, 9);
  ASSERT_EQ(outcome(put(object("large"), content)), "ok");
  EXPECT_TRUE(get(object("large"), 0, content.size()).value() == content);
  EXPECT_TRUE(get(object("large"), content.size() - 70'000, 70'000).value() ==
              content.substr(content.size() - 70'000));
  EXPECT_EQ(outcome(get(object("large"), content.size() - 1, 2)), "corrupt");
  EXPECT_EQ(outcome(remove(object("large"))), "ok");
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ProviderConformance);

}  // namespace bascule::provider
