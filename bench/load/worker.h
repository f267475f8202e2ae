// One thread's share of the connections, on one epoll set.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "load/random.h"
#include "load/response.h"
#include "load/run.h"

namespace bench {

constexpr std::uint64_t kLostLimit = 200;  // connections lost in a row after which a run gives up

// What the workers of one run share.
struct Shared {
  const Options& options;
  const Content& content;
  std::atomic<bool> measuring{false};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> issued{0};    // operations begun: puts and deletes take their key from it
  std::atomic<std::uint64_t> counted{0};   // of these, begun while measuring
  std::atomic<unsigned> running{0};        // workers that still have work
  std::atomic<std::uint64_t> lost{0};      // connections lost one after another without any answer between
};

std::unique_ptr<Target> make_target(const Options& options, const Content& content);
int open_connection(const Endpoint& endpoint);  // blocking connect, then non-blocking; -1 with errno

class Worker {
 public:
  Worker(Shared& shared, unsigned connections, std::uint64_t seed);
  ~Worker();
  void run();  // until told to stop or until the operations are used up; operations under way are finished
  const Totals& totals() const { return totals_; }

 private:
  struct Connection;
  enum class Sending : std::uint8_t { done, blocked, failed };

  bool begin_operation(Connection& connection);
  void begin_request(Connection& connection);
  Sending send_some(Connection& connection);
  void on_readable(Connection& connection);
  void on_body(Connection& connection, std::span<const char> bytes);
  void on_complete(Connection& connection);
  void on_lost(Connection& connection);
  void finish_operation(Connection& connection, int error);
  void retire(Connection& connection);
  bool reopen(Connection& connection);
  void watch(Connection& connection, bool writable);
  bool discardable(const Connection& connection) const;

  Shared& shared_;
  std::unique_ptr<Target> target_;
  Random random_;
  int epoll_ = -1;
  unsigned active_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<char> buffer_;
  Totals totals_;
};

}  // namespace bench
