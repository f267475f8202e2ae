#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"
#include "migrate/progress.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

// On a terminal one line that is drawn again; else nothing: the report is enough for a log.
class Screen {
 public:
  explicit Screen(bool json) : draw_(!json && ::isatty(STDERR_FILENO) == 1) {}
  void progress(const json::object& line) {
    if (!draw_) return;
    const std::uint64_t done = number_of(line, "done", 0), total = number_of(line, "total", 0);
    std::string text = text_of(line, "progress") + ": " + std::to_string(done);
    if (total != 0) text += " of " + std::to_string(total);
    if (const std::uint64_t bytes = number_of(line, "bytes_read", 0); bytes != 0) text += ", " + migrate::format_bytes(bytes) + " read";
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    drawn_ = true;
  }
  void clear() {
    if (drawn_) std::fprintf(stderr, "\r\033[K");
    drawn_ = false;
  }

 private:
  const bool draw_;
  bool drawn_ = false;
};

void print_report(const json::object& r) {
  const auto n = [&](std::string_view key) { return static_cast<unsigned long long>(number_of(r, key, 0)); };
  const std::string past = n("past_states") == 0 ? "" : " and " + std::to_string(n("past_states")) + " snapshots and versions";
  std::printf("%llu containers, %llu blobs%s (%s), %llu uncommitted blocks, %llu pieces\n", n("containers"), n("blobs"), past.c_str(),
              migrate::format_bytes(n("blob_bytes")).c_str(), n("uncommitted_blocks"), n("pieces"));
  std::printf("%llu extents (%s), of which %llu wait to be collected; %s\n", n("extents"), migrate::format_bytes(n("extent_bytes")).c_str(),
              n("unreferenced"), flag_of(r, "read") ? (migrate::format_bytes(n("bytes_read")) + " read and verified").c_str()
                                                    : "names and sizes compared, content not read (--quick)");
  std::printf("missing: %llu  damaged: %llu  unnamed: %llu (%s)\n", n("missing"), n("damaged"), n("unnamed"),
              migrate::format_bytes(n("unnamed_bytes")).c_str());
  if (n("foreign") != 0) std::printf("%llu objects at the provider have names that are not Bascule's; they were left alone\n", n("foreign"));
  std::printf("%s\n", n("missing") + n("damaged") == 0 ? "all is well" : "SOMETHING IS WRONG: see above, and docs/operations.md, \"When check finds something\"");
}

}  // namespace

int run_check(const Config& config, const CheckArguments& arguments) {
  Screen screen(arguments.json);
  const Asked asked = ask(config, "check", {{"read", arguments.read}}, Folder::must_be_there, [&](const json::object& line) {
    if (arguments.json) {
      std::printf("%s\n", json::serialize(line).c_str());
      std::fflush(stdout);
    } else if (line.contains("progress")) {
      screen.progress(line);
    } else {
      screen.clear();
      std::printf("%s: %s: %s\n", text_of(line, "finding").c_str(), printable(text_of(line, "where")).c_str(),
                  printable(text_of(line, "message")).c_str());
    }
  });
  screen.clear();
  if (arguments.json) {
    std::printf("%s\n", json::serialize(asked.last).c_str());
    return asked.exit;
  }
  if (const json::value* report = asked.last.if_contains("report"); report && report->is_object()) print_report(report->as_object());
  return asked.exit;
}

}  // namespace bascule::app
