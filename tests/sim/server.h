// The whole server in one thread on simulated time: connections in memory, the HTTP server, Azure's protocol, the use
// cases, a memory store and a faulty provider. It crashes at any instant and begins again over what it left.
#pragma once
#include <atomic>

#include "api/blob/service.h"
#include "http/memory_stream.h"
#include "http/server_connection.h"
#include "jobs/compaction.h"
#include "jobs/sweeper.h"
#include "ops/testing.h"
#include "sim/broken.h"

namespace bascule::sim {

// One life of the server. What is left of a crashed one is kept: its coroutines still refer to it.
struct Life {
  std::unique_ptr<ops::testing::Gateway> gateway;
  std::unique_ptr<jobs::Sweeper> sweeper;
  std::unique_ptr<jobs::Compactor> compactor;
  std::unique_ptr<api::blob::BlobService> handler;
  http::ConnectionLimits limits;
  http::RefusalWriter refuse = api::blob::refuse_unread;
  std::atomic<bool> draining{false};
};

class Server {
 public:
  Server(std::uint64_t seed, Broken broken);

  Task<void> start();
  // The client's end of a new connection; nothing while the server is down. Some are cut after so many bytes.
  struct Connection {
    std::shared_ptr<http::ByteStream> stream;
    std::uint64_t life = 0;
  };
  Connection connect();
  bool up() const { return life_ != nullptr; }
  bool alive(const Connection& c) const { return life_ && c.life == lives_; }
  void crash();
  std::uint64_t lives() const { return lives_; }

  ops::testing::World& world() { return world_; }
  ops::Service& service() { return *life_->gateway->service; }
  WallTime lawful_now() { return life_ ? service().lawful_now() : world_.clock.wall(); }   // what policies count by
  jobs::Sweeper& sweeper() { return *life_->sweeper; }
  catalog::Catalog& catalog() { return *life_->gateway->catalog; }
  std::uint64_t rounds() const { return rounds_; }   // of the jobs, that came to their end
  void set_faults(bool on);
  // The provider does as it should for as long as one of these is there: for who must get to see something large.
  class Calm {
   public:
    explicit Calm(Server& server) : server_(server) { ++server_.calm_; server_.set_faults(server_.faults_); }
    ~Calm() { --server_.calm_; server_.set_faults(server_.faults_); }
    Calm(const Calm&) = delete;
    Calm& operator=(const Calm&) = delete;

   private:
    Server& server_;
  };
  void tamper(const std::string& method, std::string& target, std::vector<http::Header>& headers) {
    reader_.take(method, target, headers);
  }
  std::string trouble;               // what a job met that may never be

 private:
  Task<Result<void>> take_by_listing(Life& life);
  Task<void> run_jobs(Life& life, std::shared_ptr<ops::testing::Lifeline> line);
  Task<void> run_compaction(Life& life, std::shared_ptr<ops::testing::Lifeline> line);
  void note(const Error& error);

  std::vector<std::unique_ptr<Life>> past_;   // first: what is parked in the world refers to it
  ops::testing::World world_;
  const Broken broken_;
  BrokenReader reader_;
  SeededRandom random_;
  std::unique_ptr<Life> life_;
  std::uint64_t lives_ = 0, rounds_ = 0;
  bool faults_ = false;
  int calm_ = 0;
  std::vector<std::weak_ptr<http::ByteStream>> clients_;
};

}  // namespace bascule::sim
