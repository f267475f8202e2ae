// bascule compare.
#include <cstdio>
#include <list>

#include "app/admin/control.h"
#include "app/commands/commands.h"
#include "app/commands/files.h"
#include "app/version.h"
#include "base/time.h"
#include "estate/page/compare_page.h"

namespace bascule::app {

int run_compare(const CompareArguments& arguments) {
  estate::CompareInput input{.made = format_iso8601_seconds(std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now())),
                             .program_version = std::string(kVersion), .rule = {}, .rule_file = {}, .own = {}};
  if (!arguments.rule_file.empty()) {
    const auto text = read_text(arguments.rule_file, profile::kMostRuleBytes);
    if (!text) return complain(text.error().message, kUsage);
    auto rule = profile::parse_rule(*text, arguments.rule_file);
    if (!rule) return complain(rule.error());
    input.rule = std::move(*rule);
    input.rule_file = arguments.rule_file;
  }
  std::list<profile::Profile> own;
  for (const std::string& file : arguments.profile_files) {
    const auto text = read_text(file, profile::kMostProfileBytes);
    if (!text) return complain(text.error().message, kUsage);
    auto profile = profile::parse_profile(*text, file);
    if (!profile) return complain(profile.error());
    for (const profile::Profile& other : own)
      if (other.id == profile->id) return complain(file + ": the profile " + profile->id + " was given twice", kUsage);
    input.own.push_back(&own.emplace_back(std::move(*profile)));
  }
  const estate::Language language = estate::parse_language(arguments.language).value_or(estate::Language::en);
  const estate::Comparison comparison = estate::compare(std::move(input));
  if (!arguments.html_file.empty()) {
    const auto written = write_text(arguments.html_file, estate::compare_page(comparison, language));
    if (!written) return complain(written.error());
  }
  std::string out = arguments.json ? estate::compare_json(comparison) + "\n" : estate::compare_text(comparison, language);
  if (!arguments.html_file.empty() && !arguments.json)
    out += "\n" + estate::say(language, "compare.page.written", {printable(arguments.html_file)}) + "\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  return std::fflush(stdout) == 0 ? kDone : complain("cannot write the answer", kFailed);
}

}  // namespace bascule::app
