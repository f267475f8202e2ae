// A blob's head: properties, metadata, content headers, lease.
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;

Task<Result<BlobView>> Service::head_blob(BlobRef ref, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  BASCULE_CO_ASSIGN(const auto head, co_await named_state(container->cid, ref));
  if (!there(head, ending_now(*container))) co_return refuse(Reason::blob_not_found);
  BASCULE_CO_TRY(check_lease_read(head->record.lease, conditions.lease_id, now()));
  BASCULE_CO_TRY(check_read(conditions, stamp(head->record)));
  const catalog::EncryptionRecord* encryption = encryption_of(head->record);
  BASCULE_CO_TRY(check_encryption(encryption, conditions.encryption));
  BlobView view = to_view(std::move(ref.blob), head->record, now());
  if (encryption && encryption->key_sha256) {
    const Container keyed = with_key(container, *conditions.encryption.key);
    BASCULE_CO_ASSIGN(view.metadata, open_metadata(head->record, *keyed));
  }
  co_return view;
}

Task<Result<catalog::HeadRecord>> Service::update_head(BlobRef ref, HeadChange change, HeadUse use) {
  co_return co_await update_head_in(std::move(ref), [&](catalog::HeadRecord& head, const Container&) { return change(head); }, use);
}

Task<Result<catalog::HeadRecord>> Service::update_head_in(BlobRef ref, HeadChangeIn change, HeadUse use) {
  const ContainerRef container_ref{ref.account, ref.container};
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    std::string key = state_key(container->cid, ref);
    BASCULE_CO_ASSIGN(auto head, co_await parts_.catalog.get<catalog::HeadRecord>(key));
    if (!ref.at.base() && head && !is_state(head->record, ref.at)) head.reset();
    if (!catalog::live(head) && ref.at.kind == At::Kind::version) {   // the current one by its id
      key = keys::head(container->cid, ref.blob);
      BASCULE_CO_ASSIGN(head, co_await parts_.catalog.get<catalog::HeadRecord>(key));
      if (head && catalog::version_of(head->record) != ref.at.time) head.reset();
    }
    if (!there(head, ending_now(*container))) co_return refuse(Reason::blob_not_found);
    if (use.touch) BASCULE_CO_TRY(check_kept(*container, head->record, *use.touch));
    const Tags tags = tags_of(head->record);
    const WallTime end = end_of(head->record);
    settle_tier(head->record, now());
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    const HistoryRule rule = use.new_version ? history_rule(ref.account) : HistoryRule();
    catalog::HeadRecord changed;
    if (use.new_version && keeps_version(rule, head->record)) {
      changed = head->record;
      BASCULE_CO_TRY(change(changed, container));
      BASCULE_CO_TRY(succeed(t, {.container = *container, .head_key = key, .blob = ref.blob, .rule = rule, .inherits = Inherits::content},
                             head, changed));
    } else {
      changed = std::move(head->record);
      BASCULE_CO_TRY(change(changed, container));
      t.require(key, head->version);
      t.put(key, encode(changed));
      note_end(t, container_ref, container->cid, ref.blob, end, changed);
      if (ref.at.base() || changed.extras->history.kind == catalog::HistoryRecord::Kind::base)
        index_tags(t, container->cid, ref.blob, tags, tags_of(changed));
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return changed;
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

Task<Result<Written>> Service::set_blob_metadata(BlobRef ref, Metadata metadata, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto head, co_await update_head_in(std::move(ref), [&](catalog::HeadRecord& h, const Container& in) -> Result<void> {
    BASCULE_TRY(check_writable(&h));
    BASCULE_TRY(check_lease_write(h.lease, conditions.lease_id, now()));
    BASCULE_TRY(check_change(conditions, stamp(h)));
    BASCULE_TRY(check_readable(h, now()));
    const catalog::EncryptionRecord* used = encryption_of(h);
    BASCULE_TRY(check_encryption(used, conditions.encryption));
    const bool key = used && used->key_sha256;
    set_metadata(h, metadata, {key ? with_key(in, *conditions.encryption.key) : in, used ? std::optional(*used) : std::nullopt},
                 parts_.random);
    h.etag = new_etag(h.etag);
    h.last_modified = whole_second(h.last_modified);
    h.lease = after_write(h.lease, now());
    return {};
  }, {.new_version = true, .touch = Touch::metadata}));
  const catalog::EncryptionRecord* used = encryption_of(head);
  co_return Written{head.etag, head.last_modified, {}, {}, {}, used ? used->scope : std::string(), catalog::version_of(head)};
}

Task<Result<Written>> Service::set_blob_headers(BlobRef ref, ContentHeaders headers, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto head, co_await update_head(std::move(ref), [&](catalog::HeadRecord& h) -> Result<void> {
    BASCULE_TRY(check_writable(&h));
    BASCULE_TRY(check_lease_write(h.lease, conditions.lease_id, now()));
    BASCULE_TRY(check_change(conditions, stamp(h)));
    BASCULE_TRY(check_readable(h, now()));
    // What it changes is not sealed under a customer-provided key: one that comes must be the right one, none must come.
    if (conditions.encryption.key) BASCULE_TRY(check_encryption(encryption_of(h), conditions.encryption));
    set_headers(h, headers);
    h.copy.reset();  // AZURE-DETAILS 43
    h.etag = new_etag(h.etag);
    h.last_modified = whole_second(h.last_modified);
    h.lease = after_write(h.lease, now());
    return {};
  }, {.touch = Touch::properties}));
  co_return Written{head.etag, head.last_modified, {}, {}, {}, {}, catalog::version_of(head)};
}

Result<void> Service::change_lease(Lease& lease, const LeaseAction& action, LeaseResult& result) {
  BASCULE_ASSIGN(LeaseChange change, apply(lease, action, now()));
  lease = std::move(change.lease);
  result.lease_id = std::move(change.lease_id);
  result.remaining_seconds = change.remaining_seconds;
  return {};
}

Task<Result<LeaseResult>> Service::lease_blob(BlobRef ref, LeaseAction action) {
  if (action.kind == LeaseAction::Kind::acquire && !action.proposed_id) action.proposed_id = new_guid(parts_.random);
  LeaseResult result;
  BASCULE_CO_ASSIGN(auto head, co_await update_head(std::move(ref), [&](catalog::HeadRecord& h) -> Result<void> {
    BASCULE_TRY(check_change(action.conditions, stamp(h)));
    // "Lease Blob": what a pending copy writes to takes only leases that last as long as it may.
    if (catalog::copying(h) && action.kind == LeaseAction::Kind::acquire && action.duration_seconds != -1)
      return refuse(Reason::lease_infinite_required);
    return change_lease(h.lease, action, result);
  }));
  result.etag = head.etag;
  result.last_modified = head.last_modified;
  co_return result;
}

}  // namespace bascule::ops
