#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/admin/control.h"
#include "app/commands/commands.h"
#include "app/commands/files.h"
#include "app/version.h"
#include "base/time.h"
#include "estate/assess.h"
#include "estate/assessment_json.h"
#include "estate/page/assess_page.h"
#include "estate/summary.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kMostFiles = 100'000;
constexpr std::uint64_t kMostPriceBytes = 4 << 20;

// What to read: files as they are, folders with what lies in them, hidden files apart, in the order of names.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& inputs) {
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    std::error_code error;
    if (input == "-" || !fs::is_directory(input, error)) {
      files.push_back(input);
      continue;
    }
    const std::size_t before = files.size();
    for (fs::recursive_directory_iterator at(input, fs::directory_options::skip_permission_denied, error), end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename();
      if (name.starts_with('.')) {
        if (at->is_directory(error)) at.disable_recursion_pending();
      } else if (at->is_regular_file(error)) {
        files.push_back(at->path());
      }
      if (files.size() > kMostFiles) return fail(Code::invalid_argument, input + ": more than " + std::to_string(kMostFiles) + " files");
    }
    if (error) return fail(Code::invalid_argument, input + ": " + error.message());
    if (files.size() == before) return fail(Code::invalid_argument, input + ": no file in this folder");
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

// How far the reading is: a line that is written over on a terminal, a line every five seconds elsewhere. On standard error.
class ReadingProgress {
 public:
  explicit ReadingProgress(const std::vector<std::string>& files) : terminal_(::isatty(STDERR_FILENO) == 1) {
    std::error_code error;
    for (const std::string& file : files) {
      const std::uintmax_t size = file == "-" ? 0 : fs::file_size(file, error);
      total_ += error ? 0 : size;
      error.clear();
    }
  }
  void next(std::uint64_t size_bytes) { done_ += size_bytes; }
  void tell(const estate::Progress& at) {
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + (terminal_ ? 200ms : 5000ms);
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const std::uint64_t read = done_ + at.read_bytes;
    const double rate = seconds > 0 ? static_cast<double>(read) / seconds : 0;
    std::string text = fmt::format("{} of {} MiB, {:.0f} MiB/s, {} resources", read >> 20, std::max(total_, read) >> 20, rate / (1 << 20), at.resources);
    if (rate > 0 && total_ > read) text += fmt::format(", {:.0f} s left", static_cast<double>(total_ - read) / rate);
    text += "; " + printable(fs::path(at.file).filename().string());
    if (terminal_) std::fprintf(stderr, "\r\x1b[K%.150s", text.c_str());
    else if (shown_ || seconds >= 5) std::fprintf(stderr, "%s\n", text.c_str());
    shown_ = true;
  }
  void end() {
    if (terminal_ && shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool terminal_, shown_ = false;
  Clock::time_point begin_ = Clock::now(), next_ = Clock::now() + 300ms;
  std::uint64_t total_ = 0, done_ = 0;
};

Result<estate::Prices> read_prices(const std::string& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) return fail(Code::invalid_argument, file + ": " + error.message());
  if (size > kMostPriceBytes) return fail(Code::invalid_argument, file + ": larger than any list of prices");
  auto source = estate::TextSource::open(file);
  if (!source) return fail(Code::invalid_argument, source.error().message);
  std::string text;
  while (true) {
    auto block = source->next();
    if (!block) return fail(Code::invalid_argument, file + ": " + block.error().message);
    if (block->empty()) return estate::parse_prices(text, file, source->date());
    text += *block;
  }
}

bool is_readable(const estate::Input& input) { return input.records > 0; }

bool to_standard_output(std::string_view text) { return std::fwrite(text.data(), 1, text.size(), stdout) == text.size(); }

}  // namespace

int run_assess(const AssessArguments& arguments) {
  estate::AssessOptions options{.command = "bascule assess", .made = format_iso8601_seconds(std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now())),
                                .program_version = std::string(kVersion)};
  const auto language = estate::parse_language(arguments.language);
  if (!language) return complain("--lang is en or fr", kUsage);
  if (!arguments.bandwidth.empty()) {
    options.bandwidth_bits = estate::parse_bandwidth(arguments.bandwidth);
    if (!options.bandwidth_bits) return complain("--bandwidth wants a number and a unit, such as 1Gbit/s, 200Mbit/s or 100MB/s", kUsage);
  }
  if (!arguments.prices_file.empty()) {
    auto prices = read_prices(arguments.prices_file);
    if (!prices) return complain(prices.error().message, kUsage);
    options.prices = std::move(*prices);
  }
  auto files = files_of(arguments.inputs);
  if (!files) return complain(files.error().message, kUsage);

  ReadingProgress progress(*files);
  estate::Gatherer gatherer(estate::Catalogue::builtin(), [&](const estate::Progress& at) { progress.tell(at); });
  for (const std::string& file : *files) progress.next(gatherer.read(file));
  progress.end();
  const estate::Assessment assessment = estate::assess(std::move(gatherer).finish(), options);

  if (!arguments.html_file.empty()) {
    const auto page = write_text(arguments.html_file, estate::assess_page(assessment, *language));
    if (!page) return complain(page.error());
  }
  bool written = true;
  if (arguments.json) written = estate::write_json(assessment, *language, to_standard_output);
  else written = to_standard_output(estate::summary(assessment, *language));
  if (!arguments.html_file.empty() && !arguments.json)
    written = written && to_standard_output("\n" + estate::say(*language, "compare.page.written", {printable(arguments.html_file)}) + "\n");
  if (!written || std::fflush(stdout) != 0) return complain("the result could not be written", kFailed);
  if (std::ranges::none_of(assessment.inputs, is_readable)) return complain("nothing could be read from any input", kUsage);
  return assessment.complete ? kDone : kFailed;
}

}  // namespace bascule::app
