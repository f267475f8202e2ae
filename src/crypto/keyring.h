// The keyring: wrapped keys, one object each at a provider, apart from the catalog and its backups, so that destroying a
// key really destroys what was sealed under it. docs/formats/keyring.md.
#pragma once
#include <memory>
#include <mutex>
#include <unordered_map>

#include "crypto/key_holder.h"
#include "crypto/piece.h"
#include "provider/provider.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace bascule::crypto {

// Any loop may call, at the same time. `provider`, `holder`, `random` and `clock` outlive it.
class Keyring {
 public:
  struct Parts {
    provider::Provider& provider;
    KeyHolder& holder;
    Random& random;
    Clock& clock;
  };
  enum class IfMissing { refuse, create };

  // Reads the catalog key and the name key, or, where the store has none and `if_missing` says so, makes them: durable
  // and read back before they are used. Only one process at a time may do that for a new store. not_found: there is no
  // keyring. permission_denied: there is one that `holder` cannot unwrap. corrupt: container keys lie there, the root
  // object does not: something was deleted, and a new keyring would bury the rest.
  static Task<Result<std::unique_ptr<Keyring>>> open_or_create(Parts parts, IfMissing if_missing);

  const SecretKey& catalog_key() const { return catalog_key_; }
  const SecretKey& name_key() const { return name_key_; }

  // The container's key if it is at hand: no waiting. Null: ask container_key().
  std::shared_ptr<const InputKey> cached(std::uint64_t container_id) const;
  // The version of the root key that wrapped it, where the key is at hand; else 0. root_key(): the holder's id.
  std::uint32_t root_version(std::uint64_t container_id) const;
  std::string_view root_key() const { return parts_.holder.id(); }
  // not_found: never made, or destroyed. An id's key never changes, so it is kept freely.
  Task<Result<std::shared_ptr<const InputKey>>> container_key(std::uint64_t container_id);
  // Makes, wraps and places a key; durable when it returns. Container ids are never used again, and only the one who
  // drew the id makes its key. already_exists: after a timeout, the first attempt may have arrived; container_key() has it.
  Task<Result<std::shared_ptr<const InputKey>>> create_container_key(std::uint64_t container_id);
  // Removes the wrapped key here and at the provider; pieces sealed under it can never be opened again. May be repeated.
  Task<Result<void>> destroy_container_key(std::uint64_t container_id);

  // What the wrapped key is called at the provider: "keyring-" and 32 digits that say nothing.
  std::string object_name(std::uint64_t container_id) const;

  static constexpr Duration kTimeout = std::chrono::seconds(30);  // of each call to the provider
  static constexpr std::size_t kMostCached = 16384;

 private:
  struct Shard {
    mutable std::mutex mutex;
    struct Kept {
      std::shared_ptr<const InputKey> key;  // null: destroyed, must not come back
      std::uint32_t root_version = 0;
    };
    std::unordered_map<std::uint64_t, Kept> keys;
  };
  static constexpr std::size_t kShards = 16;

  Keyring(Parts parts, const SecretKey& catalog_key, const SecretKey& name_key);
  Shard& shard(std::uint64_t container_id) const { return shards_[(container_id * 0x9E3779B97F4A7C15u) >> 60]; }
  // What is kept from now on: `key`, or null where the key was destroyed meanwhile.
  std::shared_ptr<const InputKey> keep(std::uint64_t container_id, std::shared_ptr<const InputKey> key,
                                       std::uint32_t root_version = 0);

  Parts parts_;
  SecretKey catalog_key_;
  SecretKey name_key_;
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace bascule::crypto
