// Where things lie unless told otherwise: the FHS's places for root and for services, the XDG's for everybody else.
#pragma once
#include <string>

namespace bascule::app {

struct Places {
  std::string data;      // folder
  std::string config;    // file; need not be there
  std::string key_file;
  std::string events;    // file
};

// From STATE_DIRECTORY and CONFIGURATION_DIRECTORY (systemd), XDG_DATA_HOME and XDG_CONFIG_HOME, HOME, and who we are.
Places default_places();

// True where `file` lies within `folder` (symbolic links resolved as far as both are there).
bool lies_within(const std::string& file, const std::string& folder);

}  // namespace bascule::app
