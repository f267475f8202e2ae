#include "app/admin/requests.h"

#include <algorithm>
#include <array>

#include "app/admin/control_requests.h"

namespace bascule::app {
namespace {

constexpr Roles kOperator = Role::operator_, kKeyOfficer = Role::key_officer;
constexpr Roles kAll = kOperator | kKeyOfficer | Role::auditor;   // only for what shows no secret and changes nothing
constexpr bool kForever = true;                                    // irreversible

constexpr auto kRequests = std::to_array<ControlRequest>({
    {"status", kAll, false, "GET", "/v1/status", "", "Status", status_request, "Says how the server is."},
    {"whoami", kAll, false, "GET", "/v1/whoami", "", "Principal", token_request, "Says who asks, and in which role."},

    {"token-list", kAll, false, "GET", "/v1/tokens", "", "Tokens", token_request, "Lists the admin API's tokens; what they are is kept nowhere."},
    {"token-create", {}, false, "POST", "/v1/tokens", "!name:text !role:text days:count fingerprint:text", "NewToken", token_request,
     "Makes a token for the admin API, and shows it once."},
    {"token-revoke", kKeyOfficer, false, "DELETE", "/v1/tokens/{id}", "id:text", "Token", token_request, "Ends a token."},

    {"approvals-list", kAll, false, "GET", "/v1/approvals", "", "Approvals", approval_request, "Lists the requests that wait for another's approval, and those decided on."},
    {"approvals-show", kAll, false, "GET", "/v1/approvals/{id}", "id:text", "Approval", approval_request, "Shows what exactly is to be approved."},
    {"approvals-approve", kOperator | kKeyOfficer, false, "POST", "/v1/approvals/{id}/approve", "id:text !digest:text", "Approved*", approval_request,
     "Approves a request of somebody else, which is then carried out."},
    {"approvals-reject", kOperator | kKeyOfficer, false, "POST", "/v1/approvals/{id}/reject", "id:text why:text", "Approval", approval_request,
     "Rejects a request, or takes one's own back."},

    {"account-list", kAll, false, "GET", "/v1/accounts", "", "Accounts", account_request, "Lists the accounts."},
    {"account-list-keys", kKeyOfficer, false, "GET", "/v1/account-keys", "", "Accounts", account_request, "Lists the accounts with their keys."},
    {"account-add", kOperator, false, "POST", "/v1/accounts", "!name:text keys:texts", "Named", account_request,
     "Makes an account; keys not given are drawn at random."},
    {"account-show", kAll, false, "GET", "/v1/accounts/{name}", "name:text", "Account", account_settings_request, "Shows what an account is set to."},
    {"account-set", kOperator, false, "PATCH", "/v1/accounts/{name}", "name:text !settings:object", "Account", account_settings_request,
     "Changes what an account is set to."},
    {"account-remove", kOperator, false, "DELETE", "/v1/accounts/{name}", "name:text", "Named", account_request, "Removes an account that has no containers."},
    {"account-keys", kKeyOfficer, false, "GET", "/v1/accounts/{name}/keys", "name:text", "AccountKeys", account_request, "Shows an account's keys."},
    {"account-rotate", kKeyOfficer, false, "POST", "/v1/accounts/{name}/keys/{key}", "name:text key:count value:text", "AccountKey", account_request,
     "Replaces one of an account's two keys; a value not given is drawn at random."},
    {"account-revoke-delegation-keys", kKeyOfficer | kOperator, false, "POST", "/v1/accounts/{name}/revoke-delegation-keys", "name:text", "Named",
     account_request, "Makes an account's user delegation keys, and what they signed, void."},

    {"lifecycle-show", kAll, false, "GET", "/v1/accounts/{name}/lifecycle", "name:text", "Lifecycle", lifecycle_request,
     "Shows an account's lifecycle policy and its latest run."},
    {"lifecycle-set", kOperator, false, "PUT", "/v1/accounts/{name}/lifecycle", "name:text !policy:text", "Lifecycle", lifecycle_request,
     "Gives an account a lifecycle policy, in Azure's JSON."},
    {"lifecycle-remove", kOperator, false, "DELETE", "/v1/accounts/{name}/lifecycle", "name:text", "Named", lifecycle_request,
     "Takes an account's lifecycle policy away."},
    {"lifecycle-run", kOperator, false, "POST", "/v1/accounts/{name}/lifecycle/runs", "name:text", "LifecycleRun*", lifecycle_request,
     "Runs the policy now, or follows the run under way."},

    {"scope-list", kAll, false, "GET", "/v1/accounts/{account}/scopes", "account:text", "Scopes", scope_request, "Lists an account's encryption scopes."},
    {"scope-add", kKeyOfficer, false, "POST", "/v1/accounts/{account}/scopes", "account:text !name:text", "Scope", scope_request,
     "Makes an encryption scope with a key of its own."},
    {"scope-enable", kKeyOfficer, false, "POST", "/v1/accounts/{account}/scopes/{name}/enable", "account:text name:text", "Scope", scope_request,
     "Lets blobs under a disabled scope be read and written again."},
    {"scope-disable", kKeyOfficer, false, "POST", "/v1/accounts/{account}/scopes/{name}/disable", "account:text name:text", "Scope", scope_request,
     "Refuses to read and write whatever is under the scope."},
    {"scope-destroy", kKeyOfficer, kForever, "POST", "/v1/accounts/{account}/scopes/{name}/destroy", "account:text name:text", "Scope", scope_request,
     "Destroys a disabled scope's key: whatever is under it can never be read again."},

    {"role-list", kAll, false, "GET", "/v1/accounts/{account}/roles", "account:text assignee:text", "RoleAssignments", role_request,
     "Lists an account's role assignments: what bearers of tokens may do."},
    {"role-show", kAll, false, "GET", "/v1/accounts/{account}/roles/{id}", "account:text id:text", "RoleAssignment", role_request, "Shows one role assignment."},
    {"role-assign", kKeyOfficer, false, "POST", "/v1/accounts/{account}/roles",
     "account:text !role:text !kind:text !assignee:text !tenant:text container:text prefix:text note:text", "RoleAssignment", role_request,
     "Gives somebody a role in an account's data."},
    {"role-remove", kKeyOfficer | kOperator, false, "DELETE", "/v1/accounts/{account}/roles/{id}", "account:text id:text", "RoleAssignment", role_request,
     "Takes a role away."},

    {"immutability-show", kAll, false, "GET", "/v1/accounts/{account}/containers/{container}/immutability", "account:text container:text",
     "Immutability", immutability_request, "Shows a container's retention and legal holds."},
    {"immutability-retain", kOperator, false, "POST", "/v1/accounts/{account}/containers/{container}/immutability/retain",
     "account:text container:text !days:count appends:text", "Immutability", immutability_request,
     "Sets or changes the container's retention; a locked one can only become longer."},
    {"immutability-lock", kOperator, kForever, "POST", "/v1/accounts/{account}/containers/{container}/immutability/lock",
     "account:text container:text !days:count", "Immutability", immutability_request,
     "Locks the retention, for good; it must be of so many days."},
    {"immutability-clear", kOperator, false, "POST", "/v1/accounts/{account}/containers/{container}/immutability/clear",
     "account:text container:text", "Immutability", immutability_request, "Removes a retention that is not locked."},
    {"immutability-hold", kOperator, false, "POST", "/v1/accounts/{account}/containers/{container}/immutability/hold",
     "account:text container:text !tag:text", "Immutability", immutability_request, "Adds a legal hold."},
    {"immutability-release", kOperator, false, "POST", "/v1/accounts/{account}/containers/{container}/immutability/release",
     "account:text container:text !tag:text", "Immutability", immutability_request, "Takes a legal hold away."},
    {"immutability-version-level", kOperator, kForever, "POST", "/v1/accounts/{account}/containers/{container}/immutability/version-level",
     "account:text container:text", "Immutability", immutability_request, "Lets single versions have policies and holds of their own, for good."},

    {"reload", kOperator, false, "POST", "/v1/reload", "", "Reload", reload_request, "Reads the configuration again; all of it is taken, or none."},
    {"compact", kOperator, false, "POST", "/v1/compactions", "dry_run:flag", "Compaction*", compact_request, "Gathers extents where that pays."},
    {"backup-list", kAll, false, "GET", "/v1/backups", "!to:text", "Backups", backup_request, "Lists the backups in a place, and which were read back."},
    {"backup-make", kOperator, false, "POST", "/v1/backups", "!to:text whole:flag keep:count", "BackupMade*", backup_request,
     "Copies the catalog, sealed, while serving."},
    {"backup-verify", kOperator, false, "POST", "/v1/backups/verify", "!to:text at:text extents:text", "BackupVerified*", backup_request,
     "Reads a backup back: authenticates every byte and decodes every record."},
    {"backup-prune", kOperator, false, "POST", "/v1/backups/prune", "!to:text !keep:count", "BackupsPruned", backup_request,
     "Removes the older backups, and what no other needs."},
    {"backup-forget", kOperator, kForever, "POST", "/v1/backups/forget", "!to:text", "BackupPlaceForgotten", backup_request,
     "Lets the collection wait no longer for backups in a place."},
    {"backup-takeover", kOperator, kForever, "POST", "/v1/backups/takeover", "", "TakenOver", backup_request,
     "After a restore: the former gateway is gone for good, and what it left is adopted and collected."},
    {"check", kAll, false, "POST", "/v1/checks", "read:flag", "Check*", check_request, "Looks whether everything that is stored is there and whole."},
    {"migrate", kOperator, false, "POST", "/v1/migrations",
     "!from:text account:text containers:texts blobs_at_once:count streams_at_once:count dry_run:flag strict:flag style:text @ca_file:text "
     "@sabotage:text",
     "Migration*", migrate_request, "Carries containers and blobs over from Azure, and reads everything back."},
});

}  // namespace

std::span<const ControlRequest> control_requests() { return kRequests; }

const ControlRequest* find_request(std::string_view name) {
  const auto at = std::ranges::find(kRequests, name, &ControlRequest::name);
  return at == kRequests.end() ? nullptr : &*at;
}

}  // namespace bascule::app
