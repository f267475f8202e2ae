// bascule compact.
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

unsigned long long figure(const json::object& of, const char* name) { return static_cast<unsigned long long>(number_of(of, name, 0)); }

void print_done(const json::object& r) {
  std::printf("%llu extents gathered into %llu: %llu bytes moved, %llu freed; put off %llu, damaged %llu\n", figure(r, "extents"),
              figure(r, "into"), figure(r, "moved_bytes"), figure(r, "freed_bytes"), figure(r, "put_off"), figure(r, "damaged"));
}

}  // namespace

int run_compact(const Config& config, const CompactArguments& arguments) {
  const OnLine on_line = [&](const json::object& line) {
    const json::value* progress = line.if_contains("progress");
    if (!progress || !progress->is_object()) return;
    if (arguments.json) std::printf("%s\n", json::serialize(line).c_str());
    else print_done(progress->get_object());
    std::fflush(stdout);
  };
  const Asked asked = ask(config, "compact", {{"dry_run", arguments.dry_run}}, Folder::must_be_there, on_line);
  if (asked.last.empty() || !asked.error.empty()) return asked.exit;
  if (arguments.json) {
    json::object out = asked.last;
    out.erase("exit");
    std::printf("%s\n", json::serialize(out).c_str());
  } else if (arguments.dry_run) {
    const json::object& plan = asked.last.at("plan").as_object();
    std::printf("%llu extents looked at; %llu are worth gathering into %llu: %llu bytes would be moved, %llu freed\n", figure(plan, "looked"),
                figure(plan, "extents"), figure(plan, "groups"), figure(plan, "moved_bytes"), figure(plan, "freed_bytes"));
  } else {
    print_done(asked.last.at("report").as_object());
  }
  return asked.exit;
}

}  // namespace bascule::app
