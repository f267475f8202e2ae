// serve: the server from its start to its orderly end.
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "api/blob/service.h"
#include "api/web/web_service.h"
#include "app/admin/account_counting.h"
#include "app/admin/api_server.h"
#include "app/admin/control_socket.h"
#include "app/admin/disk_watch.h"
#include "app/admin/pages.h"
#include "app/commands/commands.h"
#include "app/commands/own_act.h"
#include "app/commands/restore.h"
#include "app/identity.h"
#include "app/places.h"
#include "app/process.h"
#include "app/reload.h"
#include "app/signals.h"
#include "app/version.h"
#include "base/log.h"
#include "events/recorder.h"
#include "http/tls.h"
#include "runtime/run.h"
#include "server/address.h"

namespace bascule::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kControlEnd = 60s;   // for a check or a migration to end after it was told to
constexpr auto kProviderRetry = 3000ms;

// The administration's own threads: /healthz answers while the others are busy.
struct Administration {
  Loops loops{2};                 // 0: pages and readiness; 1: what other commands ask for
  RequestMetrics requests;
  AccountMetrics accounts;
  DiskWatch disk;
  Readiness readiness;
  MetricSources sources;
  AdminPages pages{readiness, sources, system_clock()};
  std::unique_ptr<server::Server> server;

  Result<void> start(const Config& config) {
    sources.requests = &requests;
    sources.accounts = &accounts;
    sources.disk = &disk;
    sources.started = system_clock().now();
    const std::string& where = config.text("admin.listen");
    if (where == "off") return {};
    auto outcome = listen(where);
    // Only a port that somebody chose must be that one.
    if (!outcome && !config.is_set("admin.listen")) outcome = listen("127.0.0.1:0");
    if (!outcome) return fail(outcome.error().code, "admin.listen: " + outcome.error().message);
    log::info("administration", {{"address", server->addresses().front()}});
    return {};
  }
  Result<void> listen(const std::string& where) {
    server::ServerOptions options{.listen = {where}, .max_connections = 256};
    server = std::make_unique<server::Server>(loops, options, pages, refuse_in_text, system_clock());
    return server->start();
  }
};

bool is_held(const Error& error) { return error.message.find("another process holds") != std::string::npos; }

// Opens the folder; as long as only the provider is away, again and again: it will come back, and meanwhile /readyz and
// the log say what it is that is waited for.
Result<std::unique_ptr<Engine>> open_engine(const EngineOptions& options, Readiness& readiness, Signals& signals) {
  std::string said;
  while (true) {
    auto engine = [&] {
      const Signals::EndAtOnce interruptible(signals);
      return Engine::open(options, system_clock(), system_random());
    }();
    if (engine || !options.s3 || !retryable(engine.error().code) || is_held(engine.error())) return engine;
    readiness.set(false, engine.error().message);
    if (engine.error().message != said) {
      said = engine.error().message;
      log::error("waiting for the provider", {{"error", said}});
      notify_service_manager("STATUS=waiting for the provider: " + said);
    }
    if (signals.wait(kProviderRetry) == Signals::Event::stop) return engine;
  }
}

// What would be refused later is refused before anything is made: no folder, no key.
Result<void> check_before_start(const Config& config, const EngineOptions& options) {
  if (lies_within(options.key_file, options.data)) {
    return fail(Code::invalid_argument, "the key file " + options.key_file + " would lie within the data folder " + options.data +
                                            ": who copies the folder would have the data and the key. Choose another place (key_file)");
  }
  const bool plain = config.text("server.certificate").empty();
  for (const auto& [name, error] : config.unread_secrets())
    if (name == "server.key") return fail(error);
  if (auto web = config.web_options(); !web) return fail(web.error());
  if (auto issuers = make_issuers(config, system_clock()); !issuers) return fail(issuers.error());
  std::vector<std::string> addresses = config.list("server.listen");
  const auto& web_addresses = config.list("web.listen");
  addresses.insert(addresses.end(), web_addresses.begin(), web_addresses.end());
  for (const std::string& where : addresses) {
    auto listeners = server::listen_on(where);
    if (!listeners) {
      if (listeners.error().code == Code::already_exists) continue;  // maybe by who holds the folder: that is said first
      return fail(listeners.error());
    }
    bool reachable = false;
    for (const server::Listener& listener : *listeners) {
      reachable = reachable || !listener.loopback;
      ::close(listener.fd);
    }
    if (plain && reachable && !config.flag("server.allow_plain_http")) {
      return fail(Code::invalid_argument,
                  where + " can be reached from other machines, but there is no certificate: keys and data would cross the network "
                          "unencrypted. Give --certificate and --key, listen on 127.0.0.1, or set server.allow_plain_http = true "
                          "(behind a proxy that does TLS)");
    }
  }
  if (!plain) {
    auto readable = http::make_server_tls(config.text("server.certificate"), config.text("server.key"));
    if (!readable) return fail(readable.error());
  }
  return {};
}

// Everybody knows the development account's key: it must not be reachable from elsewhere by accident.
Result<void> guard_development_account(const Config& config, Engine& engine) {
  const auto account = engine.service().account(kDevelopmentAccount);
  const std::string known = *from_base64(kDevelopmentKey);
  if (!account || (account->keys[0] != known && account->keys[1] != known)) return {};
  if (config.loopback_only()) return {};
  if (config.development_account()) {
    log::warn("the development account, whose key everybody knows, can be reached from other machines", {{"account", kDevelopmentAccount}});
    return {};
  }
  Loop loop;
  auto removed = run(loop, engine.service().remove_account(std::string(kDevelopmentAccount)));
  if (removed) {
    log::info("development account removed", {{"why", "server.listen can be reached from other machines"}});
    return {};
  }
  const std::string name(kDevelopmentAccount);
  return fail(Code::invalid_argument,
              "the development account " + name + ", whose key everybody knows, holds data and would be reachable from other "
              "machines: give it new keys (`bascule account rotate-key --name " + name + " --key 1`, then --key 2) while the server is "
              "stopped, delete its containers, or set accounts.development = \"on\" to serve it all the same");
}

void say_where(const Config& config, const server::Server& server, Engine& engine) {
  const char* scheme = server.encrypted() ? "https" : "http";
  for (const std::string& address : server.addresses()) std::printf("listening on %s (%s)\n", address.c_str(), scheme);
  const std::string& first = server.addresses().front();
  if (const auto account = engine.service().account(kDevelopmentAccount); account && config.development_account()) {
    const std::string text = connection_string(account->name, to_base64(as_bytes(account->keys[0])), first, server.encrypted());
    const bool standard = first == "127.0.0.1:10000" && !server.encrypted();
    std::printf("\nConnection string (Azure's development account%s):\n  %s\n\nTry:\n  az storage container create --name first "
                "--connection-string '%s'\n\n",
                standard ? "; UseDevelopmentStorage=true is enough" : "", text.c_str(), standard ? "UseDevelopmentStorage=true" : text.c_str());
  } else if (engine.service().accounts().empty()) {
    std::printf("\nThere is no account yet. Make one, and get its connection string:\n"
                "  bascule account add --name NAME --connection-string --data %s\n\n", printable(engine.options().data).c_str());
  }
  std::fflush(stdout);
}

void say_recovered(const Engine& engine) {
  if (engine.died().empty()) return;
  std::string sessions;
  for (const std::uint32_t session : engine.died()) sessions += (sessions.empty() ? "" : ", ") + std::to_string(session);
  log::warn("recovered", {{"what", "the last run did not end in order; everything acknowledged is there"},
                          {"sessions_closed", sessions},
                          {"next", "what they placed and nothing names is collected in the background"}});
}

void serve_until_told(Reloader& reloader, Signals& signals) {
  while (true) {
    switch (signals.wait(1h)) {
      case Signals::Event::none: break;
      case Signals::Event::stop: return;
      case Signals::Event::reload: reloader.reload(); break;
    }
  }
}

log::Options log_options(const Config& config) {
  return {.level = *log::parse_level(config.text("log.level")), .json = config.text("log.format") == "json"};
}

void say_started(events::EventSink& events, Engine& engine, const server::Server& server) {
  const events::Detail details[] = {{"Version", kVersion}, {"Address", server.addresses().front()}, {"Tls", server.encrypted() ? "yes" : "no"},
                                    {"Session", engine.catalog().session()}, {"SessionsThatDied", engine.died().size()}};
  events.record(events::ServiceEvent{.time = system_clock().wall(), .operation = "ServiceStarted",
                                     .reason = engine.died().empty() ? "" : "the last run did not end in order: its last events may be missing",
                                     .details = details});
}

// A start that comes to nothing ends its session in order, so that the next one has nothing to recover.
int give_up(Engine& engine, const Error& error) {
  (void)engine.close();
  return complain(error);
}

// Issuers' keys are read, and read again, until stop().
class IssuerKeys {
 public:
  IssuerKeys(auth::Issuers& issuers, Loop& loop) {
    if (issuers.empty()) return;
    done_ = false;
    spawn(loop, issuers.keep_fresh(stop_, done_));
  }
  ~IssuerKeys() { stop(); }
  void stop() {
    stop_ = true;
    while (!done_) std::this_thread::sleep_for(5ms);
  }

 private:
  std::atomic<bool> stop_{false}, done_{true};
};

// One life of the server over an open engine, which is closed at the end. `admin` outlives it.
int run_server(Config& config, const ReadConfig& read, Engine& engine, Administration& admin, Loops& loops, Signals& signals,
               events::Recorder& events) {
  if (auto guarded = guard_development_account(config, engine); !guarded) return give_up(engine, guarded.error());
  auto issuers = make_issuers(config, system_clock());
  if (!issuers) return give_up(engine, issuers.error());
  api::blob::BlobService blobs(engine.service(), system_clock(), system_random(),
                               {.remote = &engine.remote(), .domains = {config.list("server.domains")}, .events = &events,
                                .authentication = authentication_settings(config, **issuers)});
  AccountCounting by_account(admin.accounts, engine.service(), {config.list("server.domains")});
  MeasuredHandler measured(blobs, admin.requests, system_clock(), &by_account);
  const auto web_options = [&events](const Config& from) {
    auto options = *from.web_options();   // checked when it was read
    options.events = &events;
    return options;
  };
  api::web::WebService web(engine.service(), system_clock(), system_random(), web_options(config));
  api::web::HostSplit split(web, measured);
  const auto server_options = [&events](const Config& from) {
    server::ServerOptions options = from.server_options();
    options.events = &events;
    return options;
  };
  server::Server server(loops, server_options(config), split, api::blob::refuse_unread, system_clock());
  if (auto started = server.start(); !started) return give_up(engine, started.error());
  std::optional<server::Server> web_server;
  if (!config.list("web.listen").empty()) {
    server::ServerOptions options = server_options(config);
    options.listen = config.list("web.listen");
    web_server.emplace(loops, options, web, api::web::refuse_unread, system_clock());
    if (auto started = web_server->start(); !started) return give_up(engine, started.error());
    for (const std::string& address : web_server->addresses())
      log::info("static websites", {{"address", address}, {"tls", web_server->encrypted()}});
  }
  Control control({.engine = engine, .clock = system_clock(), .random = system_random(), .readiness = &admin.readiness,
                   .addresses = server.addresses(), .encrypted = server.encrypted(), .started = admin.sources.started,
                   .two_person = config.two_person(), .metrics = &admin.sources, .events = &events});
  auto control_server = ControlServer::start(config.text("data"), control, admin.loops[1], system_clock());
  if (!control_server) return give_up(engine, control_server.error());
  std::unique_ptr<AdminApi> api;
  if (const auto options = config.admin_api_options()) {
    auto started = AdminApi::start(*options, control, system_clock());
    if (!started) return give_up(engine, {started.error().code, 0, "admin.api_listen: " + started.error().message});
    api = std::move(*started);
    log::info("admin API", {{"address", api->addresses().front()}});
  }
  if (config.flag("jobs.run")) engine.start_jobs(loops.next());
  else log::warn("jobs are off", {{"meaning", "space is not freed (jobs.run = false)"}});

  IssuerKeys issuer_keys(**issuers, loops.next());

  admin.sources.engine = &engine;
  admin.sources.server = &server;
  std::atomic<bool> stop_watching{false}, watched{false}, disk_watched{false};
  admin.readiness.set(true, "");
  spawn(admin.loops[0], admin.readiness.watch(engine, system_clock(), stop_watching, watched));
  spawn(admin.loops[0], admin.disk.watch(engine.options().data, system_clock(), stop_watching, disk_watched));
  say_where(config, server, engine);
  log::info("serving", {{"version", kVersion}, {"address", server.addresses().front()}, {"tls", server.encrypted()},
                        {"provider", engine.provider().name()}, {"data", engine.options().data}});
  notify_service_manager("READY=1");

  say_started(events, engine, server);
  Reloader reloader(config, read, &events, system_clock());
  reloader.add("log", [](const Config& fresh) { return Reloader::Commit([options = log_options(fresh)] { log::setup(options); }); });
  for (server::Server* one : {&server, web_server ? &*web_server : nullptr})
    if (one) reloader.add("server", [one, server_options](const Config& fresh) { return one->prepare(server_options(fresh)); });
  reloader.add("domains", [&blobs, &web, web_options](const Config& fresh) {
    return Reloader::Commit([&blobs, &web, domains = fresh.list("server.domains"), options = web_options(fresh)] {
      if (blobs.domains().names != domains) blobs.set_domains({domains});
      web.set_options(options);
    });
  });
  reloader.add("two persons", [&control](const Config& fresh) { return Reloader::Commit([&control, two = fresh.two_person()] { control.set_two_person(two); }); });
  if (api) {
    reloader.add("admin API", [&api](const Config& fresh) -> Result<Reloader::Commit> {
      const auto options = fresh.admin_api_options();
      if (!options) return Reloader::Commit();
      BASCULE_TRY(http::make_server_tls(options->certificate_file, options->key_file));
      return Reloader::Commit([&api] {
        if (auto again = api->reload_certificate(); !again) log::error("certificate not reloaded", {{"error", again.error().message}, {"kept", "the one in use"}});
      });
    });
  }
  // The last: its files are opened and taken in one step, so nothing may fail behind it.
  reloader.add("events", [&events](const Config& fresh) -> Result<Reloader::Commit> {
    BASCULE_ASSIGN(auto options, fresh.event_options());
    BASCULE_TRY(events.reconfigure(std::move(options)));
    return Reloader::Commit();
  });
  reloader.when_refused([&config, &events] {
    auto options = config.event_options();
    auto opened = options ? events.reconfigure(std::move(*options)) : Result<void>(fail(options.error()));
    if (!opened) log::error("access events: the file could not be opened anew", {{"error", opened.error().message}});
  });
  control.set_reloader(&reloader);
  serve_until_told(reloader, signals);
  control.set_reloader(nullptr);
  reloader.settle();

  notify_service_manager("STOPPING=1");
  log::info("draining", {{"connections", server.counters().open.load()}});
  admin.readiness.set(false, "the server is stopping");
  stop_watching = true;
  const Instant drain_end = system_clock().now() + config.duration("server.drain_timeout");
  bool clean = server.drain(config.duration("server.drain_timeout"));
  if (web_server) clean = web_server->drain(std::max(drain_end - system_clock().now(), Duration::zero())) && clean;
  if (!clean) log::warn("connections were cut", {{"why", "server.drain_timeout is over"}});
  issuer_keys.stop();
  if (api) api->stop(kControlEnd);
  (*control_server)->stop(kControlEnd);
  while (!watched || !disk_watched) std::this_thread::sleep_for(5ms);
  admin.sources.server = nullptr;
  admin.sources.engine = nullptr;
  if (admin.server) admin.server->stop();  // a page that is being written reads from what goes now
  auto closed = engine.close();
  loops.stop();
  admin.loops.stop();
  if (!closed) return complain(closed.error());
  events.record(events::ServiceEvent{.time = system_clock().wall(), .operation = "ServiceStopped"});
  events.close();
  log::info("stopped");
  return kDone;
}

// serve --from-backup: the catalog first. What nobody can know after it is said in the log, loudly.
Result<void> begin_from_backup(const Config& config, const EngineOptions& options, const RestoreArguments& from) {
  log::info("restoring", {{"from", from.from}, {"data", options.data}});
  BASCULE_ASSIGN(OwnAct act, OwnAct::begin(config, "backup-restore", restore_members(from)));
  const auto done = restore_data_folder(options, from, nullptr, {});
  act.end(done ? kDone : kFailed, done ? "" : done.error().message);
  if (!done) return fail(done.error());
  log::warn("restored", {{"from", done->place}, {"number", std::to_string(done->number)}, {"instant", format_iso8601(done->report.instant)},
                         {"containers", std::to_string(done->report.read.containers)}, {"blobs", std::to_string(done->report.read.blobs)}});
  for (const std::string& line : unknowns(*done)) log::warn("restored", {{"note", line}});
  return {};
}

}  // namespace

int run_serve(Config config, const ReadConfig& read, const RestoreArguments& from_backup) {
  prepare_process(config.text("log.level") == "debug");
  log::setup(log_options(config));
  Signals signals;
  auto options = config.engine_options();
  if (!options) return complain(options.error());
  if (auto sensible = check_before_start(config, *options); !sensible) return complain(sensible.error());
  // As commands do: what root makes in the service's folder the service could not open.
  if (auto ours = become_owner_of(options->data); !ours) return complain(ours.error());
  if (!from_backup.from.empty()) {
    const Signals::EndAtOnce interruptible(signals);
    if (auto begun = begin_from_backup(config, *options, from_backup); !begun)
      return begun.error().message.contains("another process holds") ? complain(begun.error().message, kHeld) : complain(begun.error());
  }
  auto event_options = config.event_options();
  if (!event_options) return complain(event_options.error());
  auto events = events::Recorder::open(*event_options, system_clock(), system_random());
  if (!events) return complain({events.error().code, 0, "events.to: " + events.error().message});
  Administration admin;
  admin.sources.events = events->get();
  if (auto started = admin.start(config); !started) return complain(started.error());
  Loops loops(config.number("server.threads"));
  auto engine = open_engine(*options, admin.readiness, signals);
  if (!engine) {
    if (signals.stopping() && retryable(engine.error().code)) return kDone;
    const int exit = complain(engine.error());
    return is_held(engine.error()) ? kHeld : exit;
  }
  if ((*engine)->created_key_file()) announce_key_file((*engine)->options());
  say_recovered(**engine);
  return run_server(config, read, **engine, admin, loops, signals, **events);
}

}  // namespace bascule::app
