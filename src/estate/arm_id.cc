#include "estate/arm_id.h"

#include <algorithm>
#include <vector>

#include "estate/ascii.h"

namespace bascule::estate {
namespace {

constexpr std::string_view kSubscriptions = "/subscriptions/";
constexpr std::string_view kProviders = "/providers/";

// Where the last "/providers/" begins: an extension's own, where there are several.
std::size_t last_providers(std::string_view text) {
  for (std::size_t at = text.rfind('/'); at != std::string_view::npos && at > 0; at = text.rfind('/', at - 1))
    if (begins_with_word(text.substr(at), kProviders)) return at;
  return begins_with_word(text, kProviders) ? 0 : std::string_view::npos;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

bool plain(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// "/subscriptions/S" or "/subscriptions/S/resourceGroups/G".
std::optional<ArmId> container_id(std::string_view text) {
  const auto parts = parts_of(text.substr(1));
  for (const std::string_view part : parts)
    if (part.empty()) return std::nullopt;
  if (parts.size() == 2) return ArmId{{}, "Microsoft.Resources/subscriptions", std::string(parts[1])};
  if (parts.size() != 4 || !same_word(parts[2], "resourceGroups")) return std::nullopt;
  return ArmId{std::string(text.substr(0, kSubscriptions.size() + parts[1].size())), "Microsoft.Resources/resourceGroups", std::string(parts[3])};
}

}  // namespace

std::string ArmId::text() const {
  if (type == "Microsoft.Resources/subscriptions") return "/subscriptions/" + name;
  if (type == "Microsoft.Resources/resourceGroups" && !scope.empty()) return scope + "/resourceGroups/" + name;
  std::string out = scope.empty() ? std::string(kGroupNotKnown) : scope == "/" ? std::string() : scope;
  const std::size_t slash = type.find('/');
  out += "/providers/" + type.substr(0, slash);
  std::string_view types = slash == std::string::npos ? std::string_view() : std::string_view(type).substr(slash + 1), names = name;
  while (!types.empty() || !names.empty()) {
    const auto take = [](std::string_view& rest, bool all) {
      const std::size_t end = all ? std::string_view::npos : rest.find('/');
      const std::string_view part = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      return part;
    };
    if (!types.empty()) out.append("/").append(take(types, false));
    if (!names.empty()) out.append("/").append(take(names, types.empty()));
  }
  return out;
}

std::optional<ArmId> parse_arm_id(std::string_view text) {
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  if (text.size() > kMostIdBytes || !plain(text)) return std::nullopt;
  const bool in_subscription = begins_with_word(text, kSubscriptions);
  if (!in_subscription && !begins_with_word(text, kProviders)) return std::nullopt;
  const std::size_t at = last_providers(text);
  if (at == std::string_view::npos) return container_id(text);
  const auto parts = parts_of(text.substr(at + kProviders.size()));
  if (parts.size() < 3 || parts.size() % 2 == 0) return std::nullopt;
  ArmId id{at == 0 ? "/" : std::string(text.substr(0, at)), std::string(parts[0]), {}};
  for (std::size_t i = 1; i < parts.size(); i += 2) {
    if (parts[i].empty() || parts[i + 1].empty()) return std::nullopt;
    id.type.append("/").append(parts[i]);
    if (i > 1) id.name += '/';
    id.name.append(parts[i + 1]);
  }
  return parts[0].empty() ? std::nullopt : std::optional(std::move(id));
}

std::optional<ArmId> parse_reference(std::string_view text) {
  if (text.starts_with(kGroupNotKnown)) {
    auto id = parse_reference(std::string("/subscriptions/s/resourceGroups/g").append(text.substr(kGroupNotKnown.size())));
    if (id) id->scope.clear();
    return id;
  }
  if (text.size() < 20 || text.size() > kMostIdBytes || text[0] != '/' || !begins_with_word(text, kSubscriptions)) return std::nullopt;
  if (text.find_first_of("?=&;\"'<>\\ ,%{}[]") != std::string_view::npos) return std::nullopt;
  auto id = parse_arm_id(text);
  return id && same_word(id->type, "Microsoft.Resources/subscriptions") ? std::nullopt : id;   // no dependency
}

std::optional<ArmId> parent_of(const ArmId& id) {
  const std::size_t name = id.name.rfind('/'), type = id.type.rfind('/');
  if (name == std::string::npos || type == std::string::npos || id.type.find('/') == type) return std::nullopt;
  return ArmId{id.scope, id.type.substr(0, type), id.name.substr(0, name)};
}

Scope read_scope(std::string_view scope) {
  Scope out;
  if (!begins_with_word(scope, kSubscriptions)) return out;
  scope.remove_prefix(kSubscriptions.size());
  out.subscription = scope.substr(0, scope.find('/'));
  scope.remove_prefix(out.subscription.size());
  constexpr std::string_view kGroups = "/resourceGroups/";
  if (!begins_with_word(scope, kGroups)) return out;
  scope.remove_prefix(kGroups.size());
  out.resource_group = scope.substr(0, scope.find('/'));
  return out;
}

}  // namespace bascule::estate
