// Configuration: the settings' values, from the command line, else the environment, else the file, else the defaults.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/web/web_service.h"
#include "app/engine.h"
#include "app/settings.h"
#include "events/recorder.h"
#include "runtime/clock.h"
#include "server/server.h"

namespace bascule::app {

struct AdminApiOptions;                  // admin/api_server.h
enum class TwoPerson : std::uint8_t;     // admin/approvals.h

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct ConfigSources {
  std::string file;                                          // "" = the default place, which need not be there
  std::vector<std::pair<std::string, std::string>> command_line;  // setting -> text; of a list: repeated
  Environment environment = process_environment();
  std::vector<std::string> environment_names;                // all variables there are: misspelt ones are refused
};

class Config {
 public:
  // invalid_argument: names the file and line, the variable or the option, and what is allowed. not_found: the named file
  // is not there. permission_denied: it cannot be read, or holds a secret and others can read it.
  // The first of what is wrong; where there is more, the message says so.
  static Result<Config> load(const ConfigSources& sources);
  // The same, with everything that is wrong, in the order file, environment, command line, secrets, what does not go together.
  // Good for use only where nothing is; a setting that something is wrong with has its default.
  static Config examine(const ConfigSources& sources, std::vector<Error>& problems);

  const std::string& text(std::string_view name) const { return at(name).value.text; }   // text, path, choice
  const std::vector<std::string>& list(std::string_view name) const { return at(name).value.list; }
  std::uint64_t number(std::string_view name) const { return at(name).value.number; }    // number, size
  bool flag(std::string_view name) const { return at(name).value.number != 0; }
  Duration duration(std::string_view name) const { return std::chrono::milliseconds(at(name).value.number); }
  bool is_set(std::string_view name) const { return at(name).source != "default"; }
  const std::string& source(std::string_view name) const { return at(name).source; }  // "bascule.toml:3", "--listen", …
  const std::string& file() const { return file_; }                                   // "" = there is none
  // As on the command line; a secret as "(hidden)", or "" where there is none. With "units" where the table has them.
  std::string shown(const Setting& setting) const;

  // Secrets that are named and could not be read, or that are nowhere (systemd gives its credentials to the service alone): no matter
  // to a command that does not need them.
  const std::vector<std::pair<std::string, Error>>& unread_secrets() const { return unread_; }

  // Of a configuration read anew: the settings that differ. adopt() takes those that may change while the server runs.
  std::vector<const Setting*> differences(const Config& fresh) const;
  void adopt(const Config& fresh, const std::vector<const Setting*>& changed);

  // Every address to serve on is this machine's own.
  bool loopback_only() const;
  bool development_account() const;

  // What the parts need. Errors name the setting.
  Result<EngineOptions> engine_options() const;
  server::ServerOptions server_options() const;
  Result<api::web::Options> web_options() const;
  std::optional<AdminApiOptions> admin_api_options() const;   // nothing: there is none
  TwoPerson two_person() const;
  Result<events::RecorderOptions> event_options() const;

 private:
  struct Entry {
    Value value;
    std::string source = "default";
  };
  const Entry& at(std::string_view name) const;
  using Problems = std::vector<Error>;
  void set(const Setting& setting, std::string_view text, std::string source, Problems& problems);
  Result<void> read_file(const std::string& path, Problems& problems);
  void read_environment(const ConfigSources& sources, Problems& problems);
  void read_command_line(const ConfigSources& sources, Problems& problems);
  void read_secrets(const ConfigSources& sources, Problems& problems);
  void check(Problems& problems);
  Result<provider::S3Options> s3_endpoint(const std::string& section) const;

  std::map<std::string, Entry, std::less<>> entries_;
  std::set<std::string, std::less<>> wrong_;   // settings that something was wrong with: nothing more is said of them
  std::vector<std::pair<std::string, Error>> unread_;
  std::string file_;
};

// One value of the file.
struct FileValue {
  const Setting* setting = nullptr;
  Value value;
  int line = 0;
};
// `shown` leads the messages: "bascule.toml:3: …". `problems`: all that are not fit to be taken.
std::vector<FileValue> parse_config_file(std::string_view content, const std::string& shown, std::vector<Error>& problems);

// The lines of a file of at most 64 KiB that nobody else can read, empty ones apart; the first of them.
Result<std::vector<std::string>> read_secret_lines(const std::string& path);
Result<std::string> read_secret_file(const std::string& path);

}  // namespace bascule::app
