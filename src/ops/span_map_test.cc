#include "ops/span_map.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ops/fold.h"
#include "runtime/sim.h"

namespace bascule::ops {
namespace {

using catalog::Span;

// A blob of so many units against a plain array of what each holds.
constexpr std::uint64_t kUnits = 64;

Span span(std::uint64_t offset, std::uint64_t length, std::uint64_t birth, bool clear = false) {
  Span s{.offset = offset, .length = length, .birth = birth, .clear = clear};
  if (!clear) {
    s.piece.id.sequence = birth;
    s.piece.size_bytes = static_cast<std::uint32_t>(length);
  }
  return s;
}

struct Unit {
  std::uint64_t birth = 0, skip = 0;
  bool clear = true;
  bool operator==(const Unit&) const = default;
};
using Units = std::vector<Unit>;

Units plain(const std::vector<Span>& spans, std::uint64_t through) {
  Units units(kUnits);
  for (const Span& s : spans) {
    if (s.birth > through) continue;
    for (std::uint64_t i = s.offset; i < s.end(); ++i)
      if (units[i].birth <= s.birth) units[i] = {s.birth, s.clear ? 0 : s.skip + i - s.offset, s.clear};
  }
  return units;
}
Units of_map(const SpanMap& map) {
  Units units(kUnits);
  map.each(0, kUnits, [&](const Span& s) {
    for (std::uint64_t i = s.offset; i < s.end(); ++i) units[i] = {s.birth, s.clear ? 0 : s.skip + i - s.offset, s.clear};
  });
  return units;
}
// What a reader sees: zeros are zeros, whether they were cleared or never written.
std::vector<std::uint64_t> content(const Units& units) {
  std::vector<std::uint64_t> all;
  for (const Unit& u : units) all.push_back(u.clear ? 0 : u.birth * 1000 + u.skip);
  return all;
}

std::vector<Span> random_writes(SeededRandom& random, std::size_t count) {
  std::vector<Span> spans;
  for (std::size_t i = 1; i <= count; ++i) {
    const std::uint64_t offset = random.next_u64() % kUnits, length = 1 + random.next_u64() % (kUnits - offset);
    spans.push_back(span(offset, length, i, random.next_u64() % 4 == 0));
  }
  return spans;
}

TEST(SpanMap, Shows_the_youngest_whatever_the_order) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SeededRandom random(seed);
    std::vector<Span> spans = random_writes(random, 1 + seed % 20);
    const Units expected = plain(spans, kLatest);
    for (int order = 0; order < 3; ++order) {
      SpanMap map;
      for (const Span& s : spans) map.insert(s);
      for (const Span& s : spans) map.insert(s);   // again: nothing changes
      ASSERT_EQ(of_map(map), expected) << "seed " << seed << " order " << order;
      for (std::size_t i = spans.size(); i > 1; --i) std::swap(spans[i - 1], spans[random.next_u64() % i]);
    }
  }
}

TEST(SpanMap, Gives_clipped_parts_and_forgets_the_old) {
  SpanMap map;
  map.insert(span(0, 10, 1));
  map.insert(span(4, 2, 2));
  std::vector<std::uint64_t> seen;
  map.each(3, 7, [&](const Span& s) { seen.insert(seen.end(), {s.offset, s.length, s.birth, s.skip}); });
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{3, 1, 1, 3, 4, 2, 2, 0, 6, 1, 1, 6}));
  map.erase_born_by(1);
  EXPECT_EQ(map.size(), 1u);
}

TEST(Fold, Keeps_what_each_holder_sees_and_nothing_else) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random(seed);
    const std::size_t count = 1 + seed % 16;
    const std::vector<Span> spans = random_writes(random, count);
    std::vector<std::uint64_t> at;
    if (seed % 5 != 0) at.push_back(kLatest);
    for (std::uint64_t n = seed % 4; n > 0; --n) at.push_back(random.next_u64() % (count + 1));
    const std::vector<Span> kept = seen_by(spans, at);
    for (const std::uint64_t holder : at)
      ASSERT_EQ(content(plain(kept, holder)), content(plain(spans, holder))) << "seed " << seed << " holder " << holder;
    for (const Span& k : kept)   // and each byte of it is seen by somebody
      for (std::uint64_t i = k.offset; i < k.end() && !k.clear; ++i)
        ASSERT_TRUE(std::ranges::any_of(at, [&](std::uint64_t holder) { return plain(spans, holder)[i].birth == k.birth; })) << seed;
    EXPECT_EQ(seen_by(kept, at).size(), kept.size()) << "again: the same";
  }
}

TEST(Fold, Keeps_zeros_only_above_what_somebody_sees) {
  const std::vector<Span> spans = {span(0, 8, 1), span(2, 2, 2, true)};
  EXPECT_EQ(seen_by(spans, {kLatest}).size(), 2u) << "two parts of the first";
  EXPECT_EQ(seen_by(spans, {1, kLatest}).size(), 2u) << "the first whole, and the zeros";
  EXPECT_TRUE(seen_by(spans, {}).empty());
}

TEST(Fold, Pages_divide_without_loss) {
  SeededRandom random(7);
  std::vector<Span> spans{span(0, 1'000'000, 1)};
  for (std::uint64_t i = 0; i < 900; ++i) spans.push_back(span(random.next_u64() % 999'000, 1 + random.next_u64() % 900, 2 + i));
  std::ranges::sort(spans, {}, [](const Span& s) { return std::pair(s.offset, s.birth); });
  const auto pages = divide(spans, 0);
  ASSERT_TRUE(pages);
  ASSERT_GT(pages->size(), 4u);
  SpanMap whole, divided;
  for (const Span& s : spans) whole.insert(s);
  for (std::size_t i = 0; i < pages->size(); ++i) {
    const SpanPage& page = (*pages)[i];
    EXPECT_LE(catalog::encode_span_page(page.spans).size(), 2 * catalog::kSpanPageBytes);
    for (const Span& s : page.spans) {
      EXPECT_GE(s.offset, page.begin);
      if (i + 1 < pages->size()) EXPECT_LE(s.end(), (*pages)[i + 1].begin);
      divided.insert(s);
    }
  }
  std::vector<std::uint64_t> a, b;
  const auto list = [](std::vector<std::uint64_t>& into) {
    return [&into](const Span& s) { for (std::uint64_t i = s.offset; i < s.end(); ++i) into.push_back(s.birth * 10'000'000 + s.skip + i - s.offset); };
  };
  whole.each(0, kLatest, list(a));
  divided.each(0, kLatest, list(b));
  EXPECT_EQ(a, b);
}

// What a snapshot sees and what was written over it begin at the same places: where pages divide there, too.
TEST(Fold, Pages_divide_where_spans_of_two_births_begin) {
  std::vector<Span> spans;
  for (std::uint64_t i = 0; i < 700; ++i) {
    spans.push_back(span(i * 4096, 4096, 1 + i));
    spans.push_back(span(i * 4096, 4096, 1000 + i, i % 3 == 0));
  }
  const auto pages = divide(spans, 0);
  ASSERT_TRUE(pages);
  ASSERT_GT(pages->size(), 4u);
  std::size_t there = 0;
  for (const SpanPage& page : *pages) {
    const auto read = catalog::decode_span_page(catalog::encode_span_page(page.spans));
    ASSERT_TRUE(read) << page.begin << ": " << read.error().message;
    there += read->size();
  }
  EXPECT_EQ(there, spans.size());
}

}  // namespace
}  // namespace bascule::ops
