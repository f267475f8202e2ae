// What the requests of the table take. Nothing here knows the table: the fuzz target has one of its own.
#include <boost/json/value.hpp>
#include <algorithm>

#include "app/admin/requests.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

std::string_view next_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

RequestMember::Type type_of(std::string_view text) {
  using Type = RequestMember::Type;
  if (text == "texts") return Type::texts;
  if (text == "flag") return Type::flag;
  if (text == "count") return Type::count;
  return text == "object" ? Type::object : Type::text;
}

bool in_path(std::string_view path, std::string_view member) {
  const std::size_t at = path.find('{' + std::string(member) + '}');
  return at != std::string_view::npos;
}

bool is_of(RequestMember::Type type, const json::value& value) {
  using Type = RequestMember::Type;
  switch (type) {
    case Type::text: return value.is_string();
    case Type::flag: return value.is_bool();
    case Type::count: return (value.is_int64() && value.get_int64() >= 0) || value.is_uint64();
    case Type::object: return value.is_object();
    case Type::texts: break;
  }
  return value.is_array() && std::ranges::all_of(value.get_array(), [](const json::value& one) { return one.is_string(); });
}

std::string_view article(RequestMember::Type type) {
  using Type = RequestMember::Type;
  switch (type) {
    case Type::text: return "a text";
    case Type::flag: return "true or false";
    case Type::count: return "a whole number";
    case Type::object: return "an object";
    case Type::texts: break;
  }
  return "a list of texts";
}

}  // namespace

std::vector<RequestMember> members_of(const ControlRequest& request) {
  std::vector<RequestMember> members;
  std::string_view rest = request.members;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    RequestMember member;
    member.required = word.starts_with('!');
    member.owner_only = word.starts_with('@');
    if (member.required || member.owner_only) word.remove_prefix(1);
    const std::size_t colon = word.find(':');
    member.name = word.substr(0, colon);
    member.type = type_of(word.substr(colon + 1));
    member.in_path = in_path(request.path, member.name);
    member.required = member.required || member.in_path;
    members.push_back(member);
  }
  if (request.irreversible) members.push_back({.name = "alone", .owner_only = true});
  return members;
}

Result<void> check_members(const ControlRequest& request, const json::object& body, Role role) {
  const std::vector<RequestMember> members = members_of(request);
  for (const auto& given : body) {
    const std::string_view key(given.key().data(), given.key().size());
    const auto known = std::ranges::find(members, key, &RequestMember::name);
    if (known == members.end())
      return fail(Code::invalid_argument, "the request " + std::string(request.name) + " takes no '" + std::string(key.substr(0, 64)) + "'");
    if (!is_of(known->type, given.value()))
      return fail(Code::invalid_argument, std::string(key) + " is to be " + std::string(article(known->type)));
    if (known->owner_only && role != Role::owner)
      return fail(Code::permission_denied, std::string(key) + " can be given on the server's own machine alone");
  }
  for (const RequestMember& member : members)
    if (member.required && !body.contains(json::string_view(member.name.data(), member.name.size())))
      return fail(Code::invalid_argument, std::string(member.name) + " is missing");
  return {};
}

}  // namespace bascule::app
