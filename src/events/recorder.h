// Recorder: the EventSink of the real server. Each thread writes its lines into a ring of its own; one thread takes them
// from all rings and hands them to the targets, in batches. A request waits for none of that.
#pragma once
#include <atomic>
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "events/ring.h"
#include "events/sink.h"
#include "events/target.h"
#include "runtime/random.h"

namespace bascule::events {

enum class Policy : std::uint8_t {
  count,   // what cannot be written is dropped, counted, and said in an event as soon as one can be written
  refuse,  // requests and acts are refused until it can be written; what was admitted waits in memory and is written
};

struct RecorderOptions {
  std::optional<FileOptions> file;
  std::optional<SyslogOptions> syslog;
  std::optional<int> descriptor;               // standard output
  Policy policy = Policy::count;
  std::chrono::milliseconds flush{100};        // how long a line stays in memory at most, while it can be written
  std::size_t ring_bytes = 1024 * 1024;        // for each thread; rounded up to a power of two, fixed at the start
  std::size_t overflow_bytes = 64u << 20;      // for all together, where a ring is full; fixed at the start
  bool any() const { return file || syslog || descriptor; }
};

struct RecorderStats {
  std::uint64_t written = 0, written_bytes = 0;  // lines that reached all targets, or all that would take them
  std::uint64_t dropped = 0;                     // lines that a target, or all of them, never got
  std::uint64_t refused = 0;                     // requests and acts
  std::uint64_t rotations = 0;
  bool failing = false;                          // a target takes nothing now
  std::string trouble;                           // why
};

class Recorder final : public EventSink {
 public:
  // Opens the targets; none is fine: then nothing is recorded until reconfigure() names some.
  static Result<std::unique_ptr<Recorder>> open(RecorderOptions options, Clock& clock, Random& random);
  ~Recorder() override;   // close()

  // New targets and policy, or the same opened anew (a file that was moved away). On an error everything stays as it was.
  // Lines recorded before may go to the new ones. Blocks.
  Result<void> reconfigure(RecorderOptions options);

  // Writes what there is, for at most `limit`; then ends. What could not be written is counted and logged. Once.
  void close(std::chrono::milliseconds limit = std::chrono::seconds(5));
  // Returns once all that was recorded before is written, or `limit` is over (false).
  bool flush(std::chrono::milliseconds limit);

  RecorderStats stats() const;

  bool enabled() const override { return enabled_.load(std::memory_order_relaxed); }
  bool admit() override;
  void record(const AccessEvent& event) override;
  void record(const AdminEvent& event) override;
  void record(const ConnectionEvent& event) override;
  void record(const ServiceEvent& event) override;

 private:
  struct Lane;
  Recorder(Clock& clock, Random& random, const RecorderOptions& options);

  Lane& mine();
  template <class Event, class... More> void put(const Event& event, const More&... more);
  void wake();

  // the writer's thread
  void run();
  bool gather(std::string& batch);
  void deliver(std::string& batch);
  void leave(std::string& batch);
  bool offer(std::size_t target, std::string_view batch);
  void note_trouble();
  void say_recovered();
  void note(const ServiceEvent& event, std::string& to);

  Clock& clock_;
  const std::uint64_t number_;       // tells instances apart in the threads' memory
  const std::string run_;
  const std::size_t ring_bytes_, most_overflow_;
  const int wake_fd_;

  std::atomic<bool> enabled_{false};
  std::atomic<bool> refusing_policy_{false};
  std::atomic<bool> failing_{false};
  std::atomic<bool> woken_{false};
  std::atomic<std::uint64_t> refused_{0}, ring_dropped_{0}, target_dropped_{0}, written_{0}, written_bytes_{0}, rotations_{0};

  struct Budget {   // of one kind of connection event, a second
    std::atomic<std::int64_t> second{0};
    std::atomic<std::uint64_t> used{0}, suppressed{0};
  };
  std::array<Budget, static_cast<std::size_t>(ConnectionEvent::Kind::count_)> budgets_;

  mutable std::mutex lanes_mutex_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  // Lines that found their ring full, the writer being behind: under lanes_mutex_, its size readable without.
  std::string overflow_;
  std::atomic<std::size_t> overflow_size_{0};

  struct Aim {
    std::unique_ptr<Target> target;
    std::size_t done = 0;            // of the batch
    bool failing = false;
    std::uint64_t lost = 0;          // lines, since it began to fail
  };
  mutable std::mutex targets_mutex_; // held while a batch is delivered
  std::vector<Aim> aims_;
  std::chrono::milliseconds flush_{100};
  std::string syslog_socket_;        // that a syslog was reached at; under targets_mutex_
  std::uint64_t own_sequence_ = 0;   // the writer's own stream, 0
  std::uint64_t said_dropped_ = 0, said_refused_ = 0;

  // Asked while a target may be waiting for its disk: never held during a write.
  mutable std::mutex trouble_mutex_;
  bool troubled_ = false;
  std::string trouble_;

  std::mutex done_mutex_;
  std::condition_variable done_;
  std::uint64_t rounds_ = 0;         // rounds that ended with nothing left
  bool stop_ = false, idle_ = false;
  std::thread thread_;
};

}  // namespace bascule::events
