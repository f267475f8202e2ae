#include "ops/history.h"

#include <algorithm>

#include "ops/encryption.h"

namespace bascule::ops {

Service::Service(ServiceParts parts, ServiceOptions options)
    : parts_(parts), options_(options), block_counts_(parts.catalog), token_(std::make_shared<int>(0)) {}

Container Service::cached_container(const std::string& key) const {
  CacheShard& shard = shard_of(key);
  std::lock_guard lock(shard.mutex);
  auto it = shard.map.find(key);
  return it == shard.map.end() ? nullptr : it->second;
}

ServedBy Service::served_by(std::string_view account, std::string_view container) const {
  ServedBy by{.root_key = parts_.keyring.root_key(), .provider = parts_.provider.name()};
  if (const Container known = cached_container(catalog::keys::mapping(account, container))) {
    by.container_key = known->cid;
    by.root_key_version = known->root_key_version;
  }
  return by;
}

void Service::forget_container(const ContainerRef& ref) {
  const std::string key = catalog::keys::mapping(ref.account, ref.container);
  CacheShard& shard = shard_of(key);
  std::lock_guard lock(shard.mutex);
  shard.map.erase(key);
  ++shard.forgotten;
}

Task<Result<Container>> Service::resolve(const ContainerRef& ref) {
  const std::string key = catalog::keys::mapping(ref.account, ref.container);
  if (Container known = cached_container(key)) co_return known;
  CacheShard& shard = shard_of(key);
  while (true) {
    std::uint64_t forgotten = 0;
    {
      std::lock_guard lock(shard.mutex);
      forgotten = shard.forgotten;
    }
    BASCULE_CO_ASSIGN(auto mapping, co_await parts_.catalog.get<catalog::MappingRecord>(key));
    if (!mapping) co_return refuse(Reason::container_not_found);
    auto handle = std::make_shared<ContainerHandle>();
    handle->cid = mapping->record.cid;
    handle->mapping_version = mapping->version;
    auto container_key = co_await parts_.keyring.container_key(handle->cid);
    if (!container_key && container_key.error().code == Code::not_found) {
      // Deleted while its key was being fetched, or the key is lost.
      BASCULE_CO_ASSIGN(auto now_there, co_await parts_.catalog.get<catalog::MappingRecord>(key));
      if (!now_there || now_there->version != mapping->version) continue;
      co_return fail(Code::corrupt, "the key of a container is not in the keyring: " + container_key.error().message);
    }
    if (!container_key) co_return fail(container_key.error());
    handle->key = std::move(*container_key);
    handle->root_key_version = parts_.keyring.root_version(handle->cid);
    BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ContainerRecord>(catalog::keys::container(handle->cid)));
    if (record && record->record.extras) {
      handle->default_scope = record->record.extras->default_scope;
      handle->deny_scope_override = record->record.extras->deny_scope_override;
      if (record->record.extras->immutability != catalog::ContainerImmutability())
        handle->immutability = std::make_shared<const catalog::ContainerImmutability>(std::move(record->record.extras->immutability));
    }
    std::lock_guard lock(shard.mutex);
    if (shard.forgotten == forgotten) {  // else it may be the handle of a container deleted meanwhile: for this once
      if (shard.map.size() >= kMostPerShard) shard.map.erase(shard.map.begin());
      shard.map[key] = handle;
    }
    co_return Container(handle);
  }
}

Task<Result<Container>> Service::enter(const BlobRef& ref, int attempt, Turns::Turn& turn) {
  const ContainerRef container_ref{ref.account, ref.container};
  if (attempt) forget_container(container_ref);
  BASCULE_CO_ASSIGN(auto container, co_await resolve(container_ref));
  BASCULE_CO_TRY(co_await turns_.take(turn, state_key(container->cid, ref), attempt > 0));
  co_return container;
}

Task<Result<Container>> Service::resolve_again(const ContainerRef& ref, Container known) {
  forget_container(ref);
  BASCULE_CO_ASSIGN(auto again, co_await resolve(ref));
  if (again->cid != known->cid) co_return refuse(Reason::container_not_found);
  co_return again;   // its mapping may have been written anew
}

Result<void> evaluate_again(const Error& failed, int attempt) {
  if (failed.code != Code::conflict) return fail(failed);
  if (attempt + 1 == kMaxConflicts) return fail(Code::overloaded, "too many writers change this blob");
  return {};
}

extent::Packer& Service::packer(const std::string& account) {
  std::lock_guard lock(packers_mutex_);
  auto& slot = packers_[account];
  if (!slot) {
    slot = std::make_unique<extent::Packer>(
        parts_.provider, parts_.namer, parts_.keyring.catalog_key(), parts_.catalog.ids(), parts_.workers, parts_.clock,
        options_.packer, [this](extent::PlacedExtent& placed) { parts_.catalog.seal_extent(placed); });
  }
  return *slot;
}

// Strictly increasing over the whole process, and past the name's former one whatever the clock does.
ETag Service::new_etag(ETag previous) {
  ETag last = last_etag_.load(std::memory_order_relaxed), next;
  do {
    next = std::max({to_dotnet_ticks(now()), last + 1, previous + 1});
  } while (!last_etag_.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}

WallTime Service::whole_second(WallTime previous) const {
  return std::max(previous, WallTime(std::chrono::floor<std::chrono::seconds>(now())));
}

Task<void> Service::abandon(Container container, std::vector<NewPiece> pieces) {
  // Bounded commits. What cannot be committed is settled after the session's end.
  for (std::size_t at = 0; at < pieces.size();) {
    catalog::Transaction t;
    catalog::DropRecord drop{.kind = catalog::DropRecord::Kind::pieces, .cid = container->cid};
    for (; at < pieces.size() && drop.pieces.size() < 64; ++at) {
      drop.pieces.push_back(pieces[at].piece);
      if (pieces[at].extent) t.name(*pieces[at].extent);
    }
    t.put(catalog::keys::dropped(parts_.catalog.next_version()), encode(drop));
    if (!co_await parts_.catalog.commit(std::move(t))) parts_.catalog.ids().note_lost();
  }
}

void Service::drop_manifest(catalog::Transaction& t, std::uint64_t cid, const catalog::Manifest& old,
                            const catalog::Manifest& kept, const std::string& blob) {
  ops::drop_manifest(parts_.catalog, t, cid, old, kept, blob);
}

void Service::drop_upload(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, std::uint64_t epoch,
                          const catalog::Manifest& kept) {
  block_counts_.forget(epoch);
  catalog::DropRecord drop{.kind = catalog::DropRecord::Kind::upload, .cid = cid, .kept = kept, .blob = blob, .epoch = epoch};
  t.put(catalog::keys::dropped(parts_.catalog.next_version()), encode(drop));
}

std::shared_ptr<void> Service::read_token() {
  std::lock_guard lock(token_mutex_);
  return token_;
}

std::function<bool()> Service::retire_reads() {
  std::lock_guard lock(token_mutex_);
  std::erase_if(retired_, [](const auto& old) { return old.expired(); });
  retired_.push_back(token_);
  token_ = std::make_shared<int>(0);
  return [older = retired_] { return std::ranges::all_of(older, [](const auto& old) { return old.expired(); }); };
}

void set_headers(catalog::HeadRecord& head, const ContentHeaders& h) {
  head.content_type = h.type;
  head.content_encoding = h.encoding;
  head.content_language = h.language;
  head.cache_control = h.cache_control;
  head.content_disposition = h.disposition;
  head.content_md5 = h.md5;
}

ContentHeaders headers_of(const catalog::HeadRecord& head) {
  return {head.content_type, head.content_encoding, head.content_language, head.cache_control,
          head.content_disposition, head.content_md5};
}

BlobView to_view(std::string name, const catalog::HeadRecord& head, WallTime now) {
  BlobView v;
  v.name = std::move(name);
  v.type = static_cast<BlobType>(head.type);
  v.size_bytes = head.size_bytes;
  v.etag = head.etag;
  v.last_modified = head.last_modified;
  v.created = head.created;
  v.headers = headers_of(head);
  v.metadata = head.metadata;
  v.lease = view(head.lease, now);
  if (head.copy) {
    v.copy = CopyView{head.copy->id, head.copy->source, head.copy->status, head.copy->copied, head.copy->total,
                      head.copy->completed, head.extras ? head.extras->copy_description : std::string()};
  }
  v.tier = head.tier;
  v.tier_changed = head.tier_changed;
  if (head.extras && head.extras->append) {
    v.committed_blocks = head.extras->append->committed_blocks;
    v.sealed = head.extras->append->sealed;
  }
  if (head.extras && head.extras->incremental) {
    v.incremental = true;
    const auto& history = head.extras->history;
    v.copy_snapshot = history.kind == catalog::HistoryRecord::Kind::snapshot ? history.latest : head.extras->incremental->snapshot;
  }
  if (head.extras && head.extras->page) v.sequence_number = head.extras->page->sequence_number;
  if (head.extras) {
    const auto& x = *head.extras;
    if (x.rehydration.tier.empty()) {
    } else if (x.rehydration.due <= now) {
      v.tier = x.rehydration.tier;
      v.tier_changed = x.rehydration.due;
    } else {
      v.rehydrating_to = x.rehydration.tier;
      v.rehydrate_high = x.rehydration.high;
    }
    v.tags = x.tags;
    v.expires = x.expires;
    v.last_access = x.last_access;
    v.immutability = {x.immutability.until, x.immutability.locked, x.immutability.legal_hold};
  }
  if (const catalog::EncryptionRecord* e = encryption_of(head)) {
    v.key_sha256 = e->key_sha256;
    v.encryption_scope = e->scope;
    v.metadata_sealed = !e->sealed_metadata.empty();
  }
  if (!head.extras) return v;
  const catalog::HistoryRecord& history = head.extras->history;
  using Kind = catalog::HistoryRecord::Kind;
  using State = catalog::HistoryRecord::State;
  if (history.kind == Kind::snapshot) v.snapshot = history.latest;
  v.version = head.extras->version;
  v.current_version = history.kind == Kind::base && history.state == State::live && v.version != WallTime();
  v.versions_only = history.state == State::tombstone;
  if (history.state == State::deleted) {
    v.deleted = history.deleted;
    const WallTime due = catalog::deletion_due(history);
    v.remaining_days = due > now ? static_cast<std::uint32_t>(std::chrono::floor<std::chrono::days>(due - now).count()) : 0;
  }
  return v;
}

std::string new_guid(Random& random) {
  auto b = random.bytes<16>();
  b[6] = (b[6] & std::byte{0x0f}) | std::byte{0x40};  // RFC 9562: version 4, variant 10
  b[8] = (b[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string hex = to_hex(b);
  for (std::size_t at : {8, 13, 18, 23}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace bascule::ops
