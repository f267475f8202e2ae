#include "estate/terraform.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "estate/ascii.h"
#include "estate/json_members.h"

namespace bascule::estate {
namespace {

namespace json = boost::json;

bool is_secret(const json::value* sensitive, std::string_view name) {
  const auto* marks = sensitive ? sensitive->if_object() : nullptr;
  const auto* mark = marks ? marks->if_contains(name) : nullptr;
  return mark && !(mark->is_object() && mark->get_object().empty()) && !(mark->is_bool() && !mark->get_bool());
}

std::string_view open_text(const json::object& values, const json::value* sensitive, std::string_view name) {
  return is_secret(sensitive, name) ? std::string_view() : text_at(values, name);
}

// "{storage_account_name}/default/{name}" filled from the values; "?" for what is not known yet.
std::string fill(std::string_view pattern, const json::object& values, const json::value* sensitive) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    out += pattern.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = std::min(pattern.find('}', open), pattern.size() - 1);
    std::string word(open_text(values, sensitive, pattern.substr(open + 1, close - open - 1)));
    std::ranges::replace(word, '/', '|');
    out += word.empty() ? "?" : word;
    pattern.remove_prefix(close + 1);
  }
  return out;
}

bool is_azure(std::string_view type) {
  return type.starts_with("azurerm_") || type.starts_with("azapi_") || type.starts_with("azuread_");
}

void one(TerraformResource made, std::string_view type, std::string_view address, const Catalogue& catalogue,
         const std::function<void(const TerraformResource&)>& found) {
  made.address = address;
  const auto* known = catalogue.terraform(type);
  for (const std::string_view name : {"id", "resource_manager_id", "resource_versionless_id"}) {
    // An association's id is those of the two that it joins, with a bar between: it is part of the first.
    const std::string_view text = open_text(*made.values, made.sensitive, name);
    if (auto id = parse_arm_id(text.substr(0, text.find('|')))) {
      made.id = std::move(*id);
      found(made);
      return;
    }
  }
  made.known = known != nullptr;
  const std::string_view own = open_text(*made.values, made.sensitive, "type");   // azapi: "Microsoft.X/y@2023-01-01"
  const std::string_view own_type = own.substr(0, own.find('@'));
  if (type.starts_with("azapi_") && own_type.find('/') != std::string_view::npos && own_type.size() < 200) made.id.type = own_type;
  else made.id.type = known ? std::string(known->arm) : "Terraform/" + std::string(type);
  made.id.name = fill(known ? known->name : "{name}", *made.values, made.sensitive);
  if (made.id.name == "?") made.id.name = "(" + std::string(address) + ")";   // known after apply
  std::ranges::replace(made.id.name, '\n', ' ');
  if (made.id.name.size() > 512) made.id.name.resize(512);
  found(made);
}

void take_addresses(const json::object& in, std::string_view member, std::vector<std::string_view>& to) {
  const auto* list = array_at(in, member);
  if (!list) return;
  for (const auto& address : *list)
    if (address.is_string()) to.push_back(std::string_view(address.get_string()));
}

// A state file marks secrets by paths: [[{"type":"get_attr","value":"primary_access_key"}], …]. The first step is enough.
json::object marks_of(const json::object& instance) {
  json::object marks;
  const auto* paths = array_at(instance, "sensitive_attributes");
  if (!paths) return marks;
  for (const auto& path : *paths) {
    const json::value* step = path.is_array() && !path.get_array().empty() ? &path.get_array()[0] : &path;
    if (const auto* object = step->if_object()) step = object->if_contains("value");
    if (step && step->is_string()) marks[step->get_string()] = true;
  }
  return marks;
}

}  // namespace

std::string_view without_instance(std::string_view address) {
  const std::size_t bracket = address.rfind('[');
  return bracket != std::string_view::npos && address.ends_with(']') && address.find('.', bracket) == std::string_view::npos
             ? address.substr(0, bracket) : address;
}

TerraformRecord terraform_record(const json::object& record) {
  if (record.contains("address") && record.contains("mode") && record.contains("type")) return TerraformRecord::show;
  if (record.contains("instances") && record.contains("mode") && record.contains("type")) return TerraformRecord::state;
  return TerraformRecord::none;
}

bool read_terraform(const json::object& record, const Catalogue& catalogue, const std::function<void(const TerraformResource&)>& found) {
  const std::string_view type = text_at(record, "type");
  if (text_at(record, "mode") != "managed" || !is_azure(type)) return false;
  static const json::object kNothing;
  if (terraform_record(record) == TerraformRecord::show) {
    const auto* values = object_at(record, "values");
    TerraformResource made{.values = values ? values : &kNothing, .sensitive = record.if_contains("sensitive_values")};
    take_addresses(record, "depends_on", made.depends_on);
    one(std::move(made), type, text_at(record, "address"), catalogue, found);
    return true;
  }
  const auto* instances = array_at(record, "instances");
  if (!instances) return false;
  std::string address(type);
  address.append(".").append(text_at(record, "name"));
  if (const std::string_view module = text_at(record, "module"); !module.empty()) address = std::string(module) + "." + address;
  for (const auto& instance : *instances) {
    if (!instance.is_object()) continue;
    const auto* attributes = object_at(instance.get_object(), "attributes");
    const json::value marks = marks_of(instance.get_object());
    TerraformResource made{.values = attributes ? attributes : &kNothing, .sensitive = &marks};
    take_addresses(instance.get_object(), "dependencies", made.depends_on);
    one(std::move(made), type, address, catalogue, found);
  }
  return true;
}

}  // namespace bascule::estate
