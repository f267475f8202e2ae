// Folding: what a lineage's writes have made goes into its pages, and what nobody sees any longer is let go of. The writer
// of every so many writes does it; the sweeper, when a holder has gone. In bounded commits, each of which names as dropped
// the pieces whose last name it removes, so that it may be interrupted anywhere and done again.
#pragma once
#include "ops/lineage.h"

namespace bascule::ops {

struct Fold {
  LineageId id;
  std::vector<std::uint64_t> holders;   // see ops::holders()
  std::uint64_t through = kLatest;      // writes up to this one
  bool everything = false;              // all pages are looked at, not only those that were written to
};
// Every commit requires the lineage's guard (keys::write 0) as it was before the holders were asked for: `guard` is its
// version. Errors: conflict (the guard or a page has changed), exhausted (a stretch with too many past states).
Task<Result<void>> fold(catalog::Catalog& catalog, Fold what, std::uint64_t guard);

// The spans of [begin, end) that some holder sees; in the order of their offsets and births.
std::vector<catalog::Span> seen_by(const std::vector<catalog::Span>& spans, const std::vector<std::uint64_t>& holders);
// The same spans as pages, the first of which begins at `begin`. Errors: exhausted.
Result<std::vector<SpanPage>> divide(std::vector<catalog::Span> spans, std::uint64_t begin);

}  // namespace bascule::ops
