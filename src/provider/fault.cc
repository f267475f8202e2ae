#include "provider/fault.h"

#include <algorithm>

namespace bascule::provider {

FaultProvider::FaultProvider(std::unique_ptr<Provider> inner, FaultOptions options, Clock& clock, Random& random)
    : Decorator(std::move(inner)), clock_(clock), options_(options), random_(random) {}

void FaultProvider::set_options(FaultOptions options) {
  const std::lock_guard lock(mutex_);
  options_ = options;
}

FaultProvider::Fate FaultProvider::draw() {
  const std::lock_guard lock(mutex_);
  const auto happens = [&](double probability) {
    return static_cast<double>(random_.next_u64() >> 11) * 0x1p-53 < probability;
  };
  Fate fate;
  fate.before = happens(options_.fail_before);
  fate.after = happens(options_.fail_after);
  fate.tear = happens(options_.tear_put);
  fate.lose = happens(options_.lie_lose_put);
  fate.flip = happens(options_.lie_flip_bit);
  fate.cut = happens(options_.lie_short_get);
  if (happens(options_.delay) && options_.max_delay > Duration::zero()) {
    fate.delay = Duration(static_cast<Duration::rep>(
        random_.next_u64() % static_cast<std::uint64_t>(options_.max_delay.count())));
  }
  constexpr Code kCodes[] = {Code::unavailable, Code::overloaded, Code::timeout};
  fate.code = kCodes[random_.next_u64() % 3];
  fate.where = random_.next_u64();
  return fate;
}

Error FaultProvider::fault(Code code, std::string_view what) const {
  return {code, 0, "provider '" + std::string(name()) + "': " + std::string(what) + " (fault injected)"};
}

Task<Result<void>> FaultProvider::meet(Fate fate, Instant deadline) {
  if (fate.delay > Duration::zero()) {
    const Instant until = clock_.now() + fate.delay;
    co_await clock_.sleep_until(std::min(until, deadline));
    if (until >= deadline) co_return fail(fault(Code::timeout, "no answer before the deadline"));
  }
  if (away_.load()) co_return fail(fault(Code::unavailable, "cannot be reached"));
  if (fate.before) co_return fail(fault(fate.code, "failed before the effect"));
  co_return Result<void>{};
}

std::optional<std::uint64_t> FaultProvider::torn(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto at = torn_.find(name);
  if (at == torn_.end()) return std::nullopt;
  return at->second;
}

Task<Result<void>> FaultProvider::put(std::string name, Slices content, Instant deadline) {
  const Fate fate = draw();
  BASCULE_CO_TRY(co_await meet(fate, deadline));
  if (fate.tear) {
    const auto there = co_await inner().size(name, deadline);
    if (!there && there.error().code == Code::not_found) {  // what is whole stays whole
      const std::lock_guard lock(mutex_);
      torn_[name] = fate.where % std::max<std::size_t>(total_size(content), 1);
    }
    co_return fail(fault(fate.code, "failed in the middle"));
  }
  if (fate.lose) co_return Result<void>{};
  BASCULE_CO_TRY(co_await inner().put(name, content, deadline));
  {
    const std::lock_guard lock(mutex_);
    torn_.erase(name);
  }
  if (fate.after) co_return fail(fault(fate.code, "failed after the effect"));
  co_return Result<void>{};
}

Task<Result<void>> FaultProvider::get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) {
  const Fate fate = draw();
  BASCULE_CO_TRY(co_await meet(fate, deadline));
  if (torn(name) || fate.cut) co_return fail(fault(Code::corrupt, "the object ends too early"));
  BASCULE_CO_TRY(co_await inner().get(std::move(name), offset, into, deadline));
  if (fate.flip && !into.empty()) into[fate.where % into.size()] ^= std::byte{0x20};
  if (fate.after) co_return fail(fault(fate.code, "failed after the effect"));
  co_return Result<void>{};
}

Result<bool> FaultProvider::try_get(std::string_view name, std::uint64_t offset, MutableBytes into) {
  const Fate fate = draw();
  if (away_.load() || fate.before || fate.after || fate.cut || fate.delay > Duration::zero() ||
      torn(std::string(name))) {
    return false;  // get() draws a fate of its own
  }
  BASCULE_ASSIGN(const bool had, inner().try_get(name, offset, into));
  if (had && fate.flip && !into.empty()) into[fate.where % into.size()] ^= std::byte{0x20};
  return had;
}

Task<Result<std::uint64_t>> FaultProvider::size(std::string name, Instant deadline) {
  const Fate fate = draw();
  BASCULE_CO_TRY(co_await meet(fate, deadline));
  if (const auto left = torn(name)) co_return *left;
  auto found = co_await inner().size(std::move(name), deadline);
  if (found && fate.after) co_return fail(fault(fate.code, "failed after the effect"));
  co_return found;
}

Task<Result<void>> FaultProvider::remove(std::string name, Instant deadline) {
  const Fate fate = draw();
  BASCULE_CO_TRY(co_await meet(fate, deadline));
  BASCULE_CO_TRY(co_await inner().remove(name, deadline));
  {
    const std::lock_guard lock(mutex_);
    torn_.erase(name);
  }
  if (fate.after) co_return fail(fault(fate.code, "failed after the effect"));
  co_return Result<void>{};
}

Task<Result<Listing>> FaultProvider::list(std::string prefix, std::string after, std::size_t limit, Instant deadline) {
  const Fate fate = draw();
  BASCULE_CO_TRY(co_await meet(fate, deadline));
  auto listing = co_await inner().list(prefix, after, limit, deadline);
  if (!listing) co_return listing;
  if (fate.after) co_return fail(fault(fate.code, "failed after the effect"));
  const std::string last = listing->complete || listing->objects.empty() ? "" : listing->objects.back().name;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = torn_.upper_bound(after); at != torn_.end(); ++at) {
      if (!listing->complete && at->first > last) break;
      if (at->first.starts_with(prefix)) listing->objects.push_back({at->first, at->second});
    }
  }
  std::ranges::sort(listing->objects, {}, &ObjectInfo::name);
  if (listing->objects.size() > limit) {
    listing->objects.resize(limit);
    listing->complete = false;
  }
  co_return listing;
}

}  // namespace bascule::provider
