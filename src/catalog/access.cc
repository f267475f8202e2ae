#include "catalog/access.h"

#include <algorithm>
#include <initializer_list>
#include <tuple>

#include "base/digest.h"
#include "catalog/record_parts.h"

namespace bascule::catalog {
namespace {

enum Kind : std::uint8_t { kSecret = 1, kAssignment = 2, kHolder = 3 };
constexpr std::size_t kMostNamesKept = 200;

struct RoleName {
  Role role;
  std::string_view full, last;
};
constexpr RoleName kRoles[] = {
    {Role::reader, "Storage Blob Data Reader", "reader"},
    {Role::contributor, "Storage Blob Data Contributor", "contributor"},
    {Role::owner, "Storage Blob Data Owner", "owner"},
    {Role::delegator, "Storage Blob Delegator", "delegator"},
};

bool same_text(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Of texts that may hold anything, each with its length before it.
std::string short_hash(std::initializer_list<std::string_view> texts) {
  std::string bytes;
  Writer w(bytes);
  for (const std::string_view text : texts) w.text(text);
  const Sha256Value hash = Sha256::of(as_bytes(bytes));
  return to_hex(Bytes(hash).first(16));
}

auto assignee_of(const RoleAssignment& a) {
  return std::tuple<std::uint8_t, std::string_view, std::string_view>(static_cast<std::uint8_t>(a.kind), a.tenant, a.assignee);
}

void put(Writer& w, const std::vector<std::string>& texts) {
  w.varint(texts.size());
  for (const std::string& text : texts) w.text(text);
}
std::vector<std::string> get_texts(Reader& r) {
  std::vector<std::string> texts(r.count(1));
  if (texts.size() > kMostNamesKept) {
    r.refuse();
    return {};
  }
  for (std::string& text : texts) text = r.text();
  return texts;
}

void write(Writer& w, const DelegationSecret& secret) {
  w.u8(kSecret);
  w.raw(secret.value);
  put(w, secret.created);
}
void write(Writer& w, const RoleAssignment& a) {
  w.u8(kAssignment);
  w.u8(static_cast<std::uint8_t>(a.role));
  w.u8(static_cast<std::uint8_t>(a.kind));
  for (const std::string* text : {&a.tenant, &a.assignee, &a.container, &a.prefix, &a.note}) w.text(*text);
  put(w, a.created);
}
void write(Writer& w, const DelegationHolder& h) {
  w.u8(kHolder);
  w.text(h.tenant);
  w.text(h.object_id);
  put(w, h.groups);
  put(w, h.roles);
  put(w, h.until);
}

AccessRecord read(Reader& r) {
  switch (r.u8()) {
    case kSecret: {
      DelegationSecret secret;
      r.raw(secret.value);
      secret.created = get_time(r);
      return secret;
    }
    case kAssignment: {
      RoleAssignment a;
      const std::uint8_t role = r.u8(), kind = r.u8();
      if (role < 1 || role > 4 || kind < 1 || kind > 3) r.refuse();
      a.role = static_cast<Role>(role);
      a.kind = static_cast<Assignee>(kind);
      for (std::string* text : {&a.tenant, &a.assignee, &a.container, &a.prefix, &a.note}) *text = r.text();
      a.created = get_time(r);
      return a;
    }
    case kHolder: {
      DelegationHolder h;
      h.tenant = r.text();
      h.object_id = r.text();
      h.groups = get_texts(r);
      h.roles = get_texts(r);
      h.until = get_time(r);
      return h;
    }
    default: r.refuse(); return {};
  }
}

}  // namespace

std::string_view name(Role role) { return kRoles[static_cast<std::size_t>(role) - 1].full; }

std::optional<Role> parse_role(std::string_view text) {
  for (const RoleName& role : kRoles)
    if (same_text(text, role.full) || same_text(text, role.last)) return role.role;
  return std::nullopt;
}

std::string_view name(Assignee kind) {
  switch (kind) {
    case Assignee::principal: return "principal";
    case Assignee::group: return "group";
    case Assignee::app_role: return "role";
  }
  return "unknown";
}

std::string RoleAssignment::id() const {
  const char first[] = {static_cast<char>(role), static_cast<char>(kind)};
  return short_hash({std::string_view(first, 2), tenant, assignee, container, prefix});
}

std::string holder_key(std::string_view tenant, std::string_view object_id) { return short_hash({tenant, object_id}); }

void AccountAccess::sort() { std::ranges::sort(assignments, {}, assignee_of); }

std::pair<std::size_t, std::size_t> AccountAccess::of(Assignee kind, std::string_view tenant, std::string_view assignee) const {
  const std::tuple<std::uint8_t, std::string_view, std::string_view> wanted(static_cast<std::uint8_t>(kind), tenant, assignee);
  const auto found = std::ranges::equal_range(assignments, wanted, {}, assignee_of);
  return {static_cast<std::size_t>(found.begin() - assignments.begin()), static_cast<std::size_t>(found.end() - assignments.begin())};
}

const DelegationHolder* AccountAccess::holder(std::string_view tenant, std::string_view object_id) const {
  if (holders.empty()) return nullptr;
  const auto found = holders.find(holder_key(tenant, object_id));
  return found == holders.end() ? nullptr : &found->second;
}

void add(AccountAccess& access, std::string_view key, AccessRecord record) {
  if (auto* secret = std::get_if<DelegationSecret>(&record)) {
    access.secret = *secret;
  } else if (auto* assignment = std::get_if<RoleAssignment>(&record)) {
    access.assignments.push_back(std::move(*assignment));
  } else {
    const std::size_t mark = key.rfind('\0');
    access.holders[std::string(key.substr(std::min(mark + 2, key.size())))] = std::move(std::get<DelegationHolder>(record));
  }
}

std::string encode(const AccessRecord& record) {
  return framed(128, [&](Writer& w) { std::visit([&w](const auto& one) { write(w, one); }, record); });
}

template <> Result<AccessRecord> decode(std::string_view bytes) {
  return unframed<AccessRecord>(bytes, "access", [](Reader& r, AccessRecord& record) { record = read(r); });
}

}  // namespace bascule::catalog
