#include "catalog/catalog.h"

#include <algorithm>

#include "catalog/codec.h"
#include "catalog/format.h"
#include "catalog/value_seal.h"

namespace bascule::catalog {
namespace {

// docs/formats/journal.md: format, count, then per change key, version (0 = removed), sealed value.
std::string journal_record(const std::vector<store::Change>& changes) {
  std::size_t size = 16;
  for (const auto& c : changes) size += c.key.size() + c.value.size() + 20;
  std::string out;
  out.reserve(size);
  Writer w(out);
  w.u8(1);
  w.varint(changes.size());
  for (const auto& c : changes) {
    w.text(c.key);
    w.fixed64(c.version);
    w.text(c.value);
  }
  return out;
}

}  // namespace

std::string keys::after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

void Transaction::name(const extent::PlacedExtent& extent) {
  std::string key = keys::extent(extent.id);
  for (const auto& c : changes_)
    if (c.key == key) return;
  changes_.push_back({std::move(key), extent.record_version, extent.record_value, false, extent.sealed_at});
}

std::size_t Transaction::bytes() const {
  std::size_t sum = 0;
  for (const auto& c : changes_) sum += c.key.size() + c.value.size() + 32;
  return sum;
}

Catalog::Catalog(store::Store& store, const crypto::SecretKey& key, Clock& clock, std::uint64_t incarnation,
                 std::uint32_t session)
    : store_(store), heads_(store.sole_writer() ? std::make_shared<HeadCache>() : nullptr), catalog_key_(key), clock_(clock),
      incarnation_(incarnation), session_(session),
      next_version_((std::uint64_t{session} << kSessionShift) + 2),  // counter 1 is the session record's own
      ids_(incarnation, session) {}

void Catalog::add_session_key(std::uint32_t session, const SessionRecord& record) {
  keys_[session] = session_key(catalog_key_, record);
}

Task<Result<std::unique_ptr<Catalog>>> Catalog::open(store::Store& store, crypto::SecretKey catalog_key, Random& random,
                                                     Clock& clock, bool allow_create) {
  // The sessions so far: the records are not sealed, since they hold the salts.
  BASCULE_CO_ASSIGN(auto entries, co_await store.scan({.begin = "S", .end = "T", .limit = 1'000'000,
                                                       .limit_bytes = std::size_t{1} << 30}));
  std::uint64_t incarnation = 0;
  std::uint32_t last = 0;
  std::vector<std::pair<std::uint32_t, Found<SessionRecord>>> sessions;
  for (const auto& e : entries) {
    if (e.key.size() != 9) co_return fail(Code::corrupt, "the catalog has a session key of a wrong length");
    BASCULE_CO_ASSIGN(auto record, decode<SessionRecord>(e.value));
    last = static_cast<std::uint32_t>(load_be64(e.key.data() + 1));
    incarnation = record.incarnation;
    sessions.push_back({last, {e.version, record}});
  }
  if (sessions.empty()) {
    if (!allow_create) co_return fail(Code::not_found, "there is no catalog here");
    while (incarnation == 0) incarnation = random.next_u64() >> 16;
  }
  if (last + 1 >= 1u << (64 - kSessionShift)) co_return fail(Code::exhausted, "the catalog has had its last session: begin a new incarnation");
  auto catalog = std::unique_ptr<Catalog>(new Catalog(store, catalog_key, clock, incarnation, last + 1));
  Catalog& c = *catalog;
  store::Commit begin;
  for (auto& [number, found] : sessions) {
    c.add_session_key(number, found.record);
    if (!found.record.clean && !found.record.settled) c.died_.push_back(number);
    if (!found.record.open) continue;
    // One process holds the folder, so an open session of another run is a dead one. Dead is terminal.
    found.record.open = false;
    found.record.closed = clock.wall();
    const std::string key = keys::session(number);
    begin.preconditions.push_back({key, found.version});
    begin.changes.push_back({key, c.next_version(), encode(found.record)});
  }
  c.session_record_ = {.incarnation = incarnation, .started = clock.wall()};
  random.fill(c.session_record_.salt);
  c.add_session_key(c.session_, c.session_record_);
  c.own_key_ = session_key(catalog_key, c.session_record_);
  c.session_version_ = (std::uint64_t{c.session_} << kSessionShift) + 1;
  const std::string own = keys::session(c.session_);
  begin.preconditions.push_back({own, 0});
  begin.changes.push_back({own, c.session_version_, encode(c.session_record_)});
  // A value that only this catalog key opens: a wrong key is known at once, not at the first blob.
  const std::string check = keys::meta("check");
  std::optional<store::Versioned> found;
  BASCULE_CO_ASSIGN(found, co_await store.get(check));
  if (found) {
    if (auto plain = c.unseal(check, found->version, found->value); !plain)
      co_return fail(Code::corrupt, "the catalog was sealed under another key than the keyring's");
  } else {
    const std::uint64_t version = c.next_version();
    begin.changes.push_back({check, version, c.seal(check, version, "bascule")});
  }
  // Beside the data folder's own mark (app/data_format.h), for a catalog that travels without its folder. Data of before this
  // record has the oldest format.
  const std::string mark = keys::meta("format");
  BASCULE_CO_ASSIGN(const auto format, co_await c.get_total(mark));
  const std::uint64_t is = format ? format->record : sessions.empty() ? kFormat : kOldestFormat;
  BASCULE_CO_TRY(check_format(static_cast<std::uint32_t>(std::min<std::uint64_t>(is, UINT32_MAX)), "the catalog", ""));
  if (!format || is < kFormat) {
    const std::uint64_t version = c.next_version();
    begin.preconditions.push_back({mark, format ? format->version : 0});
    begin.changes.push_back({mark, version, c.seal(mark, version, encode_total(kFormat))});
  }
  begin.journal_record = journal_record(begin.changes);
  BASCULE_CO_TRY(co_await store.commit(std::move(begin)));
  co_return catalog;
}

const crypto::AeadKey* Catalog::key_of(std::uint32_t session) {
  if (session == session_) return own_key_.get();
  auto it = keys_.find(session);
  return it == keys_.end() ? nullptr : it->second.get();
}

std::string Catalog::seal(std::string_view key, std::uint64_t version, std::string_view plain) {
  return seal_value(*own_key_, key, version, plain);
}

Result<std::string> Catalog::unseal(std::string_view key, std::uint64_t version, std::string_view sealed) {
  const crypto::AeadKey* opener = key_of(static_cast<std::uint32_t>(version >> kSessionShift));
  if (!opener) return fail(Code::corrupt, "a catalog value was sealed by an unknown session");
  return open_value(*opener, key, version, sealed);
}

Task<Result<HeadRef>> Catalog::head(std::string key) {
  HeadCache::Ticket ticket;
  if (heads_) {
    if (HeadRef kept = heads_->find(key, ticket)) co_return kept;
  }
  std::optional<store::Versioned> found;
  BASCULE_CO_ASSIGN(const bool ready, store_.try_get(key, found));
  if (!ready) { BASCULE_CO_ASSIGN(found, co_await store_.get(key)); }
  BASCULE_CO_ASSIGN(auto opened, open_record<HeadRecord>(key, found));
  if (!opened) co_return HeadRef();
  auto head = std::make_shared<const Found<HeadRecord>>(std::move(*opened));
  if (heads_ && found->value.size() <= HeadCache::kMaxRecordBytes) heads_->keep(key, ticket, head);
  co_return HeadRef(std::move(head));
}

Task<Result<Maybe<std::uint64_t>>> Catalog::get_total(std::string key) {
  BASCULE_CO_ASSIGN(auto found, co_await store_.get(key));
  if (!found) co_return Maybe<std::uint64_t>{};
  BASCULE_CO_ASSIGN(const std::string plain, unseal(key, found->version, found->value));
  BASCULE_CO_ASSIGN(const std::uint64_t total, decode_total(plain));
  co_return Maybe<std::uint64_t>(Found<std::uint64_t>{found->version, total});
}

Task<Result<std::vector<store::Entry>>> Catalog::scan(store::Store::Scan range) {
  BASCULE_CO_ASSIGN(auto entries, co_await store_.scan(std::move(range)));
  for (auto& e : entries) {
    BASCULE_CO_ASSIGN(e.value, unseal(e.key, e.version, e.value));
  }
  co_return entries;
}

Task<Result<std::vector<Catalog::Looked>>> Catalog::look(store::Store::Scan range) {
  BASCULE_CO_ASSIGN(auto entries, co_await store_.scan(std::move(range)));
  std::vector<Looked> looked;
  looked.reserve(entries.size());
  for (auto& e : entries) {
    auto plain = unseal(e.key, e.version, e.value);
    Looked& one = looked.emplace_back(Looked{{std::move(e.key), e.version, {}}, {}});
    if (plain) one.value = std::move(*plain);
    else one.damage = std::move(plain).error();
  }
  co_return looked;
}

// The heads that a commit changes, withdrawn from the cache while it runs.
class Catalog::HeadChanges {
 public:
  HeadChanges(std::shared_ptr<HeadCache> heads, const std::vector<Transaction::Change>& changes)
      : heads_(std::move(heads)) {
    for (const auto& change : changes) {
      if (!heads_ || !change.key.starts_with(keys::kHeadTable)) continue;
      heads_->begin_change(keys_.emplace_back(change.key));
    }
  }
  HeadChanges(const HeadChanges&) = delete;
  HeadChanges& operator=(const HeadChanges&) = delete;
  ~HeadChanges() {
    for (const std::string& key : keys_) heads_->end_change(key);
  }

 private:
  const std::shared_ptr<HeadCache> heads_;  // a commit that is never resumed may outlive the catalog
  std::vector<std::string> keys_;
};

Task<Result<void>> Catalog::commit(Transaction t) {
  const HeadChanges withdrawn(heads_, t.changes_);
  store::Commit commit;
  commit.preconditions = std::move(t.preconditions_);
  commit.preconditions.push_back({keys::session(session_), session_version_});
  commit.changes.reserve(t.changes_.size());
  for (auto& change : t.changes_) {
    if (change.remove) {
      commit.changes.push_back({std::move(change.key), 0, {}});
    } else if (change.version) {
      commit.changes.push_back({std::move(change.key), change.version, std::move(change.value), true, change.as_of});
    } else {
      const std::uint64_t version = next_version();
      std::string sealed = seal(change.key, version, change.value);
      commit.changes.push_back({std::move(change.key), version, std::move(sealed)});
    }
  }
  commit.journal_record = journal_record(commit.changes);
  auto done = co_await store_.commit(std::move(commit));
  if (!done) co_return fail(std::move(done).error());
  co_return Result<void>{};
}

void Catalog::seal_extent(extent::PlacedExtent& placed) {
  ExtentRecord record{.size_bytes = placed.size_bytes};
  record.unit_tags = placed.unit_tags;
  placed.record_version = next_version();
  placed.sealed_at = moment();
  placed.record_value = seal(keys::extent(placed.id), placed.record_version, encode(record));
}

Task<Result<void>> Catalog::name_extents(std::vector<std::shared_ptr<const extent::PlacedExtent>> extents) {
  for (std::size_t at = 0; at < extents.size();) {
    Transaction t;
    while (at < extents.size() && t.bytes() < store::kMaxCommitBytes / 4) t.name(*extents[at++]);
    BASCULE_CO_TRY(co_await commit(std::move(t)));
  }
  co_return Result<void>{};
}

Task<Result<std::optional<SessionRecord>>> Catalog::session_record(std::uint32_t session) {
  BASCULE_CO_ASSIGN(auto found, co_await store_.get(keys::session(session)));
  if (!found) co_return std::optional<SessionRecord>{};
  BASCULE_CO_ASSIGN(auto record, decode<SessionRecord>(found->value));
  co_return std::optional(record);
}

Task<Result<void>> Catalog::mark_settled(std::uint32_t session) {
  const std::string key = keys::session(session);
  BASCULE_CO_ASSIGN(auto found, co_await store_.get(key));
  if (!found) co_return fail(Code::not_found, "there is no session " + std::to_string(session));
  BASCULE_CO_ASSIGN(auto record, decode<SessionRecord>(found->value));
  if (record.open) co_return fail(Code::invalid_argument, "session " + std::to_string(session) + " is open");
  record.settled = true;
  store::Commit commit;
  commit.preconditions.push_back({keys::session(session_), session_version_});
  commit.preconditions.push_back({key, found->version});
  commit.changes.push_back({key, next_version(), encode(record)});
  commit.journal_record = journal_record(commit.changes);
  auto done = co_await store_.commit(std::move(commit));
  if (!done) co_return fail(std::move(done).error());
  co_return Result<void>{};
}

Task<Result<void>> Catalog::close() {
  SessionRecord record = session_record_;
  record.open = false;
  record.clean = !ids_.lost();
  record.closed = clock_.wall();
  store::Commit commit;
  const std::string key = keys::session(session_);
  commit.preconditions.push_back({key, session_version_});
  commit.changes.push_back({key, next_version(), encode(record)});
  commit.journal_record = journal_record(commit.changes);
  auto done = co_await store_.commit(std::move(commit));
  if (!done) co_return fail(std::move(done).error());
  co_return Result<void>{};
}

}  // namespace bascule::catalog
