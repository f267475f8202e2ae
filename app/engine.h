// Engine: everything under the protocols, wired together for one data folder: store, provider, keyring, catalog, use
// cases, jobs. `serve` puts a server over it; the other commands use it directly when no server runs.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "fetch/http_remote.h"
#include "jobs/compaction.h"
#include "jobs/copies.h"
#include "jobs/lifecycle.h"
#include "jobs/sweeper.h"
#include "ops/service.h"
#include "provider/metrics.h"
#include "provider/s3/s3_provider.h"
#include "store/metrics.h"

namespace bascule::app {

struct EngineOptions {
  std::string data;                 // the folder: catalog/ and, for the folder provider, shards/
  std::string key_file;
  std::optional<provider::S3Options> s3;   // nothing: the folder provider, within `data`
  std::size_t upload_memory_bytes = std::size_t{128} << 20;
  std::size_t cache_bytes = std::size_t{64} << 20;
  std::size_t workers = 8;
  fetch::RemoteOptions remote;      // what copies from elsewhere may be read from
  Duration rehydrate_standard = std::chrono::hours(1), rehydrate_high = std::chrono::minutes(1);   // from the archive
  jobs::Prices prices;              // the provider's
  Duration compact_every = std::chrono::hours(1);   // 0: only when told to
  std::optional<provider::S3Options> backup_s3;     // where backups named s3://BUCKET/PREFIX go; without bucket and prefix
  Duration restore_window = std::chrono::hours(24);   // for how long a backup can be restored whole, once one was made
  bool allow_create = true;         // make folder, key file, keyring and catalog where there are none
  bool development_account = true;  // make sure that Azure's development account is there
};

// Azure's published development account ("Connect to the emulator account using the well-known account name and key").
inline constexpr std::string_view kDevelopmentAccount = "devstoreaccount1";
inline constexpr std::string_view kDevelopmentKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

class Engine {
 public:
  // Blocks; before the loops run. Errors say what to do: the folder is held by another process, the key file is missing
  // or does not belong to the store, the provider refuses.
  static Result<std::unique_ptr<Engine>> open(EngineOptions options, Clock& clock, Random& random);
  ~Engine();

  ops::Service& service() { return *service_; }
  catalog::Catalog& catalog() { return *catalog_; }
  store::Store& store() { return *store_; }
  crypto::Keyring& keyring() { return *keyring_; }
  provider::Provider& provider() { return *provider_; }   // with its decorators
  const crypto::ExtentNamer& namer() const { return *namer_; }
  Workers& workers() { return *workers_; }
  ops::Remote& remote() { return *remote_; }
  extent::MemoryPool& memory() { return *memory_; }
  const provider::ProviderMetrics& provider_metrics() const { return *metrics_; }
  const store::StoreMetrics& store_metrics() const { return *store_metrics_; }
  bool created_key_file() const { return created_key_file_; }
  const std::vector<std::uint32_t>& died() const { return catalog_->died(); }
  const EngineOptions& options() const { return options_; }
  jobs::Lifecycle& lifecycle() { return *lifecycle_; }
  jobs::Compactor& compactor() { return *compactor_; }
  jobs::SweepCounts sweep_counts() const { return sweeper_->counts(); }
  std::atomic<bool>& backing_up() { return backing_up_; }   // one backup, or change of what is kept, at a time

  // Runs the sweeper and the lifecycle policies on `loop` until close(): a pass every second, uploads' expiry every hour, that of
  // deleted containers every minute, what dead sessions left at once and every hour until they are settled.
  void start_jobs(Loop& loop);
  // Ends the jobs, then the session, in order. Blocks; the server has drained before.
  Result<void> close();

 private:
  Engine() = default;
  Task<void> run_jobs();
  Task<void> run_lifecycle();
  Task<void> run_copies();
  Task<void> run_compaction();

  // Used by open() and close(); it outlives the connections that were made on it, which is why it comes first.
  std::unique_ptr<Loop> loop_;
  EngineOptions options_;
  Clock* clock_ = nullptr;
  bool created_key_file_ = false;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<ops::Remote> remote_;
  std::unique_ptr<provider::Provider> provider_;
  std::shared_ptr<provider::ProviderMetrics> metrics_;
  std::unique_ptr<crypto::KeyHolder> holder_;
  std::unique_ptr<crypto::Keyring> keyring_;
  std::unique_ptr<crypto::ExtentNamer> namer_;
  std::shared_ptr<store::StoreMetrics> store_metrics_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<extent::MemoryPool> memory_;
  std::unique_ptr<ops::Service> service_;
  std::unique_ptr<jobs::Sweeper> sweeper_;
  std::unique_ptr<jobs::Lifecycle> lifecycle_;
  std::unique_ptr<jobs::Copies> copies_;
  std::unique_ptr<jobs::Compactor> compactor_;
  std::atomic<bool> backing_up_{false};
  std::atomic<bool> stop_{false}, jobs_done_{true}, lifecycle_done_{true}, copies_done_{true}, compaction_done_{true};
};

}  // namespace bascule::app
