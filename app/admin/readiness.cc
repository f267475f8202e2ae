#include "app/admin/readiness.h"

#include "base/log.h"

namespace bascule::app {
namespace {
constexpr Duration kInterval = std::chrono::seconds(10);
constexpr Duration kIntervalInTrouble = std::chrono::seconds(3);
constexpr Duration kLookTimeout = std::chrono::seconds(15);
}  // namespace

void Readiness::set(bool ready, std::string reason) {
  const std::lock_guard lock(mutex_);
  ready_ = ready;
  reason_ = ready ? "" : std::move(reason);
}

bool Readiness::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_;
}

std::string Readiness::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

Task<Result<void>> look(Engine& engine, Clock& clock) {
  auto session = co_await engine.catalog().session_record(engine.catalog().session());
  if (!session) co_return fail(session.error().code, "catalog: " + session.error().message);
  if (!*session || !(*session)->open) co_return fail(Code::unavailable, "catalog: this server's session was closed; restart it");
  // The root key's object is always there; whether it is found does not matter, only that the provider answers.
  auto size = co_await engine.provider().size(engine.keyring().object_name(0), clock.now() + kLookTimeout);
  if (!size && size.error().code != Code::not_found) co_return fail(size.error());
  co_return Result<void>();
}

Task<void> Readiness::watch(Engine& engine, Clock& clock, const std::atomic<bool>& stop, std::atomic<bool>& done) {
  while (!stop) {
    auto outcome = co_await look(engine, clock);
    const bool before = ready();
    if (!outcome && (before || reason() != outcome.error().message))
      log::error("not ready", {{"error", outcome.error().message}, {"kind", name(outcome.error().code)}});
    if (outcome && !before) log::info("ready");
    if (!stop) set(outcome.has_value(), outcome ? "" : outcome.error().message);
    const Instant next = clock.now() + (outcome ? kInterval : kIntervalInTrouble);
    while (!stop && clock.now() < next) co_await clock.sleep_for(std::chrono::milliseconds(100));
  }
  done = true;
}

}  // namespace bascule::app
