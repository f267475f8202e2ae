#include "app/admin/request_metrics.h"

#include "app/admin/account_counting.h"
#include "base/latency.h"
#include "base/log.h"

namespace bascule::app {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// One writer: no locked instruction is needed.
void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
  counter.store(counter.load(kRelaxed) + by, kRelaxed);
}

std::string_view parameter(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (pair.size() > key.size() && pair[key.size()] == '=' && http::same_name(pair.substr(0, key.size()), key))
      return pair.substr(key.size() + 1);
    query = end == std::string_view::npos ? "" : query.substr(end + 1);
  }
  return "";
}

class MeasuredExchange final : public http::Exchange {
 public:
  explicit MeasuredExchange(http::Exchange& inner) : inner_(inner) {}

  const http::Request& request() const override { return inner_.request(); }
  Task<Result<std::size_t>> read_body(MutableBytes into) override { return inner_.read_body(into); }
  std::uint64_t body_bytes_read() const override { return inner_.body_bytes_read(); }
  Task<Result<void>> respond(http::Response response, Slices body) override {
    note(response);
    outcome.body_out = total_size(body);
    return inner_.respond(std::move(response), body);
  }
  Task<Result<void>> start(http::Response response, std::optional<std::uint64_t> length) override {
    note(response);
    return inner_.start(std::move(response), length);
  }
  Task<Result<void>> write(Slices slices) override {
    outcome.body_out += total_size(slices);
    return inner_.write(slices);
  }
  Task<Result<void>> finish() override { return inner_.finish(); }
  bool started() const override { return inner_.started(); }
  void cut() override {
    outcome.cut = true;
    inner_.cut();
  }

  RequestMetrics::Outcome outcome;
  std::string request_id;  // where it is logged

 private:
  void note(const http::Response& response) {
    outcome.status = response.status;
    if (!log::enabled(log::Level::debug)) return;
    for (const http::Header& header : response.headers)
      if (http::same_name(header.name, "x-ms-request-id")) request_id = header.value;
  }
  http::Exchange& inner_;
};

}  // namespace

std::string_view name(Op op) {
  static constexpr std::string_view kNames[kOps] = {
      "ListContainers", "ServiceProperties", "GetAccountInformation", "CreateContainer", "GetContainerProperties",
      "DeleteContainer", "SetContainerMetadata", "ContainerAcl", "LeaseContainer", "ListBlobs", "PutBlob", "CopyBlob",
      "PutBlock", "PutBlockList", "GetBlockList", "GetBlob", "GetBlobProperties", "DeleteBlob", "SetBlobMetadata",
      "SetBlobProperties", "LeaseBlob", "PreflightBlobRequest", "Other"};
  return op < Op::count_ ? kNames[static_cast<std::size_t>(op)] : "Other";
}

Op classify(const http::Request& request) {
  const std::string_view method = request.method;
  if (request.query.empty() && method == "GET") return Op::get_blob;
  const std::string_view comp = parameter(request.query, "comp"), restype = parameter(request.query, "restype");
  const bool container = restype == "container";
  if (comp.empty()) {
    if (restype.empty()) {
      if (method == "GET") return Op::get_blob;
      if (method == "HEAD") return Op::head_blob;
      if (method == "PUT") return request.find("x-ms-copy-source") ? Op::copy_blob : Op::put_blob;
      if (method == "DELETE") return Op::delete_blob;
      return method == "OPTIONS" ? Op::preflight : Op::other;
    }
    if (!container) return Op::other;
    if (method == "PUT") return Op::create_container;
    if (method == "DELETE") return Op::delete_container;
    return Op::container_properties;
  }
  const bool put = method == "PUT";
  if (comp == "list") return container ? Op::list_blobs : Op::list_containers;
  if (comp == "block" && put) return Op::put_block;
  if (comp == "blocklist") return put ? Op::put_block_list : Op::get_block_list;
  if (comp == "metadata") return container ? (put ? Op::set_container_metadata : Op::container_properties)
                                           : (put ? Op::set_blob_metadata : Op::head_blob);
  if (comp == "acl") return Op::container_acl;
  if (comp == "lease") return container ? Op::lease_container : Op::lease_blob;
  if (comp == "properties") {
    if (restype == "service") return Op::service_properties;
    return restype == "account" ? Op::account_information : Op::set_blob_properties;
  }
  return Op::other;
}

void RequestMetrics::add(const Outcome& outcome) { add(blocks_.mine()[static_cast<std::size_t>(outcome.op)], outcome); }

void RequestMetrics::add(OpCounters& counters, const Outcome& outcome) {
  const int status = outcome.cut ? 0 : outcome.status;
  bump(counters.by_class[status >= 100 && status < 600 ? static_cast<std::size_t>(status / 100) : 0]);
  if (outcome.status == 503) bump(counters.busy);
  if (outcome.body_in != 0) bump(counters.body_in, outcome.body_in);
  if (outcome.body_out != 0) bump(counters.body_out, outcome.body_out);
  const std::uint64_t micros = to_microseconds(outcome.took);
  bump(counters.took[latency_bucket(micros, OpCounters::kBuckets)]);
  bump(counters.took_microseconds, micros);
}

void RequestMetrics::collect(const OpCounters& from, OpTotals& to) {
  for (std::size_t i = 0; i < to.by_class.size(); ++i) to.by_class[i] += from.by_class[i].load(kRelaxed);
  for (std::size_t i = 0; i < to.took.size(); ++i) to.took[i] += from.took[i].load(kRelaxed);
  to.busy += from.busy.load(kRelaxed);
  to.body_in += from.body_in.load(kRelaxed);
  to.body_out += from.body_out.load(kRelaxed);
  to.took_microseconds += from.took_microseconds.load(kRelaxed);
}

std::uint64_t RequestMetrics::OpTotals::count() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : by_class) sum += n;
  return sum;
}

std::array<RequestMetrics::OpTotals, kOps> RequestMetrics::totals() const {
  std::array<OpTotals, kOps> totals{};
  blocks_.each([&](const auto& block) {
    for (std::size_t op = 0; op < kOps; ++op) collect(block[op], totals[op]);
  });
  return totals;
}

Task<void> MeasuredHandler::handle(http::Exchange& exchange) {
  MeasuredExchange measured(exchange);
  const Instant start = clock_.now();
  measured.outcome.op = classify(exchange.request());
  co_await inner_.handle(measured);
  measured.outcome.took = clock_.now() - start;
  measured.outcome.body_in = exchange.body_bytes_read();
  metrics_.add(measured.outcome);
  if (accounts_ != nullptr) accounts_->add(exchange.request(), measured.outcome);
  if (!log::enabled(log::Level::debug)) co_return;
  // The path alone: a query may hold a signature.
  const http::Request& request = exchange.request();
  log::debug("request", {{"operation", name(measured.outcome.op)}, {"method", request.method}, {"path", request.path},
                         {"status", measured.outcome.status}, {"cut", measured.outcome.cut},
                         {"request_id", measured.request_id},
                         {"microseconds", std::chrono::duration_cast<std::chrono::microseconds>(measured.outcome.took).count()},
                         {"bytes_in", measured.outcome.body_in}, {"bytes_out", measured.outcome.body_out},
                         {"peer", request.peer_address}});
}

}  // namespace bascule::app
