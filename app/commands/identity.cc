// bascule identity serve, bascule identity check.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <future>

#include "api/identity/authority.h"
#include "api/identity/managed.h"
#include "app/admin/control.h"
#include "app/commands/commands.h"
#include "app/identity_config.h"
#include "app/places.h"
#include "app/process.h"
#include "app/signals.h"
#include "base/log.h"
#include "runtime/loops.h"
#include "server/peer_owner.h"
#include "server/server.h"

namespace bascule::app {
namespace {

namespace id = api::identity;
constexpr auto kDrain = std::chrono::seconds(10);
constexpr std::size_t kMostConnections = 1024;

// One life of both services; everything runs on one loop.
class IdentityServer {
 public:
  explicit IdentityServer(const IdentityConfig& config)
      : client_(http::make_client({.ca_file = config.ca_file}, system_clock())),
        provider_(config.service.provider, *client_, system_clock(), system_random()),
        managed_(config.service, provider_, system_clock(), system_random(), [this](const http::Request& r) { return owner(r); }),
        authority_(config.service, provider_, system_clock(), system_random()) {}

  Result<void> start(const IdentityConfig& config) {
    if (!config.endpoint_listen.empty()) {
      const server::ServerOptions options{.listen = config.endpoint_listen, .max_connections = kMostConnections};
      endpoint_.emplace(loops_, options, managed_, id::refuse_unread, system_clock());
      BASCULE_TRY(endpoint_->start());
      listening_ = endpoint_->addresses();
      for (const std::string& address : listening_) std::printf("managed identities on %s\n", address.c_str());
    }
    if (!config.authority_listen.empty()) {
      const server::ServerOptions options{.listen = config.authority_listen, .certificate_file = config.certificate,
                                          .key_file = config.key, .max_connections = kMostConnections};
      gate_.emplace(loops_, options, authority_, id::refuse_unread, system_clock());
      BASCULE_TRY(gate_->start());
      for (const std::string& address : gate_->addresses()) std::printf("authority on %s (https)\n", address.c_str());
    }
    std::fflush(stdout);
    return {};
  }

  void reload() {
    if (!gate_) return log::info("nothing to reload", {{"why", "files of secrets are read at each use"}});
    if (const auto reloaded = gate_->reload_certificate(); !reloaded)
      log::error("certificate not reloaded", {{"error", reloaded.error().message}, {"kept", "the one in use"}});
    else log::info("certificate reloaded");
  }

  void stop() {
    if (endpoint_) endpoint_->drain(kDrain);
    if (gate_) gate_->drain(kDrain);
    loops_.stop();
  }

  // Does the provider answer, and does each identity get a token for what it may ask?
  Task<void> try_out(const IdentityConfig& config, std::promise<int>& done) {
    int wrong = 0;
    const auto found = co_await provider_.endpoints();
    std::printf("%s  the provider %s%s\n", found ? "good" : "BAD ", config.service.provider.issuer.c_str(),
                found ? "" : (": " + printable(found.error().message)).c_str());
    wrong += !found;
    for (const id::ManagedIdentity& identity : config.service.identities) {
      if (const auto header = identity.header(); !header) {
        std::printf("BAD   identity %s: %s\n", identity.name.c_str(), printable(header.error().message).c_str());
        ++wrong;
      }
      for (const id::Resource& resource : config.service.resources) {
        if (!identity.resources.empty() && std::ranges::find(identity.resources, resource.name) == identity.resources.end()) continue;
        const auto token = co_await provider_.ask_for(identity.client, resource);
        if (token) {
          const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(token->until - token->asked).count();
          std::printf("good  identity %s gets a token for %s, good for %lld s\n", identity.name.c_str(), resource.name.c_str(),
                      static_cast<long long>(seconds));
        } else {
          std::printf("BAD   identity %s gets no token for %s: %s %s\n", identity.name.c_str(), resource.name.c_str(),
                      printable(token.error().error).c_str(), printable(token.error().description).c_str());
          ++wrong;
        }
      }
    }
    done.set_value(wrong);
  }
  int check(const IdentityConfig& config) {
    std::promise<int> done;
    auto wrong = done.get_future();
    spawn(loops_[0], try_out(config, done));
    const int count = wrong.get();
    loops_.stop();
    return count == 0 ? kDone : kFailed;
  }

 private:
  std::optional<std::uint32_t> owner(const http::Request& request) const {
    if (const auto uid = server::owner_in_label(request.peer_address)) return uid;
    for (const std::string& listening : listening_)
      if (const auto uid = server::owner_of_peer(listening, request.peer_address, request.peer_port)) return uid;
    return std::nullopt;
  }

  std::unique_ptr<http::Client> client_;
  id::Provider provider_;
  id::ManagedIdentityService managed_;
  id::AuthorityService authority_;
  std::vector<std::string> listening_;   // of the endpoint; set before the first request
  Loops loops_{1};                       // goes before what its tasks use
  std::optional<server::Server> endpoint_, gate_;
};

// Tokens and secrets must not leave the machine in clear: the endpoint speaks plain HTTP.
Result<void> check_loopback(const IdentityConfig& config) {
  for (const std::string& where : config.endpoint_listen)
    if (!where.starts_with("unix:") && !where.starts_with("127.") && !where.starts_with("[::1]:") && !where.starts_with("localhost:"))
      return fail(Code::invalid_argument, "listen of [endpoint]: " + where + " is not this machine's own (allowed are 127.0.0.1:PORT, "
                                          "[::1]:PORT, localhost:PORT and unix:/PATH)");
  return {};
}

}  // namespace

int run_identity(const IdentityArguments& arguments) {
  const std::string file =
      arguments.config_file.empty() ? (std::filesystem::path(default_places().config).parent_path() / "identity.toml").string()
                                    : arguments.config_file;
  const auto config = read_identity_config(file);
  if (!config) return complain(config.error());
  if (const auto sensible = check_loopback(*config); !sensible) return complain(sensible.error());
  prepare_process(config->log_level == "debug");
  log::setup({.level = *log::parse_level(config->log_level), .json = config->log_format == "json"});
  if (arguments.what == IdentityArguments::What::check) return IdentityServer(*config).check(*config);
  Signals signals;
  IdentityServer server(*config);
  if (const auto started = server.start(*config); !started) return complain(started.error());
  notify_service_manager("READY=1");
  while (true) {
    const Signals::Event event = signals.wait(std::chrono::hours(1));
    if (event == Signals::Event::reload) server.reload();
    if (event != Signals::Event::stop) continue;
    notify_service_manager("STOPPING=1");
    server.stop();
    return kDone;
  }
}

}  // namespace bascule::app
