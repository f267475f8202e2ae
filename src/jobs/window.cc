#include "jobs/window.h"

#include <algorithm>

namespace bascule::jobs {

namespace keys = catalog::keys;

Task<Result<Window>> Window::look(catalog::Catalog& catalog) {
  Window window;
  BASCULE_CO_ASSIGN(auto backups, co_await catalog.get<catalog::BackupsRecord>(keys::backups()));
  if (backups) {
    window.backups_version = backups->version;
    window.backups = std::move(backups->record);
  }
  BASCULE_CO_ASSIGN(auto restored, co_await catalog.get<catalog::RestoredRecord>(keys::restored()));
  if (restored) {
    window.restored_version = restored->version;
    window.restored = std::move(restored->record);
  }
  co_return window;
}

bool Window::is_former(std::uint64_t incarnation) const {
  return std::ranges::any_of(restored.lives, [&](const auto& life) { return life.incarnation == incarnation && !life.is_taken_over(); });
}

bool Window::any_former() const {
  return std::ranges::any_of(restored.lives, [](const auto& life) { return !life.is_taken_over(); });
}

bool Window::holds(const catalog::GarbageRecord& garbage, std::uint32_t session, Duration window, WallTime now) const {
  if (garbage.epoch == 0) return false;
  if (garbage.epoch > backups.epoch) return true;   // a backup began since this was looked at
  if (window == Duration::zero()) return false;
  bool may_be_named = false;
  for (const auto& target : backups.targets) {
    if (target.running_session == session && target.running_epoch <= garbage.epoch) return true;
    if (target.number == 0) continue;
    if (target.epoch <= garbage.epoch) return true;   // by the newest
    may_be_named = true;                              // by one before
  }
  return may_be_named && now < garbage.died + std::chrono::duration_cast<Ticks>(window);
}

}  // namespace bascule::jobs
