// A whole storage engine in memory on simulated time: store, provider, keyring, catalog, service, on one loop. For the
// tests of ops/ and jobs/, and for the simulator.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/crc64.h"
#include "crypto/key_holder.h"
#include "ops/service.h"
#include "provider/fault.h"
#include "provider/memory/memory_provider.h"
#include "runtime/sim.h"
#include "store/memory/memory_store.h"

namespace bascule::ops::testing {

class StringBody final : public BodySource {
 public:
  explicit StringBody(std::string text, std::size_t stretch = 100'000) : text_(std::move(text)), stretch_(stretch) {}
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t n = std::min({into.size(), stretch_, text_.size() - at_});
    std::memcpy(into.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
  }

 private:
  const std::string text_;
  const std::size_t stretch_;
  std::size_t at_ = 0;
};

// Hides nothing, but notices damage as real holders do: a provider that flips a bit of a key is noticed by its holder.
inline constexpr std::string_view kDamagedKey = "damaged, or of another context";
class OpenHolder final : public crypto::KeyHolder {
 public:
  std::string_view id() const override { return "0000000000000000"; }
  Task<Result<std::string>> wrap(crypto::SecretKey key, std::string context) override {
    std::string wrapped = std::string(as_text(key.bytes())) + context;
    append_be64(wrapped, crc64(as_bytes(wrapped)));
    co_return wrapped;
  }
  Task<Result<crypto::SecretKey>> unwrap(std::string wrapped, std::string context) override {
    const std::size_t size = crypto::SecretKey::kSize + context.size();
    if (wrapped.size() != size + 8 || load_be64(wrapped.data() + size) != crc64(as_bytes(wrapped).first(size)) ||
        wrapped.substr(crypto::SecretKey::kSize, context.size()) != context)
      co_return fail(Code::corrupt, std::string(kDamagedKey));
    crypto::SecretKey key;
    std::memcpy(key.writable().data(), wrapped.data(), crypto::SecretKey::kSize);
    co_return key;
  }
};

// Where the coroutines of a crashed gateway wait for ever.
class Parking {
 public:
  Task<void> park() {
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void()>(
        [this](auto handler) { parked_.push_back(std::move(handler)); }, kUse);
  }
  void clear() { parked_.clear(); }

 private:
  static constexpr boost::asio::use_awaitable_t<Executor> kUse{};
  std::vector<boost::asio::async_result<boost::asio::use_awaitable_t<Executor>, void()>::handler_type> parked_;
};

// A gateway's only ways to the world. Once it has crashed nothing of it gets through any more, and no answer comes back:
// what was under way may still take effect, unseen, as in life.
struct Lifeline {
  Parking& parking;
  bool crashed = false;

  template <class T> Task<T> through(Task<T> call) {
    if (crashed) co_await parking.park();
    T answer = co_await std::move(call);
    if (crashed) co_await parking.park();
    co_return answer;
  }
};

class GateStore final : public store::Store {
 public:
  GateStore(store::Store& inner, std::shared_ptr<Lifeline> line) : inner_(inner), line_(std::move(line)) {}
  bool sole_writer() const override { return inner_.sole_writer(); }
  std::uint64_t moment() const override { return inner_.moment(); }
  Task<Result<std::optional<store::Versioned>>> get(std::string_view key) override { return line_->through(inner_.get(key)); }
  Result<bool> try_get(std::string_view key, std::optional<store::Versioned>& found) override {
    if (line_->crashed) return false;
    return inner_.try_get(key, found);
  }
  Task<Result<std::vector<store::Entry>>> scan(Scan range) override { return line_->through(inner_.scan(std::move(range))); }
  Result<std::unique_ptr<View>> view() override { return inner_.view(); }
  Task<Result<std::uint64_t>> commit(store::Commit commit) override { return line_->through(inner_.commit(std::move(commit))); }
  Task<Result<std::vector<store::JournalEntry>>> read_journal(std::uint64_t after, std::size_t limit) override {
    return line_->through(inner_.read_journal(after, limit));
  }
  Task<Result<void>> trim_journal(std::uint64_t through_sequence) override { return line_->through(inner_.trim_journal(through_sequence)); }

 private:
  store::Store& inner_;
  const std::shared_ptr<Lifeline> line_;
};

class GateProvider final : public provider::Provider {
 public:
  GateProvider(provider::Provider& inner, std::shared_ptr<Lifeline> line) : inner_(inner), line_(std::move(line)) {}
  std::string_view name() const override { return inner_.name(); }
  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override {
    return line_->through(inner_.put(std::move(name), content, deadline));
  }
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override {
    return line_->through(inner_.get(std::move(name), offset, into, deadline));
  }
  Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) override {
    if (line_->crashed) return false;
    return inner_.try_get(name, offset, into);
  }
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override {
    return line_->through(inner_.size(std::move(name), deadline));
  }
  Task<Result<void>> remove(std::string name, Instant deadline) override { return line_->through(inner_.remove(std::move(name), deadline)); }
  Task<Result<provider::Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override {
    return line_->through(inner_.list(std::move(prefix), std::move(after), limit, deadline));
  }

 private:
  provider::Provider& inner_;
  const std::shared_ptr<Lifeline> line_;
};

struct Gateway;

// Hands every call on; who derives changes one of them.
class WrappedStore : public store::Store {
 public:
  explicit WrappedStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)) {}
  bool sole_writer() const override { return inner_->sole_writer(); }
  std::uint64_t moment() const override { return inner_->moment(); }
  Task<Result<std::optional<store::Versioned>>> get(std::string_view key) override { return inner_->get(key); }
  Result<bool> try_get(std::string_view key, std::optional<store::Versioned>& found) override { return inner_->try_get(key, found); }
  Task<Result<std::vector<store::Entry>>> scan(Scan range) override { return inner_->scan(std::move(range)); }
  Result<std::unique_ptr<View>> view() override { return inner_->view(); }
  Task<Result<std::uint64_t>> commit(store::Commit commit) override { return inner_->commit(std::move(commit)); }
  Task<Result<std::vector<store::JournalEntry>>> read_journal(std::uint64_t after, std::size_t limit) override {
    return inner_->read_journal(after, limit);
  }
  Task<Result<void>> trim_journal(std::uint64_t through) override { return inner_->trim_journal(through); }

 protected:
  const std::unique_ptr<store::Store> inner_;
};

// Takes time to commit: half before it is ordered, half after.
class SlowStore final : public WrappedStore {
 public:
  SlowStore(std::unique_ptr<store::Store> inner, Clock& clock) : WrappedStore(std::move(inner)), clock_(clock) {}
  Duration latency{};
  Task<Result<std::uint64_t>> commit(store::Commit commit) override {
    co_await clock_.sleep_for(latency / 2);
    auto done = co_await inner_->commit(std::move(commit));
    co_await clock_.sleep_for(latency / 2);
    co_return done;
  }

 private:
  Clock& clock_;
};

// What outlives a gateway.
struct World {
  explicit World(std::uint64_t seed = 1);

  // Runs one task on simulated time, with whatever else is going on.
  template <class T> T run(Task<T> task) { return run_simulated(loop, clock, std::move(task)); }

  void store_latency(Duration latency) { store->latency = latency; }
  // The gateway is gone between one instant and the next; its remains lie here until the end, and so do those of the jobs
  // that ran over it: their coroutines are parked.
  template <class... Jobs> void crash(std::unique_ptr<Gateway> gateway, std::unique_ptr<Jobs>... jobs);
  ~World();

  std::vector<std::shared_ptr<void>> remains;     // first: coroutines that wait on the loop still refer to them
  std::vector<std::unique_ptr<Gateway>> crashed;
  SeededRandom random, fault_random;
  Loop loop;
  SimClock clock;
  Parking parking;
  OpenHolder holder;
  std::unique_ptr<SlowStore> store = std::make_unique<SlowStore>(store::make_memory_store({.trim_journal_at_once = true}), clock);
  std::unique_ptr<provider::Provider> provider;
  provider::FaultProvider* faults = nullptr;
  provider::MemoryProvider* memory_provider = nullptr;
};

// One life of a gateway over a world. Opened with run(): see open().
struct Gateway {
  struct Options {
    std::size_t upload_memory_bytes = 64 * 1024 * 1024;
    ServiceOptions service;
  };

  static Task<Result<std::unique_ptr<Gateway>>> open(World& world, Options options) {
    auto gateway = std::make_unique<Gateway>();
    Gateway& g = *gateway;
    g.line = std::make_shared<Lifeline>(world.parking);
    g.store = std::make_unique<GateStore>(*world.store, g.line);
    g.provider = std::make_unique<GateProvider>(*world.provider, g.line);
    store::Store& store = *g.store;
    provider::Provider& provider = *g.provider;
    BASCULE_CO_ASSIGN(g.keyring, co_await crypto::Keyring::open_or_create({provider, world.holder, world.random, world.clock},
                                                                          crypto::Keyring::IfMissing::create));
    g.namer = std::make_unique<crypto::ExtentNamer>(g.keyring->name_key());
    BASCULE_CO_ASSIGN(g.catalog, co_await catalog::Catalog::open(store, g.keyring->catalog_key(), world.random, world.clock, true));
    g.memory = std::make_unique<extent::MemoryPool>(options.upload_memory_bytes);
    g.service = std::make_unique<Service>(ServiceParts{*g.catalog, *g.keyring, provider, *g.namer, *g.memory, *g.workers,
                                                       world.clock, world.random},
                                          options.service);
    BASCULE_CO_TRY(co_await g.service->load_accounts());
    co_return gateway;
  }

  std::shared_ptr<Lifeline> line;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<provider::Provider> provider;
  std::unique_ptr<Workers> workers = make_inline_workers();
  std::unique_ptr<crypto::Keyring> keyring;
  std::unique_ptr<crypto::ExtentNamer> namer;
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<extent::MemoryPool> memory;
  std::unique_ptr<Service> service;
};

inline World::World(std::uint64_t seed) : random(seed), fault_random(seed * 2 + 1) {
  auto inner = std::make_unique<provider::MemoryProvider>();
  memory_provider = inner.get();
  auto faulty = std::make_unique<provider::FaultProvider>(std::move(inner), provider::FaultOptions{}, clock, fault_random);
  faults = faulty.get();
  provider = std::move(faulty);
}
inline World::~World() { parking.clear(); }
template <class... Jobs> void World::crash(std::unique_ptr<Gateway> gateway, std::unique_ptr<Jobs>... jobs) {
  gateway->line->crashed = true;
  crashed.push_back(std::move(gateway));
  (remains.push_back(std::move(jobs)), ...);
}

// Content that differs everywhere, made from a number.
inline std::string content(std::size_t size, std::uint64_t seed) {
  std::string text(size, '\0');
  SeededRandom(seed).fill(as_writable(text));
  return text;
}

// Everything a reader gives, as one string.
inline Task<Result<std::string>> read_all(Operations& ops, BlobRef ref, OpenBlob open = {}) {
  BASCULE_CO_ASSIGN(auto reader, co_await ops.open_blob(std::move(ref), std::move(open)));
  std::string all;
  while (true) {
    BASCULE_CO_ASSIGN(const Bytes part, co_await reader->next());
    if (part.empty()) co_return all;
    all.append(as_text(part));
  }
}

}  // namespace bascule::ops::testing
