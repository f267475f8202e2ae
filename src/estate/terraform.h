// What `terraform show -json` (states and plans) and state files say of Azure's resources.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estate/arm_id.h"
#include "estate/catalogue.h"

namespace bascule::estate {

struct TerraformResource {
  std::string address;                             // "module.a.azurerm_storage_account.logs[0]"
  ArmId id;                                        // without a scope where the values have no ARM id (plans)
  const boost::json::object* values = nullptr;
  const boost::json::value* sensitive = nullptr;   // marks which values are secrets; may be null
  std::vector<std::string_view> depends_on;        // addresses
  bool known = true;                               // its type is in the data, or the id says the type
};

enum class TerraformRecord : std::uint8_t { none, show, state };
TerraformRecord terraform_record(const boost::json::object& record);

// The resources of one record; a state's may have several instances. False where it is none of Azure's: a data source, or
// another provider's.
bool read_terraform(const boost::json::object& record, const Catalogue& catalogue, const std::function<void(const TerraformResource&)>& found);

// An address without its instance: "a.b[0]" -> "a.b"; what depends_on names.
std::string_view without_instance(std::string_view address);

}  // namespace bascule::estate
