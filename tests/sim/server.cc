#include "sim/server.h"

namespace bascule::sim {

using namespace std::chrono_literals;
using ops::testing::Gateway;

Server::Server(std::uint64_t seed, Broken broken) : world_(seed), broken_(broken), reader_(broken), random_(seed ^ 0x5eed) {
  if (broken != Broken::nothing) {
    world_.store = std::make_unique<ops::testing::SlowStore>(
        break_store(broken, store::make_memory_store({.trim_journal_at_once = true})), world_.clock);
  }
  world_.store_latency(1ms + std::chrono::microseconds(random_.next_u64() % 8000));
}

void Server::set_faults(bool on) {
  faults_ = on;
  provider::FaultOptions options;
  if (on && calm_ == 0) {
    options = {.fail_before = 0.01, .fail_after = 0.01, .tear_put = 0.01, .delay = 0.6, .max_delay = 300ms, .lie_flip_bit = 0.003};
    if (broken_ == Broken::durability) options.lie_lose_put = 0.05;
  }
  world_.faults->set_options(options);
}

Task<void> Server::start() {
  const bool faults = faults_;
  set_faults(false);  // an administrator would start it again until it comes up
  auto opened = co_await Gateway::open(world_, {.upload_memory_bytes = 24 * 1024 * 1024,
                                                .service = {.read_run_bytes = 64 * 1024, .read_ahead = random_.next_u64() % 3,
                                                            .packer = {.in_flight = 1 + random_.next_u64() % 4},
                                                            .rehydrate_standard = 15h, .rehydrate_high = 5h}});
  set_faults(faults);
  if (!opened) {
    trouble = "the server does not start: " + opened.error().message;
    co_return;
  }
  life_ = std::make_unique<Life>();
  Life& life = *life_;
  life.gateway = std::move(*opened);
  life.sweeper = std::make_unique<jobs::Sweeper>(*life.gateway->service);
  life.compactor = std::make_unique<jobs::Compactor>(*life.gateway->service, jobs::CompactionOptions{.settle = {}});
  life.handler = std::make_unique<api::blob::BlobService>(*life.gateway->service, world_.clock, world_.random, api::blob::Options{});
  ++lives_;
  spawn(world_.loop, run_jobs(life, life.gateway->line));
  spawn(world_.loop, run_compaction(life, life.gateway->line));
}

Task<void> Server::run_jobs(Life& life, std::shared_ptr<ops::testing::Lifeline> line) {
  while (!line->crashed) {
    auto swept = co_await life.sweeper->pass();
    Result<void> outcome;
    if (!swept) outcome = fail(swept.error());
    if (outcome) outcome = co_await life.sweeper->adopt_when_due();
    if (outcome) outcome = co_await life.sweeper->expire_uploads();
    if (outcome) outcome = co_await life.sweeper->expire_ended();
    if (outcome) outcome = co_await life.sweeper->expire_deleted();
    if (outcome) {
      if (const auto expired = co_await life.gateway->service->expire_deleted_containers(); !expired) outcome = fail(expired.error());
    }
    if (outcome && broken_ == Broken::collection) outcome = co_await take_by_listing(life);
    if (outcome) ++rounds_;
    else note(outcome.error());
    co_await world_.clock.sleep_for(swept && *swept ? 50ms : 1000ms);   // as the program does
  }
}

// So often that most things are moved, some several times; less often when the clients have long gone.
Task<void> Server::run_compaction(Life& life, std::shared_ptr<ops::testing::Lifeline> line) {
  for (int runs = 0; !line->crashed; ++runs) {
    const auto report = co_await life.compactor->run(life.draining);
    if (!report) note(report.error());
    co_await world_.clock.sleep_for(runs < 200 ? Duration(150ms) : Duration(1min));
  }
}

// A provider may fail, or lie about a bit of a key; the catalog never contradicts itself.
void Server::note(const Error& error) {
  if (error.code == Code::corrupt && error.message != ops::testing::kDamagedKey && trouble.empty()) trouble = "a job: " + error.message;
}

// The broken rule: what a living session placed and no commit has named yet is taken for garbage.
Task<Result<void>> Server::take_by_listing(Life& life) {
  catalog::Catalog& catalog = *life.gateway->catalog;
  BASCULE_CO_ASSIGN(auto listing, co_await life.gateway->provider->list("", "", 1000, kNoDeadline));
  for (const auto& object : listing.objects) {
    const auto raw = life.gateway->namer->id(object.name);
    if (!raw) continue;
    const extent::ExtentId id{extent::UniqueId::read(reinterpret_cast<const char*>(raw->data()))};
    if (id.session != catalog.session()) continue;
    BASCULE_CO_ASSIGN(auto named, co_await catalog.get<catalog::ExtentRecord>(catalog::keys::extent(id)));
    if (!named) (void)catalog.ids().failed().add(id, world_.clock.now());
  }
  co_return Result<void>{};
}

Server::Connection Server::connect() {
  if (!life_) return {};
  http::PipeOptions options{.capacity_bytes = 1000 + random_.next_u64() % 60'000};
  if (random_.next_u64() % 40 == 0) options.cut_first_to_second = random_.next_u64() % 100'000;
  if (random_.next_u64() % 40 == 0) options.cut_second_to_first = random_.next_u64() % 100'000;
  auto [client, server] = http::make_memory_pipe(world_.clock, options);
  Life& life = *life_;
  spawn(world_.loop, http::serve_connection(std::move(server), *life.handler, life.limits, world_.clock, life.refuse, life.draining));
  Connection connection{std::shared_ptr<http::ByteStream>(std::move(client)), lives_};
  std::erase_if(clients_, [](const auto& c) { return c.expired(); });
  clients_.push_back(connection.stream);
  return connection;
}

void Server::crash() {
  life_->gateway->line->crashed = true;
  past_.push_back(std::move(life_));
  for (const auto& c : clients_)
    if (const auto stream = c.lock()) stream->abort();
  clients_.clear();
}

}  // namespace bascule::sim
