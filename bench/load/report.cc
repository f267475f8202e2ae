#include <fmt/format.h>

#include "load/run.h"

namespace bench {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;

std::string_view name(Work work) {
  switch (work) {
    case Work::get: return "get";
    case Work::head: return "head";
    case Work::put: return "put";
    case Work::put_blocks: return "put-blocks";
    case Work::list: return "list";
    case Work::find: return "find";
    case Work::remove: return "delete";
    case Work::create: return "create";
    case Work::create_append: return "create-append";
    case Work::append: return "append";
    case Work::create_pages: return "create-pages";
    case Work::put_page: return "put-page";
    case Work::get_page: return "get-page";
  }
  return "";
}

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::azure: return "azure";
    case Protocol::s3: return "s3";
    case Protocol::plain: return "plain";
  }
  return "";
}

std::string error_name(int status) {
  switch (status) {
    case kConnectionLost: return "connection lost";
    case kWrongContent: return "wrong content";
    case kMalformed: return "malformed response";
    default: return std::to_string(status);
  }
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

struct Rates {
  double operations, gib, cpu_per_operation, cpu_per_gib, cpu_per_name, own_per_operation;
};

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

Rates rates(const Outcome& outcome) {
  const auto& totals = outcome.totals;
  const auto operations = static_cast<double>(totals.operations);
  const double gib = static_cast<double>(totals.bytes_sent + totals.bytes_received) / kGiB;
  const auto cpu = static_cast<double>(outcome.server_cpu_microseconds);
  return {ratio(operations, outcome.seconds), gib, ratio(cpu, operations), ratio(cpu / 1e6, gib),
          ratio(cpu, static_cast<double>(totals.names)),
          ratio(static_cast<double>(outcome.own_cpu_microseconds), operations)};
}

double milliseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

}  // namespace

std::string to_json(const Options& options, const Outcome& outcome) {
  const Totals& totals = outcome.totals;
  const Rates rate = rates(outcome);
  std::string errors;
  for (const auto& [status, count] : totals.errors) {
    errors += fmt::format("{}{}: {}", errors.empty() ? "" : ", ", json_string(error_name(status)), count);
  }
  return fmt::format(
      "{{\"protocol\": {}, \"work\": {}, \"size\": {}, \"keys\": {}, \"connections\": {}, \"idle\": {}, \"threads\": {}, "
      "\"seed\": {}, \"verify_everything\": {}, \"warmup\": {}, \"settle\": {},\n"
      " \"seconds\": {:.3f}, \"operations\": {}, \"operations_per_second\": {:.1f}, \"names\": {}, "
      "\"bytes_sent\": {}, \"bytes_received\": {}, \"bytes_per_second\": {:.0f},\n"
      " \"latency_ms\": {{\"mean\": {:.4f}, \"p50\": {:.4f}, \"p90\": {:.4f}, \"p99\": {:.4f}, \"max\": {:.4f}}},\n"
      " \"errors\": {{{}}}, \"first_error\": {}, \"reconnects\": {}, \"aborted\": {}, \"idle_left_open\": {},\n"
      " \"server_cpu_us\": {}, \"server_cpu_us_per_operation\": {:.3f}, \"server_cpu_s_per_gib\": {:.4f}, "
      "\"server_cpu_us_per_name\": {:.4f}, \"server_peak_rss\": {}, \"server_rss\": {},\n"
      " \"own_cpu_us\": {}, \"own_cpu_us_per_operation\": {:.3f}}}\n",
      json_string(name(options.protocol)), json_string(name(options.work)), options.size, options.keys,
      options.connections, options.idle, options.threads, options.seed, options.verify_everything, options.warmup,
      options.settle, outcome.seconds, totals.operations, rate.operations, totals.names, totals.bytes_sent,
      totals.bytes_received, ratio(rate.gib * kGiB, outcome.seconds), totals.latency.mean() / 1e6,
      milliseconds(totals.latency.quantile(.5)), milliseconds(totals.latency.quantile(.9)),
      milliseconds(totals.latency.quantile(.99)), milliseconds(totals.latency.max()), errors,
      json_string(totals.first_error), totals.reconnects, outcome.aborted, outcome.idle_left_open,
      outcome.server_cpu_microseconds, rate.cpu_per_operation, rate.cpu_per_gib, rate.cpu_per_name,
      outcome.server_peak_bytes, outcome.server_resident_bytes, outcome.own_cpu_microseconds, rate.own_per_operation);
}

std::string to_text(const Options& options, const Outcome& outcome) {
  const Totals& totals = outcome.totals;
  const Rates rate = rates(outcome);
  std::string text = fmt::format(
      "{} {} on {} connections: {} operations in {:.2f} s\n"
      "  {:.1f} operations/s, {:.3f} GiB/s, latency p50 {:.3f} p90 {:.3f} p99 {:.3f} max {:.3f} ms\n",
      name(options.protocol), name(options.work), options.connections, totals.operations, outcome.seconds,
      rate.operations, ratio(rate.gib, outcome.seconds), milliseconds(totals.latency.quantile(.5)),
      milliseconds(totals.latency.quantile(.9)), milliseconds(totals.latency.quantile(.99)),
      milliseconds(totals.latency.max()));
  if (!options.servers.empty()) {
    text += fmt::format("  server CPU {:.2f} us an operation", rate.cpu_per_operation);
    if (rate.gib > 0.01) text += fmt::format(", {:.3f} s/GiB", rate.cpu_per_gib);
    if (totals.names > 0) text += fmt::format(", {:.2f} us a name", rate.cpu_per_name);
    text += fmt::format("; peak memory {:.1f} MiB\n", static_cast<double>(outcome.server_peak_bytes) / (1 << 20));
  }
  text += fmt::format("  generator CPU {:.2f} us an operation\n", rate.own_per_operation);
  if (options.idle > 0) text += fmt::format("  {} of {} idle connections still open\n", outcome.idle_left_open, options.idle);
  for (const auto& [status, count] : totals.errors) text += fmt::format("  ERROR {}: {}\n", error_name(status), count);
  if (!totals.first_error.empty()) text += fmt::format("  first refusal: {}\n", totals.first_error);
  if (outcome.aborted) text += "  ABORTED: the server cannot be reached\n";
  return text;
}

}  // namespace bench
