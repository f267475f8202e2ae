// Accounts: few, kept in memory, written through to the catalog.
#include <algorithm>

#include "ops/service.h"

namespace bascule::ops {

Task<Result<void>> Service::load_accounts() {
  BASCULE_CO_ASSIGN(auto entries, co_await parts_.catalog.scan({.begin = "A", .end = "B", .limit = 1'000'000,
                                                                .limit_bytes = std::size_t{1} << 30}));
  std::unique_lock lock(accounts_mutex_);
  for (const auto& e : entries) {
    BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::AccountRecord>(e.value));
    const std::string name = e.key.substr(1);
    accounts_[name] = std::make_shared<Account>(Account{name, record.keys, record.development});
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
  const std::string key = catalog::keys::account(account.name);
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::AccountRecord>(key));
  if (found && must_be_new) co_return fail(Code::already_exists, "account " + account.name + " is there already");
  if (!found && !must_be_new) co_return fail(Code::not_found, "there is no account " + account.name);
  catalog::AccountRecord record{account.keys, account.development, found ? found->record.created : now()};
  catalog::Transaction t;
  t.require(key, found ? found->version : 0);
  t.put(key, encode(record));
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  std::unique_lock lock(accounts_mutex_);
  const std::string name = account.name;
  accounts_[name] = std::make_shared<Account>(std::move(account));
  co_return Result<void>{};
}

Task<Result<void>> Service::remove_account(std::string name) {
  const std::string key = catalog::keys::account(name);
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::AccountRecord>(key));
  if (!found) co_return fail(Code::not_found, "there is no account " + name);
  BASCULE_CO_ASSIGN(auto page, co_await list_containers(name, {.prefix = "", .start = "", .limit = 1}));
  if (!page.items.empty())
    co_return fail(Code::conflict, "account " + name + " still has containers (" + page.items[0].name +
                                       ", ...); delete them first");
  catalog::Transaction t;
  t.require(key, found->version);
  t.remove(key);
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  std::unique_lock lock(accounts_mutex_);
  accounts_.erase(name);
  co_return Result<void>{};
}

}  // namespace bascule::ops
