// Who asks for an administrative act.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bascule::app {

// Operators look after accounts, settings and jobs; key officers after keys; auditors read what holds no secret and change
// nothing. The owner is whoever runs commands as the service's user or as root: no token has that role, and nothing is
// kept from it, since it has the data and the key file at hand anyway.
enum class Role : std::uint8_t { operator_, key_officer, auditor, owner };
std::string_view name(Role role);                       // "operator", "key-officer", "auditor", "owner"

// A set of roles. The owner is in every one of them.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(Role role) : bits_(static_cast<std::uint8_t>(1u << static_cast<unsigned>(role))) {}
  constexpr Roles operator|(Roles other) const {
    Roles out;
    out.bits_ = static_cast<std::uint8_t>(bits_ | other.bits_);
    return out;
  }
  constexpr bool has(Role role) const { return role == Role::owner || (bits_ & Roles(role).bits_) != 0; }

 private:
  std::uint8_t bits_ = 0;
};

// Two principals of one name are the same person: a token and the one that replaced it.
struct AdminPrincipal {
  std::string name;         // a token's; "local:USER" for the owner. No token's name has a colon
  Role role = Role::owner;
  std::string token_id;     // "" for the owner
  WallTime token_made{};
  std::string via;          // "socket", "api"; "folder": the command opened the data folder itself
  std::string address;      // api: the peer's
};

// The owner at this machine, by the name of the user.
AdminPrincipal local_owner(unsigned uid, std::string_view via);

}  // namespace bascule::app
