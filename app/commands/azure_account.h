// What an account is set to at Azure, as its tools write it down, in Bascule's settings.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::app {

struct AzureAccount {
  std::string name;                       // the account's; "" where the JSON does not say
  boost::json::object settings;           // as the control request account-set takes them
  std::vector<std::string> not_carried;   // "isHnsEnabled: …": what is set there and has no counterpart, and why
};

// `text`: the output of `az storage account show`, the resource as Azure Resource Manager has it (properties: {…}), or the
// output of `az storage account blob-service-properties show`. invalid_argument: none of these.
Result<AzureAccount> read_azure_account(std::string_view text);

}  // namespace bascule::app
