// bascule status: how the server is, drawn again every two seconds on a terminal, in lines elsewhere.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>
#include <thread>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"
#include "base/latency.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostLines = 8;   // of accounts: those with the most requests

std::string format(const char* how, double value, const char* unit = "") {
  char text[64];
  std::snprintf(text, sizeof text, how, value, unit);
  return text;
}

std::string bytes_text(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  const double sign = bytes < 0 ? -1 : 1;
  bytes = std::abs(bytes);
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return format(unit == 0 || bytes >= 100 ? "%.0f %s" : "%.1f %s", sign * bytes, kUnits[unit]);
}

std::string time_text(double seconds) {
  if (seconds < 120) return format("%.0f s", seconds);
  if (seconds < 2 * 3600) return format("%.0f min", seconds / 60);
  if (seconds < 48 * 3600) return format("%.0f h", seconds / 3600);
  return format("%.0f days", seconds / 86400);
}

const json::object& object_of(const json::object& from, std::string_view key) {
  static const json::object kNone;
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value && value->is_object() ? value->get_object() : kNone;
}
const json::array& array_of(const json::object& from, std::string_view key) {
  static const json::array kNone;
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value && value->is_array() ? value->get_array() : kNone;
}
double figure(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(json::string_view(key.data(), key.size()));
  return value && value->is_number() ? value->to_number<double>() : 0;
}

// What happened between two answers; with an empty first one, since the server's start.
struct Interval {
  const json::object* before;
  const json::object* now;
  double seconds;
  double rate(std::string_view key) const { return seconds > 0 ? std::max(figure(*now, key) - figure(*before, key), 0.0) / seconds : 0; }
  // The bound of the bucket within which so large a part of the times lies.
  std::string percentile(double part) const {
    const json::array &a = array_of(*before, "took"), &b = array_of(*now, "took");
    std::vector<double> counts;
    double all = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
      const double was = i < a.size() ? a[i].to_number<double>() : 0;
      counts.push_back(std::max(b[i].to_number<double>() - was, 0.0));
      all += counts.back();
    }
    if (all == 0) return "-";
    double sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum += counts[i];
      if (sum < part * all) continue;
      const bool open = i + 1 == counts.size();
      const double ms = std::chrono::duration<double, std::milli>(latency_bound(open ? i - 1 : i)).count();
      return (open ? "> " : "<= ") + format(ms < 10 ? "%.2g ms" : "%.0f ms", ms);
    }
    return "-";
  }
};

const json::object& named(const json::array& all, const std::string& name) {
  static const json::object kNone;
  for (const json::value& one : all)
    if (one.is_object() && text_of(one.get_object(), "name") == name) return one.get_object();
  return kNone;
}

class Page {
 public:
  Page(const json::object& before, const json::object& now, double seconds) : before_(before), now_(now), seconds_(seconds) {}

  std::string text() {
    head();
    if (!flag_of(now_, "serving")) return text_ + "no server is running on this folder\n";
    table("requests", {"", "requests/s", "errors/s", "in/s", "out/s", "p50", "p99"});
    row("all", object_of(before_, "requests"), object_of(now_, "requests"), "requests");
    accounts();
    for (const json::value& one : array_of(now_, "providers")) {
      const json::object& p = one.as_object();
      row("at " + text_of(p, "name"), named(array_of(before_, "providers"), text_of(p, "name")), p, "calls");
    }
    text_ += "\n";
    resources();
    return std::move(text_);
  }

 private:
  void line(const char* what, const std::string& value) {
    char label[32];
    std::snprintf(label, sizeof label, "%-11s ", what);
    text_ += label + printable(value) + "\n";
  }
  void head() {
    line("bascule", text_of(now_, "version") + ", " + (!flag_of(now_, "serving") ? "not serving" : flag_of(now_, "ready") ? "ready" : "NOT READY: " + text_of(now_, "reason")) +
                        (flag_of(now_, "serving") ? ", up " + time_text(figure(now_, "uptime_seconds")) : ""));
    std::string addresses;
    for (const std::string& address : texts_of(now_, "addresses")) addresses += (addresses.empty() ? "" : ", ") + address;
    if (!addresses.empty()) line("serves", addresses + (flag_of(now_, "encrypted") ? " (TLS)" : "") + ", " + format("%.0f connections", figure(now_, "connections")));
  }
  void table(const char*, std::initializer_list<const char*> columns) {
    text_ += "\n";
    bool first = true;
    for (const char* column : columns) {
      char cell[40];
      std::snprintf(cell, sizeof cell, first ? "%-24s" : "%12s", column);
      text_ += cell;
      first = false;
    }
    text_ += seconds_ > 0 && !before_.empty() ? "\n" : "   (since the start)\n";
  }
  void row(const std::string& name, const json::object& before, const json::object& now, std::string_view counted) {
    const Interval interval{&before, &now, seconds_};
    char out[256];
    std::snprintf(out, sizeof out, "%-24.24s%12.1f%12.1f%12s%12s%12s%12s\n", printable(name).c_str(), interval.rate(counted), interval.rate("errors"),
                  bytes_text(interval.rate("bytes_in")).c_str(), bytes_text(interval.rate("bytes_out")).c_str(),
                  interval.percentile(0.5).c_str(), interval.percentile(0.99).c_str());
    text_ += out;
  }
  void accounts() {
    const json::array& all = array_of(now_, "accounts");
    std::vector<std::pair<double, const json::object*>> order;
    for (const json::value& one : all) {
      const json::object& account = one.as_object();
      const double was = figure(named(array_of(before_, "accounts"), text_of(account, "name")), "requests");
      order.emplace_back(figure(account, "requests") - was, &account);
    }
    std::ranges::sort(order, [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t i = 0; i < order.size() && i < kMostLines; ++i)
      row("  " + text_of(*order[i].second, "name"), named(array_of(before_, "accounts"), text_of(*order[i].second, "name")), *order[i].second, "requests");
    if (order.size() > kMostLines) text_ += "  and " + std::to_string(order.size() - kMostLines) + " more accounts\n";
  }
  void resources() {
    const json::object &memory = object_of(now_, "memory"), &disk = object_of(now_, "disk"), &jobs = object_of(now_, "jobs");
    line("memory", bytes_text(figure(memory, "resident_bytes")) + " resident, upload buffers " + bytes_text(figure(memory, "upload_bytes")) + " of " +
                       bytes_text(figure(memory, "upload_limit_bytes")));
    std::string text = bytes_text(figure(disk, "free_bytes")) + " free of " + bytes_text(figure(disk, "size_bytes"));
    const double window = figure(disk, "window_seconds"), growth = figure(disk, "growth_bytes_per_second");
    if (window == 0) text += "; its growth is not known yet";
    else if (!disk.contains("full_in_seconds")) text += "; not growing (over " + time_text(window) + ")";
    else text += "; full in " + time_text(figure(disk, "full_in_seconds")) + " at " + bytes_text(growth) + "/s (over " + time_text(window) + ")";
    line("disk", text);
    line("jobs", format("%.0f records swept, ", figure(jobs, "swept_records")) + format("%.0f extents removed (", figure(jobs, "extents_removed")) +
                     bytes_text(figure(jobs, "bytes_removed")) + format("), %.0f gathered", figure(jobs, "extents_gathered")) +
                     (figure(jobs, "damaged") > 0 ? format(", %.0f DAMAGED: run bascule check", figure(jobs, "damaged")) : ""));
    std::string sessions = format("%.0f", figure(now_, "session"));
    if (!array_of(now_, "died").empty()) sessions += "; did not end in order, and not settled: " + json::serialize(array_of(now_, "died"));
    line("session", sessions);
    events();
    if (const std::string last = text_of(now_, "last_backup"); !last.empty()) line("backup", "the newest shows " + last);
    if (figure(now_, "approvals_waiting") > 0) line("approvals", format("%.0f wait (bascule approvals list)", figure(now_, "approvals_waiting")));
  }

  void events() {
    const json::object& events = object_of(now_, "events");
    if (events.empty()) return;
    std::string text = format("%.0f written", figure(events, "written"));
    if (figure(events, "dropped") > 0) text += format(", %.0f LOST", figure(events, "dropped"));
    if (figure(events, "refused") > 0) text += format(", %.0f requests refused for want of a record", figure(events, "refused"));
    if (flag_of(events, "failing")) text += "; CANNOT BE WRITTEN: " + text_of(events, "trouble");
    line("events", text);
  }

  const json::object &before_, &now_;
  const double seconds_;
  std::string text_;
};

}  // namespace

int run_status(const Config& config, const StatusArguments& arguments) {
  json::object before;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 && !arguments.json;
  auto then = std::chrono::steady_clock::now();
  while (true) {
    Asked asked = ask(config, "status", {}, Folder::must_be_there, {});
    if (asked.exit != kDone) return asked.exit;
    const auto now = std::chrono::steady_clock::now();
    asked.last.erase("exit");
    const double seconds = before.empty() ? std::max(figure(asked.last, "uptime_seconds"), 1.0) : std::chrono::duration<double>(now - then).count();
    // A server that was started anew counts from nothing.
    if (!before.empty() && figure(asked.last, "session") != figure(before, "session")) before = {};
    if (arguments.json) {
      std::printf("%s\n", json::serialize(asked.last).c_str());
    } else {
      const std::string page = Page(before, asked.last, seconds).text();
      std::printf(terminal && !arguments.once ? "\033[H\033[J%s" : "%s\n", page.c_str());
    }
    std::fflush(stdout);
    // Without a server each look opens the folder, and would be in the way of one that starts.
    if (arguments.once || stop_asked() || std::ferror(stdout) || !flag_of(asked.last, "serving")) return kDone;
    before = std::move(asked.last);
    then = now;
    const auto next = now + std::chrono::duration<double>(arguments.every_seconds);
    while (std::chrono::steady_clock::now() < next && !stop_asked()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (stop_asked()) return kDone;
  }
}

}  // namespace bascule::app
