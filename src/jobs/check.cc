#include "jobs/check.h"

#include <algorithm>

#include "jobs/checker.h"

namespace bascule::jobs {

Task<Result<CheckReport>> Checker::run() {
  BASCULE_CO_TRY(co_await load_extents());
  BASCULE_CO_TRY(co_await list_objects());
  BASCULE_CO_TRY(co_await ask_for_unlisted());
  if (options_.read) BASCULE_CO_TRY(co_await read_extents());
  BASCULE_CO_TRY(co_await walk_containers());
  BASCULE_CO_TRY(co_await walk_deleted_containers());
  BASCULE_CO_TRY(co_await walk_blobs());
  BASCULE_CO_TRY(co_await walk_blocks());
  BASCULE_CO_TRY(co_await walk_tags());
  BASCULE_CO_TRY(co_await walk_other_tables());
  co_await name_the_rest();
  report_.elapsed = parts_.clock.now() - started_;
  co_return report_;
}

Checker::Extent* Checker::find(const ExtentId& id) {
  std::array<unsigned char, 16> bytes;
  id.write(reinterpret_cast<char*>(bytes.data()));
  const auto at = std::ranges::lower_bound(extents_, bytes, {}, &Extent::id);
  return at != extents_.end() && at->id == bytes ? &*at : nullptr;
}

void Checker::found(Trouble trouble, std::string where, std::string message) {
  if (trouble == Trouble::missing) ++report_.missing;
  if (trouble == Trouble::damaged) ++report_.damaged;
  sink_.finding({trouble, std::move(where), std::move(message)});
}

void Checker::found(const Wrong& wrong, std::string where) {
  std::string text = wrong.text;
  if (wrong.more) text += "; and " + std::to_string(wrong.more) + " more";
  found(wrong.trouble, std::move(where), std::move(text));
}

std::string_view name(Trouble trouble) {
  switch (trouble) {
    case Trouble::missing: return "missing";
    case Trouble::damaged: return "damaged";
    case Trouble::unnamed: return "unnamed";
  }
  return "unknown";
}

std::string_view name(CheckProgress::Phase phase) {
  switch (phase) {
    case CheckProgress::Phase::catalog: return "catalog";
    case CheckProgress::Phase::listing: return "listing";
    case CheckProgress::Phase::reading: return "reading";
    case CheckProgress::Phase::blobs: return "blobs";
  }
  return "unknown";
}

Task<Result<CheckReport>> check(ops::Service& service, CheckOptions options, CheckSink& sink) {
  Checker checker(service, options, sink);
  co_return co_await checker.run();
}

}  // namespace bascule::jobs
