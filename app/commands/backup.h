// bascule backup and what belongs to it.
#pragma once
#include "app/commands/restore.h"

namespace bascule::app {

struct BackupArguments {
  enum class What { make, list, verify, prune, forget, takeover, restore } what = What::make;
  std::string to;
  std::uint64_t keep = 0;
  bool whole = false;                  // make
  std::string at, extents;             // verify
  bool credentials_are_revoked = false;  // takeover
  std::string alone;                   // takeover: why without another's approval
  RestoreArguments restore;
  bool json = false;
};

int run_backup(const Config& config, const BackupArguments& arguments);

}  // namespace bascule::app
