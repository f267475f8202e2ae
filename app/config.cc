#include "app/config.h"

#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "app/admin/api_server.h"
#include "app/places.h"

namespace bascule::app {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

struct Content {
  std::string text;
  bool others_may_read = false;
};

Result<Content> read_whole(const std::string& path, std::size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    const Code code = errno == ENOENT || errno == ENOTDIR ? Code::not_found : Code::permission_denied;
    return fail(code, "cannot read " + path + ": " + std::strerror(errno));
  }
  Content content;
  struct stat about{};
  Result<void> outcome;
  if (::fstat(fd, &about) != 0 || S_ISDIR(about.st_mode)) outcome = fail(Code::invalid_argument, path + " is not a file");
  content.others_may_read = (about.st_mode & 077) != 0;
  char buffer[8192];
  while (outcome) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) outcome = fail(Code::permission_denied, "cannot read " + path + ": " + std::strerror(errno));
    if (got <= 0) break;
    content.text.append(buffer, static_cast<std::size_t>(got));
    if (content.text.size() > limit) outcome = fail(Code::invalid_argument, path + " is too large");
  }
  ::close(fd);
  BASCULE_TRY(outcome);
  return content;
}

// "" is 0. invalid_argument
Result<double> price_of(const std::string& given) {
  double price = 0;
  const auto [end, bad] = std::from_chars(given.data(), given.data() + given.size(), price, std::chars_format::fixed);
  if (given.empty() || (bad == std::errc() && end == given.data() + given.size() && price >= 0 && price < 1e6)) return price;
  return fail(Code::invalid_argument, "a price such as 0.0105 is wanted");
}

// systemd keeps a credential readable for its service alone, if not always by the mode that a file of one's own has.
Result<std::string> read_credential(const std::string& path) {
  BASCULE_ASSIGN(Content content, read_whole(path, 64 * 1024));
  content.text.resize(std::min(content.text.find_first_of("\r\n"), content.text.size()));
  if (content.text.empty()) return fail(Code::invalid_argument, path + " is empty; a secret is expected in its first line");
  return std::move(content.text);
}

bool is_loopback(std::string_view where) {
  if (where.starts_with("localhost:") || where.starts_with("[::1]:")) return true;
  return where.starts_with("127.") && where.find_first_not_of("0123456789.") == where.rfind(':');
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<std::vector<std::string>> read_secret_lines(const std::string& path) {
  BASCULE_ASSIGN(const Content content, read_whole(path, 64 * 1024));
  if (content.others_may_read)
    return fail(Code::permission_denied, path + " holds a secret and others can read it: chmod 600 " + path);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < content.text.size();) {
    const std::size_t end = std::min(content.text.find('\n', begin), content.text.size());
    std::string line = content.text.substr(begin, end - begin);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
    begin = end + 1;
  }
  if (lines.empty()) return fail(Code::invalid_argument, path + " is empty; a secret is expected in its first line");
  return lines;
}

Result<std::string> read_secret_file(const std::string& path) {
  BASCULE_ASSIGN(auto lines, read_secret_lines(path));
  return std::move(lines.front());
}

const Config::Entry& Config::at(std::string_view name) const {
  const auto at = entries_.find(name);
  if (at == entries_.end()) std::abort();  // a name that the table does not have: a bug
  return at->second;
}

void Config::set(const Setting& setting, std::string_view text, std::string source, Problems& problems) {
  auto value = parse_value(setting, text);
  if (value) {
    entries_[std::string(setting.name)] = {std::move(*value), std::move(source)};
    return;
  }
  wrong_.emplace(setting.name);
  problems.push_back({value.error().code, 0, source + ": " + value.error().message});
}

// An error where there is no such file, or it cannot be read at all.
Result<void> Config::read_file(const std::string& path, Problems& problems) {
  BASCULE_ASSIGN(const Content content, read_whole(path, kMaxFileBytes));
  file_ = path;
  for (FileValue& v : parse_config_file(content.text, path, problems)) {
    const std::string place = path + ":" + std::to_string(v.line);
    if (v.setting->secret && content.others_may_read) {
      wrong_.emplace(v.setting->name);
      problems.push_back({Code::permission_denied, 0, place + ": " + std::string(v.setting->name) +
                                                          " is a secret and others can read this file: chmod 600 " + path});
    }
    entries_[std::string(v.setting->name)] = {std::move(v.value), place};
  }
  return {};
}

void Config::read_environment(const ConfigSources& sources, Problems& problems) {
  for (const Setting& setting : settings()) {
    const std::string name = environment_name(setting);
    if (const auto text = sources.environment(name)) set(setting, *text, name, problems);
  }
  for (const std::string& name : sources.environment_names) {
    if (!name.starts_with("BASCULE_")) continue;
    const std::string_view rest = std::string_view(name).substr(8);
    if (std::ranges::none_of(settings(), [&](const Setting& s) {   // a section's name leads it: who else uses the prefix is not ours to say
          const std::string own = environment_name(s);
          const std::size_t bar = own.find('_', 8);
          return bar != std::string::npos && rest.starts_with(std::string_view(own).substr(8, bar - 7));
        }))
      continue;
    if (std::ranges::any_of(settings(), [&](const Setting& s) { return environment_name(s) == name; })) continue;
    std::string guess;
    for (const char c : rest) guess += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (const std::size_t bar = guess.find('_'); bar != std::string::npos) guess[bar] = '.';
    const Setting* near = find_setting(nearest_setting(guess));
    problems.push_back({Code::invalid_argument, 0, "the environment variable " + name + " is no setting" +
                                                       (near ? "; did you mean " + environment_name(*near) + "?" : std::string())});
  }
}

void Config::read_command_line(const ConfigSources& sources, Problems& problems) {
  std::map<std::string, std::string> given;
  for (const auto& [name, text] : sources.command_line) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) {
      const auto near = nearest_setting(name);
      problems.push_back({Code::invalid_argument, 0, "there is no setting " + name + (near.empty() ? std::string() : "; did you mean " + std::string(near) + "?")});
      continue;
    }
    if (setting->secret) {
      wrong_.insert(name);
      problems.push_back({Code::invalid_argument, 0, name + " is a secret, and every user of this machine can read a command line: give it in the "
                                                            "environment (" + environment_name(*setting) + ") or in a file of mode 0600"});
      continue;
    }
    auto [at, first] = given.try_emplace(name, text);
    if (!first) at->second = setting->kind == Kind::list ? at->second + "," + text : text;
  }
  for (const auto& [name, text] : given) set(*find_setting(name), text, "command line", problems);
}

// What was given neither in the environment nor in the file: from the file that NAME_file names, or from systemd's credential
// NAME (LoadCredential=NAME:…). Of paths, the key file's above all, a credential is the file itself.
void Config::read_secrets(const ConfigSources& sources, Problems& problems) {
  const std::string credentials = sources.environment("CREDENTIALS_DIRECTORY").value_or("");
  const auto credential = [&](const Setting& setting) {
    const std::string path = credentials + "/" + std::string(setting.name);
    return !credentials.empty() && ::access(path.c_str(), F_OK) == 0 ? path : std::string();
  };
  for (const Setting& setting : settings()) {
    Entry& entry = entries_[std::string(setting.name)];
    if (setting.kind == Kind::path && entry.source == "default") {
      if (std::string path = credential(setting); !path.empty()) entry = {Value{.text = std::move(path)}, "credential " + std::string(setting.name)};
      continue;
    }
    if (!setting.secret || wrong_.contains(setting.name)) continue;
    const auto partner = entries_.find(std::string(setting.name) + "_file");
    const bool named = partner != entries_.end() && !partner->second.value.text.empty();
    if (entry.source != "default") {
      if (named && partner->second.source != "default" && !entry.value.text.empty())
        problems.push_back({Code::invalid_argument, 0, partner->second.source + ": " + std::string(setting.name) + " is given in " + entry.source +
                                                           ", too: give it in one place"});
      continue;
    }
    const std::string path = named ? partner->second.value.text : credential(setting);
    if (path.empty()) continue;
    auto secret = named ? read_secret_file(path) : read_credential(path);
    if (secret) {
      set(setting, *secret, named ? path : "credential " + std::string(setting.name), problems);
    } else {
      wrong_.emplace(setting.name);
      unread_.push_back({std::string(setting.name), {secret.error().code, 0, (named ? partner->second.source + ": " : std::string()) + secret.error().message}});
    }
  }
}

Config Config::examine(const ConfigSources& sources, std::vector<Error>& problems) {
  Config config;
  const Places places = default_places();
  for (const Setting& setting : settings()) {
    auto value = parse_value(setting, setting.standard);
    if (!value) std::abort();   // the table contradicts itself: a bug, which every test meets
    if (setting.name == "data") value->text = places.data;
    if (setting.name == "key_file") value->text = places.key_file;
    if (setting.name == "events.file") value->text = places.events;
    config.entries_[std::string(setting.name)] = {std::move(*value), "default"};
  }
  auto read = config.read_file(sources.file.empty() ? places.config : sources.file, problems);
  if (!read && (!sources.file.empty() || read.error().code != Code::not_found)) problems.push_back(read.error());
  config.read_environment(sources, problems);
  config.read_command_line(sources, problems);
  config.read_secrets(sources, problems);
  config.check(problems);
  return config;
}

Result<Config> Config::load(const ConfigSources& sources) {
  std::vector<Error> problems;
  Config config = examine(sources, problems);
  if (problems.empty()) return config;
  Error& first = problems.front();
  if (problems.size() > 1) first.message += " (and " + std::to_string(problems.size() - 1) + " more: `bascule config check` says them all)";
  return fail(std::move(first));
}

std::string Config::shown(const Setting& setting) const {
  const Entry& entry = at(setting.name);
  if (setting.secret) return entry.value.text.empty() ? "" : "(hidden)";
  if (setting.kind != Kind::list) return show_value(setting, entry.value);
  std::string out;
  for (const std::string& one : entry.value.list) out += (out.empty() ? "" : ",") + one;
  return out;
}

std::vector<const Setting*> Config::differences(const Config& fresh) const {
  std::vector<const Setting*> changed;
  for (const Setting& setting : settings())
    if (at(setting.name).value != fresh.at(setting.name).value) changed.push_back(&setting);
  return changed;
}

void Config::adopt(const Config& fresh, const std::vector<const Setting*>& changed) {
  for (const Setting* setting : changed)
    if (setting->live) entries_[std::string(setting->name)] = fresh.at(setting->name);
}

void Config::check(Problems& problems) {
  const auto wrong = [&](std::string_view name, const std::string& what) {
    if (!wrong_.contains(name)) problems.push_back({Code::invalid_argument, 0, (is_set(name) ? source(name) + ": " : std::string()) + what});
  };
  if (text("data").empty()) wrong("data", "data names no folder");
  if (list("server.listen").empty()) wrong("server.listen", "server.listen names no address; allowed is HOST:PORT");
  const auto nowhere = [&](std::string_view name, std::string_view where, const std::string& what) {
    if (!wrong_.contains(name)) unread_.push_back({std::string(name), {Code::invalid_argument, 0, (is_set(where) ? source(where) + ": " : std::string()) + what}});
  };
  constexpr std::string_view kTogether = "server.certificate and server.key belong together: give both or neither";
  if (text("server.certificate").empty() && !text("server.key").empty()) wrong("server.key", std::string(kTogether));
  if (text("server.key").empty() && !text("server.certificate").empty()) nowhere("server.key", "server.certificate", std::string(kTogether));
  const std::string& admin = text("admin.listen");
  if (admin != "off" && !is_loopback(admin))
    wrong("admin.listen", "admin.listen = '" + admin + "' is not allowed; allowed is an address of this machine alone "
                                 "(127.0.0.1:PORT, [::1]:PORT), or off");
  if (text("admin.api_certificate").empty() != text("admin.api_key").empty())
    wrong("admin.api_certificate", "admin.api_certificate and admin.api_key belong together: give both or neither");
  if (!text("admin.api_listen").empty() && text("admin.api_certificate").empty() && text("server.certificate").empty())
    wrong("admin.api_listen", "admin.api_listen needs admin.api_certificate and admin.api_key: the admin API is served over TLS alone");
  if (!text("admin.server").empty() && !text("admin.server").starts_with("https://"))
    wrong("admin.server", "admin.server = '" + text("admin.server") + "' is not allowed; allowed is https://HOST:PORT");
  for (const std::string& network : list("copy.networks"))
    if (auto one = fetch::parse_network(network); !one) wrong("copy.networks", "copy.networks: " + one.error().message);
  if (!text("backup.endpoint").empty()) {
    if (text("backup.access_key").empty()) wrong("backup.endpoint", "backup.endpoint needs backup.access_key");
    if (text("backup.secret_key").empty())
      nowhere("backup.secret_key", "backup.endpoint", "backup.endpoint needs backup.secret_key_file, or BASCULE_BACKUP_SECRET_KEY in the environment");
  }
  for (const std::string& target : list("events.to"))
    if (target != "file" && target != "syslog" && target != "stdout")
      wrong("events.to", "events.to = '" + target + "' is not allowed; allowed is file, syslog, stdout");
  for (const std::string_view name : {"provider.storage_price", "provider.put_price", "provider.get_price", "provider.egress_price"})
    if (auto price = price_of(text(name)); !price)
      wrong(name, std::string(name) + " = '" + text(name) + "' is not allowed; allowed is a price such as 0.0105");
  if (auto web = web_options(); !web) wrong("web.hosts", web.error().message);
  if (text("provider.kind") == "s3") {
    for (const std::string_view name : {"provider.endpoint", "provider.bucket", "provider.access_key"})
      if (text(name).empty() && !wrong_.contains(name)) wrong("provider.kind", "provider.kind = 's3' needs " + std::string(name));
    if (text("provider.secret_key").empty())
      nowhere("provider.secret_key", "provider.kind",
              "provider.kind = 's3' needs provider.secret_key_file, or BASCULE_PROVIDER_SECRET_KEY in the environment");
  } else {
    for (const std::string_view name : {"provider.endpoint", "provider.bucket", "provider.access_key"})
      if (is_set(name)) wrong(name, std::string(name) + " is for provider.kind = \"s3\", but the kind is folder");
  }
}

bool Config::loopback_only() const { return std::ranges::all_of(list("server.listen"), is_loopback); }

bool Config::development_account() const {
  const std::string& wanted = text("accounts.development");
  return wanted == "on" || (wanted == "auto" && loopback_only());
}

// What the sections of S3 endpoints have in common.
Result<provider::S3Options> Config::s3_endpoint(const std::string& section) const {
  for (const auto& [name, error] : unread_)
    if (name.starts_with(section + ".")) return fail(error);
  provider::S3Options s3;
  s3.endpoint = text(section + ".endpoint");
  s3.region = text(section + ".region");
  s3.access_key = text(section + ".access_key");
  s3.secret_key = text(section + ".secret_key");
  s3.style = text(section + ".addressing") == "host" ? provider::S3Options::Style::virtual_host : provider::S3Options::Style::path;
  s3.ca_file = text(section + ".ca_file");
  s3.allow_plain_http = flag(section + ".allow_plain_http");
  return s3;
}

Result<EngineOptions> Config::engine_options() const {
  EngineOptions options;
  options.data = text("data");
  options.key_file = text("key_file");
  options.upload_memory_bytes = number("memory.upload");
  options.cache_bytes = number("memory.cache");
  options.workers = number("server.io_threads");
  options.development_account = development_account();
  for (const std::string& network : list("copy.networks")) {
    BASCULE_ASSIGN(fetch::Network one, fetch::parse_network(network));
    options.remote.allowed.push_back(one);
  }
  options.remote.allow_plain_http = flag("copy.allow_plain_http");
  options.remote.ca_file = text("copy.ca_file");
  options.rehydrate_standard = duration("archive.rehydrate_standard");
  options.rehydrate_high = duration("archive.rehydrate_high");
  options.compact_every = duration("compaction.every");
  const auto price = [this](std::string_view name, double& into) -> Result<void> {
    if (text(name).empty()) return {};
    BASCULE_ASSIGN(into, price_of(text(name)));
    return {};
  };
  BASCULE_TRY(price("provider.storage_price", options.prices.storage_gb_month));
  BASCULE_TRY(price("provider.put_price", options.prices.puts_1000));
  BASCULE_TRY(price("provider.get_price", options.prices.gets_1000));
  BASCULE_TRY(price("provider.egress_price", options.prices.egress_gb));
  options.prices.minimum_days = static_cast<std::uint32_t>(number("provider.minimum_days"));
  options.prices.minimum_object_bytes = number("provider.minimum_object");
  options.restore_window = duration("backup.restore_window");
  if (!text("backup.endpoint").empty()) {
    BASCULE_ASSIGN(options.backup_s3, s3_endpoint("backup"));
    options.backup_s3->name = "backup";
  }
  if (text("provider.kind") != "s3") return options;

  BASCULE_ASSIGN(provider::S3Options s3, s3_endpoint("provider"));
  s3.name = text("provider.name").empty() ? "s3" : text("provider.name");
  s3.bucket = text("provider.bucket");
  s3.prefix = text("provider.prefix");
  s3.session_token = text("provider.session_token");
  if (text("provider.sign_payload") != "auto") s3.sign_payload = text("provider.sign_payload") == "always";
  s3.connect_timeout = duration("provider.connect_timeout");
  s3.request_timeout = duration("provider.request_timeout");
  s3.puts_per_second = static_cast<double>(number("provider.puts_per_second"));
  s3.gets_per_second = static_cast<double>(number("provider.gets_per_second"));
  s3.in_flight = number("provider.requests");
  if (!options.backup_s3) {
    options.backup_s3 = s3;
    options.backup_s3->bucket.clear();
    options.backup_s3->prefix.clear();
  }
  options.s3 = std::move(s3);
  return options;
}

std::optional<AdminApiOptions> Config::admin_api_options() const {
  if (text("admin.api_listen").empty()) return std::nullopt;
  const bool own = !text("admin.api_certificate").empty();
  return AdminApiOptions{.listen = text("admin.api_listen"),
                         .certificate_file = own ? text("admin.api_certificate") : text("server.certificate"),
                         .key_file = own ? text("admin.api_key") : text("server.key")};
}

TwoPerson Config::two_person() const {
  const std::string& wanted = text("admin.two_person");
  return wanted == "on" ? TwoPerson::on : wanted == "off" ? TwoPerson::off : TwoPerson::automatic;
}

server::ServerOptions Config::server_options() const {
  server::ServerOptions options;
  options.listen = list("server.listen");
  options.certificate_file = text("server.certificate");
  options.key_file = text("server.key");
  options.allow_plain_http = flag("server.allow_plain_http");
  options.max_connections = number("server.max_connections");
  options.handshake_timeout = duration("server.handshake_timeout");
  options.limits.head_bytes = number("server.head_bytes");
  options.limits.target_bytes = number("server.target_bytes");
  options.limits.headers = number("server.max_headers");
  options.limits.head_timeout = duration("server.head_timeout");
  options.limits.idle_timeout = duration("server.idle_timeout");
  options.limits.body_stall_timeout = duration("server.body_timeout");
  options.limits.write_stall_timeout = duration("server.write_timeout");
  return options;
}

Result<api::web::Options> Config::web_options() const {
  api::web::Options options{.domains = list("web.domains"), .account = text("web.account")};
  for (const std::string& entry : list("web.hosts")) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size())
      return fail(Code::invalid_argument, "web.hosts = '" + entry + "' is not allowed; allowed is HOST=ACCOUNT");
    options.hosts.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return options;
}

Result<events::RecorderOptions> Config::event_options() const {
  events::RecorderOptions options;
  for (const std::string& target : list("events.to")) {
    if (target == "file")
      options.file = events::FileOptions{.path = text("events.file"),
                                         .rotate_bytes = number("events.rotate_size"),
                                         .rotate_age = std::chrono::floor<std::chrono::seconds>(duration("events.rotate_age")),
                                         .keep = static_cast<std::uint32_t>(number("events.keep")),
                                         .sync = flag("events.sync")};
    else if (target == "syslog")
      options.syslog = events::SyslogOptions{.socket = text("events.syslog_socket"), .facility = events::syslog_facility(text("events.syslog_facility"))};
    else if (target == "stdout")
      options.descriptor = STDOUT_FILENO;
    else
      return fail(Code::invalid_argument, "events.to = '" + target + "' is not allowed");
  }
  options.policy = text("events.when_unwritable") == "refuse" ? events::Policy::refuse : events::Policy::count;
  options.flush = std::chrono::floor<std::chrono::milliseconds>(duration("events.flush"));
  options.ring_bytes = number("events.buffer");
  return options;
}

}  // namespace bascule::app
