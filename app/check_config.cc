#include "app/check_config.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "app/identity.h"
#include "app/places.h"
#include "crypto/key_file.h"
#include "http/tls.h"
#include "http/url.h"
#include "runtime/random.h"
#include "server/address.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;

constexpr auto kSoon = std::chrono::days(30);

class Checker {
 public:
  Checker(const Config& config, WallTime now) : config_(config), now_(now) {}

  std::vector<Finding> run() {
    places();
    certificate("server.certificate", "server.key");
    certificate("admin.api_certificate", "admin.api_key");
    addresses();
    provider();
    backups();
    copies();
    identity();
    events();
    return std::move(findings_);
  }

 private:
  void say(bool error, std::string_view setting, const std::string& message) {
    const bool set = !setting.empty() && config_.is_set(setting);
    findings_.push_back({error, std::string(setting), (set ? config_.source(setting) + ": " : std::string()) + message});
  }
  void error(std::string_view setting, const std::string& message) { say(true, setting, message); }
  void warning(std::string_view setting, const std::string& message) { say(false, setting, message); }
  const std::string& text(std::string_view name) const { return config_.text(name); }

  // The nearest folder that is there, of one that need not be.
  static fs::path there(fs::path path) {
    std::error_code ignored;
    while (!path.empty() && path != path.parent_path() && !fs::exists(path, ignored)) path = path.parent_path();
    return path.empty() ? fs::path(".") : path;
  }

  void places() {
    const std::string& data = text("data");
    struct stat about{};
    if (::stat(data.c_str(), &about) == 0) {
      if (!S_ISDIR(about.st_mode)) error("data", data + " is not a folder");
      else if (::access(data.c_str(), R_OK | W_OK | X_OK) != 0) error("data", data + ": " + std::strerror(errno) + " (for the user who runs this check)");
      else if ((about.st_mode & 077) != 0) warning("data", "others can enter " + data + "; serve takes that away");
    } else if (::access(there(data).c_str(), W_OK | X_OK) != 0) {
      error("data", data + " is not there, and cannot be made in " + there(data).string());
    }
    const std::string& key = text("key_file");
    if (lies_within(key, data)) error("key_file", "the key file " + key + " lies within the data folder: who copies the folder would have the data and the key");
    auto loaded = crypto::KeyFile::load(key, system_random());
    if (loaded) return;
    const bool fresh = !fs::exists(data + "/catalog");
    if (loaded.error().code != Code::not_found) error("key_file", loaded.error().message);
    else if (!fresh) error("key_file", "the key file " + key + " is not there, but " + data + " holds data sealed under it");
    else if (const fs::path folder = there(fs::path(key).parent_path()); ::access(folder.c_str(), W_OK | X_OK) != 0)
      error("key_file", key + " is not there, and cannot be made in " + folder.string());
  }

  void private_file(std::string_view setting, const std::string& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) == 0 && (about.st_mode & 007) != 0)
      warning(setting, path + " is a private key and everybody can read it: chmod o= " + path);
    else if (::stat(path.c_str(), &about) == 0 && (about.st_mode & 020) != 0)
      warning(setting, path + " is a private key and its group can change it: chmod g-w " + path);
  }

  void certificate(std::string_view chain_setting, std::string_view key_setting) {
    const std::string &chain = text(chain_setting), &key = text(key_setting);
    if (chain.empty() || key.empty()) return;
    if (auto loaded = http::make_server_tls(chain, key); !loaded) error(chain_setting, loaded.error().message);
    private_file(key_setting, key);
    std::FILE* file = std::fopen(chain.c_str(), "re");
    if (file == nullptr) return;   // said above
    for (int i = 0; X509* one = PEM_read_X509(file, nullptr, nullptr, nullptr); ++i) {
      dates(chain_setting, chain, one, i);
      X509_free(one);
    }
    std::fclose(file);
  }

  void dates(std::string_view setting, const std::string& chain, const X509* one, int index) {
    const auto time_of = [](const ASN1_TIME* from) {
      std::tm parts{};
      return ASN1_TIME_to_tm(from, &parts) == 1 ? WallTime(std::chrono::seconds(::timegm(&parts))) : WallTime();
    };
    const WallTime from = time_of(X509_get0_notBefore(one)), to = time_of(X509_get0_notAfter(one));
    const std::string which = chain + (index ? ": certificate " + std::to_string(index + 1) + " of the chain" : std::string());
    if (to <= now_) error(setting, which + " expired on " + format_iso8601_seconds(to));
    else if (from > now_) error(setting, which + " is not valid before " + format_iso8601_seconds(from));
    else if (to <= now_ + kSoon) warning(setting, which + " expires on " + format_iso8601_seconds(to));
  }

  void addresses() {
    for (const std::string_view name : {"server.listen", "web.listen"}) {
      for (const std::string& where : config_.list(name)) {
        auto listeners = server::listen_on(where);
        if (!listeners) {
          if (listeners.error().code == Code::already_exists) warning(name, where + " is in use; by the running server?");
          else error(name, listeners.error().message);
          continue;
        }
        bool reachable = false;
        for (const server::Listener& listener : *listeners) {
          reachable = reachable || !listener.loopback;
          ::close(listener.fd);
        }
        if (reachable && text("server.certificate").empty() && !config_.flag("server.allow_plain_http"))
          error(name, where + " can be reached from other machines, but there is no certificate: give server.certificate and server.key, or set "
                              "server.allow_plain_http = true (behind a proxy that does TLS)");
        if (reachable && text("server.certificate").empty() && config_.flag("server.allow_plain_http"))
          warning(name, where + " serves plain HTTP to other machines; only a proxy that does TLS may reach it");
      }
    }
    if (text("admin.listen") != "off") listens("admin.listen");
    if (!text("admin.api_listen").empty()) listens("admin.api_listen");
  }

  void listens(std::string_view setting) {
    const std::string& where = text(setting);
    auto listeners = server::listen_on(where);
    if (listeners) {
      for (const server::Listener& listener : *listeners) ::close(listener.fd);
    } else if (listeners.error().code != Code::already_exists) {
      error(setting, listeners.error().message);
    } else if (config_.is_set(setting)) {
      warning(setting, where + " is in use; by the running server?");
    }
  }

  void authorities(std::string_view setting) {
    if (text(setting).empty()) return;
    if (auto loaded = http::make_client_tls(text(setting)); !loaded) error(setting, loaded.error().message);
  }

  void endpoint(const std::string& section) {
    const std::string setting = section + ".endpoint";
    if (text(setting).empty()) return;   // said where it is needed
    if (auto url = http::parse_url(text(setting)); !url) error(setting, setting + ": " + url.error().message);
    else if (!text(setting).starts_with("https://") && !config_.flag(section + ".allow_plain_http"))
      warning(setting, setting + " is no https:// address");
  }

  void provider() {
    if (auto options = config_.engine_options(); !options) error("", options.error().message);
    if (text("provider.kind") != "s3") return;
    authorities("provider.ca_file");
    endpoint("provider");
  }

  void backups() {
    authorities("backup.ca_file");
    endpoint("backup");
  }

  void identity() {
    authorities("identity.ca_file");
    if (auto issuers = issuers_settings(config_); !issuers) say(true, "", issuers.error().message);
  }

  void copies() { authorities("copy.ca_file"); }

  void events() {
    auto options = config_.event_options();
    if (!options) return error("events.to", options.error().message);
    if (options->file) {
      const std::string& path = options->file->path;
      const std::string folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : ".";
      struct stat about{};
      if (::access(folder.c_str(), W_OK | X_OK) != 0) error("events.file", "the folder " + folder + ": " + std::strerror(errno));
      else if (::lstat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) error("events.file", path + " is not a file");
      else if (::access(path.c_str(), F_OK) == 0 && ::access(path.c_str(), W_OK) != 0) error("events.file", path + ": " + std::strerror(errno));
    }
    if (options->syslog)
      if (auto reached = events::open_syslog_target(*options->syslog); !reached) error("events.syslog_socket", reached.error().message);
    if (options->policy == events::Policy::refuse && !options->any())
      warning("events.when_unwritable", "events.when_unwritable says what to do about events, but events.to names no place for them");
  }

  const Config& config_;
  const WallTime now_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_config(const Config& config, WallTime now) { return Checker(config, now).run(); }

}  // namespace bascule::app
