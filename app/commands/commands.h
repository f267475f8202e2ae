// The commands, one file each. The command line has been parsed; each returns the program's exit code (control.h).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/reload.h"

namespace bascule::app {

struct AccountArguments {
  enum class What { add, list, rotate_key, remove, show, set, revoke_delegation_keys } what = What::list;
  std::string name;
  std::vector<std::string> key_files;   // add: one or two; rotate: one
  bool keys_from_stdin = false;
  bool connection_string = false;
  bool show_keys = false;
  int key = 0;                          // rotate: 1 or 2
  struct Change {
    std::string setting, option;        // "delete_retention_days", "--delete-retention"
    enum class Form { flag, number, text, list } form = Form::text;   // flag: on, off; list: with commas
    std::string value;                  // but for a flag, "off": not set
  };
  std::vector<Change> changes;          // set
  std::string from_azure;               // set: a file of what Azure's tools say of the account, "-" for standard input
  bool json = false;
};

struct IdentityArguments {
  enum class What { serve, check } what = What::serve;
  std::string config_file;              // "" = identity.toml beside the server's configuration
};

struct ConfigArguments {
  bool changed = false;                 // show: only what is not at its default
  bool json = false;
};

struct LifecycleArguments {
  enum class What { set, show, run, remove } what = What::show;
  std::string name;
  std::string file;                     // set: of the policy, "-" for standard input
  bool json = false;
};

struct ScopeArguments {
  enum class What { add, list, enable, disable, destroy } what = What::list;
  std::string account, name;
  std::string alone;                    // destroy: why the owner goes on without another's approval
  bool json = false;
};

struct RoleArguments {
  enum class What { assign, list, remove, show } what = What::list;
  std::string account, id;
  std::string role, kind = "principal", assignee, tenant, container, prefix, note;   // "" = not given
  bool json = false;
};

struct CompactArguments {
  bool dry_run = false;
  bool json = false;
};

struct CheckArguments {
  bool read = true;
  bool json = false;
};

struct MigrateArguments {
  std::string from;                     // a secret; or
  std::string from_file;                // a file that holds it, "-" for standard input
  std::string account;
  std::vector<std::string> containers;
  std::optional<int> blobs_at_once, streams_at_once;
  std::string ca_file;
  std::string account_json;             // what Azure's tools say of the source's account
  std::string sabotage;
  bool dry_run = false, strict = false, json = false;
};

struct ImmutabilityArguments {
  std::string action;                   // show, retain, lock, clear, hold, release, version-level
  std::string container;                // ACCOUNT/CONTAINER
  std::uint32_t days = 0;
  std::string appends, tag;
  std::string alone;                    // lock, version-level: why the owner goes on without another's approval
  bool json = false;
};

struct AdminArguments {
  enum class What { whoami, openapi, token_create, token_draw, token_list, token_revoke } what = What::whoami;
  std::string name, role, fingerprint, id;
  std::string file;                     // token draw, create: where the token goes; "" = standard output
  std::uint32_t days = 0;               // 0: as the server says
  bool json = false;
};

struct ApprovalsArguments {
  enum class What { list, show, approve, reject } what = What::list;
  std::string id, digest, why;
  bool all = false, yes = false, json = false;
};

struct StatusArguments {
  bool once = false, json = false;
  double every_seconds = 2;
};

struct AssessArguments {
  std::vector<std::string> inputs;      // files, folders, "-"
  std::string bandwidth, prices_file;   // "" = not given
  std::string html_file;
  std::string language = "en";
  bool json = false;
};

struct CompareArguments {
  std::string rule_file;                    // empty: facts alone; "-" for standard input
  std::vector<std::string> profile_files;   // of one's own
  std::string html_file;
  std::string language = "en";
  bool json = false;
};

struct RestoreArguments;   // restore.h
int run_serve(Config config, const ReadConfig& read, const RestoreArguments& from_backup);
int run_config_check(const ReadConfig& read, const ConfigArguments& arguments);
int run_reload(const Config& config, const ConfigArguments& arguments);
int run_config_show(const Config& config, const ConfigArguments& arguments);
int run_account(const Config& config, const AccountArguments& arguments);
int run_account_settings(const Config& config, const AccountArguments& arguments);
int run_identity(const IdentityArguments& arguments);
int run_lifecycle(const Config& config, const LifecycleArguments& arguments);
int run_scope(const Config& config, const ScopeArguments& arguments);
int run_role(const Config& config, const RoleArguments& arguments);
int run_immutability(const Config& config, const ImmutabilityArguments& arguments);
int run_admin(const Config& config, const AdminArguments& arguments);
int run_approvals(const Config& config, const ApprovalsArguments& arguments);
int run_status(const Config& config, const StatusArguments& arguments);
int run_compact(const Config& config, const CompactArguments& arguments);
int run_check(const Config& config, const CheckArguments& arguments);
int run_migrate(const Config& config, const MigrateArguments& arguments);
int run_assess(const AssessArguments& arguments);
int run_compare(const CompareArguments& arguments);
int run_version(bool json);

// Everything: parses, loads the configuration, runs.
int run_command_line(int argc, char** argv);

// "DefaultEndpointsProtocol=…;AccountName=…;AccountKey=…;BlobEndpoint=…;"
std::string connection_string(const std::string& account, const std::string& key, const std::string& address, bool encrypted);

// "bascule: " and the message, on standard error; returns `exit`.
int complain(const std::string& message, int exit);
// With a word on how to go on where that is known.
int complain(const Error& error);
// The loud word on the key file that was just made.
void announce_key_file(const EngineOptions& options);
// A line of text that a terminal may be shown: control characters are written as \xNN.
std::string printable(std::string_view text);

}  // namespace bascule::app
