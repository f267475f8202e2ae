#include "migrate/progress.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace bascule::migrate {
namespace {

std::string progress_text(const Progress& p) {
  if (p.phase == Progress::Phase::inventory)
    return fmt::format("Looking: {} blobs, {}", p.blobs_total, format_bytes(p.bytes_total));
  const double percent = p.bytes_total > 0   ? 100.0 * static_cast<double>(p.bytes_done) / static_cast<double>(p.bytes_total)
                         : p.blobs_total > 0 ? 100.0 * static_cast<double>(p.blobs_done) / static_cast<double>(p.blobs_total)
                                             : 100.0;
  std::string text = fmt::format("{:3.0f} %  {} of {} blobs, {} of {}, {}/s, {:.0f} blobs/s", std::min(percent, 100.0),
                                 p.blobs_done, p.blobs_total, format_bytes(p.bytes_done), format_bytes(p.bytes_total),
                                 format_bytes(static_cast<std::uint64_t>(p.bytes_per_second)), p.blobs_per_second);
  if (p.left) text += fmt::format(", {} left", format_duration(*p.left));
  if (p.failed > 0) text += fmt::format(", {} FAILED", p.failed);
  return text;
}

std::string failure_text(const Failure& failure) {
  return fmt::format("FAILED {}{}{}: {}", failure.container, failure.blob.empty() ? "" : "/", failure.blob, failure.message);
}

void print(std::FILE* out, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

class TextSink final : public ProgressSink {
 public:
  TextSink(std::FILE* out, bool terminal) : out_(out), terminal_(terminal) {}

  void progress(const Progress& p) override {
    if (terminal_) {
      print(out_, "\r\x1b[K" + progress_text(p));
      drawn_ = true;
      return;
    }
    const bool whole = p.phase == Progress::Phase::copy && p.blobs_done == p.blobs_total;
    if (!last_ || p.elapsed - *last_ >= std::chrono::seconds(10) || (whole && !whole_said_)) {
      last_ = p.elapsed;
      whole_said_ = whole;
      print(out_, progress_text(p) + "\n");
    }
  }
  void inventory(const Inventory& inventory) override { line(inventory_text(inventory)); }
  void failure(const Failure& failure) override { line(failure_text(failure) + "\n"); }
  void finished(const Report& report) override { line(report_text(report)); }

 private:
  void line(const std::string& text) {
    print(out_, (drawn_ ? "\r\x1b[K" : "") + text);
    drawn_ = false;
  }
  std::FILE* out_;
  bool terminal_, drawn_ = false, whole_said_ = false;
  std::optional<Duration> last_;
};

class JsonSink final : public ProgressSink {
 public:
  JsonSink(std::FILE* out, bool strict) : out_(out), strict_(strict) {}

  void progress(const Progress& p) override {
    boost::json::object object{
        {"event", "progress"},
        {"phase", p.phase == Progress::Phase::inventory ? "inventory" : "copy"},
        {"blobs", p.blobs_done}, {"blobs_total", p.blobs_total},
        {"bytes", p.bytes_done}, {"bytes_total", p.bytes_total},
        {"bytes_per_second", p.bytes_per_second}, {"blobs_per_second", p.blobs_per_second},
        {"failed", p.failed},
        {"seconds", std::chrono::duration<double>(p.elapsed).count()}};
    if (p.left) object["seconds_left"] = std::chrono::duration<double>(*p.left).count();
    print(out_, boost::json::serialize(object) + "\n");
  }
  void inventory(const Inventory& inventory) override {
    Report report;
    report.inventory = inventory;
    boost::json::object object = boost::json::parse(report_json(report, false)).as_object()["inventory"].as_object();
    object["event"] = "inventory";
    print(out_, boost::json::serialize(object) + "\n");
  }
  void failure(const Failure& failure) override {
    const boost::json::object object{
        {"event", "failure"}, {"container", failure.container}, {"blob", failure.blob}, {"message", failure.message}};
    print(out_, boost::json::serialize(object) + "\n");
  }
  void finished(const Report& report) override { print(out_, report_json(report, strict_) + "\n"); }

 private:
  std::FILE* out_;
  bool strict_;
};

}  // namespace

std::unique_ptr<ProgressSink> make_progress_sink(ProgressStyle style, std::FILE* out, bool strict) {
  if (style == ProgressStyle::json) return std::make_unique<JsonSink>(out, strict);
  return std::make_unique<TextSink>(out, style == ProgressStyle::line);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string format_duration(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 60) return fmt::format("{:.1f} s", std::chrono::duration<double>(duration).count());
  if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
}

}  // namespace bascule::migrate
