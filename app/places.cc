#include "app/places.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace bascule::app {
namespace {

namespace fs = std::filesystem;

// An absolute path from the environment; "" if there is none (the XDG rule: relative ones are ignored).
std::string absolute(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || value[0] != '/') return "";
  const std::string text(value);
  return text.substr(0, text.find(':'));  // systemd lists several with colons
}

std::string home() {
  if (std::string from = absolute("HOME"); !from.empty()) return from;
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr && user->pw_dir != nullptr && user->pw_dir[0] == '/' ? user->pw_dir : "/";
}

std::string choose(const char* systemd, const char* xdg, const char* system_wide, const char* below_home) {
  if (std::string from = absolute(systemd); !from.empty()) return from;
  if (std::string from = absolute(xdg); !from.empty()) return from + "/bascule";
  if (::geteuid() == 0) return system_wide;
  return home() + below_home;
}

}  // namespace

Places default_places() {
  const std::string config = choose("CONFIGURATION_DIRECTORY", "XDG_CONFIG_HOME", "/etc/bascule", "/.config/bascule");
  return {.data = choose("STATE_DIRECTORY", "XDG_DATA_HOME", "/var/lib/bascule", "/.local/share/bascule"),
          .config = config + "/bascule.toml",
          .key_file = config + "/keys/bascule.key",
          .events = choose("LOGS_DIRECTORY", "XDG_STATE_HOME", "/var/log/bascule", "/.local/state/bascule") + "/access.jsonl"};
}

bool lies_within(const std::string& file, const std::string& folder) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(fs::absolute(file, error), error);
  const fs::path outer = fs::weakly_canonical(fs::absolute(folder, error), error);
  if (inner.empty() || outer.empty()) return false;
  const fs::path between = inner.lexically_relative(outer);
  return !between.empty() && *between.begin() != ".." && between != ".";
}

}  // namespace bascule::app
