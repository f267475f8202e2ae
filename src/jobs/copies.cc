#include "jobs/copies.h"

#include <algorithm>

#include "base/log.h"
#include "catalog/copy_job.h"

namespace bascule::jobs {

namespace keys = catalog::keys;

namespace {
constexpr Duration kLookAgain = std::chrono::seconds(10);   // for copies of gateways that have gone meanwhile
constexpr std::size_t kPage = 256;
}  // namespace

Copies::Copies(ops::Service& service, ops::Remote* remote) : service_(service), remote_(remote) {}

Task<Result<void>> Copies::pass() {
  Clock& clock = service_.parts().clock;
  const std::uint64_t noted = service_.copies_noted();
  if (stop_ || (noted == seen_ && clock.now() < look_again_) || running_.size() >= kAtOnce) co_return Result<void>{};
  const std::string prefix = keys::copy_job("");
  std::string begin = prefix;
  std::set<std::string> there;
  while (running_.size() < kAtOnce) {
    BASCULE_CO_ASSIGN(const auto jobs, co_await service_.parts().catalog.scan({.begin = begin, .end = keys::after_prefix(prefix), .limit = kPage}));
    for (const auto& job : jobs) {
      there.insert(job.key);
      const auto trouble = troubles_.find(job.key);
      if (running_.contains(job.key) || running_.size() >= kAtOnce || (trouble != troubles_.end() && clock.now() < trouble->second.next)) continue;
      BASCULE_CO_ASSIGN(const bool ours, co_await service_.claim_copy(job.key));
      if (!ours) continue;
      running_.insert(job.key);
      spawn(co_await this_executor(), carry(job.key));
    }
    if (jobs.size() < kPage) {
      std::erase_if(troubles_, [&](const auto& one) { return !there.contains(one.first); });   // aborted meanwhile
      break;
    }
    begin = jobs.back().key + '\0';
  }
  seen_ = noted;
  // Those in trouble, and those beyond kAtOnce, have their turn when it comes.
  look_again_ = clock.now() + (troubles_.empty() ? kLookAgain : Duration(kFirstRetry));
  co_return Result<void>{};
}

Task<void> Copies::carry(std::string key) {
  Clock& clock = service_.parts().clock;
  ops::Service::CopyRun run{.remote = remote_, .stop = stop_, .careful = troubles_.contains(key)};
  auto outcome = co_await service_.carry_copy(key, run);
  if (outcome) {
    troubles_.erase(key);
  } else if (!stop_) {
    const Instant now = clock.now();
    Trouble& trouble = troubles_[key];
    if (trouble.since == Instant() || run.staged_bytes > 0) trouble = {.since = now};
    trouble.wait = std::clamp(trouble.wait * 2, Duration(kFirstRetry), Duration(kLongestRetry));
    trouble.next = now + trouble.wait;
    log::warn("copy will be tried again", {{"copy_id", std::string_view(key).substr(keys::copy_job("").size())},
                                           {"error", outcome.error().message}, {"kind", name(outcome.error().code)}});
    if (now - trouble.since >= kPatience) {
      if (co_await service_.give_up_copy(key)) troubles_.erase(key);
    }
  }
  running_.erase(key);
  look_again_ = std::min(look_again_, clock.now() + (outcome ? Duration() : Duration(kFirstRetry)));   // others may wait
}

}  // namespace bascule::jobs
