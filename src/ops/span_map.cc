#include "ops/span_map.h"

#include <algorithm>
#include <vector>

namespace bascule::ops {

using catalog::clipped;
using catalog::Span;

SpanMap::Spans::const_iterator SpanMap::first_ending_after(std::uint64_t offset) const {
  auto it = spans_.upper_bound(offset);
  if (it != spans_.begin() && std::prev(it)->second.end() > offset) --it;
  return it;
}

void SpanMap::insert(const Span& span) {
  struct Stretch { std::uint64_t from, to; };
  std::vector<Stretch> visible;   // of the new span
  const auto show = [&](std::uint64_t from, std::uint64_t to) {
    if (from == to) return;
    if (!visible.empty() && visible.back().to == from) visible.back().to = to;
    else visible.push_back({from, to});
  };
  std::uint64_t at = span.offset;
  const auto begin = first_ending_after(span.offset);
  for (auto it = spans_.erase(begin, begin); it != spans_.end() && it->first < span.end();) {   // erase: a mutable iterator
    const Span old = it->second;
    const std::uint64_t from = std::max(old.offset, span.offset), to = std::min(old.end(), span.end());
    show(at, from);
    at = to;
    if (old.birth >= span.birth) {
      ++it;
      continue;
    }
    show(from, to);
    it = spans_.erase(it);
    if (old.offset < from) spans_.emplace_hint(it, old.offset, clipped(old, old.offset, from));
    if (old.end() > to) it = std::next(spans_.emplace_hint(it, to, clipped(old, to, old.end())));
  }
  show(at, span.end());
  for (const Stretch& s : visible) spans_.insert_or_assign(s.from, clipped(span, s.from, s.to));
}

void SpanMap::erase_born_by(std::uint64_t birth) {
  std::erase_if(spans_, [birth](const auto& entry) { return entry.second.birth <= birth; });
}

}  // namespace bascule::ops
