// toml++ is a heavy header: only here and in config_file.cc.
#include "app/identity_config.h"

#include <pwd.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "app/config.h"
#include "http/url.h"

namespace bascule::app {
namespace {

namespace id = api::identity;

constexpr std::size_t kMostTokenBytes = 64 * 1024;

// What one table of the file may hold, read member by member; whatever is left over is refused by name.
class Table {
 public:
  Table(const toml::table& table, std::string name, const std::string& shown) : table_(table), name_(std::move(name)), shown_(shown) {}

  void text(const char* key, std::string& into) {
    const toml::node* node = take(key);
    if (!node) return;
    if (const auto value = node->value_exact<std::string>(); value && value->find('\n') == std::string::npos) into = *value;
    else wrong(key, *node, "a text");
  }
  void flag(const char* key, bool& into) {
    const toml::node* node = take(key);
    if (!node) return;
    if (const auto value = node->value_exact<bool>()) into = *value;
    else wrong(key, *node, "true or false");
  }
  void texts(const char* key, std::vector<std::string>& into) {
    each(key, "a list of texts", [&into](const toml::node& item) {
      const auto value = item.value_exact<std::string>();
      if (value) into.push_back(*value);
      return value && !value->empty();
    });
  }
  void users(const char* key, std::vector<std::uint32_t>& into) {
    each(key, "a list of users of this machine, by name or number", [&into](const toml::node& item) {
      if (const auto number = item.value_exact<std::int64_t>()) {
        if (*number < 0 || *number > UINT32_MAX - 1) return false;
        into.push_back(static_cast<std::uint32_t>(*number));
        return true;
      }
      const auto name = item.value_exact<std::string>();
      const passwd* user = name ? ::getpwnam(name->c_str()) : nullptr;
      if (user) into.push_back(user->pw_uid);
      return user != nullptr;
    });
  }
  void choice(const char* key, std::string& into, std::initializer_list<std::string_view> allowed) {
    const toml::node* node = take(key);
    if (!node) return;
    const auto value = node->value_exact<std::string>();
    if (value && std::ranges::find(allowed, *value) != allowed.end()) {
      into = *value;
      return;
    }
    std::string all;
    for (const std::string_view one : allowed) all.append(all.empty() ? "one of " : ", ").append(one);
    wrong(key, *node, all);
  }
  void complain(const std::string& what) { note(table_.source().begin.line, what); }
  bool has(const char* key) const { return table_.contains(key); }
  // The first thing that is wrong, if any is; to be asked last.
  Result<void> done() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::ranges::find(taken_, name) == taken_.end()) note(key.source().begin.line, "[" + name_ + "] has no setting " + name);
    }
    if (!wrong_.empty()) return fail(Code::invalid_argument, wrong_);
    return {};
  }

 private:
  const toml::node* take(const char* key) {
    taken_.emplace_back(key);
    return table_.get(key);
  }
  template <class F> void each(const char* key, const char* allowed, F item) {
    const toml::node* node = take(key);
    if (!node) return;
    const toml::array* array = node->as_array();
    if (!array) return wrong(key, *node, allowed);
    for (const toml::node& one : *array)
      if (!item(one)) return wrong(key, *node, allowed);
  }
  void wrong(const char* key, const toml::node& node, const std::string& allowed) {
    note(node.source().begin.line, std::string(key) + " of [" + name_ + "]: allowed is " + allowed);
  }
  void note(toml::source_index line, const std::string& what) {
    if (wrong_.empty()) wrong_ = shown_ + ":" + std::to_string(line) + ": " + what;
  }

  const toml::table& table_;
  const std::string name_;
  const std::string& shown_;
  std::vector<std::string> taken_;
  std::string wrong_;
};

id::SecretReader first_line_of(std::string path) {
  return [path = std::move(path)] { return read_secret_file(path); };
}
id::SecretReader whole_of(std::string path) {
  return [path = std::move(path)]() -> Result<std::string> {
    BASCULE_ASSIGN(const auto lines, read_secret_lines(path));
    std::string text;
    for (const std::string& line : lines) text.append(line).append("\n");
    return text;
  };
}
// A token that a platform keeps fresh (AZURE_FEDERATED_TOKEN_FILE's kind) is often readable by more than its owner: that is
// the platform's to decide.
id::SecretReader token_in(std::string path) {
  return [path = std::move(path)]() -> Result<std::string> {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    if (!file || !std::getline(file, text) || text.size() > kMostTokenBytes) return fail(Code::not_found, "cannot read a token from " + path);
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.pop_back();
    return text;
  };
}

Result<void> read_provider(Table& t, IdentityConfig& config) {
  std::string client_auth = "post";
  t.text("issuer", config.service.provider.issuer);
  t.text("token_endpoint", config.service.provider.token_endpoint);
  t.choice("client_auth", client_auth, {"post", "basic"});
  t.text("ca_file", config.ca_file);
  t.flag("allow_plain_http", config.service.provider.allow_plain_http);
  config.service.provider.basic = client_auth == "basic";
  const auto is_address = [&](const std::string& text) {
    const auto url = http::parse_url(text);
    return url && (url->origin.tls || config.service.provider.allow_plain_http);
  };
  if (!is_address(config.service.provider.issuer)) t.complain("[provider] needs issuer = \"https://…\"");
  if (const auto& where = config.service.provider.token_endpoint; !where.empty() && !is_address(where))
    t.complain("token_endpoint of [provider]: allowed is https://…");
  return t.done();
}

Result<void> read_resource(Table& t, IdentityConfig& config) {
  id::Resource resource;
  t.text("name", resource.name);
  t.text("scope", resource.scope);
  t.text("audience", resource.audience);
  if (resource.name.empty()) t.complain("a [[resource]] needs a name");
  if (id::find_resource(config.service.resources, resource.name)) t.complain("the resource " + resource.name + " stands twice");
  config.service.resources.push_back(std::move(resource));
  return t.done();
}

Result<void> read_identity(Table& t, IdentityConfig& config) {
  id::ManagedIdentity one;
  std::string secret, key, token, header;
  t.text("name", one.name);
  t.text("client_id", one.client.id);
  t.text("secret_file", secret);
  t.text("key_file", key);
  t.text("key_id", one.client.key_id);
  t.text("token_file", token);
  t.text("header_file", header);
  t.text("object_id", one.object_id);
  t.text("resource_id", one.resource_id);
  t.users("users", one.uids);
  t.flag("any_user", one.any_user);
  t.texts("resources", one.resources);
  if (one.name.empty() || one.client.id.empty()) t.complain("an [[identity]] needs a name and a client_id");
  if (!secret.empty() + !key.empty() + !token.empty() != 1)
    t.complain("the identity " + one.name + " needs one of secret_file, key_file and token_file");
  if (header.empty()) t.complain("the identity " + one.name + " needs a header_file, with what X-IDENTITY-HEADER must say");
  if (one.uids.empty() != one.any_user) t.complain("the identity " + one.name + " needs users, or any_user = true, and not both");
  for (const std::string& name : one.resources)
    if (std::ranges::find(config.service.resources, name, &id::Resource::name) == config.service.resources.end())
      t.complain("the identity " + one.name + " names the resource " + name + ", which no [[resource]] above it has");
  if (std::ranges::find(config.service.identities, one.name, &id::ManagedIdentity::name) != config.service.identities.end())
    t.complain("the identity " + one.name + " stands twice");
  if (!secret.empty()) one.client.secret = first_line_of(secret);
  if (!key.empty()) one.client.key = whole_of(key);
  if (!token.empty()) one.client.token = token_in(token);
  one.header = first_line_of(header);
  config.service.identities.push_back(std::move(one));
  return t.done();
}

Result<void> read_endpoint(Table& t, IdentityConfig& config) {
  t.texts("listen", config.endpoint_listen);
  return t.done();
}

Result<void> read_authority(Table& t, IdentityConfig& config) {
  t.texts("listen", config.authority_listen);
  t.text("certificate", config.certificate);
  t.text("key", config.key);
  t.text("url", config.service.authority.url);
  t.texts("tenants", config.service.authority.tenants);
  if (!config.authority_listen.empty() && (config.certificate.empty() || config.key.empty()))
    t.complain("[authority] needs certificate and key: clients' secrets pass through it");
  return t.done();
}

Result<void> read_log(Table& t, IdentityConfig& config) {
  t.choice("level", config.log_level, {"debug", "info", "warn", "error", "off"});
  t.choice("format", config.log_format, {"text", "json"});
  return t.done();
}

struct Section {
  const char* name;
  bool many;
  Result<void> (*read)(Table&, IdentityConfig&);
};
// In the order in which they are read: an identity names resources.
constexpr Section kSections[] = {{"provider", false, read_provider}, {"resource", true, read_resource},
                                 {"identity", true, read_identity},  {"endpoint", false, read_endpoint},
                                 {"authority", false, read_authority}, {"log", false, read_log}};

}  // namespace

Result<IdentityConfig> parse_identity_config(std::string_view content, const std::string& shown) {
  toml::table file;
  try {
    file = toml::parse(content);
  } catch (const toml::parse_error& error) {  // the library speaks in exceptions; ours end here
    return fail(Code::invalid_argument,
                shown + ":" + std::to_string(error.source().begin.line) + ": this is not TOML: " + std::string(error.description()));
  }
  for (const auto& [key, node] : file)
    if (std::ranges::none_of(kSections, [&](const Section& s) { return key.str() == s.name; }))
      return fail(Code::invalid_argument, shown + ":" + std::to_string(key.source().begin.line) + ": there is no section " + std::string(key.str()));
  IdentityConfig config;
  for (const Section& section : kSections) {
    const toml::node* node = file.get(section.name);
    if (!node) continue;
    const auto read = [&](const toml::node& one) -> Result<void> {
      if (const toml::table* inner = one.as_table()) {
        Table table(*inner, section.name, shown);
        return section.read(table, config);
      }
      return fail(Code::invalid_argument, shown + ":" + std::to_string(one.source().begin.line) + ": allowed is " +
                                              (section.many ? "[[" : "[") + section.name + (section.many ? "]]" : "]"));
    };
    if (const toml::array* all = section.many ? node->as_array() : nullptr) {
      for (const toml::node& one : *all) BASCULE_TRY(read(one));
    } else {
      BASCULE_TRY(read(*node));
    }
  }
  if (!file.contains("provider")) return fail(Code::invalid_argument, shown + ": [provider] is missing");
  if (config.service.resources.empty()) config.service.resources.push_back({"https://storage.azure.com", "", ""});
  if (config.endpoint_listen.empty() && config.authority_listen.empty())
    return fail(Code::invalid_argument, shown + ": neither [endpoint] nor [authority] listens anywhere");
  if (!config.endpoint_listen.empty() && config.service.identities.empty())
    return fail(Code::invalid_argument, shown + ": [endpoint] listens, but there is no [[identity]]");
  return config;
}

Result<IdentityConfig> read_identity_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return fail(Code::not_found, "cannot read " + path);
  return parse_identity_config(text.str(), path);
}

}  // namespace bascule::app
