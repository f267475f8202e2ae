// One measured run: connections that each do one operation after another (a closed loop), and what came of it.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/dialect.h"
#include "load/histogram.h"
#include "load/target.h"

namespace bench {

enum class Protocol : std::uint8_t { azure, s3, plain };

struct Options {
  Protocol protocol = Protocol::azure;
  Endpoint endpoint;
  AzureAccount azure;
  S3Credentials s3;
  TargetOptions target;
  Work work = Work::get;
  std::uint64_t size = 4096;
  std::uint64_t keys = 1000;
  std::uint64_t first_key = 0;
  std::uint64_t seed = 1;
  unsigned connections = 64;
  unsigned idle = 0;              // further connections that made one request each and then stay open
  unsigned threads = 1;
  double seconds = 10;
  std::uint64_t requests = 0;     // operations; 0 = as many as the time allows
  double warmup = 0;              // seconds of the same work before the measurement begins
  double settle = 0;              // seconds after it in which the server's CPU still counts
  bool verify_everything = false; // else the status, the length and the first bytes of each answer
  std::vector<pid_t> servers;
};

// Statuses below 100 stand for what is not an answer.
constexpr int kConnectionLost = 0;
constexpr int kWrongContent = 1;
constexpr int kMalformed = 2;

struct Totals {
  Histogram latency;
  std::uint64_t operations = 0;  // completed as they should
  std::uint64_t names = 0;       // listed
  std::uint64_t bytes_sent = 0;  // content only
  std::uint64_t bytes_received = 0;
  std::uint64_t reconnects = 0;  // a kept connection that the server had closed between two requests
  std::map<int, std::uint64_t> errors;
  std::string first_error;       // the body of the first refused request
  void merge(const Totals& other);
};

struct Outcome {
  Totals totals;
  double seconds = 0;
  std::uint64_t server_cpu_microseconds = 0;
  std::uint64_t server_peak_bytes = 0;
  std::uint64_t server_resident_bytes = 0;
  std::uint64_t own_cpu_microseconds = 0;
  unsigned idle_left_open = 0;
  bool aborted = false;  // too many lost connections
};

bool supported(const Options& options);
Outcome run(const Options& options);

std::string to_json(const Options& options, const Outcome& outcome);
std::string to_text(const Options& options, const Outcome& outcome);

}  // namespace bench
