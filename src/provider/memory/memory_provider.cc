#include "provider/memory/memory_provider.h"

#include "provider/object_name.h"

namespace bascule::provider {
namespace {

std::unexpected<Error> no_object(std::string_view provider, std::string_view name) {
  return fail(Code::not_found, "provider '" + std::string(provider) + "': no object '" + std::string(name) + "'");
}

}  // namespace

Result<void> MemoryProvider::keep(std::string name, Slices content) {
  std::string bytes;
  bytes.reserve(total_size(content));
  for (const Bytes& slice : content) bytes.append(as_text(slice));
  const std::lock_guard lock(mutex_);
  const auto other = [&] {
    return fail(Code::internal, "provider '" + options_.name + "': other content is put under '" + name + "'");
  };
  if (const auto at = objects_.find(name); at != objects_.end()) {
    if (at->second != bytes) return other();
    return {};
  }
  if (const auto at = removed_.find(name); at != removed_.end() && at->second != std::hash<std::string>{}(bytes)) {
    return other();
  }
  objects_.emplace(std::move(name), std::move(bytes));
  return {};
}

Result<void> MemoryProvider::read(std::string_view name, std::uint64_t offset, MutableBytes into) const {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(name);
  if (at == objects_.end()) return no_object(options_.name, name);
  if (offset > at->second.size() || into.size() > at->second.size() - offset) {
    return fail(Code::corrupt, "provider '" + options_.name + "': object '" + std::string(name) + "' ends before byte " +
                                   std::to_string(offset + into.size()));
  }
  if (!into.empty()) std::memcpy(into.data(), at->second.data() + offset, into.size());
  return {};
}

Listing MemoryProvider::page(std::string_view prefix, std::string_view after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  Listing listing;
  auto at = after >= prefix ? objects_.upper_bound(after) : objects_.lower_bound(prefix);
  for (; at != objects_.end() && at->first.starts_with(prefix); ++at) {
    if (listing.objects.size() == limit) {
      listing.complete = false;
      break;
    }
    listing.objects.push_back({at->first, at->second.size()});
  }
  return listing;
}

Task<Result<void>> MemoryProvider::put(std::string name, Slices content, Instant) {
  BASCULE_CO_TRY(check_object_name(name));
  if (total_size(content) == 0) co_return fail(Code::invalid_argument, "provider: an object is never empty");
  co_return keep(std::move(name), content);
}

Task<Result<void>> MemoryProvider::get(std::string name, std::uint64_t offset, MutableBytes into, Instant) {
  BASCULE_CO_TRY(check_object_name(name));
  co_return read(name, offset, into);
}

Result<bool> MemoryProvider::try_get(std::string_view name, std::uint64_t offset, MutableBytes into) {
  if (!options_.reads_at_once) return false;
  BASCULE_TRY(check_object_name(name));
  BASCULE_TRY(read(name, offset, into));
  return true;
}

Task<Result<std::uint64_t>> MemoryProvider::size(std::string name, Instant) {
  BASCULE_CO_TRY(check_object_name(name));
  const auto found = content(name);
  if (!found) co_return no_object(options_.name, name);
  co_return found->size();
}

Task<Result<void>> MemoryProvider::remove(std::string name, Instant) {
  BASCULE_CO_TRY(check_object_name(name));
  drop(name);
  co_return Result<void>{};
}

Task<Result<Listing>> MemoryProvider::list(std::string prefix, std::string after, std::size_t limit, Instant) {
  if (limit == 0) co_return fail(Code::invalid_argument, "provider: a listing's limit is 0");
  co_return page(prefix, after, limit);
}

bool MemoryProvider::flip_bit(std::string_view name, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(name);
  if (at == objects_.end() || offset >= at->second.size()) return false;
  at->second[offset] = static_cast<char>(at->second[offset] ^ 1);
  return true;
}

bool MemoryProvider::drop(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(name);
  if (at == objects_.end()) return false;
  if (!options_.forget_removed) removed_.insert_or_assign(at->first, std::hash<std::string>{}(at->second));
  objects_.erase(at);
  return true;
}

bool MemoryProvider::truncate(std::string_view name, std::uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(name);
  if (at == objects_.end() || size_bytes > at->second.size()) return false;
  at->second.resize(size_bytes);
  return true;
}

std::size_t MemoryProvider::object_count() const {
  const std::lock_guard lock(mutex_);
  return objects_.size();
}

std::optional<std::string> MemoryProvider::content(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(name);
  if (at == objects_.end()) return std::nullopt;
  return at->second;
}

}  // namespace bascule::provider
