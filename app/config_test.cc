#include "app/config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "app/places.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "config-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view content, mode_t mode = 0600) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  // Nothing of this machine's environment.
  ConfigSources sources(std::string_view content = "", mode_t mode = 0600) {
    ConfigSources s{.file = write("bascule.toml", content, mode)};
    s.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto at = environment_.find(name);
      return at == environment_.end() ? std::nullopt : std::optional(at->second);
    };
    for (const auto& [name, value] : environment_) s.environment_names.push_back(name);
    return s;
  }
  std::string refusal(const ConfigSources& s) {
    auto config = Config::load(s);
    return config ? "" : config.error().message;
  }
  std::string refusal(std::string_view content) { return refusal(sources(content)); }

  std::string folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, NothingNeedsToBeSet) {
  const auto config = Config::load(sources());
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->list("server.listen"), std::vector<std::string>{"127.0.0.1:10000"});
  EXPECT_EQ(config->number("memory.upload"), 128u << 20);
  EXPECT_EQ(config->duration("server.drain_timeout"), std::chrono::seconds(30));
  EXPECT_TRUE(config->development_account());
  EXPECT_FALSE(config->is_set("server.listen"));
  const auto options = config->engine_options();
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->s3);
  EXPECT_FALSE(lies_within(options->key_file, options->data));
}

TEST_F(ConfigTest, CommandLineBeforeEnvironmentBeforeFile) {
  const std::string_view file = "data = \"/from-file\"\n[server]\nlisten = [\"127.0.0.1:1\"]\nmax_connections = 11\n";
  environment_ = {{"BASCULE_SERVER_MAX_CONNECTIONS", "12"}, {"BASCULE_SERVER_LISTEN", "127.0.0.1:2,[::1]:2"}};
  auto s = sources(file);
  auto config = Config::load(s);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->text("data"), "/from-file");
  EXPECT_EQ(config->number("server.max_connections"), 12u);
  EXPECT_EQ(config->list("server.listen"), (std::vector<std::string>{"127.0.0.1:2", "[::1]:2"}));
  EXPECT_EQ(config->source("server.max_connections"), "BASCULE_SERVER_MAX_CONNECTIONS");
  EXPECT_EQ(config->source("data"), s.file + ":1");

  s.command_line = {{"server.listen", "127.0.0.1:3"}, {"server.listen", "127.0.0.1:4"}, {"data", "/a"}, {"data", "/b"}};
  config = Config::load(s);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->list("server.listen"), (std::vector<std::string>{"127.0.0.1:3", "127.0.0.1:4"}));
  EXPECT_EQ(config->text("data"), "/b");
}

TEST_F(ConfigTest, RefusalsNameFileLineAndWhatIsAllowed) {
  const struct { const char* file; const char* line; const char* says; } cases[] = {
      {"[server]\n\nmax_connections = 0\n", ":3:", "from 1 to 1000000"},
      {"[server]\nmax_connections = \"many\"\n", ":2:", "a whole number"},
      {"[server]\nlisten = [1]\n", ":2:", "a list of texts"},
      {"[server]\nidle_timeout = \"2 weeks\"\n", ":2:", "from 1s to 24h"},
      {"[server]\nallow_plain_http = \"yes\"\n", ":2:", "true or false"},
      {"[memory]\nupload = \"1KiB\"\n", ":2:", "from 32MiB to 1TiB"},
      {"[log]\nlevel = \"loud\"\n", ":2:", "debug, info, warn, error, off"},
      {"data = 3\n", ":1:", "a path"},
      {"[server]\nlisen = [\"*:1\"]\n", ":2:", "did you mean server.listen?"},
      {"listen = \"*:1\"\n", ":1:", "did you mean server.listen?"},
      {"[sever]\n", ":1:", "there is no section [sever]"},
      {"[server\n", ":1:", "this is not TOML"},
      {"[admin]\nlisten = \"0.0.0.0:1\"\n", ":2:", "this machine alone"},
      {"[provider]\nbucket = \"b\"\n", ":2:", "provider.kind"},
      {"[provider]\nkind = \"s3\"\nendpoint = \"https://s3.example\"\n", ":2:", "needs provider.bucket"},
      {"[server]\nkey = \"k.pem\"\n", ":2:", "belong together"},
  };
  for (const auto& c : cases) {
    const std::string message = refusal(c.file);
    EXPECT_NE(message.find("bascule.toml" + std::string(c.line)), std::string::npos) << c.file << message;
    EXPECT_NE(message.find(c.says), std::string::npos) << c.file << message;
  }
}

TEST_F(ConfigTest, RefusalsOfTheEnvironmentNameTheVariable) {
  environment_ = {{"BASCULE_MEMORY_CACHE", "lots"}};
  EXPECT_NE(refusal("").find("BASCULE_MEMORY_CACHE: memory.cache = 'lots'"), std::string::npos) << refusal("");
  environment_ = {{"BASCULE_SERVER_LISTN", "*:1"}};
  EXPECT_NE(refusal("").find("did you mean BASCULE_SERVER_LISTEN?"), std::string::npos) << refusal("");
  environment_ = {{"BASCULE_BUILD", "/elsewhere"}};  // a tool's, not a setting
  EXPECT_EQ(refusal(""), "");
}

TEST_F(ConfigTest, SecretsComeFromPrivatePlacesOnly) {
  constexpr std::string_view kS3 =
      "[provider]\nkind = \"s3\"\nendpoint = \"https://s3.example\"\nbucket = \"b\"\naccess_key = \"a\"\n";
  // Nowhere: no matter to a command that asks the running service, which may have it from systemd.
  auto without = Config::load(sources(kS3));
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_NE(without->engine_options().error().message.find("bascule.toml:2: provider.kind = 's3' needs provider.secret_key_file"), std::string::npos);
  without = Config::load(sources("[server]\ncertificate = \"c.pem\"\n"));
  ASSERT_TRUE(without);
  EXPECT_TRUE(without->engine_options());
  ASSERT_EQ(without->unread_secrets().size(), 1u);
  EXPECT_NE(without->unread_secrets()[0].second.message.find("belong together"), std::string::npos);

  auto s = sources(kS3);
  s.command_line = {{"provider.secret_key", "hush-hush"}};
  const std::string message = refusal(s);
  EXPECT_NE(message.find("BASCULE_PROVIDER_SECRET_KEY"), std::string::npos) << message;
  EXPECT_EQ(message.find("hush"), std::string::npos);

  const std::string with_key = std::string(kS3) + "secret_key = \"hush-hush\"\n";
  EXPECT_NE(refusal(sources(with_key, 0644)).find("chmod 600"), std::string::npos);
  auto config = Config::load(sources(with_key, 0600));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->engine_options()->s3->secret_key, "hush-hush");

  const std::string open = write("open.txt", "hush\n", 0644), closed = write("closed.txt", "hush\r\nrest", 0600);
  EXPECT_EQ(read_secret_file(open).error().code, Code::permission_denied);
  EXPECT_EQ(*read_secret_file(closed), "hush");
  EXPECT_EQ(read_secret_file(write("empty.txt", "")).error().code, Code::invalid_argument);
  EXPECT_EQ(read_secret_file(folder_ + "/absent").error().code, Code::not_found);
}

// One mechanism for all of them: the file that NAME_file names, or systemd's credential NAME.
TEST_F(ConfigTest, EverySecretMayComeFromAFileOrACredential) {
  for (const Setting& setting : settings()) {
    if (!setting.secret) continue;
    const std::string name(setting.name), section = name.substr(0, name.find('.')), key = name.substr(name.find('.') + 1);
    const Setting* partner = find_setting(name + "_file");
    ASSERT_TRUE(partner) << name << " has no partner " << name << "_file";
    EXPECT_EQ(partner->kind, Kind::path);

    const std::string secret = write("secret", "hush-hush\n");
    auto config = Config::load(sources("[" + section + "]\n" + key + "_file = \"" + secret + "\"\n"));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->text(name), "hush-hush");
    EXPECT_EQ(config->source(name), secret);
    EXPECT_EQ(config->shown(setting), "(hidden)");

    ::chmod(secret.c_str(), 0644);   // others can read it: no matter to who does not need it, but known
    config = Config::load(sources("[" + section + "]\n" + key + "_file = \"" + secret + "\"\n"));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->text(name), "");
    ASSERT_EQ(config->unread_secrets().size(), 1u);
    EXPECT_NE(config->unread_secrets()[0].second.message.find("chmod 600"), std::string::npos);

    environment_ = {{"CREDENTIALS_DIRECTORY", folder_}};
    write(name, "from-systemd", 0440);
    config = Config::load(sources(""));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->text(name), "from-systemd");
    EXPECT_EQ(config->source(name), "credential " + name);

    environment_[environment_name(setting)] = "from-environment";   // goes before
    EXPECT_EQ(Config::load(sources(""))->text(name), "from-environment");
    ::chmod(secret.c_str(), 0600);
    EXPECT_NE(refusal("[" + section + "]\n" + key + "_file = \"" + secret + "\"\n").find("in one place"), std::string::npos);
    environment_.clear();
  }
  environment_ = {{"CREDENTIALS_DIRECTORY", folder_}};
  write("key_file", "whatever");
  auto config = Config::load(sources(""));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->text("key_file"), folder_ + "/key_file");
  config = Config::load(sources("key_file = \"/named\"\n"));
  EXPECT_EQ(config->text("key_file"), "/named");
}

TEST_F(ConfigTest, ExamineSaysEverythingAtOnce) {
  environment_ = {{"BASCULE_MEMORY_CACHE", "lots"}};
  auto s = sources("[server]\nlistn = [\"*:1\"]\nmax_connections = 0\ncertificate = \"c.pem\"\n[provider]\nkind = \"s3\"\nput_price = \"cheap\"\n");
  s.command_line = {{"no.such", "x"}, {"provider.secret_key", "hush-hush"}};
  std::vector<Error> problems;
  const Config config = Config::examine(s, problems);
  for (const auto& [name, error] : config.unread_secrets()) problems.push_back(error);
  std::string all;
  for (const Error& problem : problems) all += problem.message + "\n";
  for (const char* says : {"bascule.toml:2: there is no setting server.listn", "bascule.toml:3: server.max_connections", "BASCULE_MEMORY_CACHE", "no.such",
                           "provider.secret_key is a secret", "belong together", "needs provider.bucket", "needs provider.endpoint", "provider.put_price = 'cheap'"})
    EXPECT_NE(all.find(says), std::string::npos) << says << "\nin\n" << all;
  EXPECT_EQ(all.find("hush"), std::string::npos);
  EXPECT_NE(refusal(s).find("more: `bascule config check`"), std::string::npos);
}

TEST_F(ConfigTest, OnlyLiveSettingsAreAdopted) {
  Config running = *Config::load(sources(""));
  const Config fresh = *Config::load(sources("data = \"/other\"\n[server]\nmax_connections = 7\n[log]\nlevel = \"warn\"\n"));
  std::set<std::string> changed;
  const auto differences = running.differences(fresh);
  for (const Setting* setting : differences) changed.emplace(setting->name);
  EXPECT_EQ(changed, (std::set<std::string>{"data", "log.level", "server.max_connections"}));
  running.adopt(fresh, differences);
  EXPECT_EQ(running.number("server.max_connections"), 7u);
  EXPECT_EQ(running.text("log.level"), "warn");
  EXPECT_NE(running.text("data"), "/other");
}

TEST_F(ConfigTest, DevelopmentAccountOnlyOnThisMachine) {
  auto on = [&](const char* listen, const char* wanted) {
    auto config = Config::load(sources("[server]\nlisten = [\"" + std::string(listen) + "\"]\n[accounts]\ndevelopment = \"" + wanted + "\"\n"));
    return config && config->development_account();
  };
  EXPECT_TRUE(on("127.0.0.1:10000", "auto"));
  EXPECT_TRUE(on("[::1]:10000", "auto"));
  EXPECT_FALSE(on("*:10000", "auto"));
  EXPECT_TRUE(on("*:10000", "on"));
  EXPECT_FALSE(on("127.0.0.1:10000", "off"));
}

TEST_F(ConfigTest, ANamedFileMustBeThere) {
  auto s = sources();
  s.file = folder_ + "/absent.toml";
  EXPECT_EQ(Config::load(s).error().code, Code::not_found);
}

// The annotated file shows every setting once, commented out, with its true default; and it is a valid file both as it is
// and with every comment sign taken away.
TEST_F(ConfigTest, AnnotatedFileListsExactlyTheSettings) {
  std::ifstream in(BASCULE_SOURCE "/config/bascule.toml");
  ASSERT_TRUE(in);
  std::string uncommented, section;
  std::set<std::string> shown;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1) + ".";
    const std::size_t equals = line.find(" = ");
    const bool is_setting = line.starts_with("# ") && equals != std::string::npos &&
                            std::all_of(line.begin() + 2, line.begin() + static_cast<std::ptrdiff_t>(equals),
                                        [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    if (is_setting) {
      EXPECT_TRUE(shown.insert(section + line.substr(2, equals - 2)).second) << "twice: " << line;
      line.erase(0, 2);
    }
    uncommented += line + "\n";
  }
  std::set<std::string> known;
  for (const Setting& setting : settings()) known.insert(std::string(setting.name));
  EXPECT_EQ(shown, known);

  std::vector<Error> problems;
  const auto values = parse_config_file(uncommented, "bascule.toml", problems);
  for (const Error& problem : problems) ADD_FAILURE() << problem.message;
  for (const FileValue& v : values) {
    if (v.setting->name == "data" || v.setting->name == "key_file" || v.setting->name == "events.file") continue;
    const auto standard = parse_value(*v.setting, v.setting->standard);
    ASSERT_TRUE(standard);
    EXPECT_EQ(v.value.text, standard->text) << v.setting->name;
    EXPECT_EQ(v.value.list, standard->list) << v.setting->name;
    EXPECT_EQ(v.value.number, standard->number) << v.setting->name;
  }
}

TEST_F(ConfigTest, OperationsManualListsExactlyTheSettings) {
  std::ifstream in(BASCULE_SOURCE "/docs/operations.md");
  ASSERT_TRUE(in);
  std::set<std::string> shown;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string name = line.substr(3, line.find('`', 3) - 3);
    if (find_setting(name)) shown.insert(name);
  }
  for (const Setting& setting : settings()) EXPECT_TRUE(shown.contains(std::string(setting.name))) << setting.name;
}

TEST(Settings, EachHasADefaultThatIsAllowed) {
  std::set<std::string> environment;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(parse_value(setting, setting.standard)) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_TRUE(environment.insert(environment_name(setting)).second) << setting.name;
  }
}

TEST(Settings, Quantities) {
  const Setting& size = *find_setting("memory.upload");
  EXPECT_EQ(parse_value(size, "64MiB")->number, 64u << 20);
  EXPECT_EQ(parse_value(size, "67108864")->number, 64u << 20);
  for (const char* wrong : {"", "MiB", "64 mib", "64M", "-1", "1e9", "99999999999999999999", "99999999TiB", "64MiB "})
    EXPECT_FALSE(parse_value(size, wrong)) << wrong;
  const Setting& time = *find_setting("server.idle_timeout");
  EXPECT_EQ(parse_value(time, "90s")->number, 90'000u);
  EXPECT_EQ(parse_value(time, "1500ms")->number, 1500u);
  for (const char* wrong : {"90", "s", "1.5s", "0s", "25h"}) EXPECT_FALSE(parse_value(time, wrong)) << wrong;
}

TEST(Settings, Nearest) {
  EXPECT_EQ(nearest_setting("server.lsten"), "server.listen");
  EXPECT_EQ(nearest_setting("certificate"), "server.certificate");
  EXPECT_EQ(nearest_setting("entirely.different"), "");
}

TEST(Places, KeyNeverWithinData) {
  EXPECT_TRUE(lies_within("/data/keys/a.key", "/data"));
  EXPECT_TRUE(lies_within("/data/../data/a.key", "/data/"));
  EXPECT_FALSE(lies_within("/data2/a.key", "/data"));
  EXPECT_FALSE(lies_within("/data", "/data"));
}

}  // namespace
}  // namespace bascule::app
