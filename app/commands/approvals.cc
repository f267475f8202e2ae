// bascule approvals: what waits for another's approval.
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <iostream>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

std::string members_text(const json::object& approval) {
  const json::value* members = approval.if_contains("members");
  std::string out;
  if (members == nullptr || !members->is_object()) return out;
  for (const auto& one : members->get_object())
    out += " " + std::string(one.key().data(), one.key().size()) + "=" + (one.value().is_string() ? std::string(one.value().get_string()) : json::serialize(one.value()));
  return printable(out);
}

void print(const json::object& approval, std::FILE* out) {
  const auto line = [&](const char* what, const std::string& text) { std::fprintf(out, "  %-11s %s\n", what, printable(text).c_str()); };
  std::fprintf(out, "request %s for approval: %s\n", printable(text_of(approval, "id")).c_str(), printable(text_of(approval, "state")).c_str());
  line("to be done", text_of(approval, "request") + members_text(approval));
  line("asked by", text_of(approval, "asked_by") + ", " + text_of(approval, "asked_role") + ", " + text_of(approval, "asked"));
  if (text_of(approval, "decided").empty()) line("until", text_of(approval, "expires"));
  else line("decided by", text_of(approval, "decided_by") + ", " + text_of(approval, "decided"));
  if (const std::string outcome = text_of(approval, "outcome"); !outcome.empty()) line("outcome", outcome);
  line("digest", text_of(approval, "digest"));
}

int list(const Config& config, const ApprovalsArguments& arguments) {
  const Asked asked = ask(config, "approvals-list", {}, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  const json::value* all = asked.last.if_contains("approvals");
  if (all == nullptr || !all->is_array()) return complain("the server's answer makes no sense", kFailed);
  json::array shown;
  for (const json::value& one : all->get_array())
    if (arguments.all || text_of(one.as_object(), "state") == "waiting") shown.push_back(one);
  if (arguments.json) {
    std::printf("%s\n", json::serialize(json::object{{"approvals", std::move(shown)}}).c_str());
    return kDone;
  }
  for (const json::value& value : shown) {
    const json::object& one = value.as_object();
    std::printf("%s  %-11s  %s%s  by %s\n", text_of(one, "id").c_str(), text_of(one, "state").c_str(), printable(text_of(one, "request")).c_str(),
                members_text(one).c_str(), printable(text_of(one, "asked_by")).c_str());
  }
  return kDone;
}

bool sure() {
  if (::isatty(STDIN_FILENO) != 1) return true;
  std::fprintf(stderr, "It cannot be undone. Approve? Type yes: ");
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

// What is approved is what was shown: its digest goes with the approval.
int approve(const Config& config, const ApprovalsArguments& arguments) {
  const Asked shown = ask(config, "approvals-show", {{"id", arguments.id}}, Folder::must_be_there, {});
  if (shown.exit != kDone) return shown.exit;
  if (!arguments.json) print(shown.last, stderr);
  if (!arguments.yes && arguments.digest.empty() && !sure()) return complain("not approved", kFailed);
  const std::string digest = arguments.digest.empty() ? text_of(shown.last, "digest") : arguments.digest;
  const Asked asked = ask(config, "approvals-approve", {{"id", arguments.id}, {"digest", digest}}, Folder::must_be_there, {});
  if (!asked.error.empty() || asked.last.empty()) return asked.exit;
  if (arguments.json) print_answer(asked.last);
  else std::printf("approved and carried out\n");
  return asked.exit;
}

}  // namespace

int run_approvals(const Config& config, const ApprovalsArguments& arguments) {
  using What = ApprovalsArguments::What;
  if (arguments.what == What::list) return list(config, arguments);
  if (arguments.what == What::approve) return approve(config, arguments);
  json::object body{{"id", arguments.id}};
  const bool reject = arguments.what == What::reject;
  if (reject && !arguments.why.empty()) body["why"] = arguments.why;
  const Asked asked = ask(config, reject ? "approvals-reject" : "approvals-show", body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) print_answer(asked.last);
  else print(asked.last, stdout);
  return kDone;
}

}  // namespace bascule::app
