// What a server would find wrong with its configuration once it began to use it: files, certificates, keys, addresses.
#pragma once
#include <string>
#include <vector>

#include "app/config.h"

namespace bascule::app {

struct Finding {
  bool error = true;         // else a warning: it works, but
  std::string setting;       // "" = of no single one
  std::string message;       // leads with where it was set
};

// Reads what serve would read, changes nothing, asks nobody on the network. Where something was wrong with a setting, `config` has its default.
std::vector<Finding> check_config(const Config& config, WallTime now);

}  // namespace bascule::app
