#include "app/admin/principal.h"

#include <pwd.h>
#include <unistd.h>

namespace bascule::app {

std::string_view name(Role role) {
  switch (role) {
    case Role::operator_: return "operator";
    case Role::key_officer: return "key-officer";
    case Role::auditor: return "auditor";
    case Role::owner: break;
  }
  return "owner";
}

AdminPrincipal local_owner(unsigned uid, std::string_view via) {
  passwd entry{}, *found = nullptr;
  char space[4096];
  const bool known = ::getpwuid_r(uid, &entry, space, sizeof space, &found) == 0 && found != nullptr;
  return {.name = "local:" + (known ? std::string(entry.pw_name) : std::to_string(uid)), .role = Role::owner, .via = std::string(via)};
}

}  // namespace bascule::app
