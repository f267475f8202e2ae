#include "app/engine.h"

#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "app/data_format.h"
#include "base/log.h"
#include "crypto/key_file.h"
#include "provider/folder/folder_provider.h"
#include "provider/s3/s3_stack.h"
#include "runtime/run.h"
#include "store/rocksdb/rocks_store.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;

// The folder is ours alone: names of blobs stand in the catalog's keys.
Result<void> make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(Code::permission_denied, "cannot make the folder " + path + ": " + error.message());
  if (::chmod(path.c_str(), 0700) != 0) return fail(Code::permission_denied, "the folder " + path + " belongs to somebody else");
  return {};
}

Result<std::unique_ptr<crypto::KeyHolder>> open_key_file(const EngineOptions& o, bool fresh, Random& random, Clock& clock,
                                                         bool& created) {
  auto loaded = crypto::KeyFile::load(o.key_file, random);
  if (loaded) return std::move(*loaded);
  if (loaded.error().code != Code::not_found) return fail(loaded.error());
  // A new key beside old data would only hide that the right key is lost.
  if (!o.allow_create || !fresh)
    return fail(Code::not_found, "the key file " + o.key_file + " is not there, but " + o.data +
                                     " holds data sealed under it: put the copy back, or name the right file");
  std::error_code error;
  fs::create_directories(fs::path(o.key_file).parent_path(), error);
  if (error) return fail(Code::permission_denied, "cannot make the folder of the key file " + o.key_file + ": " + error.message());
  BASCULE_ASSIGN(auto made, crypto::KeyFile::create(o.key_file, random, clock.wall()));
  created = true;
  return made;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(EngineOptions options, Clock& clock, Random& random) {
  auto engine = std::unique_ptr<Engine>(new Engine());
  Engine& e = *engine;
  e.clock_ = &clock;
  e.options_ = options;
  const std::string catalog_path = options.data + "/catalog";
  std::error_code unreadable;
  const bool fresh = !fs::exists(catalog_path, unreadable);
  if (unreadable) return fail(Code::permission_denied, catalog_path + " cannot be looked at: " + unreadable.message());
  if (fresh && !options.allow_create) return fail(Code::not_found, "there is no Bascule data in " + options.data);
  BASCULE_TRY(check_data_format(options.data));
  BASCULE_TRY(make_folder(options.data));
  BASCULE_ASSIGN(e.holder_, open_key_file(options, fresh, random, clock, e.created_key_file_));
  e.workers_ = make_thread_workers(options.workers, "io");
  store::RocksOptions rocks{.cache_bytes = options.cache_bytes};
  rocks.metrics = e.store_metrics_ = std::make_shared<store::StoreMetrics>();
  rocks.note = [](std::string_view text) { log::warn("store", {{"note", text}}); };
  BASCULE_ASSIGN(e.store_, store::open_rocksdb(catalog_path, rocks, *e.workers_));

  e.remote_ = fetch::make_http_remote(options.remote, clock);
  ops::ServiceOptions service{.rehydrate_standard = options.rehydrate_standard, .rehydrate_high = options.rehydrate_high};
  if (options.s3) {
    BASCULE_ASSIGN(auto stack, provider::make_s3_stack(*options.s3, clock, random));
    e.http_ = std::move(stack.client);
    e.metrics_ = std::move(stack.metrics);
    e.provider_ = std::move(stack.provider);
    service.read_run_bytes = 1024 * 1024;  // a remote read costs a round trip: larger steps, several at a time
    service.read_ahead = 3;
  } else {
    // A local disk takes one synced write at a time anyway: one extent in flight gathers the most writes for it.
    service.packer.in_flight = 1;
    e.metrics_ = std::make_shared<provider::ProviderMetrics>();
    BASCULE_ASSIGN(auto folder, provider::open_folder({.path = options.data}, *e.workers_, clock));
    e.provider_ = std::make_unique<provider::MetricsProvider>(std::move(folder), clock, e.metrics_);
  }

  e.loop_ = std::make_unique<Loop>();
  Loop& loop = *e.loop_;
  using IfMissing = crypto::Keyring::IfMissing;
  BASCULE_ASSIGN(e.keyring_, run(loop, crypto::Keyring::open_or_create({*e.provider_, *e.holder_, random, clock},
                                                                       options.allow_create ? IfMissing::create : IfMissing::refuse)));
  e.namer_ = std::make_unique<crypto::ExtentNamer>(e.keyring_->name_key());
  BASCULE_TRY(raise_data_format(options.data));
  BASCULE_ASSIGN(e.catalog_, run(loop, catalog::Catalog::open(*e.store_, e.keyring_->catalog_key(), random, clock,
                                                              options.allow_create)));
  e.memory_ = std::make_unique<extent::MemoryPool>(options.upload_memory_bytes);
  e.service_ = std::make_unique<ops::Service>(
      ops::ServiceParts{*e.catalog_, *e.keyring_, *e.provider_, *e.namer_, *e.memory_, *e.workers_, clock, random}, service);
  BASCULE_TRY(run(loop, e.service_->load_accounts()));
  if (options.development_account && !e.service_->account(kDevelopmentAccount)) {
    const std::string key = *from_base64(kDevelopmentKey);
    BASCULE_TRY(run(loop, e.service_->put_account({std::string(kDevelopmentAccount), {key, key}, true}, true)));
  }
  e.sweeper_ = std::make_unique<jobs::Sweeper>(*e.service_, std::chrono::days(7), options.restore_window);
  e.lifecycle_ = std::make_unique<jobs::Lifecycle>(*e.service_);
  e.copies_ = std::make_unique<jobs::Copies>(*e.service_, e.remote_.get());
  e.compactor_ = std::make_unique<jobs::Compactor>(*e.service_, jobs::CompactionOptions{.prices = options.prices});
  return engine;
}

Engine::~Engine() = default;

void Engine::start_jobs(Loop& loop) {
  jobs_done_ = false;
  spawn(loop, run_jobs());
  lifecycle_done_ = false;
  spawn(loop, run_lifecycle());
  copies_done_ = false;
  spawn(loop, run_copies());
  compaction_done_ = false;
  spawn(loop, run_compaction());
}

// As long as a run finds something the next follows at once.
Task<void> Engine::run_compaction() {
  using namespace std::chrono_literals;
  const Duration every = options_.compact_every;
  Instant due = clock_->now() + std::min<Duration>(every, 15min);
  while (!stop_) {
    co_await clock_->sleep_for(50ms);   // in short steps, so that close() does not wait long
    if (every == Duration() || clock_->now() < due) continue;
    const std::uint64_t gathered = compactor_->counts().gathered;
    const auto run = co_await compactor_->run(stop_);
    if (!run && run.error().code != Code::conflict)   // else a command's is under way
      log::warn("compaction", {{"error", run.error().message}, {"kind", name(run.error().code)}});
    const bool worked = run && compactor_->counts().gathered != gathered;
    if (worked)
      log::info("compaction", {{"extents", std::to_string(run->extents)}, {"groups", std::to_string(run->groups)},
                               {"freed_bytes", std::to_string(run->size_bytes - run->moved_bytes)}});
    due = clock_->now() + (worked ? Duration(1s) : every);
  }
  compaction_done_ = true;
}

Task<void> Engine::run_copies() {
  using namespace std::chrono_literals;
  while (!stop_ || !copies_->idle()) {
    if (stop_) copies_->stop();
    Duration pause = 50ms;
    if (auto looked = co_await copies_->pass(); !looked) {
      log::warn("copies", {{"error", looked.error().message}, {"kind", name(looked.error().code)}});
      pause = 1s;
    }
    co_await clock_->sleep_for(pause);
  }
  copies_done_ = true;
}

Task<void> Engine::run_jobs() {
  using namespace std::chrono_literals;
  Instant expiry_due = clock_->now() + 1min, deleted_due = clock_->now(), time_due = clock_->now();
  while (!stop_) {
    bool busy = false;
    Result<void> outcome;
    if (auto swept = co_await sweeper_->pass()) busy = *swept;
    else if (swept.error().code == Code::conflict) busy = true;   // a compaction moved what was being swept: once more
    else outcome = fail(swept.error());
    if (outcome) outcome = co_await sweeper_->adopt_when_due();
    if (outcome && clock_->now() >= expiry_due) {
      outcome = co_await sweeper_->expire_uploads();
      if (outcome) outcome = co_await sweeper_->expire_deleted();
      expiry_due = clock_->now() + 1h;
    }
    if (outcome && clock_->now() >= time_due) {
      outcome = co_await service_->keep_time_mark();
      time_due = clock_->now() + 1min;
    }
    if (outcome && clock_->now() >= deleted_due) {
      if (auto expired = co_await service_->expire_deleted_containers(); !expired) outcome = fail(expired.error());
      if (outcome) outcome = co_await sweeper_->expire_ended();
      deleted_due = clock_->now() + 1min;
    }
    if (!outcome) log::warn("sweeper", {{"error", outcome.error().message}, {"kind", name(outcome.error().code)}});
    // In short steps, so that close() does not wait long.
    const Instant next = clock_->now() + (outcome ? (busy ? 50ms : 1000ms) : 10'000ms);
    while (!stop_ && clock_->now() < next) co_await clock_->sleep_for(std::min<Duration>(50ms, next - clock_->now() + 1ms));
  }
  jobs_done_ = true;
}

Task<void> Engine::run_lifecycle() {
  using namespace std::chrono_literals;
  while (!stop_) {
    Duration pause = 5s;
    if (auto worked = co_await lifecycle_->pass(); !worked) {
      log::warn("lifecycle", {{"error", worked.error().message}, {"kind", name(worked.error().code)}});
      pause = 1min;
    } else if (*worked) {
      pause = 10ms;
    }
    // In short steps, so that close() does not wait long.
    const Instant next = clock_->now() + pause;
    while (!stop_ && clock_->now() < next) co_await clock_->sleep_for(std::min<Duration>(50ms, next - clock_->now() + 1ms));
  }
  lifecycle_done_ = true;
}

Result<void> Engine::close() {
  stop_ = true;
  const auto done = [this] { return jobs_done_ && lifecycle_done_ && copies_done_ && compaction_done_; };
  for (int i = 0; i < 600 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (!done()) return fail(Code::timeout, "a background job does not end; the next start will say what it recovered");
  return run(*loop_, catalog_->close());
}

}  // namespace bascule::app
