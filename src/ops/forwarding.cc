#include "ops/forwarding.h"

#include <mutex>

namespace bascule::ops {

namespace {
std::uint32_t sealed(const extent::Piece& piece) { return static_cast<std::uint32_t>(crypto::sealed_size(piece.size_bytes)); }
}  // namespace

extent::Piece Forwarding::place(extent::Piece piece) const {
  if (!any_.load(std::memory_order_acquire)) return piece;   // nearly always
  std::shared_lock lock(mutex_);
  const auto found = known_.find(piece.extent);
  if (found == known_.end()) return piece;
  if (const auto now = catalog::place_of(*found->second, piece.offset, sealed(piece))) {
    piece.extent = now->extent;
    piece.offset = now->offset;
  }
  return piece;
}

Task<Result<bool>> Forwarding::learn(extent::Piece piece, extent::ExtentId tried) {
  BASCULE_CO_ASSIGN(auto record, co_await catalog_.get<catalog::ExtentRecord>(catalog::keys::extent(piece.extent)));
  if (!record) co_return false;
  const auto now = catalog::place_of(record->record.forward, piece.offset, sealed(piece));
  if (!now || now->extent == tried) co_return false;
  auto entries = std::make_shared<const catalog::Forwards>(std::move(record->record.forward));
  std::lock_guard lock(mutex_);
  if (entries_ + entries->size() > kMostEntries) {
    known_.clear();
    entries_ = 0;
  }
  Entries& kept = known_[piece.extent];
  if (kept) entries_ -= kept->size();
  entries_ += entries->size();
  kept = std::move(entries);
  any_.store(true, std::memory_order_release);
  co_return true;
}

}  // namespace bascule::ops
