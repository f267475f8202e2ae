#include "app/admin/rest.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "http/url.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostSegments = 16, kMostSegmentBytes = 1024, kMostQueryMembers = 32;

std::unexpected<RestRefusal> refuse(int status, Code code, std::string message) {
  return std::unexpected(RestRefusal{status, code, std::move(message), {}});
}
std::unexpected<RestRefusal> bad(std::string message) { return refuse(400, Code::invalid_argument, std::move(message)); }

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// "" where there is none left.
std::string_view next_segment(std::string_view& path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_member(std::string_view segment) { return segment.starts_with('{'); }

// Fixed segments equal, and as many of them.
bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern), given = next_segment(path);
    if (given.empty() || (!is_member(wanted) && wanted != given)) return false;
  }
  return pattern.empty() && path.empty();
}

bool decode_segment(std::string_view segment, std::string& out) {
  auto decoded = http::percent_decode(segment);
  if (!decoded || decoded->empty() || decoded->size() > kMostSegmentBytes || *decoded == "." || *decoded == "..") return false;
  out = std::move(*decoded);
  return std::ranges::none_of(out, [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A text from path or query as the type that the table names.
bool typed(RequestMember::Type type, std::string text, json::value& out) {
  using Type = RequestMember::Type;
  if (type == Type::text) {
    out = std::move(text);
    return true;
  }
  if (type == Type::flag) {
    out = text == "true";
    return text == "true" || text == "false";
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  out = number;
  return type == Type::count && error == std::errc() && end == text.data() + text.size();
}

const RequestMember* member_of(const std::vector<RequestMember>& members, std::string_view name) {
  const auto at = std::ranges::find(members, name, &RequestMember::name);
  return at == members.end() ? nullptr : &*at;
}

std::expected<void, RestRefusal> take_path(const ControlRequest& row, const std::vector<RequestMember>& members, std::string_view path,
                                           json::object& into) {
  std::string_view pattern = row.path;
  while (!pattern.empty()) {
    const std::string_view wanted = next_segment(pattern), given = next_segment(path);
    if (!is_member(wanted)) continue;
    const RequestMember* member = member_of(members, wanted.substr(1, wanted.size() - 2));
    std::string text;
    json::value value;
    if (member == nullptr || !decode_segment(given, text) || !typed(member->type, std::move(text), value))
      return bad("the part '" + std::string(wanted) + "' of the path is not allowed");
    into[view(member->name)] = std::move(value);
  }
  return {};
}

std::expected<void, RestRefusal> take_query(const std::vector<RequestMember>& members, std::string_view query, json::object& into) {
  for (std::size_t n = 0; !query.empty(); ++n) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = pair.find('=');
    const auto name = http::percent_decode(pair.substr(0, equals));
    auto text = http::percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    const RequestMember* member = name ? member_of(members, *name) : nullptr;
    json::value value;
    if (n >= kMostQueryMembers || member == nullptr || member->in_path || !text || !typed(member->type, std::move(*text), value))
      return bad("the query holds what this request does not take");
    if (into.contains(view(member->name))) return bad("the query gives " + std::string(member->name) + " twice");
    into[view(member->name)] = std::move(value);
  }
  return {};
}

bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::same_name(type, "application/json");
}

bool has_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

std::expected<void, RestRefusal> take_body(const std::vector<RequestMember>& members, const RestRequest& request, json::object& into) {
  if (request.body.empty()) return {};
  if (request.body.size() > kMostRequestBody) return refuse(413, Code::invalid_argument, "the body is too large");
  if (!is_json(request.content_type)) return refuse(415, Code::invalid_argument, "the body is to be application/json");
  boost::system::error_code wrong;
  json::value parsed = json::parse(view(request.body), wrong);
  if (wrong || !parsed.is_object()) return bad("the body is no JSON object");
  for (auto& given : parsed.get_object()) {
    const RequestMember* member = member_of(members, {given.key().data(), given.key().size()});
    if (member != nullptr && member->in_path) return bad(std::string(member->name) + " is in the path already");
    into[given.key()] = std::move(given.value());
  }
  return {};
}

}  // namespace

std::expected<const ControlRequest*, RestRefusal> find_route(std::span<const ControlRequest> table, std::string_view method, std::string_view path) {
  std::string allow;
  if (!path.starts_with('/') || std::ranges::count(path, '/') > static_cast<std::ptrdiff_t>(kMostSegments)) path = "";
  for (const ControlRequest& row : table) {
    if (path.empty() || !matches(row.path, path)) continue;
    if (row.method == method) return &row;
    allow += (allow.empty() ? "" : ", ") + std::string(row.method);
  }
  if (allow.empty()) return refuse(404, Code::not_found, "there is nothing here; GET /v1/openapi.json says what there is");
  auto refusal = refuse(405, Code::unsupported, "this method is not for this path");
  refusal.error().allow = std::move(allow);
  return refusal;
}

std::expected<Routed, RestRefusal> route(std::span<const ControlRequest> table, const RestRequest& request) {
  auto row = find_route(table, request.method, request.path);
  if (!row) return std::unexpected(std::move(row.error()));
  Routed routed{*row, {}};
  const std::vector<RequestMember> members = members_of(**row);
  if (auto taken = take_path(**row, members, request.path, routed.body); !taken) return std::unexpected(std::move(taken.error()));
  const bool body = has_body(request.method);
  if (body && !request.query.empty()) return bad("this request takes no query; its members are the body's");
  if (!body && !request.body.empty()) return bad("this request takes no body");
  auto taken = body ? take_body(members, request, routed.body) : take_query(members, request.query, routed.body);
  if (!taken) return std::unexpected(std::move(taken.error()));
  return routed;
}

Result<RestForm> rest_form(const ControlRequest& request, const json::object& members) {
  RestForm form;
  json::object rest = members;
  std::string_view pattern = request.path;
  while (!pattern.empty()) {
    const std::string_view segment = next_segment(pattern);
    form.target += '/';
    if (!is_member(segment)) {
      form.target += segment;
      continue;
    }
    const auto key = view(segment.substr(1, segment.size() - 2));
    const json::value* value = rest.if_contains(key);
    if (value == nullptr) return fail(Code::invalid_argument, std::string(key) + " is missing");
    const std::string text = value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
    std::string decoded;
    const std::string encoded = http::percent_encode(text);
    if (!decode_segment(encoded, decoded)) return fail(Code::invalid_argument, std::string(key) + " '" + text + "' is not allowed");
    form.target += encoded;
    rest.erase(key);
  }
  if (has_body(request.method)) {
    form.body = json::serialize(rest);
    return form;
  }
  char separator = '?';
  for (const auto& one : rest) {
    const std::string text = one.value().is_string() ? std::string(one.value().get_string()) : json::serialize(one.value());
    form.target += separator + http::percent_encode(std::string_view(one.key().data(), one.key().size())) + "=" + http::percent_encode(text);
    separator = '&';
  }
  return form;
}

std::string rest_code(Code code) {
  std::string text(name(code));
  std::ranges::replace(text, ' ', '_');
  return text;
}

int rest_status(Code code) {
  switch (code) {
    case Code::invalid_argument: return 400;
    case Code::not_found: return 404;
    case Code::already_exists:
    case Code::conflict:
    case Code::refused: return 409;
    case Code::permission_denied: return 403;
    case Code::exhausted: return 507;
    case Code::overloaded:
    case Code::unavailable:
    case Code::cancelled: return 503;
    case Code::timeout: return 504;
    case Code::unsupported: return 501;
    case Code::corrupt:
    case Code::internal: break;
  }
  return 500;
}

}  // namespace bascule::app
