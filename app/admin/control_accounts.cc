#include "app/admin/control_requests.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::size_t kKeyBytes = 64;  // Azure's
constexpr std::size_t kLeastKeyBytes = 16, kMostKeyBytes = 1024;

Result<std::string> decode_key(const std::string& base64) {
  auto raw = from_base64(base64);
  if (!raw || raw->size() < kLeastKeyBytes || raw->size() > kMostKeyBytes) {
    return fail(Code::invalid_argument, "an account's key is Base64 of 64 bytes, as Azure's portal shows it (allowed are 16 to "
                                        "1024 bytes); what was given is not");
  }
  return *std::move(raw);
}

std::string new_key(Random& random) {
  std::string key(kKeyBytes, '\0');
  random.fill(as_writable(key));
  return key;
}

json::array keys_of(const ops::Account& account) {
  json::array keys;
  for (const std::string& key : account.keys) keys.emplace_back(to_base64(as_bytes(key)));
  return keys;
}

Task<Result<json::object>> add(ControlCall& call) {
  ops::Account account{.name = text_of(call.body, "name")};
  const auto given = texts_of(call.body, "keys");
  if (given.size() > 2) co_return fail(Code::invalid_argument, "an account has two keys");
  for (std::size_t i = 0; i < 2; ++i) {
    if (i < given.size()) { BASCULE_CO_ASSIGN(account.keys[i], decode_key(given[i])); }
    else account.keys[i] = new_key(call.parts.random);
  }
  account.development = account.name == kDevelopmentAccount;
  const std::string name = account.name;
  BASCULE_CO_TRY(co_await call.parts.engine.service().put_account(std::move(account), true));
  log::info("account added", {{"account", name}});
  co_return json::object{{"name", name}};
}

Task<Result<json::object>> rotate(ControlCall& call) {
  const std::string name = text_of(call.body, "name"), value = text_of(call.body, "value");
  const std::uint64_t which = number_of(call.body, "key", 0);
  if (which != 1 && which != 2) co_return fail(Code::invalid_argument, "which key? allowed are 1 and 2");
  const auto found = call.parts.engine.service().account(name);
  if (!found) co_return fail(Code::not_found, "there is no account " + name);
  ops::Account account = *found;
  std::string key;
  if (value.empty()) key = new_key(call.parts.random);
  else { BASCULE_CO_ASSIGN(key, decode_key(value)); }
  account.keys[which - 1] = key;
  BASCULE_CO_TRY(co_await call.parts.engine.service().put_account(std::move(account), false));
  log::info("account key replaced", {{"account", name}, {"key", which}});
  co_return json::object{{"name", name}, {"key", which}, {"value", to_base64(as_bytes(key))}};
}

}  // namespace

Task<Result<json::object>> account_request(const std::string& what, ControlCall& call) {
  ops::Service& service = call.parts.engine.service();
  if (what == "account-add") co_return co_await add(call);
  if (what == "account-rotate") co_return co_await rotate(call);
  if (what == "account-list" || what == "account-list-keys") {
    const bool show = what == "account-list-keys";
    json::array accounts;
    for (const auto& account : service.accounts()) {
      json::object one{{"name", account->name}, {"development", account->development}};
      if (show) one["keys"] = keys_of(*account);
      accounts.emplace_back(std::move(one));
    }
    co_return json::object{{"accounts", std::move(accounts)}};
  }
  const std::string name = text_of(call.body, "name");
  if (what == "account-keys") {
    const auto account = service.account(name);
    if (!account) co_return fail(Code::not_found, "there is no account " + name);
    co_return json::object{{"name", name}, {"keys", keys_of(*account)}};
  }
  if (what == "account-remove") {
    BASCULE_CO_TRY(co_await service.remove_account(name));
    log::info("account removed", {{"account", name}});
    co_return json::object{{"name", name}};
  }
  if (what == "account-revoke-delegation-keys") {
    BASCULE_CO_TRY(co_await service.revoke_delegation_keys(name));
    log::info("user delegation keys revoked", {{"account", name}});
    co_return json::object{{"name", name}};
  }
  co_return fail(Code::unsupported, "there is no request " + what);
}

}  // namespace bascule::app
