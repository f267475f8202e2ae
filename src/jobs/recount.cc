// Extents that a dead session named only in part: it placed several pieces together, some were committed, and it died
// before the others. Nothing in the catalog speaks of those others, so that what is named or dead is counted, and the
// rest of the extent is dead too.
//
// Writers go on meanwhile. They never bring a dead session's piece back, but they move it between records (where the former
// stays, or turns into a drop record). Only the sweeper, which does not run now, removes pages, drops and ended blocks. So
// NamingWalk meets every piece that was named when it began.
#include <utility>

#include "catalog/forward.h"
#include "jobs/sweeper.h"
#include "jobs/walk.h"

namespace bascule::jobs {

namespace keys = catalog::keys;

namespace {
constexpr std::size_t kExtentsPerRecount = 8192;  // memory: about 48 bytes for each piece in them
}

Task<Result<void>> Sweeper::recount(Sessions sessions) {
  Recounts recounts;   // of several sessions at once: each walk over the catalog should settle as much as it can
  for (const auto& [session, incarnation] : sessions) {
    const std::string prefix = keys::extent(ExtentId{{incarnation, session, 0}}).substr(0, 11);
    const std::string end = keys::after_prefix(prefix);
    std::string begin = prefix;
    while (true) {
      BASCULE_CO_ASSIGN(auto extents, co_await catalog_.scan({.begin = begin, .end = end}));
      if (extents.empty()) break;
      begin = extents.back().key + '\0';
      for (const auto& e : extents) {
        const ExtentId id{extent::UniqueId::read(e.key.data() + 1)};
        BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::ExtentRecord>(e.value));
        if (catalog::gathered(record)) continue;   // one commit made it whole: nothing in it was ever unnamed
        BASCULE_CO_ASSIGN(auto total, co_await catalog_.get_total(keys::dead_total(id)));
        recounts[id] = {record.size_bytes, total ? total->record : 0, {}};
      }
      if (recounts.size() >= kExtentsPerRecount) BASCULE_CO_TRY(co_await bury_unnamed(std::exchange(recounts, {})));
    }
  }
  co_return co_await bury_unnamed(std::move(recounts));
}

Task<Result<void>> Sweeper::bury_unnamed(Recounts recounts) {
  if (recounts.empty()) co_return Result<void>{};
  BASCULE_CO_TRY(co_await count_named(recounts));
  for (const auto& [id, count] : recounts) {
    std::uint64_t known = count.dead_bytes;
    for (const auto& [offset, size] : count.named) known += size;
    if (known > count.size_bytes) co_return fail(Code::corrupt, "more of an extent is named or dead than it holds");
    if (known == count.size_bytes) continue;
    ++counts_.extents_settled;
    catalog::Transaction t;
    BASCULE_CO_TRY(co_await bury_bytes(t, id, count.size_bytes - known));
    BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
  }
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::count_named(Recounts& recounts) {
  NamingWalk walk(catalog_);
  while (true) {
    BASCULE_CO_ASSIGN(const auto named, co_await walk.next());
    if (!named) co_return Result<void>{};
    for (const extent::Piece& p : named->pieces)
      if (auto it = recounts.find(p.extent); it != recounts.end())
        it->second.named[p.offset] = static_cast<std::uint32_t>(crypto::sealed_size(p.size_bytes));
  }
}

}  // namespace bascule::jobs
