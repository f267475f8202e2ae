#include "app/admin/openapi.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/admin/answers.h"
#include "app/admin/requests.h"
#include "app/version.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::string view(std::string_view text) { return json::string(text.data(), text.size()); }
json::object reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

json::object type_schema(RequestMember::Type type) {
  using Type = RequestMember::Type;
  switch (type) {
    case Type::text: return {{"type", "string"}};
    case Type::flag: return {{"type", "boolean"}};
    case Type::count: return {{"type", "integer"}, {"minimum", 0}};
    case Type::object: return {{"type", "object"}};
    case Type::texts: break;
  }
  return {{"type", "array"}, {"items", json::object{{"type", "string"}}}};
}

bool in_body(const ControlRequest& request) { return request.method != "GET" && request.method != "DELETE"; }

json::array parameters_of(const ControlRequest& request) {
  json::array parameters;
  for (const RequestMember& member : members_of(request)) {
    if (member.owner_only || (!member.in_path && in_body(request))) continue;
    parameters.emplace_back(json::object{{"name", view(member.name)}, {"in", member.in_path ? "path" : "query"}, {"required", member.required},
                                         {"schema", type_schema(member.type)}});
  }
  return parameters;
}

// Nothing where all members are in the path.
json::object body_of(const ControlRequest& request) {
  json::object properties;
  json::array required;
  for (const RequestMember& member : members_of(request)) {
    if (member.owner_only || member.in_path) continue;
    properties[view(member.name)] = type_schema(member.type);
    if (member.required) required.emplace_back(view(member.name));
  }
  if (properties.empty()) return {};
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return {{"required", !required.empty()}, {"content", json::object{{"application/json", json::object{{"schema", std::move(schema)}}}}}};
}

json::object answer(std::string_view what, std::string_view schema) {
  return {{"description", view(what)}, {"content", json::object{{"application/json", json::object{{"schema", reference(schema)}}}}}};
}

json::object responses_of(const ControlRequest& request) {
  const bool lines = request.answer.ends_with('*');
  json::object done = answer("Done.", lines ? request.answer.substr(0, request.answer.size() - 1) : request.answer);
  if (lines) {
    done["description"] = "Done; where it took long, lines of JSON objects, the last of which is the answer.";
    done["content"].as_object()["application/x-ndjson"] = json::object{{"schema", json::object{{"type", "string"}}}};
  }
  json::object responses{{"200", std::move(done)}};
  if (request.irreversible) responses["202"] = answer("It waits for another's approval.", "Waiting");
  responses["default"] = answer("It was refused, or failed.", "Error");
  return responses;
}

json::object operation_of(const ControlRequest& request) {
  json::array roles;
  for (const Role role : {Role::operator_, Role::key_officer, Role::auditor})
    if (request.roles.has(role)) roles.emplace_back(view(name(role)));
  roles.emplace_back(view(name(Role::owner)));
  json::object operation{{"operationId", view(request.name)}, {"summary", view(request.help)}, {"x-roles", std::move(roles)}};
  if (request.irreversible) operation["x-two-person"] = true;
  if (json::array parameters = parameters_of(request); !parameters.empty()) operation["parameters"] = std::move(parameters);
  if (json::object body = in_body(request) ? body_of(request) : json::object(); !body.empty()) operation["requestBody"] = std::move(body);
  operation["responses"] = responses_of(request);
  return operation;
}

json::object paths() {
  json::object all;
  for (const ControlRequest& request : control_requests()) {
    json::value& path = all[view(request.path)];
    if (!path.is_object()) path = json::object();
    std::string method(request.method);
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    path.get_object()[method] = operation_of(request);
  }
  all[view(kOpenApiPath)] = json::object{
      {"get", json::object{{"operationId", "openapi"}, {"summary", "This description."},
                           {"responses", json::object{{"200", json::object{{"description", "OpenAPI 3.1."},
                                                                           {"content", json::object{{"application/json", json::object()}}}}}}}}}};
  return all;
}

// As people read it: a level's members on lines of their own.
void write(const json::value& value, std::size_t depth, std::string& out) {
  const bool object = value.is_object();
  const bool flat = (!object && !value.is_array()) || (object && value.get_object().empty()) ||
                    (value.is_array() && std::ranges::none_of(value.get_array(), [](const json::value& one) { return one.is_object(); })) ||
                    (object && value.get_object().size() == 1 && value.get_object().begin()->value().is_string());
  if (flat) {
    out += json::serialize(value);
    return;
  }
  const std::string indent(2 * depth + 2, ' ');
  out += object ? '{' : '[';
  std::string_view separator = "\n";
  const auto begin = [&] {
    out.append(separator).append(indent);
    separator = ",\n";
  };
  if (object) {
    for (const auto& member : value.get_object()) {
      begin();
      out += json::serialize(json::string(member.key().data(), member.key().size())) + ": ";
      write(member.value(), depth + 1, out);
    }
  } else {
    for (const json::value& one : value.get_array()) {
      begin();
      write(one, depth + 1, out);
    }
  }
  out += "\n" + std::string(2 * depth, ' ') + (object ? '}' : ']');
}

}  // namespace

std::string openapi_document() {
  json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Bascule administration"},
                            {"version", "1"},
                            {"description", "What the command line asks of a server. On the server's own machine the same paths are at the data folder's "
                                            "admin.sock, where the owner needs no token. Roles, tokens and approvals: docs/admin.md."},
                            {"license", json::object{{"name", "EUPL-1.2"}, {"identifier", "EUPL-1.2"}}}}},
      {"security", json::array{json::object{{"token", json::array()}}}}};
  document["paths"] = paths();
  boost::system::error_code bad;
  const std::string_view schemas = admin_answers().front().text;
  document["components"] = json::object{
      {"securitySchemes", json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "bscadm_…"}}}}},
      {"schemas", json::parse(json::string_view(schemas.data(), schemas.size()), bad)}};
  std::string out;
  write(document, 0, out);
  return out + "\n";
}

}  // namespace bascule::app
