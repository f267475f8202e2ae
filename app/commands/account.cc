#include <boost/json/serialize.hpp>
#include <cstdio>
#include <iostream>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

// The keys as given: from files, or from standard input, one a line.
Result<std::vector<std::string>> given_keys(const AccountArguments& arguments, std::size_t most) {
  std::vector<std::string> keys;
  for (const std::string& file : arguments.key_files) {
    BASCULE_ASSIGN(auto lines, read_secret_lines(file));
    keys.insert(keys.end(), lines.begin(), lines.end());
  }
  if (arguments.keys_from_stdin) {
    for (std::string line; keys.size() <= most && std::getline(std::cin, line);) {
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
      if (!line.empty()) keys.push_back(line);
    }
    if (keys.empty()) return fail(Code::invalid_argument, "standard input holds no key; expected is one a line");
  }
  if (keys.size() > most) return fail(Code::invalid_argument, "too many keys: at most " + std::to_string(most) + " can be given");
  return keys;
}

// Where clients reach the account: the running server's first address, else the configured one.
std::string connection_string_of(const Config& config, const std::string& account, const std::string& key) {
  const Asked asked = ask(config, "status", {}, Folder::must_be_there, {});
  const auto addresses = texts_of(asked.last, "addresses");
  if (!addresses.empty()) return connection_string(account, key, addresses.front(), flag_of(asked.last, "encrypted"));
  return connection_string(account, key, config.list("server.listen").front(), !config.text("server.certificate").empty());
}

int add(const Config& config, const AccountArguments& arguments) {
  auto keys = given_keys(arguments, 2);
  if (!keys) return complain(keys.error());
  json::array array;
  for (const std::string& key : *keys) array.emplace_back(key);
  const Asked asked = ask(config, "account-add", {{"name", arguments.name}, {"keys", std::move(array)}}, Folder::may_be_made, {});
  if (asked.exit != kDone) return asked.exit;
  json::object out{{"name", arguments.name}};
  if (arguments.connection_string) {
    const Asked shown = ask(config, "account-keys", {{"name", arguments.name}}, Folder::must_be_there, {});
    if (shown.exit != kDone) return shown.exit;
    out["connection_string"] = connection_string_of(config, arguments.name, texts_of(shown.last, "keys").at(0));
  }
  if (arguments.json) std::printf("%s\n", json::serialize(out).c_str());
  else if (arguments.connection_string) std::printf("%s\n", text_of(out, "connection_string").c_str());
  else std::printf("account %s added\n", arguments.name.c_str());
  return kDone;
}

int list(const Config& config, const AccountArguments& arguments) {
  const Asked asked = ask(config, arguments.show_keys ? "account-list-keys" : "account-list", {}, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  const json::value* accounts = asked.last.if_contains("accounts");
  if (!accounts || !accounts->is_array()) return complain("the server's answer makes no sense", kFailed);
  if (arguments.json) {
    std::printf("%s\n", json::serialize(json::object{{"accounts", *accounts}}).c_str());
    return kDone;
  }
  for (const json::value& value : accounts->as_array()) {
    const json::object& account = value.as_object();
    std::printf("%s%s\n", text_of(account, "name").c_str(), flag_of(account, "development") ? "  (development account: everybody knows its key)" : "");
    int number = 0;
    for (const std::string& key : texts_of(account, "keys")) std::printf("  key %d: %s\n", ++number, key.c_str());
  }
  return kDone;
}

int rotate(const Config& config, const AccountArguments& arguments) {
  auto keys = given_keys(arguments, 1);
  if (!keys) return complain(keys.error());
  json::object body{{"name", arguments.name}, {"key", arguments.key}};
  if (!keys->empty()) body["value"] = keys->front();
  const Asked asked = ask(config, "account-rotate", body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  json::object out{{"name", arguments.name}, {"key", arguments.key}};
  const std::string value = text_of(asked.last, "value");
  if (arguments.connection_string) out["connection_string"] = connection_string_of(config, arguments.name, value);
  if (arguments.show_keys) out["value"] = value;
  if (arguments.json) {
    std::printf("%s\n", json::serialize(out).c_str());
    return kDone;
  }
  if (arguments.connection_string) std::printf("%s\n", text_of(out, "connection_string").c_str());
  else if (arguments.show_keys) std::printf("%s\n", value.c_str());
  else std::printf("key %d of account %s replaced; `bascule account list --show-keys` shows it\n", arguments.key, arguments.name.c_str());
  return kDone;
}

int revoke(const Config& config, const AccountArguments& arguments) {
  const Asked asked = ask(config, "account-revoke-delegation-keys", {{"name", arguments.name}}, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) std::printf("%s\n", json::serialize(json::object{{"name", arguments.name}, {"revoked", true}}).c_str());
  else std::printf("user delegation keys of account %s revoked, and what they signed\n", arguments.name.c_str());
  return kDone;
}

}  // namespace

int run_account(const Config& config, const AccountArguments& arguments) {
  switch (arguments.what) {
    case AccountArguments::What::add: return add(config, arguments);
    case AccountArguments::What::list: return list(config, arguments);
    case AccountArguments::What::rotate_key: return rotate(config, arguments);
    case AccountArguments::What::show:
    case AccountArguments::What::set: return run_account_settings(config, arguments);
    case AccountArguments::What::revoke_delegation_keys: return revoke(config, arguments);
    case AccountArguments::What::remove: break;
  }
  const Asked asked = ask(config, "account-remove", {{"name", arguments.name}}, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) std::printf("%s\n", json::serialize(json::object{{"name", arguments.name}, {"removed", true}}).c_str());
  else std::printf("account %s removed\n", arguments.name.c_str());
  return kDone;
}

}  // namespace bascule::app
