#include "load/run.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "load/process.h"
#include "load/worker.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t own_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

void pause(double seconds) {
  if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// Connections that have made one request each and then say nothing.
class IdleConnections {
 public:
  IdleConnections(const Options& options, const Content& content) {
    const auto target = make_target(options, content);
    for (unsigned i = 0; i < options.idle; ++i) {
      const int fd = open_connection(options.endpoint);
      if (fd < 0) continue;
      descriptors_.push_back(fd);
      Operation operation;
      operation.work = Work::head;
      operation.key = options.first_key;
      Request request;
      target->write(operation, std::time(nullptr), request);
      if (send(fd, request.head.data(), request.head.size(), MSG_NOSIGNAL) < 0) continue;
      read_answer(fd);
    }
  }
  ~IdleConnections() {
    for (const int fd : descriptors_) close(fd);
  }
  unsigned still_open() const {
    return static_cast<unsigned>(std::count_if(descriptors_.begin(), descriptors_.end(), [](int fd) {
      char byte;
      return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
    }));
  }

 private:
  static void read_answer(int fd) {
    Response response;
    response.reset(true);
    char buffer[4096];
    while (response.state() == Response::State::head) {
      pollfd waiting{fd, POLLIN, 0};
      if (poll(&waiting, 1, 10'000) <= 0) return;
      const ssize_t received = recv(fd, buffer, sizeof buffer, 0);
      if (received <= 0) return;
      response.feed({buffer, static_cast<std::size_t>(received)}, [](std::span<const char>) {});
    }
  }

  std::vector<int> descriptors_;
};

}  // namespace

void Totals::merge(const Totals& other) {
  latency.merge(other.latency);
  operations += other.operations;
  names += other.names;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  reconnects += other.reconnects;
  for (const auto& [status, count] : other.errors) errors[status] += count;
  if (first_error.empty()) first_error = other.first_error;
}

bool supported(const Options& options) {
  const Content content(options.seed);
  return make_target(options, content)->supports(options.work);
}

Outcome run(const Options& options) {
  const Content content(options.seed);
  Shared shared{options, content};
  const IdleConnections idle(options, content);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < options.threads; ++i) {
    const unsigned share = options.connections / options.threads + (i < options.connections % options.threads ? 1 : 0);
    workers.push_back(std::make_unique<Worker>(shared, share, mix(options.seed + i)));
  }

  // With a warm-up the servers' figures begin after it; without one, before the first connection is made.
  Outcome outcome;
  std::vector<std::thread> threads;
  const auto start_workers = [&] {
    shared.running = options.threads;
    for (const auto& worker : workers) {
      threads.emplace_back([&worker, &shared] {
        worker->run();
        --shared.running;
      });
    }
  };
  if (options.warmup > 0) {
    start_workers();
    pause(options.warmup);
  }
  const std::vector<pid_t> before = process_tree(options.servers);
  reset_peak_memory(before);
  const std::uint64_t server_start = cpu_microseconds(before);
  const std::uint64_t own_start = own_cpu();
  const auto start = Clock::now();
  shared.measuring = true;
  if (options.warmup <= 0) start_workers();
  if (options.requests == 0) {
    const auto deadline = start + std::chrono::duration<double>(options.seconds);
    while (Clock::now() < deadline && shared.running > 0) pause(0.05);
    shared.stop = true;
  }
  for (std::thread& thread : threads) thread.join();
  outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  outcome.own_cpu_microseconds = own_cpu() - own_start;
  pause(options.settle);
  const std::vector<pid_t> after = process_tree(options.servers);
  outcome.server_cpu_microseconds = cpu_microseconds(after) - server_start;
  outcome.server_peak_bytes = peak_memory_bytes(after);
  outcome.server_resident_bytes = memory_bytes(after);
  outcome.idle_left_open = idle.still_open();
  outcome.aborted = shared.lost >= kLostLimit;
  for (const auto& worker : workers) outcome.totals.merge(worker->totals());
  return outcome;
}

}  // namespace bench
