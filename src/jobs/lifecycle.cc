#include "jobs/lifecycle.h"

#include "base/log.h"

namespace bascule::jobs {

namespace keys = catalog::keys;

namespace {

// "Lifecycle management doesn't affect system containers".
bool is_system(std::string_view container) {
  return container == "$logs" || container == "$web" || container == "$blobchangefeed";
}

}  // namespace

Task<Result<void>> Lifecycle::set(std::string account, std::string policy) {
  if (!service_.account(account)) co_return fail(Code::not_found, "there is no account " + account);
  if (!policy.empty()) { BASCULE_CO_ASSIGN(policy, normalised_lifecycle_policy(policy)); }
  ops::Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, account, true));
  for (int attempt = 0; attempt < ops::kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::lifecycle(account)));
    catalog::Transaction t;
    t.require(keys::lifecycle(account), found ? found->version : 0);
    if (!policy.empty()) t.put(keys::lifecycle(account), encode(Record{.policy = policy, .set = service_.parts().clock.wall()}));
    else if (found) t.remove(keys::lifecycle(account));
    else co_return Result<void>{};
    auto done = co_await catalog_.commit(std::move(t));
    if (done || done.error().code != Code::conflict) co_return done;
  }
  co_return fail(Code::overloaded, "the policy is changed by too many at once");
}

Task<Result<std::optional<catalog::LifecycleRecord>>> Lifecycle::show(std::string account) {
  if (!service_.account(account)) co_return fail(Code::not_found, "there is no account " + account);
  BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::lifecycle(account)));
  if (!found) co_return std::optional<Record>();
  co_return std::optional<Record>(std::move(found->record));
}

Task<Result<Lifecycle::Found>> Lifecycle::claimed(std::string account) {
  BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::lifecycle(account)));
  if (!found) co_return fail(Code::not_found, "account " + account + " has no lifecycle policy");
  const std::uint32_t owner = found->record.claimed_by;
  if (found->record.running() && owner != catalog_.session()) {
    BASCULE_CO_ASSIGN(const auto session, co_await catalog_.session_record(owner));
    if (session && session->open) co_return fail(Code::conflict, "another gateway runs the policy of account " + account);
  }
  found->record.claimed_by = catalog_.session();
  co_return found;
}

Task<Result<void>> Lifecycle::save(std::string account, std::uint64_t version, Record record) {
  catalog::Transaction t;
  t.require(keys::lifecycle(account), version);
  t.put(keys::lifecycle(account), encode(record));
  auto done = co_await catalog_.commit(std::move(t));
  if (!done && done.error().code == Code::conflict) co_return fail(Code::conflict, "the policy was changed while it ran");
  co_return done;
}

Task<Result<catalog::LifecycleRecord>> Lifecycle::begin(std::string account) {
  ops::Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, account, true));
  BASCULE_CO_ASSIGN(Found found, co_await claimed(account));
  if (found->record.running()) co_return std::move(found->record);
  Record fresh{.policy = std::move(found->record.policy), .set = found->record.set};
  fresh.started = service_.parts().clock.wall();
  fresh.claimed_by = catalog_.session();
  BASCULE_CO_TRY(co_await save(account, found->version, fresh));
  co_return fresh;
}

Task<Result<catalog::LifecycleRecord>> Lifecycle::step(std::string account) {
  ops::Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, account, true));
  BASCULE_CO_ASSIGN(Found found, co_await claimed(account));
  Record& record = found->record;
  if (!record.running()) co_return std::move(record);
  BASCULE_CO_ASSIGN(LifecyclePolicy policy, parse_lifecycle_policy(record.policy));
  if (record.next.empty()) {
    BASCULE_CO_ASSIGN(record.container, co_await next_container(account, record.container, policy));
    record.name.clear();
    record.past = 0;
  }
  if (record.container.empty()) {
    record.finished = service_.parts().clock.wall();
    log::info("lifecycle run finished", {{"account", account}, {"looked", record.looked}, {"deleted", record.deleted},
                                         {"moved", record.moved}, {"refused", record.refused}, {"failed", record.failed}});
  } else {
    BASCULE_CO_TRY(co_await look_at_page(account, std::move(policy), record));
    // Behind this container: no name sorts between.
    if (record.next.empty()) record.container += '\1';
  }
  BASCULE_CO_TRY(co_await save(account, found->version, record));
  co_return std::move(record);
}

// The first from `from` on that the policy concerns; "" = there is none.
Task<Result<std::string>> Lifecycle::next_container(std::string account, std::string from, LifecyclePolicy policy) {
  while (true) {
    BASCULE_CO_ASSIGN(auto page, co_await service_.list_containers(account, {.start = from, .limit = 100}));
    for (const auto& container : page.items)
      if (!is_system(container.name) && concerns(policy, container.name)) co_return container.name;
    if (page.next.empty()) co_return std::string();
    from = page.next;
  }
}

Task<Result<void>> Lifecycle::look_at_page(std::string account, LifecyclePolicy policy, Record& record) {
  ops::ListBlobs list{.start = std::exchange(record.next, {}), .limit = kPageBlobs, .metadata = false};
  list.snapshots = list.versions = true;   // a base is deleted only when nothing of its past is left
  auto page = co_await service_.list_blobs({account, record.container}, std::move(list));
  if (!page) {
    if (ops::reason_of(page.error()) == ops::Reason::container_not_found) co_return Result<void>{};  // deleted meanwhile
    co_return fail(page.error());
  }
  for (const ops::ListItem& item : page->items) co_await look_at(account, policy, item.blob, record);
  record.next = std::move(page->next);
  co_return Result<void>{};
}

Task<void> Lifecycle::look_at(std::string account, const LifecyclePolicy& policy, const ops::BlobView& view, Record& record) {
  if (view.name != record.name) {
    record.name = view.name;
    record.past = 0;
  }
  ++record.looked;
  LifecycleBlob blob{.container = record.container, .view = &view, .created = view.created, .tags = &view.tags};
  if (view.snapshot != WallTime()) {
    blob.subject = LifecycleSubject::snapshot;
    blob.created = view.snapshot;
  } else if (view.past()) {
    blob.subject = LifecycleSubject::version;
    blob.created = view.version;
  }
  if (view.last_access != WallTime()) blob.last_access = view.last_access;
  const bool past = blob.subject != LifecycleSubject::base;
  const auto action = lifecycle_action(policy, blob, service_.parts().clock.wall(), record.set);
  const bool kept_by_past = action == LifecycleAction::remove && !past && record.past > 0;
  if (!action || kept_by_past) {
    record.past += past;
    record.refused += kept_by_past;
    co_return;
  }
  ops::BlobRef ref{account, record.container, view.name};
  if (past) ref.at = {blob.subject == LifecycleSubject::snapshot ? ops::At::Kind::snapshot : ops::At::Kind::version, blob.created};
  const auto done = co_await act(*action, std::move(ref), view);
  if (done) {
    (*action == LifecycleAction::remove ? record.deleted : record.moved) += 1;
    record.past += past && *action != LifecycleAction::remove;
    co_return;
  }
  record.past += past;
  if (done.error().code == Code::refused) {
    ++record.refused;
    co_return;
  }
  ++record.failed;
  log::warn("lifecycle", {{"account", account}, {"container", record.container}, {"error", done.error().message}});
}

// Only what was looked at: a write meanwhile makes the blob another.
Task<Result<void>> Lifecycle::act(LifecycleAction action, ops::BlobRef ref, ops::BlobView view) {
  ops::Conditions same;
  same.if_match = ops::ETagSet{.any = false, .values = {view.etag}};
  if (action == LifecycleAction::remove) {
    BASCULE_CO_TRY(co_await service_.delete_blob(std::move(ref), {.conditions = std::move(same)}));
    co_return Result<void>{};
  }
  BASCULE_CO_TRY(co_await service_.set_blob_tier(std::move(ref), {.tier = std::string(tier_of(action)), .conditions = std::move(same)}));
  co_return Result<void>{};
}

Task<Result<bool>> Lifecycle::pass() {
  bool any = false;
  const std::string table(1, keys::kLifecycleTable);
  BASCULE_CO_ASSIGN(auto entries, co_await catalog_.scan({.begin = table, .end = keys::after_prefix(table), .limit = 1000,
                                                          .limit_bytes = std::size_t{64} << 20}));
  for (const auto& e : entries) {
    BASCULE_CO_ASSIGN(const Record record, catalog::decode<Record>(e.value));
    const std::string account = e.key.substr(1);
    if (!record.running()) {
      if (record.started != WallTime() && service_.parts().clock.wall() - record.started < kEvery) continue;
      const auto policy = parse_lifecycle_policy(record.policy);
      if (!policy || !policy->any_enabled()) continue;
      if (auto begun = co_await begin(account); !begun && begun.error().code != Code::conflict) co_return fail(begun.error());
      any = true;
      continue;
    }
    auto stepped = co_await step(account);
    if (stepped) any = true;
    else if (stepped.error().code != Code::conflict) co_return fail(stepped.error());
  }
  co_return any;
}

}  // namespace bascule::jobs
