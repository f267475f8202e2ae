// One client of the simulator: random requests, every answer held against the model.
#pragma once
#include "sim/http_client.h"
#include "sim/model.h"
#include "sim/server.h"

namespace bascule::sim {

struct Trace {
  std::uint64_t hash = 0xcbf29ce484222325;
  std::uint64_t requests = 0;
  bool print = false;
  void add(std::string_view text);
  void hash_in(std::string_view text);
};

// What the clients of one run have in common.
struct Play {
  Server& server;
  ops::Account account;
  Trace trace;
  std::map<std::string, SharedBlob> shared;
  std::string violation;                     // the first one
  int running = 0;
  void violate(std::string what) { if (violation.empty()) violation = std::move(what); }
};

class Client {
 public:
  Client(Play& play, int number, std::uint64_t seed);
  Task<void> run(int steps);
  Task<void> verify();                       // everything that it has, as it should be; no faults by then

 private:
  // What a request should do: the status that the model expects, and the blob afterwards.
  struct Op {
    Request request;
    int expected = 0;
    OwnBlob after;
  };
  std::uint64_t pick(std::uint64_t n) { return random_.next_u64() % n; }
  Task<Answer> send(Request request);
  Task<void> step();
  Task<void> own_step();
  Task<void> shared_step();
  Task<void> do_op(std::string key, Op op);
  // After an unknown outcome: which of the two it was.
  Task<void> resolve(std::string key, OwnBlob before, OwnBlob after);
  Task<std::optional<OwnBlob>> look(std::string key, const OwnBlob& like);
  Task<void> read(std::string key);
  Task<void> list(std::string container);
  Op put(const OwnBlob& blob, const std::string& key);
  Op put_block(const OwnBlob& blob, const std::string& key);
  Op put_list(const OwnBlob& blob, const std::string& key);
  Op copy(const OwnBlob& blob, const std::string& key);
  Op other(const OwnBlob& blob, const std::string& key);
  bool guard(const OwnBlob& blob, Op& op);   // the lease, and conditions
  std::string value();
  std::string scope(const std::string& usual);   // mostly that one

  Play& play_;
  const int number_;
  SeededRandom random_;
  std::uint64_t values_ = 0;
  std::map<std::string, OwnBlob> own_;       // "/container/name" -> what is there
  std::map<std::string, std::string> seen_;  // shared blob -> the ETag last seen
  Server::Connection connection_;
};

}  // namespace bascule::sim
