// What the simulator's clients have in common: one of them sends a request at a time over a connection of its own.
#pragma once
#include <map>

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
  int stepping = 0;                          // clients in the middle of something
  bool rest = false;                         // none begins anything now
  void violate(std::string what) { if (violation.empty()) violation = std::move(what); }
};

class Speaker {
 public:
  Speaker(Play& play, ops::Account account, int number, std::uint64_t seed);
  virtual ~Speaker() = default;
  Task<void> run(int steps);
  virtual Task<void> verify() = 0;           // everything that it has, as it should be; no faults by then

 protected:
  virtual Task<void> step() = 0;
  std::uint64_t pick(std::uint64_t n) { return random_.next_u64() % n; }
  std::string value();                       // one that nobody else writes
  Task<Answer> send(Request request);
  Task<void> sleep(Duration d) { return play_.server.world().clock.sleep_for(d); }
  WallTime wall() { return play_.server.world().clock.wall(); }
  void violate(const std::string& what) { play_.violate("client " + std::to_string(number_) + ": " + what); }
  void leave();

  Play& play_;
  const ops::Account account_;
  const int number_;
  SeededRandom random_;

 private:
  std::uint64_t values_ = 0;
  Server::Connection connection_;
};

// No word about what became of the request: nothing came, or a failure.
inline bool unclear(const Answer& a) { return a.status == 0; }
// It was refused for now and has changed nothing.
inline bool put_off(const Answer& a) { return a.status == 500 || a.status == 503; }

// The texts between <tag> and </tag>, in order.
std::vector<std::string> elements(const std::string& xml, const std::string& tag);
std::string element(const std::string& xml, const std::string& tag);   // the first; "" = there is none
std::string block_id(std::uint64_t n);
std::string in_query(std::string text);      // what Base64 and times need

}  // namespace bascule::sim
