// Snapshot Blob: the snapshot becomes another holder of the blob's content; nothing is copied.
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;

Task<Result<TakenSnapshot>> Service::snapshot_blob(BlobRef ref, std::optional<Metadata> metadata, Conditions conditions) {
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    const std::uint64_t cid = container->cid;
    const std::string head_key = keys::head(cid, ref.blob);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::HeadRecord>(head_key));
    if (!there(found, ending_now(*container))) co_return refuse(Reason::blob_not_found);
    catalog::HeadRecord& head = found->record;
    BASCULE_CO_TRY(check_own_content(&head));
    BASCULE_CO_TRY(check_lease_read(head.lease, conditions.lease_id, now()));
    BASCULE_CO_TRY(check_change(conditions, stamp(head)));
    BASCULE_CO_TRY(check_kept(*container, head, Touch::snapshot));

    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    t.require(head_key, found->version);
    catalog::HeadRecord snapshot = head;
    BASCULE_CO_TRY(keep_new_state(container->immutability.get(), snapshot, {}, lawful_now()));
    snapshot.manifest = share_manifest(parts_.catalog, t, cid, head.manifest);
    if (metadata) {   // a state of its own then, sealed as the blob is
      const catalog::EncryptionRecord* used = encryption_of(head);
      BASCULE_CO_TRY(check_encryption(used, conditions.encryption));
      const bool key = used && used->key_sha256;
      set_metadata(snapshot, *metadata, {key ? with_key(container, *conditions.encryption.key) : container, used ? std::optional(*used) : std::nullopt},
                   parts_.random);
      snapshot.etag = new_etag(head.etag);
      snapshot.last_modified = whole_second(head.last_modified);
    }
    TakenSnapshot taken{.etag = snapshot.etag, .last_modified = snapshot.last_modified};
    // In an account that keeps versions a snapshot makes one too ("Blob versioning", "Snapshot a blob when versioning is
    // enabled"), later than the snapshot.
    const bool versioned = history_rule(ref.account).versioning;
    if (versioned) {
      catalog::HeadRecord version = head;
      version.manifest = share_manifest(parts_.catalog, t, cid, head.manifest);
      put_aside(t, cid, ref.blob, std::move(version), catalog::HistoryRecord::Kind::version, head);
    }
    taken.snapshot = put_aside(t, cid, ref.blob, std::move(snapshot), catalog::HistoryRecord::Kind::snapshot, head);
    if (versioned) head.extras->version = time_of(new_etag(to_dotnet_ticks(taken.snapshot)));
    taken.version = versioned ? head.extras->version : WallTime();
    t.put(head_key, encode(head));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return taken;
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

}  // namespace bascule::ops
