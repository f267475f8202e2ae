// sim --seed N [--steps M] [--trace] [--twice] | --seeds A..B, [--broken RULE]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "catalog/history.h"
#include "jobs/check.h"
#include "sim/client.h"
#include "sim/name_client.h"

namespace bascule::sim {
namespace {

using namespace std::chrono_literals;

struct RunSettings {
  int steps = 60;
  Broken broken = Broken::nothing;
  bool trace = false;
};
struct Outcome {
  std::string violation;
  std::uint64_t hash = 0, requests = 0, lives = 0;
};

struct Findings final : jobs::CheckSink {
  std::string first;
  void progress(const jobs::CheckProgress&) override {}
  void finding(const jobs::CheckFinding& f) override {
    if (first.empty() && f.trouble != jobs::Trouble::unnamed) first = f.where + ": " + f.message;
  }
};

constexpr int kClients = 4, kNameClients = 2;
constexpr Ticks kLeap = std::chrono::hours(11);   // never near a multiple of a day within the leaps of a run

struct Cast {
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<NameClient>> names;
  std::vector<ops::Account> accounts;          // the names'
  std::vector<Speaker*> all() const {
    std::vector<Speaker*> everybody;
    for (const auto& c : clients) everybody.push_back(c.get());
    for (const auto& c : names) everybody.push_back(c.get());
    return everybody;
  }
};

// Whatever was to be collected has been.
Task<void> sleep_it_off(Server& server) {
  return server.world().clock.sleep_for(jobs::Sweeper::kAdoptAgain + 1min);
}

// With everything deleted and swept, only the fixed records, the root of the keyring and the scope's key may be left.
Task<void> expect_no_leak(Play& play, const Cast& cast) {
  Server& server = play.server;
  auto accounts = cast.accounts;
  for (const auto& account : accounts)
    if (!co_await server.service().change_settings(account.name, NameClient::applied({}))) play.violate("an account cannot be set at the end");
  server.world().clock.step_wall(std::chrono::days(10));   // what was kept for a time is free,
  server.crash();
  co_await server.start();
  for (const auto& client : cast.names) co_await client->empty();
  co_await server.world().clock.sleep_for(10s);
  accounts.push_back(play.account);
  for (const auto& account : accounts) {
    auto containers = co_await server.service().list_containers(account.name, {});
    if (!containers) co_return play.violate("containers cannot be listed at the end");
    for (const auto& c : containers->items) {
      ops::Conditions conditions;
      for (const auto& client : cast.names)
        if (auto id = client->container_lease(account.name, c.name)) conditions.lease_id = id;
      if (!co_await server.service().delete_container({account.name, c.name}, conditions)) play.violate("a container cannot be deleted");
    }
  }
  server.world().clock.step_wall(std::chrono::days(10));   // and what was kept after its deletion is due
  server.crash();  // what failed puts may have left is looked for when their session has ended
  co_await server.start();
  // Until nothing of any session can land any more, and all are settled.
  co_await sleep_it_off(server);
  auto left = co_await server.world().store->scan({.begin = std::string(1, '\0'), .end = "\xff"});
  if (!left) co_return play.violate("the store cannot be read at the end");
  for (const auto& e : *left)
    if (e.key[0] != 'S' && e.key[0] != 'M' && e.key[0] != 'A' && e.key[0] != 'X') play.violate(std::string("a record is left over: ") + e.key[0]);
  auto objects = co_await server.world().provider->list("", "", 1000, kNoDeadline);
  if (!objects) co_return play.violate("the provider cannot be listed at the end");
  int keys = 0;
  for (const auto& o : objects->objects)
    if (o.name != "keyring-root" && (!o.name.starts_with("keyring-") || ++keys > 1)) play.violate("an object is left over: " + o.name);
}

// What was deleted softly and is due has gone.
Task<void> expect_none_overdue(Play& play) {
  const WallTime now = play.server.world().clock.wall() - std::chrono::duration_cast<Ticks>(1min);
  for (const char table : {catalog::keys::kHeadTable, catalog::keys::kPastTable}) {
    auto records = co_await play.server.catalog().scan({.begin = std::string(1, table), .end = std::string(1, static_cast<char>(table + 1)),
                                                        .limit = 100'000, .limit_bytes = std::size_t{64} << 20});
    if (!records) co_return play.violate("the heads cannot be read");
    for (const auto& e : *records) {
      const auto head = catalog::decode<catalog::HeadRecord>(e.value);
      if (!head) co_return play.violate("a head cannot be decoded");
      const auto& history = catalog::history_of(*head);
      if (history.state == catalog::HistoryRecord::State::deleted && catalog::deletion_due(history) < now)
        play.violate("what was deleted softly is kept beyond its time");
    }
  }
}

Task<void> check_all(Play& play, const Cast& cast) {
  Clock& clock = play.server.world().clock;
  const auto everybody = cast.all();
  play.running = static_cast<int>(everybody.size());
  for (Speaker* client : everybody) spawn(play.server.world().loop, client->verify());
  while (play.running > 0) co_await clock.sleep_for(100ms);
  Findings findings;
  auto report = co_await jobs::check(play.server.service(), {}, findings);
  if (!report) play.violate("check: " + report.error().message);
  else if (!report->good()) play.violate("check: " + findings.first);
}

// Between two steps of everybody half a day goes by, and accounts may be set otherwise.
Task<void> leap(Play& play, const Cast& cast) {
  Server& server = play.server;
  play.rest = true;
  while (play.stepping > 0) co_await server.world().clock.sleep_for(20ms);
  server.world().clock.step_wall(kLeap);
  play.trace.add("half a day goes by");
  // What has become due goes by the rules under which it did: a round that began after the leap has to come to its end.
  const std::uint64_t before = server.rounds();
  const Instant patience = server.world().clock.now() + 10min;
  do co_await server.world().clock.sleep_for(5s);
  while (server.rounds() < before + 2 && server.world().clock.now() < patience);
  if (server.rounds() < before + 2) play.violate("the jobs' rounds no longer come to their end: " + server.trouble);
  for (const auto& client : cast.names) co_await client->at_rest();
  play.rest = false;
}

Task<void> set_up(Play& play, Cast& cast, SeededRandom& random) {
  ops::Service& service = play.server.service();
  (void)co_await service.put_account(play.account, true);
  if (!co_await service.put_encryption_scope(play.account.name, kScope, true, true)) play.violate("no encryption scope");
  std::vector<std::string> keeping;
  const WallTime now = play.server.world().clock.wall();
  std::vector<ops::ContainerRef> containers = {{play.account.name, "shared"}};
  for (int i = 0; i < kClients; ++i) {
    cast.clients.push_back(std::make_unique<Client>(play, i, random.next_u64()));
    for (const char* c : {"a", "b"}) containers.push_back({play.account.name, "own" + std::to_string(i) + c});
  }
  for (int i = 0; i < kNameClients; ++i) {
    const ops::Account account{"past" + std::to_string(i), {ops::testing::content(64, 11 + i), ops::testing::content(64, 21 + i)}};
    Settings settings{random.next_u64() % 2 == 0, static_cast<int>(random.next_u64() % 3), static_cast<int>(random.next_u64() % 3)};
    settings.keeps = i == 1 && random.next_u64() % 2;
    settings.versioning |= settings.keeps;
    (void)co_await service.put_account(account, true);
    if (!co_await service.change_settings(account.name, NameClient::applied(settings))) play.violate("an account cannot be set");
    for (const char* c : {"keep", "turn"}) containers.push_back({account.name, c});
    cast.names.push_back(std::make_unique<NameClient>(play, account, settings, kClients + i, random.next_u64()));
    cast.accounts.push_back(account);
    if (settings.keeps) keeping.push_back(account.name);
  }
  for (const auto& c : containers)
    if (!co_await service.create_container(c, {}, ops::PublicAccess::none)) play.violate("no container");
  for (const auto& account : keeping)
    if (!co_await service.change_container_immutability({account, "keep"}, [&](auto& rules) { return ops::enable_versions(rules, now); }))
      play.violate("no policies of single states");
}

Task<void> play_all(Play& play, std::uint64_t seed, RunSettings settings) {
  Server& server = play.server;
  Clock& clock = server.world().clock;
  SeededRandom random(seed * 31 + 7);
  co_await server.start();
  if (!server.trouble.empty()) co_return;
  auto& cast = *new Cast;   // as long as what is parked
  co_await set_up(play, cast, random);
  server.set_faults(true);
  play.running = kClients + kNameClients;
  for (const auto& client : cast.clients) spawn(server.world().loop, client->run(settings.steps));
  for (const auto& client : cast.names) spawn(server.world().loop, client->run(3 * settings.steps));
  const std::uint64_t patience = 500 + random.next_u64() % 20'000;
  for (int crashes = 0; play.running > 0;) {
    if (++crashes > 12) {
      co_await clock.sleep_for(1s);
      continue;
    }
    const Instant until = clock.now() + std::chrono::milliseconds(random.next_u64() % patience);
    while (play.running > 0 && clock.now() < until) co_await clock.sleep_for(std::min<Duration>(500ms, until - clock.now() + 1us));
    if (random.next_u64() % 2) co_await leap(play, cast);
    if (play.running == 0) break;
    server.crash();
    if (random.next_u64() % 2) co_await clock.sleep_for(std::chrono::milliseconds(random.next_u64() % 3000));
    co_await server.start();
    if (!server.trouble.empty()) play.violate(server.trouble);
  }
  if (!play.violation.empty()) co_return;
  server.set_faults(false);
  co_await clock.sleep_for(10s);
  co_await check_all(play, cast);
  server.world().clock.step_wall(3 * kLeap);
  co_await sleep_it_off(server);
  if (play.violation.empty()) co_await check_all(play, cast);   // with everything collected that can be
  co_await expect_none_overdue(play);
  if (play.violation.empty()) co_await expect_no_leak(play, cast);
  if (!server.trouble.empty()) play.violate(server.trouble);
}

Outcome simulate(std::uint64_t seed, RunSettings settings) {
  // Never destroyed: coroutines of crashed lives are parked in it, and the process ends soon.
  auto& server = *new Server(seed, settings.broken);
  auto& play = *new Play{server, {"acct", {ops::testing::content(64, 1), ops::testing::content(64, 2)}}};
  play.trace.print = settings.trace;
  server.world().run(play_all(play, seed, settings));
  if (!server.trouble.empty()) play.violate(server.trouble);
  return {play.violation, play.trace.hash, play.trace.requests, server.lives()};
}

void report(std::uint64_t seed, const Outcome& o) {
  std::printf("seed %llu: %s, %llu requests, %llu lives, trace %016llx\n", static_cast<unsigned long long>(seed),
              o.violation.empty() ? "good" : o.violation.c_str(), static_cast<unsigned long long>(o.requests),
              static_cast<unsigned long long>(o.lives), static_cast<unsigned long long>(o.hash));
  std::fflush(stdout);
}

// Each seed in a process of its own: what one leaves behind is gone with it, and a crash of the simulator is one seed's.
int run_range(std::uint64_t first, std::uint64_t last, RunSettings settings) {
  std::uint64_t bad = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const pid_t child = ::fork();
    if (child == 0) {
      const Outcome outcome = simulate(seed, settings);
      if (!outcome.violation.empty()) report(seed, outcome);
      ::_exit(outcome.violation.empty() ? 0 : 1);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) < 0) return 2;
    if (status == 0) continue;
    ++bad;
    if (WIFSIGNALED(status)) std::printf("seed %llu: ended by signal %d\n", static_cast<unsigned long long>(seed), WTERMSIG(status));
    if (settings.broken != Broken::nothing) {
      std::printf("the broken rule was noticed\n");
      return 0;
    }
  }
  std::printf("seeds %llu to %llu: %llu bad\n", static_cast<unsigned long long>(first), static_cast<unsigned long long>(last),
              static_cast<unsigned long long>(bad));
  if (settings.broken != Broken::nothing) std::printf("the broken rule was NOT noticed\n");
  return bad || settings.broken != Broken::nothing ? 1 : 0;
}

int usage() {
  std::fputs("sim --seed N [--steps M] [--trace] [--twice]   one run; the same seed is the same run\n"
             "sim --seeds A..B [--steps M]                   many\n"
             "    --broken RULE                              with a rule broken: it must be noticed\n"
             "rules:", stderr);
  for (const BrokenName& b : kBroken) std::fprintf(stderr, " %.*s", static_cast<int>(b.name.size()), b.name.data());
  std::fputc('\n', stderr);
  return 2;
}

}  // namespace
}  // namespace bascule::sim

int main(int argc, char** argv) {
  using namespace bascule::sim;
  RunSettings settings;
  std::uint64_t first = 1, last = 0;
  bool twice = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto next = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
    if (option == "--seed") first = last = std::strtoull(next().c_str(), nullptr, 10);
    else if (option == "--seeds") {
      const std::string range = next();
      const auto dots = range.find("..");
      if (dots == std::string::npos) return usage();
      first = std::strtoull(range.c_str(), nullptr, 10);
      last = std::strtoull(range.c_str() + dots + 2, nullptr, 10);
    } else if (option == "--steps") settings.steps = std::atoi(next().c_str());
    else if (option == "--trace") settings.trace = true;
    else if (option == "--twice") twice = true;
    else if (option == "--broken") {
      const std::string rule = next();
      const auto* known = std::ranges::find(kBroken, rule, &BrokenName::name);
      if (known == std::end(kBroken)) return usage();
      settings.broken = known->rule;
    } else return usage();
  }
  if (last < first) return usage();
  bascule::log::setup({.level = bascule::log::Level::off});
  int code = 0;
  if (first != last) code = run_range(first, last, settings);
  else {
    const Outcome outcome = simulate(first, settings);
    report(first, outcome);
    code = outcome.violation.empty() ? 0 : 1;
    if (twice) {
      const Outcome again = simulate(first, settings);
      if (again.hash != outcome.hash) std::printf("the same seed took another course: trace %016llx\n", static_cast<unsigned long long>(again.hash));
      code |= again.hash != outcome.hash;
    }
  }
  std::fflush(stdout);
  ::_exit(code);
}
