// Spans by place, the youngest on top: what is visible of an append or page blob. Disjoint. One thread.
#pragma once
#include <map>

#include "catalog/spans.h"

namespace bascule::ops {

class SpanMap {
 public:
  // Where spans meet, the younger birth stays, whatever the order in which they come; the same span twice is one.
  void insert(const catalog::Span& span);

  // The parts in [from, to), in order.
  template <class F> void each(std::uint64_t from, std::uint64_t to, F see) const {
    for (auto it = first_ending_after(from); it != spans_.end() && it->first < to; ++it)
      see(catalog::clipped(it->second, from, to));
  }
  void erase_born_by(std::uint64_t birth);
  std::size_t size() const { return spans_.size(); }
  void clear() { spans_.clear(); }

 private:
  using Spans = std::map<std::uint64_t, catalog::Span>;
  Spans::const_iterator first_ending_after(std::uint64_t offset) const;

  Spans spans_;   // by offset
};

}  // namespace bascule::ops
