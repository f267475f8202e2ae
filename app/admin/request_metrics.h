// What the server's requests are and how long they take, counted without contention: each thread has counters of its own,
// which whoever shows them adds up. MeasuredHandler stands around the service's handler.
#pragma once
#include <array>
#include <atomic>
#include <string_view>

#include "app/admin/per_thread.h"
#include "http/message.h"
#include "runtime/clock.h"

namespace bascule::app {

enum class Op : std::uint8_t {
  list_containers, service_properties, account_information,
  create_container, container_properties, delete_container, set_container_metadata, container_acl, lease_container, list_blobs,
  put_blob, copy_blob, put_block, put_block_list, get_block_list, get_blob, head_blob, delete_blob, set_blob_metadata,
  set_blob_properties, lease_blob, preflight, other,
  count_
};
std::string_view name(Op op);  // Azure's name: "GetBlob"
// From method, query and a header or two: good for counting, decides nothing.
Op classify(const http::Request& request);

constexpr std::size_t kOps = static_cast<std::size_t>(Op::count_);

// Written by one thread, read by any.
struct OpCounters {
  static constexpr std::size_t kBuckets = 18;  // up to 4.2 s (base/latency.h)
  std::array<std::atomic<std::uint64_t>, 6> by_class{};  // [status / 100]; 0: no answer, or one that was cut
  std::atomic<std::uint64_t> busy{0};                    // 503
  std::atomic<std::uint64_t> body_in{0}, body_out{0};    // bytes
  std::array<std::atomic<std::uint64_t>, kBuckets> took{};
  std::atomic<std::uint64_t> took_microseconds{0};
};

class RequestMetrics {
 public:
  struct Outcome {
    Op op = Op::other;
    int status = 0;
    bool cut = false;
    std::uint64_t body_in = 0, body_out = 0;
    Duration took{};
  };
  void add(const Outcome& outcome);

  struct OpTotals {
    std::array<std::uint64_t, 6> by_class{};
    std::uint64_t busy = 0, body_in = 0, body_out = 0, took_microseconds = 0;
    std::array<std::uint64_t, OpCounters::kBuckets> took{};
    std::uint64_t count() const;
  };
  std::array<OpTotals, kOps> totals() const;

  // On one set of counters, by the thread that owns them; and added up by any.
  static void add(OpCounters& counters, const Outcome& outcome);
  static void collect(const OpCounters& from, OpTotals& to);

 private:
  PerThread<std::array<OpCounters, kOps>> blocks_;
};

class AccountCounting;   // account_counting.h

// Hands every request on and counts it. At log level debug it also logs a line for each.
class MeasuredHandler final : public http::Handler {
 public:
  // All outlive it. `accounts` null: not by account.
  MeasuredHandler(http::Handler& inner, RequestMetrics& metrics, Clock& clock, AccountCounting* accounts = nullptr)
      : inner_(inner), metrics_(metrics), clock_(clock), accounts_(accounts) {}
  Task<void> handle(http::Exchange& exchange) override;

 private:
  http::Handler& inner_;
  RequestMetrics& metrics_;
  Clock& clock_;
  AccountCounting* accounts_;
};

}  // namespace bascule::app
