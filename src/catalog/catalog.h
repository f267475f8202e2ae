// Catalog: the transactional record of everything but content. Seals each value under its session's subkey, numbers the
// versions, forms the journal record, and takes the open session as a precondition of every commit, so that a session
// that was declared dead can never commit again.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/head_cache.h"
#include "catalog/keys.h"
#include "catalog/records.h"
#include "crypto/aead.h"
#include "crypto/secret.h"
#include "extent/packer.h"
#include "runtime/clock.h"
#include "runtime/random.h"
#include "store/store.h"

namespace bascule::catalog {

template <class T> using Maybe = std::optional<Found<T>>;

// What one commit changes and what must still hold. Built by one coroutine, committed once.
class Transaction {
 public:
  // `as_of`: Catalog::moment() from before the version was read, where it is known.
  void require(std::string key, std::uint64_t version, std::uint64_t as_of = 0) {
    preconditions_.push_back({std::move(key), version, as_of});
  }
  void put(std::string key, std::string record) { changes_.push_back({std::move(key), 0, std::move(record), false}); }
  // Names an extent that the packer placed: its record was sealed once, for all who name it.
  void name(const extent::PlacedExtent& extent);
  void remove(std::string key) { changes_.push_back({std::move(key), 0, {}, true}); }
  std::size_t bytes() const;   // about what it will take of store::kMaxCommitBytes

 private:
  friend class Catalog;
  struct Change {
    std::string key;
    std::uint64_t version = 0;   // 0: the catalog's to choose
    std::string value;
    bool remove = false;
    std::uint64_t as_of = 0;
  };
  std::vector<store::Precondition> preconditions_;
  std::vector<Change> changes_;
};

class Catalog {
 public:
  // Opens the catalog in `store`, making it if there is none (`allow_create`), closes sessions that died, and begins a
  // session of its own. Errors: corrupt (the catalog key does not open it), not_found.
  static Task<Result<std::unique_ptr<Catalog>>> open(store::Store& store, crypto::SecretKey catalog_key, Random& random,
                                                     Clock& clock, bool allow_create);

  std::uint64_t moment() const { return store_.moment(); }

  // A record by its key; nothing if it is not there.
  template <class T> Task<Result<Maybe<T>>> get(std::string key) {
    std::optional<store::Versioned> found;
    BASCULE_CO_ASSIGN(const bool ready, store_.try_get(key, found));
    if (!ready) { BASCULE_CO_ASSIGN(found, co_await store_.get(key)); }
    co_return open_record<T>(key, found);
  }
  // A blob's head, to look at; null if it is not there. Kept in memory where the store allows it.
  Task<Result<HeadRef>> head(std::string key);
  Task<Result<Maybe<std::uint64_t>>> get_total(std::string key);
  // Several entries of a range with their values opened. See store::Store::scan.
  Task<Result<std::vector<store::Entry>>> scan(store::Store::Scan range);

  // The same for who looks for damage: a value that does not open is handed over empty, with the reason, and the scan goes
  // on behind it.
  struct Looked : store::Entry {
    std::optional<Error> damage;
  };
  Task<Result<std::vector<Looked>>> look(store::Store::Scan range);

  // Durable when it returns. conflict: something required no longer holds; read and build anew.
  Task<Result<void>> commit(Transaction transaction);

  // Names extents ahead of the manifest that will, where one commit could not hold them all.
  Task<Result<void>> name_extents(std::vector<std::shared_ptr<const extent::PlacedExtent>> extents);

  // Unique in this incarnation and increasing within the session; also good as the id of a manifest, an epoch, an order.
  std::uint64_t next_version() { return next_version_.fetch_add(1, std::memory_order_relaxed); }
  extent::IdSource& ids() { return ids_; }
  void seal_extent(extent::PlacedExtent& placed);  // for Packer::OnPlaced

  std::uint32_t session() const { return session_; }
  std::uint64_t incarnation() const { return incarnation_; }
  // Sessions that did not end in order, and have not been settled: closed by now, so that what they placed and nobody
  // named is garbage.
  const std::vector<std::uint32_t>& died() const { return died_; }
  // Nothing of a dead session can turn up any more: later starts need not look again.
  Task<Result<void>> mark_settled(std::uint32_t session);
  Task<Result<std::optional<SessionRecord>>> session_record(std::uint32_t session);
  // The last act of a session that ends in order. One that placed what it could not name is left for the next to settle.
  Task<Result<void>> close();

 private:
  Catalog(store::Store& store, const crypto::SecretKey& key, Clock& clock, std::uint64_t incarnation, std::uint32_t session);
  template <class T> Result<Maybe<T>> open_record(const std::string& key, const std::optional<store::Versioned>& found) {
    if (!found) return Maybe<T>{};
    BASCULE_ASSIGN(const std::string plain, unseal(key, found->version, found->value));
    BASCULE_ASSIGN(T record, decode<T>(plain));
    return Maybe<T>(Found<T>{found->version, std::move(record)});
  }
  std::string seal(std::string_view key, std::uint64_t version, std::string_view plain);
  Result<std::string> unseal(std::string_view key, std::uint64_t version, std::string_view sealed);
  const crypto::AeadKey* key_of(std::uint32_t session);
  void add_session_key(std::uint32_t session, const SessionRecord& record);

  class HeadChanges;

  store::Store& store_;
  const std::shared_ptr<HeadCache> heads_;  // null: others write to the store too
  const crypto::SecretKey catalog_key_;
  Clock& clock_;
  const std::uint64_t incarnation_;
  const std::uint32_t session_;
  std::uint64_t session_version_ = 0;
  SessionRecord session_record_;
  std::atomic<std::uint64_t> next_version_;
  extent::IdSource ids_;
  std::vector<std::uint32_t> died_;
  std::unique_ptr<crypto::AeadKey> own_key_;
  std::unordered_map<std::uint32_t, std::unique_ptr<crypto::AeadKey>> keys_;  // filled at open, read-only afterwards
};

}  // namespace bascule::catalog
