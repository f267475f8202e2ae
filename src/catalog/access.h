// Who may do what in an account by a token of an identity provider, and what user delegation keys are derived from.
// docs/formats/catalog.md, "access". Azure's words for roles; `docs/identity.md` says what each allows.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "catalog/records.h"

namespace bascule::catalog {

// Storage Blob Data Reader, Contributor, Owner; Storage Blob Delegator.
enum class Role : std::uint8_t { reader = 1, contributor = 2, owner = 3, delegator = 4 };
std::string_view name(Role role);                        // "Storage Blob Data Reader"
std::optional<Role> parse_role(std::string_view text);   // that, or its last word; any case

// What an assignment names: somebody (a user or a program), a group, or an application role of the token.
enum class Assignee : std::uint8_t { principal = 1, group = 2, app_role = 3 };
std::string_view name(Assignee kind);                    // "principal", "group", "role"

struct RoleAssignment {
  Role role = Role::reader;
  Assignee kind = Assignee::principal;
  std::string tenant;      // whose directory it is that knows the assignee: ids of two may be the same
  std::string assignee;    // the object id, the group as the token names it, or the application role
  std::string container;   // "" = the whole account
  std::string prefix;      // of blobs' names within the container; "" = all of them
  WallTime created{};
  std::string note;        // for people

  // Names the assignment: the same one cannot be made twice. 32 hexadecimal digits.
  std::string id() const;
};
constexpr std::size_t kMostAssignments = 4'000;          // of an account
constexpr std::size_t kMostAssigneeBytes = 256, kMostNoteBytes = 256;

// Whom a user delegation key was given to, with what of its groups and application roles was named in assignments then: a
// SAS does not say it, and it decides what such a SAS may do.
struct DelegationHolder {
  std::string tenant, object_id;
  std::vector<std::string> groups, roles;                // sorted
  WallTime until{};                                      // when the last of its keys ends
};
constexpr std::size_t kMostHolders = 4'000;              // of an account, whose keys have not ended

// HMAC keys: user delegation keys are derived from it, so that a new one revokes them all.
struct DelegationSecret {
  std::array<std::byte, 32> value{};
  WallTime created{};
};

// All of an account's. Immutable once it is shared.
struct AccountAccess {
  std::vector<RoleAssignment> assignments;               // by assignee, after sort()
  std::optional<DelegationSecret> secret;                // made with the first key
  std::map<std::string, DelegationHolder> holders;       // by holder_key()

  // Those of one assignee, as a stretch of `assignments`.
  std::pair<std::size_t, std::size_t> of(Assignee kind, std::string_view tenant, std::string_view assignee) const;
  const DelegationHolder* holder(std::string_view tenant, std::string_view object_id) const;
  void sort();                                           // after a change of `assignments`
};
std::string holder_key(std::string_view tenant, std::string_view object_id);   // a hash: 32 hexadecimal digits

// One record each; its first byte after the format says which.
using AccessRecord = std::variant<DelegationSecret, RoleAssignment, DelegationHolder>;
std::string encode(const AccessRecord&);
template <> Result<AccessRecord> decode(std::string_view);
// Puts one into its place. `key`: the record's.
void add(AccountAccess& access, std::string_view key, AccessRecord record);

namespace keys {
constexpr char kAccessTable = 'F';
// What begins the keys of an account; the secret's is that alone.
inline std::string access(std::string_view account) {
  std::string k(1, kAccessTable);
  k.append(account).push_back('\0');
  return k;
}
inline std::string delegation_secret(std::string_view account) { return access(account); }
inline std::string assignment(std::string_view account, std::string_view id) { return access(account) + "a" + std::string(id); }
inline std::string delegation_holder(std::string_view account, std::string_view holder) {   // of holder_key()
  return access(account) + "h" + std::string(holder);
}
}  // namespace keys

}  // namespace bascule::catalog
