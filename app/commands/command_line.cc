// The command line: what it may be, and its help. CLI11 is a heavy header: only here.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <tuple>

#include "app/admin/control.h"
#include "app/commands/backup.h"
#include "app/commands/commands.h"
#include "app/places.h"
#include "base/log.h"

extern char** environ;

namespace bascule::app {
namespace {

constexpr const char* kExits =
    "Exit codes:\n"
    "  0  done, and all is well\n"
    "  1  it failed, or something was found wrong\n"
    "  2  wrong arguments or configuration; migrate: the source cannot be used\n"
    "  3  not there yet; migrate --strict: something at the source is never carried over\n"
    "  4  another process holds the data folder and does not answer\n"
    "  5  asked for; somebody else has to approve it (bascule approvals)\n";

std::string footer(const char* examples) { return std::string("Examples:\n") + examples + "\n" + kExits; }

// What the parser fills in.
struct Parsed {
  std::string config_file;
  std::vector<std::string> sets;
  std::vector<std::pair<std::string, std::string>> settings;
  AccountArguments account;
  IdentityArguments identity;
  LifecycleArguments lifecycle;
  CompactArguments compact;
  ScopeArguments scope;
  RoleArguments role;
  CheckArguments check;
  BackupArguments backup;
  MigrateArguments migrate;
  ImmutabilityArguments immutability;
  AdminArguments admin;
  ApprovalsArguments approvals;
  StatusArguments status;
  ConfigArguments config;
  AssessArguments assess;
  CompareArguments compare;
  RestoreArguments from_backup;
  bool version_json = false;
  bool quick = false, read = false;
};

// An option that is a setting.
void add_setting(CLI::App& command, Parsed& parsed, const std::string& flag, const char* setting, const char* placeholder) {
  const Setting* known = find_setting(setting);
  auto* option = command.add_option_function<std::vector<std::string>>(
      flag, [&parsed, setting](const std::vector<std::string>& values) {
        for (const std::string& value : values) parsed.settings.emplace_back(setting, value);
      }, std::string(known->help));
  option->type_name(placeholder);
  option->type_size(1)->expected(1)->allow_extra_args(false);
  option->multi_option_policy(known->kind == Kind::list ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
}

void add_common(CLI::App& command, Parsed& parsed) {
  command.add_option("--config", parsed.config_file, "The configuration file. Not given: " + default_places().config + ", if it is there.")->type_name("FILE");
  add_setting(command, parsed, "--data", "data", "DIR");
  command.add_option("--set", parsed.sets, "Any other setting, as NAME=VALUE (serve --help lists them).")->type_name("NAME=VALUE")->type_size(1)->expected(1)
      ->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// For commands that ask a server: which one, if not the one on the data folder.
void add_asking(CLI::App& command, Parsed& parsed, const char* ca_flag = "--ca-file") {
  add_common(command, parsed);
  add_setting(command, parsed, "--server", "admin.server", "URL");
  add_setting(command, parsed, "--token-file", "admin.token_file", "FILE");
  add_setting(command, parsed, ca_flag, "admin.ca_file", "FILE");
}

std::string settings_help() {
  std::string out = "Settings, with their defaults. In the file as [section] and key; in the environment as BASCULE_SECTION_KEY; on the\n"
                    "command line as --set section.key=value. The command line goes before the environment, that before the file. (live): a\n"
                    "change is in force after SIGHUP; the others need a restart.\n";
  for (const Setting& s : settings()) {
    out += "  " + std::string(s.name) + (s.standard.empty() ? "" : " = " + std::string(s.standard)) + "\n      " + std::string(s.help);
    if (s.kind != Kind::text && s.kind != Kind::path && s.kind != Kind::list) out += " Allowed: " + allowed(s) + ".";
    if (s.live) out += " (live)";
    out += "\n";
  }
  return out + "\n";
}

void add_restore_options(CLI::App& command, RestoreArguments& r) {
  command.add_option("--at", r.at, "The backup of this instant, or the newest before it. Not given: the newest.")->type_name("INSTANT");
  command.add_flag("--holds-may-be-lost", r.holds_may_be_lost, "Go on though retention and legal holds set since the backup are not known.");
  command.add_flag("--content-may-be-missing", r.content_may_be_missing, "Go on though extents or keys that the backup names are gone.");
}

CLI::App* add_serve(CLI::App& root, Parsed& parsed) {
  auto* command = root.add_subcommand("serve", "Serves Azure Blob Storage.");
  add_common(*command, parsed);
  add_setting(*command, parsed, "--listen", "server.listen", "HOST:PORT");
  add_setting(*command, parsed, "--certificate", "server.certificate", "FILE");
  add_setting(*command, parsed, "--key", "server.key", "FILE");
  add_setting(*command, parsed, "--key-file", "key_file", "FILE");
  command->add_option("--from-backup", parsed.from_backup.from, "First make the catalog of the data folder, which is empty, from a backup: a folder, or "
                                                                "s3://BUCKET/PREFIX at backup.endpoint.")->type_name("FROM");
  add_restore_options(*command, parsed.from_backup);
  command->footer([] {
    return settings_help() + footer(
        "  bascule serve\n"
        "      Azure's development account on 127.0.0.1:10000: UseDevelopmentStorage=true is enough.\n"
        "  bascule serve --data /srv/bascule --listen '*:443' --certificate chain.pem --key key.pem\n"
        "  BASCULE_PROVIDER_SECRET_KEY=… bascule serve --config /etc/bascule/bascule.toml\n");
  });
  return command;
}

CLI::App* add_config(CLI::App& root, Parsed& parsed) {
  auto* config = root.add_subcommand("config", "Checks and shows the configuration.");
  config->require_subcommand(1);
  const auto make = [&](const char* name, const char* description) {
    auto* command = config->add_subcommand(name, description);
    add_common(*command, parsed);
    add_setting(*command, parsed, "--listen", "server.listen", "HOST:PORT");
    add_setting(*command, parsed, "--certificate", "server.certificate", "FILE");
    add_setting(*command, parsed, "--key", "server.key", "FILE");
    add_setting(*command, parsed, "--key-file", "key_file", "FILE");
    command->add_flag("--json", parsed.config.json, "The answer as one JSON object.");
    return command;
  };
  make("check", "Says everything that is wrong with the configuration; changes nothing.")->footer(
      "Examples:\n"
      "  bascule config check\n"
      "  bascule config check --config new.toml --json && cp new.toml /etc/bascule/bascule.toml && systemctl reload bascule\n"
      "Reads what serve would read, as the user who runs it: settings, certificates and their dates, keys and their modes, secrets,\n"
      "addresses, places for events. Asks nobody on the network. An address in use is a warning: the running server may have it.\n\n"
      "Exit codes:\n"
      "  0  nothing is wrong; there may be warnings\n"
      "  2  something is wrong\n");
  auto* show = make("show", "Shows each setting's value and where it comes from. Secrets are not shown.");
  show->add_flag("--changed", parsed.config.changed, "Only what is not at its default.");
  show->footer("Examples:\n  bascule config show --changed\n  bascule config show --json | jq -r '.settings[] | select(.reload == \"restart\") | .name'\n"
               "live: a change is in force after a reload (SIGHUP, systemctl reload). restart: after a restart.\n\n"
               "Exit codes:\n  0  done\n  2  the configuration cannot be used (bascule config check says why)\n");
  config->footer("Examples:\n  bascule config check\n  bascule config show --changed\n");
  return config;
}

CLI::App* add_migrate(CLI::App& root, Parsed& parsed) {
  auto* command = root.add_subcommand("migrate", "Carries containers and block blobs over from Azure, and reads everything back.");
  MigrateArguments& m = parsed.migrate;
  add_asking(*command, parsed, "--server-ca-file");
  add_setting(*command, parsed, "--key-file", "key_file", "FILE");
  auto* source = command->add_option_group("source");
  source->add_option("--from", m.from, "The source: a connection string, or a URL with a SAS. Other users of this machine can read a "
                                       "command line; --from-file hides it.")->type_name("TEXT");
  source->add_option("--from-file", m.from_file, "A file of mode 0600 that holds it, or - for standard input.")->type_name("FILE");
  source->require_option(1);
  command->add_option("--container", m.containers, "Only this container; may be repeated.")->type_name("NAME")->type_size(1)->expected(1)
      ->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--account", m.account, "Into this account. Not given: the one of the source's name, or the only one.")->type_name("NAME");
  command->add_option("--blobs-at-once", m.blobs_at_once, "Blobs carried side by side (192).")->check(CLI::Range(1, 1024));
  command->add_option("--streams-at-once", m.streams_at_once, "Reads of larger blobs from the source side by side (32).")->check(CLI::Range(1, 1024));
  command->add_option("--account-json", m.account_json, "What Azure's tools say of the source's account (`az storage account show -o json`): the report then tells "
      "what it is set to and what of that has no counterpart here.")->type_name("FILE");
  command->add_option("--ca-file", m.ca_file, "Authorities to trust for the source, PEM. Not given: the system's.")->type_name("FILE");
  command->add_flag("--dry-run", m.dry_run, "Only say what there is, and what would not be carried.");
  command->add_flag("--strict", m.strict, "Exit code 3 where something exists that is never carried.");
  command->add_option("--sabotage", m.sabotage, "For tests: drop one blob or flip one byte (drop, flip), of anything or of a kind (flip:past, "
      "flip:append, flip:page); the verification must fail.")
      ->check(CLI::IsMember({"drop", "flip", "drop:past", "flip:past", "drop:append", "flip:append", "drop:page", "flip:page"}));
  command->add_flag("--json", m.json, "Progress and report as JSON, one object a line.");
  command->footer(std::string("Examples:\n") +
      "  bascule migrate --from-file azure.txt\n"
      "  bascule migrate --from 'https://acme.blob.core.windows.net/photos?sv=…&sig=…' --account acme\n"
      "  bascule migrate --from-file azure.txt --container photos --container mail --json\n"
      "\n"
      "First it says what it found and what is never carried (each item: DATA/migrate/not-carried.tsv). A blob of the same name\n"
      "that migrate did not bring here itself is replaced; one that changed here after it was brought is left as it is, and named.\n"
      "Killed at any moment, the same command goes on where it stood; blobs under way, and those of the last second, are carried\n"
      "again. One migration from a source at a time.\n"
      "\n"
      "Exit codes:\n"
      "  0  everything that can be carried is here, and was read back and compared\n"
      "  1  not everything: a blob failed, was different when it was read back, or the run was stopped; run it again\n"
      "  2  nothing was carried: wrong arguments, no account here, or the source cannot be reached or refuses\n"
      "  3  with --strict: as 0, but something exists at the source that is never carried, or differs here on purpose\n"
      "  4  nothing was carried: another process holds the data folder and does not answer\n");
  return command;
}

// What Azure sets through its management plane, and soft delete of blobs, which Set Blob Service Properties sets too.
void add_account_set(CLI::App& command, AccountArguments& a, const std::function<void(CLI::App*)>& with_name) {
  with_name(&command);
  using Form = AccountArguments::Change::Form;
  const auto give = [&](const char* flag, const char* setting, Form form, const char* help) {
    return command.add_option_function<std::string>(
        flag, [&a, setting, flag, form](const std::string& value) { a.changes.push_back({setting, flag, form, value}); }, help);
  };
  const auto option = [&](const char* flag, const char* setting, bool is_flag, const char* help) {
    auto* added = give(flag, setting, is_flag ? Form::flag : Form::number, help);
    if (is_flag) added->check(CLI::IsMember({"on", "off"}))->type_name("on|off");
    else added->type_name("NUMBER|off");
  };
  const auto choice = [&](const char* flag, const char* setting, std::vector<std::string> allowed, const char* shown, const char* help) {
    give(flag, setting, Form::text, help)->check(CLI::IsMember(std::move(allowed)))->type_name(shown);
  };
  option("--versioning", "versioning", true, "Keep the former state of a blob as a version whenever it is overwritten or deleted.");
  option("--delete-retention", "delete_retention_days", false, "Keep deleted blobs for so many days (1 to 365).");
  option("--permanent-delete", "allow_permanent_delete", true, "Let clients remove deleted snapshots and versions for good.");
  option("--container-delete-retention", "container_delete_retention_days", false, "Keep deleted containers for so many days (1 to 365).");
  option("--name-quarantine", "name_quarantine_seconds", false, "How many seconds a deleted container's name cannot be used again (30; the development account 0).");
  option("--last-access-tracking", "last_access_tracking", true, "Note when a blob was last read.");
  option("--shared-key-access", "shared_key_access", true, "Take requests signed with the account's keys: Shared Key, account and service SAS. Off: tokens and user delegation SAS alone.");
  option("--public-access", "public_access", true, "Let containers be read by everybody where they say so. Off: none is, and none may be set to it.");
  option("--https-only", "https_only", true, "Refuse plain HTTP (supportsHttpsTrafficOnly).");
  choice("--minimum-tls-version", "minimum_tls_version", {"1.2", "1.3", "off"}, "1.2|1.3|off", "Refuse older TLS. The server itself takes nothing older than 1.2.");
  give("--sas-expiry-period", "sas_expiry_period", Form::text, "How long a SAS signed with a key may be in force, from its start on.")->type_name("D.HH:MM:SS|off");
  choice("--sas-expiry-action", "sas_expiry_action", {"Log", "Block"}, "Log|Block", "What becomes of one that is longer, or says no start: a line in the log, or 403.");
  option("--key-expiry", "key_expiry_days", false, "Warn of keys that are older than so many days.");
  give("--default-service-version", "default_service_version", Form::text, "The protocol version of requests that name none.")->type_name("YYYY-MM-DD|off");
  choice("--default-network-action", "default_network_action", {"Allow", "Deny"}, "Allow|Deny", "Deny: refuse all addresses but those of --allowed-networks.");
  give("--allowed-networks", "allowed_networks", Form::list, "Addresses and networks, IPv4 and IPv6, with commas between them; they take the place of those set before.")->type_name("LIST|off");
  command.add_option("--from-azure", a.from_azure, "Take over what Azure's tools say of the account, and name what has no counterpart: the output of `az storage "
      "account show`, or of `az storage account blob-service-properties show`; - for standard input. Options beside it go before it.")->type_name("FILE");
  command.footer(footer(
      "  bascule account set acme --versioning on\n"
      "  bascule account set acme --shared-key-access off --public-access off --https-only on\n"
      "  bascule account set acme --default-network-action Deny --allowed-networks 192.0.2.7,10.1.0.0/16,2001:db8::/32\n"
      "  bascule account set acme --sas-expiry-period 7.00:00:00 --sas-expiry-action Block\n"
      "  az storage account show -n acme -o json | bascule account set acme --from-azure -\n"
      "  bascule account set acme --delete-retention 14 --container-delete-retention 14\n"
      "  bascule account set acme --container-delete-retention off\n"
      "      What was deleted before keeps the days that were in force then.\n"));
}

void add_account(CLI::App& root, Parsed& parsed) {
  auto* account = root.add_subcommand("account", "Adds, lists, sets, changes and removes accounts.");
  account->require_subcommand(1);
  AccountArguments& a = parsed.account;
  const auto make = [&](const char* name, const char* description, AccountArguments::What what) {
    auto* command = account->add_subcommand(name, description);
    add_asking(*command, parsed);
    command->add_flag("--json", a.json, "The answer as one JSON object.");
    command->preparse_callback([&a, what](std::size_t) { a.what = what; });
    return command;
  };
  const auto with_name = [&](CLI::App* command) {
    command->add_option("--name,name", a.name, "The account's name: 3 to 24 lower-case letters and digits.")->required()->type_name("NAME");
  };
  const auto with_keys = [&](CLI::App* command, const char* help) {
    command->add_option("--key-file,--keys-file", a.key_files, help)->type_name("FILE")->type_size(1)->expected(1)->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_flag("--keys-from-stdin", a.keys_from_stdin, "Read the key or keys from standard input, one a line.")->excludes("--key-file");
    command->add_flag("--connection-string", a.connection_string, "Print the connection string, with the key.");
  };
  auto* add = make("add", "Makes an account.", AccountArguments::What::add);
  with_name(add);
  with_keys(add, "A file of mode 0600 with one key or both in Base64, one a line; may be given twice. Keys not given are drawn at random.");
  add->footer(footer(
      "  bascule account add --name acme --connection-string\n"
      "  bascule account add --name acme --keys-file keys.txt\n"
      "      Azure's own name and keys: the applications need nothing but the new host.\n"
      "  az storage account keys list -n acme --query '[].value' -o tsv | bascule account add --name acme --keys-from-stdin\n"));
  auto* list = make("list", "Lists the accounts.", AccountArguments::What::list);
  list->add_flag("--show-keys", a.show_keys, "With their keys.");
  list->footer(footer("  bascule account list\n  bascule account list --json --show-keys\n"));
  auto* rotate = make("rotate-key", "Replaces one of an account's two keys.", AccountArguments::What::rotate_key);
  with_name(rotate);
  with_keys(rotate, "A file of mode 0600 with the new key in Base64. Not given: it is drawn at random.");
  rotate->add_option("--key", a.key, "Which key: 1 or 2.")->required()->check(CLI::Range(1, 2));
  rotate->add_flag("--show-keys", a.show_keys, "Print the new key.");
  rotate->footer(footer("  bascule account rotate-key --name acme --key 2 --show-keys\n"));
  auto* show = make("show", "Shows what an account is set to.", AccountArguments::What::show);
  with_name(show);
  show->footer(footer("  bascule account show acme\n  bascule account show acme --json\n"));
  add_account_set(*make("set", "Changes what an account is set to.", AccountArguments::What::set), a, with_name);
  auto* remove = make("remove", "Removes an account that has no containers.", AccountArguments::What::remove);
  with_name(remove);
  remove->footer(footer("  bascule account remove --name acme\n"));
  auto* revoke = make("revoke-delegation-keys", "Makes every user delegation key of an account, and each SAS that one signed, void.",
                      AccountArguments::What::revoke_delegation_keys);
  with_name(revoke);
  revoke->footer(footer("  bascule account revoke-delegation-keys acme\n"));
  account->footer(footer("  bascule account add --help\n"));
}

CLI::App* add_identity(CLI::App& root, Parsed& parsed) {
  auto* identity = root.add_subcommand("identity", "Gives programs their tokens: a managed identity endpoint, and an authority before the organisation's identity provider.");
  identity->require_subcommand(1);
  const auto make = [&](const char* name, const char* description, IdentityArguments::What what) {
    auto* command = identity->add_subcommand(name, description);
    command->add_option("--config", parsed.identity.config_file, "Its configuration. Not given: identity.toml beside the server's.")->type_name("FILE");
    command->preparse_callback([&parsed, what](std::size_t) { parsed.identity.what = what; });
    return command;
  };
  make("serve", "Serves what the file says, until it is told to stop. It opens no data folder.", IdentityArguments::What::serve)->footer(footer(
      "  bascule identity serve --config /etc/bascule/identity.toml\n"
      "      A program then runs with IDENTITY_ENDPOINT=http://127.0.0.1:40342/msi/token and IDENTITY_HEADER=(what its header_file says),\n"
      "      or with AZURE_AUTHORITY_HOST=https://login.example.org:8443 AZURE_TENANT_ID=adfs and its client's id and secret.\n"
      "  kill -HUP PID reads the certificate again; files of secrets are read at each use.\n"));
  make("check", "Tries the provider out: does it answer, and does each identity get its tokens?", IdentityArguments::What::check)
      ->footer(footer("  bascule identity check --config /etc/bascule/identity.toml\n"));
  identity->footer(footer("  bascule identity serve --help\n"));
  return identity;
}

void add_lifecycle(CLI::App& root, Parsed& parsed) {
  auto* lifecycle = root.add_subcommand("lifecycle", "Sets, shows and runs lifecycle policies: what becomes of blobs as they age.");
  lifecycle->require_subcommand(1);
  LifecycleArguments& l = parsed.lifecycle;
  const auto make = [&](const char* name, const char* description, LifecycleArguments::What what) {
    auto* command = lifecycle->add_subcommand(name, description);
    add_asking(*command, parsed);
    command->add_option("--name,name", l.name, "The account's name.")->required()->type_name("NAME");
    command->add_flag("--json", l.json, "The answer as JSON, one object a line.");
    command->preparse_callback([&l, what](std::size_t) { l.what = what; });
    return command;
  };
  auto* set = make("set", "Gives an account a policy, in Azure's JSON; a run under way ends.", LifecycleArguments::What::set);
  set->add_option("--file", l.file, "The policy; - for standard input.")->required()->type_name("FILE");
  set->footer(footer(
      "  bascule lifecycle set acme --file policy.json\n"
      "  az storage account management-policy show --account-name acme -g GROUP | jq '{policy}' | bascule lifecycle set acme --file -\n"));
  make("show", "Shows an account's policy and its latest run.", LifecycleArguments::What::show)
      ->footer(footer("  bascule lifecycle show acme\n"));
  make("run", "Runs the policy now, or follows the run under way. The server runs it once a day by itself.", LifecycleArguments::What::run)
      ->footer(footer("  bascule lifecycle run acme\nLooked at, deleted, moved to another tier, refused (leases, holds, past states that are left), failed.\n"));
  make("remove", "Takes an account's policy away.", LifecycleArguments::What::remove)->footer(footer("  bascule lifecycle remove acme\n"));
  lifecycle->footer(footer("  bascule lifecycle set --help\n"));
}

void add_compact(CLI::App& root, Parsed& parsed) {
  auto* compact = root.add_subcommand("compact", "Gathers extents that are small, or of which much is dead, where that pays.");
  add_asking(*compact, parsed);
  compact->add_flag("--dry-run", parsed.compact.dry_run, "Only tell what is worth it.");
  compact->add_flag("--json", parsed.compact.json, "The answer as JSON, one object a line.");
  compact->footer(footer("  bascule compact --dry-run\n  bascule compact\nThe server does the same by itself, as often as compaction.every says.\n"));
}

void add_scope(CLI::App& root, Parsed& parsed) {
  auto* scope = root.add_subcommand("scope", "Adds, lists, enables and disables encryption scopes of accounts, and destroys their keys.");
  scope->require_subcommand(1);
  ScopeArguments& a = parsed.scope;
  const auto make = [&](const char* name, const char* description, ScopeArguments::What what) {
    auto* command = scope->add_subcommand(name, description);
    add_asking(*command, parsed);
    command->add_option("--account", a.account, "The account.")->required()->type_name("NAME");
    if (what != ScopeArguments::What::list)
      command->add_option("--name,name", a.name, "The scope's name: 3 to 63 letters, digits and hyphens.")->required()->type_name("NAME");
    command->add_flag("--json", a.json, "The answer as one JSON object.");
    command->preparse_callback([&a, what](std::size_t) { a.what = what; });
    return command;
  };
  make("add", "Makes a scope with a key of its own.", ScopeArguments::What::add)
      ->footer(footer("  bascule scope add --account acme --name tenant-7\n"
                      "      Blobs name it in x-ms-encryption-scope; a container may have it as its default. A scope is never removed.\n"));
  make("list", "Lists an account's scopes.", ScopeArguments::What::list)->footer(footer("  bascule scope list --account acme\n"));
  make("enable", "Lets blobs under a disabled scope be read and written again.", ScopeArguments::What::enable)
      ->footer(footer("  bascule scope enable --account acme --name tenant-7\n"));
  make("disable", "Refuses to read and write whatever is under the scope.", ScopeArguments::What::disable)
      ->footer(footer("  bascule scope disable --account acme --name tenant-7\n"));
  auto* destroy = make("destroy", "Destroys a disabled scope's key: whatever is under it can never be read again, by anybody.", ScopeArguments::What::destroy);
  destroy->add_option("--alone", a.alone, "Go on without another's approval, for this reason, which is kept. On the server's own machine only.")->type_name("WHY");
  destroy->footer(footer("  bascule scope disable --account acme --name tenant-7\n  bascule scope destroy --account acme --name tenant-7\n"
                         "      Refused while a retention or a legal hold stands in the account. Where others administer too, one has to approve it.\n"));
  scope->footer(footer("  bascule scope add --help\n"));
}

void add_role(CLI::App& root, Parsed& parsed) {
  auto* role = root.add_subcommand("role", "Assigns, lists and removes roles: what the bearers of an identity provider's tokens may do.");
  role->require_subcommand(1);
  RoleArguments& a = parsed.role;
  const auto make = [&](const char* name, const char* description, RoleArguments::What what) {
    auto* command = role->add_subcommand(name, description);
    add_asking(*command, parsed);
    command->add_option("--account", a.account, "The account.")->required()->type_name("NAME");
    command->add_flag("--json", a.json, "The answer as one JSON object.");
    command->preparse_callback([&a, what](std::size_t) { a.what = what; });
    return command;
  };
  auto* assign = make("assign", "Gives somebody a role.", RoleArguments::What::assign);
  assign->add_option("--role", a.role, "reader, contributor, owner or delegator; or Azure's name, \"Storage Blob Data Reader\".")->required()->type_name("ROLE");
  auto* assignee = assign->add_option_group("assignee");
  for (const auto& [flag, kind, help] : {std::tuple("--principal", "principal", "The object id of a user or a program: the token's oid, else its sub."),
                                         std::tuple("--group", "group", "A group, as tokens name it."),
                                         std::tuple("--app-role", "role", "An application role of the token.")})
    assignee->add_option_function<std::string>(flag, [&a, whose = kind](const std::string& value) {
      a.kind = whose;
      a.assignee = value;
    }, help)->type_name("ID");
  assignee->require_option(1);
  assign->add_option("--tenant", a.tenant, "Whose directory knows the assignee (identity.issuers). Not given: the only one.")->type_name("TENANT");
  auto* container = assign->add_option("--container", a.container, "For this container alone. Not given: the whole account.")->type_name("NAME");
  assign->add_option("--prefix", a.prefix, "For blobs alone whose names begin so.")->type_name("TEXT")->needs(container);
  assign->add_option("--note", a.note, "A word for people.")->type_name("TEXT");
  assign->footer(footer(
      "  bascule role assign --account acme --role reader --principal 3f6b0d9e-0c5e-4b6f-9f44-0f0a8f6c2a11\n"
      "  bascule role assign --account acme --role contributor --group /backup --container nightly --prefix db/\n"
      "  bascule role assign --account acme --role delegator --principal web-frontend --tenant acme\n"
      "In force for every request that begins after the command has ended. docs/identity.md says what each role allows.\n"));
  auto* list = make("list", "Lists an account's role assignments.", RoleArguments::What::list);
  list->add_option("--assignee", a.assignee, "Those of this principal, group or application role alone.")->type_name("ID");
  list->footer(footer("  bascule role list --account acme\n  bascule role list --account acme --json | jq '.assignments[].assignee'\n"));
  for (auto* command : {make("remove", "Takes a role away.", RoleArguments::What::remove), make("show", "Shows one assignment.", RoleArguments::What::show)}) {
    command->add_option("--id,id", a.id, "The assignment's id, as list shows it.")->required()->type_name("ID");
    command->footer(footer("  bascule role show --account acme 0123456789abcdef0123456789abcdef\n"
                           "  bascule role remove --account acme 0123456789abcdef0123456789abcdef\n"
                           "      What a SAS may do that the assignee's user delegation key signed ends with it.\n"));
  }
  role->footer(footer("  bascule role assign --help\n"));
}

void add_immutability(CLI::App& root, Parsed& parsed) {
  auto* group = root.add_subcommand("immutability", "Retention and legal holds: what nothing may delete or overwrite.");
  group->require_subcommand(1);
  ImmutabilityArguments& a = parsed.immutability;
  const auto make = [&](const char* name, const char* description) {
    auto* command = group->add_subcommand(name, description);
    add_asking(*command, parsed);
    add_setting(*command, parsed, "--key-file", "key_file", "FILE");
    command->add_option("container", a.container, "The container, as ACCOUNT/CONTAINER.")->required()->type_name("ACCOUNT/CONTAINER");
    command->add_flag("--json", a.json, "Print JSON.");
    command->callback([&a, name] { a.action = name; });
    return command;
  };
  make("show", "Shows what stands.")->footer(footer("  bascule immutability show acme/ledgers\n"));
  auto* retain = make("retain", "Sets or changes the container's retention; a locked one can only become longer.");
  retain->add_option("--days", a.days, "How long a blob is kept after its last write.")->required()->check(CLI::Range(1, 146000));
  retain->add_option("--appends", a.appends, "What may still be appended to: none, append-blobs or all.")
      ->check(CLI::IsMember({"none", "append-blobs", "all"}));
  retain->footer(footer("  bascule immutability retain acme/ledgers --days 3650\n"));
  const auto alone = [&](CLI::App* command) {
    command->add_option("--alone", a.alone, "Go on without another's approval, for this reason, which is kept. On the server's own machine only.")->type_name("WHY");
    return command;
  };
  alone(make("lock", "Locks the retention, for good."))
      ->footer(footer("  bascule immutability lock acme/ledgers\n      Where others administer too, one of them has to approve it (docs/admin.md).\n"));
  make("clear", "Removes a retention that is not locked.")->footer(footer("  bascule immutability clear acme/ledgers\n"));
  for (const char* name : {"hold", "release"}) {
    auto* command = make(name, name == std::string_view("hold") ? "Adds a legal hold." : "Takes a legal hold away.");
    command->add_option("--tag", a.tag, "The hold's name: 3 to 23 letters and digits.")->required();
    command->footer(footer(name == std::string_view("hold") ? "  bascule immutability hold acme/ledgers --tag case42\n"
                                                            : "  bascule immutability release acme/ledgers --tag case42\n"));
  }
  alone(make("version-level", "Lets single versions have policies and holds of their own. Cannot be taken back; needs versioning."))
      ->footer(footer("  bascule immutability version-level acme/ledgers\n"));
  group->footer(footer("  bascule immutability show acme/ledgers\n  bascule immutability retain --help\n"));
}

void add_tokens(CLI::App& admin, Parsed& parsed) {
  auto* token = admin.add_subcommand("token", "Makes, lists and revokes the admin API's tokens.");
  token->require_subcommand(1);
  AdminArguments& a = parsed.admin;
  using What = AdminArguments::What;
  const auto make = [&](const char* name, const char* description, What what) {
    auto* command = token->add_subcommand(name, description);
    if (what == What::token_draw) add_common(*command, parsed);
    else add_asking(*command, parsed);
    command->add_flag("--json", a.json, "The answer as one JSON object.");
    command->preparse_callback([&a, what](std::size_t) { a.what = what; });
    return command;
  };
  auto* create = make("create", "Makes a token, and prints it once. For the owner, on the server's own machine.", What::token_create);
  create->add_option("name", a.name, "Whose it is. Two tokens of one name are one person's.")->required()->type_name("NAME");
  create->add_option("--role", a.role, "operator: accounts, settings, jobs. key-officer: keys and scopes. auditor: reads what holds no secret.")
      ->required()->check(CLI::IsMember({"operator", "key-officer", "auditor"}));
  create->add_option("--days", a.days, "How long it lasts (90).")->check(CLI::Range(1, 366))->type_name("N");
  create->add_option("--fingerprint", a.fingerprint, "Of a token that its holder drew himself (bascule admin token draw).")->type_name("TEXT");
  create->add_option("--out", a.file, "Write it into this new file, of mode 0600. Not given: standard output.")->type_name("FILE");
  create->footer(footer("  bascule admin token create alice --role operator --days 30 --out alice.token\n"));
  auto* draw = make("draw", "Draws a token here, without a server, and prints its fingerprint for the owner.", What::token_draw);
  draw->add_option("--out", a.file, "Write the token into this new file, of mode 0600. Not given: standard output.")->type_name("FILE");
  draw->footer(footer("  bascule admin token draw --out my.token\n      So that nobody else has ever seen it.\n"));
  make("list", "Lists the tokens.", What::token_list)->footer(footer("  bascule admin token list\n"));
  auto* revoke = make("revoke", "Ends a token.", What::token_revoke);
  revoke->add_option("id", a.id, "Its id, as list shows it.")->required()->type_name("ID");
  revoke->footer(footer("  bascule admin token revoke 0123456789abcdef\n"));
  token->footer(footer("  bascule admin token create --help\n"));
}

void add_admin(CLI::App& root, Parsed& parsed) {
  auto* admin = root.add_subcommand("admin", "The admin API: its tokens and its description.");
  admin->require_subcommand(1);
  AdminArguments& a = parsed.admin;
  add_tokens(*admin, parsed);
  auto* whoami = admin->add_subcommand("whoami", "Says as whom, and in which role, one asks.");
  add_asking(*whoami, parsed);
  whoami->add_flag("--json", a.json, "The answer as one JSON object.");
  whoami->preparse_callback([&a](std::size_t) { a.what = AdminArguments::What::whoami; });
  whoami->footer(footer("  bascule admin whoami --server https://gateway.example.org:10443 --token-file alice.token\n"));
  auto* openapi = admin->add_subcommand("openapi", "Prints the admin API's description, OpenAPI 3.1.");
  openapi->preparse_callback([&a](std::size_t) { a.what = AdminArguments::What::openapi; });
  openapi->footer(footer("  bascule admin openapi > admin-api.json\n"));
  admin->footer(footer("  bascule admin token create alice --role operator\n"));
}

void add_approvals(CLI::App& root, Parsed& parsed) {
  auto* approvals = root.add_subcommand("approvals", "What cannot be undone, and waits for another's approval.");
  approvals->require_subcommand(1);
  ApprovalsArguments& a = parsed.approvals;
  using What = ApprovalsArguments::What;
  const auto make = [&](const char* name, const char* description, What what) {
    auto* command = approvals->add_subcommand(name, description);
    add_asking(*command, parsed);
    if (what != What::list) command->add_option("id", a.id, "The request's id.")->required()->type_name("ID");
    command->add_flag("--json", a.json, "The answer as one JSON object.");
    command->preparse_callback([&a, what](std::size_t) { a.what = what; });
    return command;
  };
  auto* list = make("list", "Lists what waits.", What::list);
  list->add_flag("--all", a.all, "What was decided on, and what expired, too.");
  list->footer(footer("  bascule approvals list\n"));
  make("show", "Shows what exactly is to be approved.", What::show)->footer(footer("  bascule approvals show 0123456789abcdef\n"));
  auto* approve = make("approve", "Approves what somebody else asked for; it is carried out at once, once.", What::approve);
  approve->add_option("--digest", a.digest, "Approve only if it still is what was shown with this digest.")->type_name("HEX");
  approve->add_flag("--yes", a.yes, "Do not ask.");
  approve->footer(footer("  bascule approvals approve 0123456789abcdef\n"));
  auto* reject = make("reject", "Rejects a request, or takes one's own back.", What::reject);
  reject->add_option("--why", a.why, "The reason, which is kept.")->type_name("TEXT");
  reject->footer(footer("  bascule approvals reject 0123456789abcdef --why 'the wrong container'\n"));
  approvals->footer(footer("  bascule approvals list\n  bascule approvals approve --help\n"));
}

void add_status(CLI::App& root, Parsed& parsed) {
  auto* status = root.add_subcommand("status", "How the server is: requests, errors, times, memory, jobs, and how long the disk lasts.");
  add_asking(*status, parsed);
  status->add_flag("--once", parsed.status.once, "Once, from the server's start on.");
  status->add_flag("--json", parsed.status.json, "One JSON object each time, of figures that count from the server's start.");
  status->add_option("--every", parsed.status.every_seconds, "Seconds between two looks (2).")->check(CLI::Range(0.2, 3600.0))->type_name("SECONDS");
  status->footer(footer("  bascule status\n  bascule status --once --json\n  bascule status --server https://gateway.example.org:10443 --token-file alice.token\n"));
}

void add_check(CLI::App& root, Parsed& parsed) {
  auto* command = root.add_subcommand("check", "Looks whether everything that is stored is there and whole.");
  add_asking(*command, parsed);
  add_setting(*command, parsed, "--key-file", "key_file", "FILE");
  auto* read = command->add_flag("--read", parsed.read, "Read and verify all content. This is the default.");
  command->add_flag("--quick", parsed.quick, "Compare names and sizes; do not read content.")->excludes(read);
  command->add_flag("--json", parsed.check.json, "Progress, findings and the report as JSON, one object a line.");
  command->footer(footer(
      "  bascule check\n"
      "  bascule check --quick --json\n"
      "Beside a running server and on a stopped one's folder. Missing: named by the catalog and not there. Damaged: there, and\n"
      "not what was written. Unnamed: at the provider, and nothing names it; that is a note and no fault.\n"));
}

void add_backup(CLI::App& root, Parsed& parsed) {
  auto* backup = root.add_subcommand("backup", "Copies the catalog, sealed, while serving; reads copies back, and begins anew from them.");
  BackupArguments& b = parsed.backup;
  const auto common = [&](CLI::App* command) {
    add_asking(*command, parsed);
    add_setting(*command, parsed, "--key-file", "key_file", "FILE");
    command->add_flag("--json", b.json, "Progress and the answer as JSON, one object a line.");
  };
  const auto place = [&](CLI::App* command) {
    return command->add_option("to", b.to, "A folder on another disk, or s3://BUCKET/PREFIX at backup.endpoint.")->type_name("TO");
  };
  const auto make = [&](const char* name, const char* description, BackupArguments::What what) {
    auto* command = backup->add_subcommand(name, description);
    common(command);
    command->preparse_callback([&b, what](std::size_t) { b.what = what; });
    return command;
  };
  common(backup);
  place(backup);
  backup->add_option("--keep", b.keep, "Then keep so many backups, and remove the older ones.")->type_name("N")->check(CLI::Range(1, 1'000'000));
  backup->add_flag("--whole", b.whole, "Copy everything, not only what changed since the last backup there.");
  auto* list = make("list", "Lists the backups in a place, and which of them were read back.", BackupArguments::What::list);
  place(list)->required();
  list->footer(footer("  bascule backup list /mnt/backups\n"));
  auto* verify = make("verify", "Reads a backup back: authenticates every byte and decodes every record.", BackupArguments::What::verify);
  place(verify)->required();
  verify->add_option("--at", b.at, "The backup of this instant, or the newest before it. Not given: the newest.")->type_name("INSTANT");
  verify->add_option("--extents", b.extents, "Whether the content that it names is at the provider, too: none, sample or all.")
      ->type_name("WHICH")->check(CLI::IsMember({"none", "sample", "all"}));
  verify->footer(footer("  bascule backup verify /mnt/backups --extents all\n  bascule backup verify s3://backups/prod --at 2026-11-23T08:00:00Z --json\n"));
  auto* prune = make("prune", "Removes the older backups, and what no other needs.", BackupArguments::What::prune);
  place(prune)->required();
  prune->add_option("--keep", b.keep, "How many stay.")->type_name("N")->required()->check(CLI::Range(1, 1'000'000));
  prune->footer(footer("  bascule backup prune /mnt/backups --keep 30\n"));
  auto* forget = make("forget", "Lets the collection wait no longer for backups in a place that is not used any more.", BackupArguments::What::forget);
  place(forget)->required();
  forget->add_option("--alone", b.alone, "Go on without another's approval, for this reason, which is kept. On the server's own machine only.")->type_name("WHY");
  forget->footer(footer("  bascule backup forget /mnt/old-backups\n"));
  auto* takeover = make("takeover", "After a restore: the former gateway is gone for good, and what it left is adopted and collected.",
                        BackupArguments::What::takeover);
  takeover->add_flag("--credentials-are-revoked", b.credentials_are_revoked, "It cannot reach the provider any more.");
  takeover->add_option("--alone", b.alone, "Go on without another's approval, for this reason, which is kept. On the server's own machine only.")->type_name("WHY");
  takeover->footer(footer("  bascule backup takeover --credentials-are-revoked\n"));
  auto* restore = make("restore", "Makes the catalog of an empty data folder from a backup.", BackupArguments::What::restore);
  restore->add_option("from", b.restore.from, "A folder, or s3://BUCKET/PREFIX at backup.endpoint.")->type_name("FROM")->required();
  add_restore_options(*restore, b.restore);
  restore->footer(footer("  bascule backup restore /mnt/backups --data /var/lib/bascule\n  bascule serve --from-backup /mnt/backups\n"
                         "      The same, and then serves.\n"));
  backup->footer(footer(
      "  bascule backup /mnt/backups\n"
      "  bascule backup s3://backups/prod --keep 30\n"
      "      A backup is the catalog alone. A restore needs it, the key file, and the content with its keyring at the provider.\n"
      "  bascule backup verify /mnt/backups --extents sample\n"));
}

CLI::App* add_assess(CLI::App& root, Parsed& parsed) {
  auto* command = root.add_subcommand("assess", "Says what an organisation has at Azure, what moves and how. Reads files; asks nobody.");
  AssessArguments& a = parsed.assess;
  command->add_option("inputs", a.inputs, "Exports, folders of exports, or - for standard input. What each is, is told from its content.")
      ->required()->type_name("INPUT");
  command->add_option("--bandwidth", a.bandwidth, "Of the line over which the data is carried: 1Gbit/s, 200Mbit/s, 100MB/s.")->type_name("RATE");
  command->add_option("--prices", a.prices_file, "Prices, a CSV with provider,item,unit,price,currency. Not given: costs are unknown.")->type_name("FILE");
  command->add_option("--html", a.html_file, "Write one page, which needs nothing else, into this file.")->type_name("FILE");
  command->add_option("--lang", a.language, "The language of the texts: en or fr.")->type_name("LANG")->check(CLI::IsMember({"en", "fr"}));
  command->add_flag("--json", a.json, "Everything, each resource included, as one JSON object (docs/schemas/assess.schema.json).");
  command->footer(
      "Examples:\n"
      "  az graph query -q 'resources' --first 1000 > estate.json; bascule assess estate.json\n"
      "      More than 1,000 resources: one file a page (--skip-token), all of them given.\n"
      "  terraform show -json | bascule assess - --bandwidth 1Gbit/s\n"
      "  bascule assess graph/ templates/ PT1H.json cost.csv --prices prices.csv --json > assessment.json\n"
      "  bascule assess graph/ --html estate.html --lang fr\n"
      "\n"
      "Inputs, which may overlap (resources are merged by their ids):\n"
      "  Resource Graph results (JSON, JSON lines, the portal's CSV)    exported ARM templates\n"
      "  terraform show -json, of states and plans, and state files     storage logs (PT1H.json, CSV)\n"
      "  cost exports (CSV, actual or amortised)                        az monitor metrics list (UsedCapacity)\n"
      "What looks like a secret is neither kept nor shown. Nothing leaves this machine. docs/assess.md says more.\n"
      "\n"
      "Exit codes:\n"
      "  0  every input was read to its end\n"
      "  1  part of an input could not be read; what could is in the result, which names the place\n"
      "  2  wrong arguments, or nothing could be read from any input\n");
  return command;
}

CLI::App* add_compare(CLI::App& root, Parsed& parsed) {
  auto* command = root.add_subcommand("compare", "Sets providers' facts side by side, and holds them against your rule.");
  CompareArguments& c = parsed.compare;
  command->add_option("--rule", c.rule_file, "Your residency rule, TOML; - for standard input. Not given: the facts alone.")->type_name("FILE");
  command->add_option("--profile", c.profile_files, "A provider's profile of your own, beside the shipped ones or in place of one; may be repeated.")
      ->type_name("FILE")->type_size(1)->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--html", c.html_file, "Write one page, which needs nothing else, into this file.")->type_name("FILE");
  command->add_option("--lang", c.language, "The language of table and page: en (the default) or fr.")->check(CLI::IsMember({"en", "fr"}))->type_name("LANG");
  command->add_flag("--json", c.json, "The answer as one JSON object (docs/schemas/compare.schema.json).");
  command->footer(footer(
      "  bascule compare\n"
      "  bascule compare --rule rule.toml --html compare.html\n"
      "  bascule compare --rule rule.toml --json | jq -r '.providers[] | .places[] | select(.outcome == \"allowed\") | .region'\n"
      "      Providers stand in alphabetical order; nothing here names a winner. docs/compare.md describes rules and profiles.\n"));
  return command;
}

Result<ConfigSources> sources_of(const Parsed& parsed) {
  ConfigSources sources{.file = parsed.config_file, .command_line = parsed.settings};
  for (const std::string& set : parsed.sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos) return fail(Code::invalid_argument, "--set wants NAME=VALUE");
    sources.command_line.emplace_back(set.substr(0, equals), set.substr(equals + 1));
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    sources.environment_names.emplace_back(text.substr(0, text.find('=')));
  }
  return sources;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App root("Bascule serves Azure's storage protocols and keeps the data encrypted at European providers.", "bascule");
  root.require_subcommand(1);
  root.get_formatter()->column_width(34);
  Parsed parsed;
  auto* serve = add_serve(root, parsed);
  auto* config_commands = add_config(root, parsed);
  auto* migrate = add_migrate(root, parsed);
  add_account(root, parsed);
  auto* identity = add_identity(root, parsed);
  add_lifecycle(root, parsed);
  add_compact(root, parsed);
  add_scope(root, parsed);
  add_role(root, parsed);
  add_immutability(root, parsed);
  add_admin(root, parsed);
  add_approvals(root, parsed);
  add_status(root, parsed);
  add_check(root, parsed);
  add_backup(root, parsed);
  auto* reload = root.add_subcommand("reload", "Makes the running server read its configuration again.");
  add_asking(*reload, parsed);
  reload->add_flag("--json", parsed.config.json, "The answer as one JSON object.");
  reload->footer("Examples:\n  bascule reload\n"
                 "As SIGHUP does, but it waits and says what came of it. All of the new configuration is taken, or none; no connection is cut.\n\n"
                 "Exit codes:\n  0  it is in force, but for settings that need a restart, which are named\n  1  the server cannot be asked\n"
                 "  2  the configuration is wrong; the server keeps the one that it has\n");
  auto* assess = add_assess(root, parsed);
  auto* compare = add_compare(root, parsed);
  auto* version = root.add_subcommand("version", "Says which build this is.");
  version->add_flag("--json", parsed.version_json, "As one JSON object.");
  version->footer(footer("  bascule version --json\n"));
  bool version_flag = false;
  root.add_flag("--version", version_flag, "The same as the command version.");
  root.footer(footer(
      "  bascule serve\n"
      "  bascule migrate --from-file azure.txt\n"
      "  bascule account add --name acme --connection-string\n"
      "  bascule check\n"
      "  bascule status\n"
      "  bascule backup /mnt/backups\n"
      "  bascule config check\n"
      "  bascule assess estate.json\n"
      "  bascule compare --rule rule.toml\n"
      "Each command has its own --help.\n"));
  if (argc == 2 && std::string_view(argv[1]) == "--version") return run_version(false);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? kDone : kUsage;
  }
  if (root.got_subcommand(version)) return run_version(parsed.version_json);
  if (root.got_subcommand(assess)) return run_assess(parsed.assess);
  if (root.got_subcommand(compare)) return run_compare(parsed.compare);   // needs no configuration
  if (root.got_subcommand(identity)) return run_identity(parsed.identity);   // has one of its own
  auto sources = sources_of(parsed);
  if (!sources) {
    complain(sources.error().message, kUsage);
    return kUsage;
  }
  const ReadConfig read = [sources = *sources](std::vector<Error>& problems) { return Config::examine(sources, problems); };
  if (config_commands->got_subcommand("check")) return run_config_check(read, parsed.config);
  auto config = Config::load(*sources);
  if (!config) {
    complain(config.error().message, kUsage);
    return kUsage;
  }
  if (root.got_subcommand(config_commands)) return run_config_show(*config, parsed.config);
  if (root.got_subcommand(serve)) return run_serve(std::move(*config), read, parsed.from_backup);
  // Commands speak for themselves; of the log only what is wrong is of interest.
  log::setup({.level = std::max(*log::parse_level(config->text("log.level")), log::Level::warn),
              .json = config->text("log.format") == "json"});
  if (root.got_subcommand(reload)) return run_reload(*config, parsed.config);
  if (root.got_subcommand(migrate)) return run_migrate(*config, parsed.migrate);
  if (root.got_subcommand("admin")) return run_admin(*config, parsed.admin);
  if (root.got_subcommand("approvals")) return run_approvals(*config, parsed.approvals);
  if (root.got_subcommand("status")) return run_status(*config, parsed.status);
  if (root.got_subcommand("backup")) {
    parsed.backup.restore.json = parsed.backup.json;
    if (parsed.backup.to.empty() && parsed.backup.what == BackupArguments::What::make) return complain("backup wants a place: a folder, or s3://BUCKET/PREFIX", kUsage);
    return run_backup(*config, parsed.backup);
  }
  if (root.got_subcommand("immutability")) return run_immutability(*config, parsed.immutability);
  if (root.got_subcommand("account")) return run_account(*config, parsed.account);
  if (root.got_subcommand("compact")) return run_compact(*config, parsed.compact);
  if (root.got_subcommand("lifecycle")) return run_lifecycle(*config, parsed.lifecycle);
  if (root.got_subcommand("role")) return run_role(*config, parsed.role);
  if (root.got_subcommand("scope")) return run_scope(*config, parsed.scope);
  parsed.check.read = !parsed.quick;
  return run_check(*config, parsed.check);
}

}  // namespace bascule::app
