// Accounts: few, kept in memory, written through to the catalog.
#include <algorithm>

#include "catalog/lifecycle.h"
#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {
// Tools that use the development account make a container anew as soon as it is deleted, as Azurite lets them.
AccountSettings first_settings(bool development) {
  AccountSettings settings;
  if (development) settings.quarantine_seconds = 0;
  return settings;
}
}  // namespace

Task<Result<void>> Service::load_accounts() {
  BASCULE_CO_TRY(co_await load_time_mark());
  constexpr std::size_t kMost = 1'000'000, kMostBytes = std::size_t{1} << 30;
  BASCULE_CO_ASSIGN(auto entries, co_await parts_.catalog.scan({.begin = "A", .end = "B", .limit = kMost, .limit_bytes = kMostBytes}));
  BASCULE_CO_ASSIGN(auto settings, co_await parts_.catalog.scan({.begin = keys::settings(""), .end = keys::after_prefix(keys::settings("")),
                                                                 .limit = kMost, .limit_bytes = kMostBytes}));
  std::unordered_map<std::string, std::shared_ptr<Account>> loaded;
  for (const auto& e : entries) {
    BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::AccountRecord>(e.value));
    const std::string name = e.key.substr(1);
    loaded[name] = std::make_shared<Account>(Account{name, record.keys, record.development,
                                                       first_settings(record.development), record.created});
  }
  for (const auto& e : settings) {
    const auto account = loaded.find(e.key.substr(1));
    if (account == loaded.end()) continue;
    BASCULE_CO_ASSIGN(account->second->settings, catalog::decode<AccountSettings>(e.value));
  }
  const std::string access_table(1, keys::kAccessTable);
  BASCULE_CO_ASSIGN(auto access, co_await parts_.catalog.scan({.begin = access_table, .end = keys::after_prefix(access_table),
                                                               .limit = kMost, .limit_bytes = kMostBytes}));
  std::unordered_map<std::string, std::shared_ptr<catalog::AccountAccess>> allowed;
  for (const auto& e : access) {
    const std::string name = e.key.substr(1, e.key.find('\0') - 1);
    if (!loaded.contains(name)) continue;
    BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::AccessRecord>(e.value));
    auto& of_account = allowed[name];
    if (!of_account) of_account = std::make_shared<catalog::AccountAccess>();
    catalog::add(*of_account, e.key, std::move(record));
  }
  for (auto& [name, one] : allowed) {
    one->sort();
    loaded[name]->access = std::move(one);
  }
  std::unique_lock lock(accounts_mutex_);
  for (auto& [name, account] : loaded) {
    note_history(account->settings);
    accounts_[name] = std::move(account);
  }
  co_return Result<void>{};
}

std::shared_ptr<const Account> Service::account(std::string_view name) const {
  std::shared_lock lock(accounts_mutex_);
  auto it = accounts_.find(std::string(name));
  return it == accounts_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<const Account>> Service::accounts() const {
  std::vector<std::shared_ptr<const Account>> all;
  {
    std::shared_lock lock(accounts_mutex_);
    for (const auto& [name, account] : accounts_) all.push_back(account);
  }
  std::ranges::sort(all, {}, [](const auto& a) { return a->name; });
  return all;
}

Task<Result<void>> Service::put_account(Account account, bool must_be_new) {
  const bool name_ok = account.name.size() >= 3 && account.name.size() <= 24 &&
                       std::ranges::all_of(account.name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (!name_ok) co_return fail(Code::invalid_argument, "an account's name is 3 to 24 lower-case letters and digits");
  const std::string key = keys::account(account.name);
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, key, true));
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::AccountRecord>(key));
  if (found && must_be_new) co_return fail(Code::already_exists, "account " + account.name + " is there already");
  if (!found && !must_be_new) co_return fail(Code::not_found, "there is no account " + account.name);
  catalog::AccountRecord record{account.keys, account.development, found ? found->record.created : now()};
  catalog::Transaction t;
  t.require(key, found ? found->version : 0);
  t.put(key, encode(record));
  const std::string settings_key = keys::settings(account.name);
  BASCULE_CO_ASSIGN(auto settings, co_await parts_.catalog.get<AccountSettings>(settings_key));
  t.require(settings_key, settings ? settings->version : 0);
  if (found) {
    AccountSettings changed = settings ? settings->record : first_settings(found->record.development);
    for (std::size_t i = 0; i < record.keys.size(); ++i)
      if (record.keys[i] != found->record.keys[i]) changed.keys_since[i] = now();
    t.put(settings_key, encode(changed));
  } else {
    if (account.settings != AccountSettings()) t.put(settings_key, encode(account.settings));
    else if (settings) t.remove(settings_key);
  }
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  co_return co_await reload_account(account.name);
}

Task<Result<void>> Service::change_settings(std::string name, SettingsChange change) {
  const std::string key = keys::account(name), settings_key = keys::settings(name);
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, key, true));
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::AccountRecord>(key));
    if (!found) co_return fail(Code::not_found, "there is no account " + name);
    BASCULE_CO_ASSIGN(auto settings, co_await parts_.catalog.get<AccountSettings>(settings_key));
    AccountSettings changed = settings ? settings->record : first_settings(found->record.development);
    BASCULE_CO_TRY(change(changed));
    catalog::Transaction t;
    t.require(key, found->version);
    t.require(settings_key, settings ? settings->version : 0);
    t.put(settings_key, encode(changed));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return co_await reload_account(name);
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "account " + name + " is changed by too many at once");
}

Task<Result<void>> Service::reload_account(std::string name) {
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::AccountRecord>(keys::account(name)));
  if (!found) co_return fail(Code::not_found, "there is no account " + name);
  BASCULE_CO_ASSIGN(auto settings, co_await parts_.catalog.get<AccountSettings>(keys::settings(name)));
  auto account = std::make_shared<Account>(Account{name, found->record.keys, found->record.development,
                                                    first_settings(found->record.development), found->record.created});
  if (settings) account->settings = std::move(settings->record);
  BASCULE_CO_ASSIGN(account->access, co_await load_access(name));
  note_history(account->settings);
  std::unique_lock lock(accounts_mutex_);
  accounts_[name] = std::move(account);
  co_return Result<void>{};
}

Task<Result<void>> Service::remove_account(std::string name) {
  const std::string key = keys::account(name);
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, key, true));
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::AccountRecord>(key));
  if (!found) co_return fail(Code::not_found, "there is no account " + name);
  BASCULE_CO_ASSIGN(auto page, co_await list_containers(name, {.limit = 1, .deleted = true}));
  if (!page.items.empty() && page.items[0].deleted)
    co_return fail(Code::conflict, "account " + name + " still keeps deleted containers (" + page.items[0].name + ", for " +
                                       std::to_string(page.items[0].deleted->remaining_days + 1) +
                                       " days more); wait, or restore them and delete them with container delete retention off");
  if (!page.items.empty())
    co_return fail(Code::conflict, "account " + name + " still has containers (" + page.items[0].name +
                                       ", ...); delete them first");
  catalog::Transaction t;
  t.require(key, found->version);
  t.remove(key);
  t.remove(keys::settings(name));
  t.remove(keys::lifecycle(name));
  if (const auto known = account(name); known && known->access) {
    t.remove(keys::delegation_secret(name));
    for (const auto& assignment : known->access->assignments) t.remove(keys::assignment(name, assignment.id()));
    for (const auto& [holder, record] : known->access->holders) t.remove(keys::delegation_holder(name, holder));
  }
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  std::unique_lock lock(accounts_mutex_);
  accounts_.erase(name);
  co_return Result<void>{};
}

}  // namespace bascule::ops
