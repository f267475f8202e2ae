// What people write about providers: residency rules and profiles. The first byte chooses.
#include "fuzz.h"
#include "profile/evaluate.h"

namespace {

using namespace bascule;

void check_error(const Error& error) {
  fuzz::must(error.code == Code::invalid_argument, "a wrong file is called something else");
  fuzz::must(error.message.starts_with("file"), "an error does not name its file");
  for (const char c : error.message) fuzz::must(static_cast<unsigned char>(c) >= 0x20, "an error has control characters");
}

void check_rule(std::string_view text) {
  const auto rule = profile::parse_rule(text, "file");
  if (!rule) return check_error(rule.error());
  const auto again = profile::parse_rule(profile::rule_text(*rule), "file");
  fuzz::must(again && *again == *rule, "a rule changes when it is written and read again");
  for (const profile::Profile& each : profile::shipped_profiles()) {
    const profile::Region* region = each.regions.empty() ? nullptr : each.regions.data();
    const auto verdict = profile::evaluate(each, region, *rule, "2026-11-23");
    fuzz::must(verdict.deciding.has_value() == (verdict.outcome != profile::Outcome::allowed), "an answer without the fact that decides");
    if (rule->unknown == profile::Unknown::refuse) fuzz::must(verdict.outcome != profile::Outcome::undecided, "undecided where unknown refuses");
    for (const profile::Check& check : verdict.checks)
      fuzz::must(check.outcome == profile::Outcome::allowed || verdict.outcome != profile::Outcome::allowed, "allowed against a demand");
  }
}

void check_profile(std::string_view text) {
  const auto profile = profile::parse_profile(text, "file");
  if (!profile) return check_error(profile.error());
  for (const profile::FactKind& kind : profile::kinds())
    fuzz::must(!profile->fact(kind.id).known || !profile->fact(kind.id).source.empty(), "a fact without source");
  for (const profile::Region& region : profile->regions) {
    const auto address = profile::endpoint(*profile, region, "service");
    if (address) fuzz::must(address->starts_with("https://") && address->find_first_of("{}@/?# \"<>", 8) == std::string::npos, "an endpoint that is none");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest = fuzz::text(data + 1, size - 1);
  if (data[0] % 2 == 0) check_rule(rest);
  else check_profile(rest);
  return 0;
}
