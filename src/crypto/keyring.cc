#include "crypto/keyring.h"

namespace bascule::crypto {
namespace {

constexpr std::string_view kRootName = "keyring-root";
constexpr std::string_view kPrefix = "keyring-";
constexpr std::string_view kRootMagic = "BKR1";
constexpr std::string_view kContainerMagic = "BKC1";
constexpr std::string_view kNameLabel = "bascule/keyring-name/1";
constexpr std::size_t kMaxObjectBytes = 4 + 8 + 2 * (2 + KeyHolder::kMaxWrappedBytes);

std::string context_of(std::string_view what) {
  return std::string("bascule/keyring/1").append(1, '\0').append(what);
}

std::string container_context(std::uint64_t container_id) {
  std::string context = context_of("container").append(1, '\0');
  append_be64(context, container_id);
  return context;
}

void append_wrapped(std::string& to, std::string_view wrapped) {
  to.push_back(static_cast<char>(wrapped.size() >> 8));
  to.push_back(static_cast<char>(wrapped.size() & 0xFF));
  to.append(wrapped);
}

// Takes a length of two bytes and so many bytes from the front of `text`; false if they are not there.
bool take_wrapped(std::string_view& text, std::string& wrapped) {
  if (text.size() < 2) return false;
  const std::size_t size = (static_cast<unsigned char>(text[0]) << 8) | static_cast<unsigned char>(text[1]);
  if (size == 0 || size > KeyHolder::kMaxWrappedBytes || text.size() - 2 < size) return false;
  wrapped = text.substr(2, size);
  text.remove_prefix(2 + size);
  return true;
}

std::unexpected<Error> damaged(const provider::Provider& provider, std::string_view name) {
  return fail(Code::corrupt, "keyring: object " + std::string(name) + " at " + std::string(provider.name()) + " is damaged");
}

Task<Result<std::string>> get_whole(Keyring::Parts parts, std::string name) {
  const Instant deadline = parts.clock.now() + Keyring::kTimeout;
  BASCULE_CO_ASSIGN(const std::uint64_t size, co_await parts.provider.size(name, deadline));
  if (size > kMaxObjectBytes) co_return damaged(parts.provider, name);
  std::string content(size, '\0');
  BASCULE_CO_TRY(co_await parts.provider.get(name, 0, as_writable(content), deadline));
  co_return content;
}

Task<Result<void>> put_whole(Keyring::Parts parts, std::string name, std::string content) {
  const Bytes slice = as_bytes(content);
  co_return co_await parts.provider.put(std::move(name), Slices(&slice, 1), parts.clock.now() + Keyring::kTimeout);
}

struct Roots {
  SecretKey catalog;
  SecretKey name;
};

Task<Result<Roots>> read_roots(Keyring::Parts parts) {
  BASCULE_CO_ASSIGN(const std::string object, co_await get_whole(parts, std::string(kRootName)));
  std::string_view rest = object;
  std::string catalog, name;
  if (!rest.starts_with(kRootMagic)) co_return damaged(parts.provider, kRootName);
  rest.remove_prefix(kRootMagic.size());
  if (!take_wrapped(rest, catalog) || !take_wrapped(rest, name) || !rest.empty()) {
    co_return damaged(parts.provider, kRootName);
  }
  Roots roots;
  BASCULE_CO_ASSIGN(roots.catalog, co_await parts.holder.unwrap(std::move(catalog), context_of("catalog")));
  BASCULE_CO_ASSIGN(roots.name, co_await parts.holder.unwrap(std::move(name), context_of("name")));
  co_return roots;
}

Task<Result<Roots>> create_roots(Keyring::Parts parts) {
  // A listing may lag, so it cannot prove that a store is new; but what it shows is there.
  BASCULE_CO_ASSIGN(const auto listing, co_await parts.provider.list(std::string(kPrefix), "", 1,
                                                                     parts.clock.now() + Keyring::kTimeout));
  if (!listing.objects.empty()) {
    co_return fail(Code::corrupt, "keyring: " + std::string(parts.provider.name()) + " holds container keys but not " +
                   std::string(kRootName) + ": put that object back; a new one would make the old data unreadable");
  }
  Roots roots;
  parts.random.fill(roots.catalog.writable());
  parts.random.fill(roots.name.writable());
  BASCULE_CO_ASSIGN(const std::string catalog, co_await parts.holder.wrap(roots.catalog, context_of("catalog")));
  BASCULE_CO_ASSIGN(const std::string name, co_await parts.holder.wrap(roots.name, context_of("name")));
  std::string object(kRootMagic);
  append_wrapped(object, catalog);
  append_wrapped(object, name);
  BASCULE_CO_TRY(co_await put_whole(parts, std::string(kRootName), std::move(object)));
  co_return co_await read_roots(parts);
}

}  // namespace

Keyring::Keyring(Parts parts, const SecretKey& catalog_key, const SecretKey& name_key)
    : parts_(parts), catalog_key_(catalog_key), name_key_(name_key) {}

Task<Result<std::unique_ptr<Keyring>>> Keyring::open_or_create(Parts parts, IfMissing if_missing) {
  auto roots = co_await read_roots(parts);
  if (!roots && roots.error().code == Code::not_found && if_missing == IfMissing::create) {
    roots = co_await create_roots(parts);
  }
  if (!roots) co_return fail(std::move(roots).error());
  co_return std::unique_ptr<Keyring>(new Keyring(parts, roots->catalog, roots->name));
}

std::string Keyring::object_name(std::uint64_t container_id) const {
  std::array<std::byte, 8> id;
  store_be64(id.data(), container_id);
  return std::string(kPrefix) + to_hex(Bytes(subkey(name_key_, kNameLabel, id).bytes()).first(16));
}

std::shared_ptr<const InputKey> Keyring::cached(std::uint64_t container_id) const {
  Shard& s = shard(container_id);
  std::lock_guard lock(s.mutex);
  const auto found = s.keys.find(container_id);
  return found == s.keys.end() ? nullptr : found->second.key;
}

std::uint32_t Keyring::root_version(std::uint64_t container_id) const {
  Shard& s = shard(container_id);
  std::lock_guard lock(s.mutex);
  const auto found = s.keys.find(container_id);
  return found == s.keys.end() ? 0 : found->second.root_version;
}

std::shared_ptr<const InputKey> Keyring::keep(std::uint64_t container_id, std::shared_ptr<const InputKey> key,
                                              std::uint32_t root_version) {
  Shard& s = shard(container_id);
  std::lock_guard lock(s.mutex);
  if (key != nullptr) {
    if (const auto found = s.keys.find(container_id); found != s.keys.end()) return found->second.key;
  }
  if (s.keys.size() >= kMostCached / kShards) s.keys.erase(s.keys.begin());
  s.keys[container_id] = {key, root_version};
  return key;
}

Task<Result<std::shared_ptr<const InputKey>>> Keyring::container_key(std::uint64_t container_id) {
  if (auto key = cached(container_id)) co_return key;
  const std::string name = object_name(container_id);
  BASCULE_CO_ASSIGN(const std::string object, co_await get_whole(parts_, name));
  std::string_view rest = object;
  std::string wrapped;
  if (!rest.starts_with(kContainerMagic) || rest.size() < 12 || load_be64(rest.data() + 4) != container_id) {
    co_return damaged(parts_.provider, name);
  }
  rest.remove_prefix(12);
  if (!take_wrapped(rest, wrapped) || !rest.empty()) co_return damaged(parts_.provider, name);
  const std::uint32_t version = parts_.holder.version_of(wrapped);
  BASCULE_CO_ASSIGN(const SecretKey key,
                    co_await parts_.holder.unwrap(std::move(wrapped), container_context(container_id)));
  auto kept = keep(container_id, std::make_shared<const InputKey>(key), version);
  if (!kept) co_return fail(Code::not_found, "keyring: the container's key was destroyed");
  co_return kept;
}

Task<Result<std::shared_ptr<const InputKey>>> Keyring::create_container_key(std::uint64_t container_id) {
  const std::string name = object_name(container_id);
  const auto size = co_await parts_.provider.size(name, parts_.clock.now() + kTimeout);
  if (size) co_return fail(Code::already_exists, "keyring: the container has a key already");
  if (size.error().code != Code::not_found) co_return fail(size.error());
  SecretKey key;
  parts_.random.fill(key.writable());
  BASCULE_CO_ASSIGN(const std::string wrapped, co_await parts_.holder.wrap(key, container_context(container_id)));
  std::string object(kContainerMagic);
  append_be64(object, container_id);
  append_wrapped(object, wrapped);
  BASCULE_CO_TRY(co_await put_whole(parts_, name, std::move(object)));
  auto kept = keep(container_id, std::make_shared<const InputKey>(key), parts_.holder.version_of(wrapped));
  if (!kept) co_return fail(Code::not_found, "keyring: the container's key was destroyed");
  co_return kept;
}

Task<Result<void>> Keyring::destroy_container_key(std::uint64_t container_id) {
  keep(container_id, nullptr);
  co_return co_await parts_.provider.remove(object_name(container_id), parts_.clock.now() + kTimeout);
}

}  // namespace bascule::crypto
