#include "extent/packer.h"

#include <algorithm>

namespace bascule::extent {
namespace {
constexpr std::uint64_t kTagInlineBytes = 512 * 1024;  // more than this is tagged on a worker, not on the loop
}

crypto::Id16 to_id16(const UniqueId& id) {
  crypto::Id16 out;
  id.write(reinterpret_cast<char*>(out.data()));
  return out;
}

std::vector<crypto::UnitTag> tag_units(crypto::ExtentMac& mac, Slices slices) {
  std::vector<crypto::UnitTag> tags;
  tags.reserve(crypto::unit_count(total_size(slices)));
  std::vector<Bytes> unit;  // the parts of one that spans slices
  std::size_t unit_bytes = 0;
  const auto close = [&] {
    tags.push_back(mac.tag({.unit = tags.size()}, unit));
    unit.clear();
    unit_bytes = 0;
  };
  for (Bytes rest : slices) {
    while (!rest.empty()) {
      const std::size_t take = std::min(rest.size(), crypto::kUnitBytes - unit_bytes);
      unit.push_back(rest.first(take));
      unit_bytes += take;
      rest = rest.subspan(take);
      if (unit_bytes == crypto::kUnitBytes) close();
    }
  }
  if (unit_bytes != 0) close();
  return tags;
}

Packer::Packer(provider::Provider& provider, const crypto::ExtentNamer& namer, const crypto::SecretKey& catalog_key,
               IdSource& ids, Workers& workers, Clock& clock, PackerOptions options, OnPlaced on_placed)
    : provider_(provider), namer_(namer), tag_keys_(catalog_key), ids_(ids), workers_(workers), clock_(clock),
      options_(options), on_placed_(std::move(on_placed)) {}

Packer::Group Packer::take_group() {
  Group group;
  std::size_t n = 0;
  while (n < queue_.size() && (n == 0 || group.bytes + queue_[n]->sealed.size() <= options_.extent_bytes))
    group.bytes += queue_[n++]->sealed.size();
  group.pieces.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(n));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(n));
  return group;
}

Task<Result<Placed>> Packer::add(Buffer sealed) {
  Waiting waiting{std::move(sealed), {}};
  Group group;
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(&waiting);
    if (placing_ < options_.in_flight) {
      ++placing_;
      group = take_group();
    }
  }
  if (!group.pieces.empty()) spawn(co_await this_executor(), place(std::move(group)));
  co_return co_await waiting.done.wait();
}

ExtentId Packer::next_id() {
  std::lock_guard lock(mutex_);
  if (announced_.empty()) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.announce, 1); ++i) {
      announced_.push_back(ExtentId{ids_.next()});
      names.push_back(namer_.name(to_id16(announced_.back())));
    }
    provider_.announce(names);
    std::ranges::reverse(announced_);
  }
  const ExtentId id = announced_.back();
  announced_.pop_back();
  return id;
}

Task<Result<std::shared_ptr<PlacedExtent>>> Packer::put(const Group& group) {
  auto extent = std::make_shared<PlacedExtent>();
  extent->id = next_id();
  extent->size_bytes = static_cast<std::uint32_t>(group.bytes);
  std::vector<Bytes> slices;
  slices.reserve(group.pieces.size());
  for (const Waiting* w : group.pieces) slices.push_back(w->sealed.bytes());
  crypto::ExtentMac mac = tag_keys_.of(to_id16(extent->id));
  if (group.bytes <= kTagInlineBytes) {
    extent->unit_tags = tag_units(mac, slices);
  } else {
    extent->unit_tags = co_await offload(workers_, [&mac, &slices] { return tag_units(mac, slices); });
  }
  auto put = co_await provider_.put(namer_.name(to_id16(extent->id)), slices, clock_.now() + options_.put_timeout);
  if (!put) {
    if (!ids_.failed().add(extent->id, clock_.now())) ids_.note_lost();  // it may have arrived, or may yet
    co_return fail(put.error());
  }
  on_placed_(*extent);
  co_return extent;
}

Task<void> Packer::place(Group group) {
  while (!group.pieces.empty()) {
    auto extent = co_await put(group);
    std::uint32_t offset = 0;
    for (Waiting* w : group.pieces) {
      const auto size = static_cast<std::uint32_t>(w->sealed.size());
      w->sealed = Buffer();  // before the waiter may go on: its memory is free from here
      if (extent) w->done.set(Placed{*extent, offset});
      else w->done.set(std::unexpected(extent.error()));
      offset += size;
    }
    std::lock_guard lock(mutex_);
    group = take_group();
    if (group.pieces.empty()) --placing_;
  }
}

}  // namespace bascule::extent
