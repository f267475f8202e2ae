#include "app/commands/backup.h"

#include <signal.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/backup_place.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"
#include "app/commands/own_act.h"
#include "migrate/progress.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

std::string bytes_of(const json::object& of, std::string_view key) { return migrate::format_bytes(number_of(of, key, 0)); }
unsigned long long n_of(const json::object& of, std::string_view key) { return static_cast<unsigned long long>(number_of(of, key, 0)); }

double seconds_of(const json::object& of) {
  const json::value* value = of.if_contains("seconds");
  return value && value->is_double() ? value->get_double() : 0;
}

json::object member(const json::object& of, std::string_view key) {
  const json::value* value = of.if_contains(json::string_view(key.data(), key.size()));
  return value && value->is_object() ? value->get_object() : json::object();
}

// Progress on one line of a terminal, or as JSON.
class Screen {
 public:
  explicit Screen(bool as_json) : json_(as_json), draw_(!as_json && ::isatty(STDERR_FILENO) == 1) {}
  void line(const json::object& line) {
    const json::object progress = member(line, "progress");
    if (progress.empty()) return;
    if (json_) {
      std::printf("%s\n", json::serialize(line).c_str());
      std::fflush(stdout);
    } else if (draw_) {
      std::fprintf(stderr, "\r\033[K%llu records, %s", n_of(progress, "records"), bytes_of(progress, "bytes").c_str());
      drawn_ = true;
    }
  }
  void clear() {
    if (drawn_) std::fprintf(stderr, "\r\033[K");
    drawn_ = false;
  }

 private:
  const bool json_, draw_;
  bool drawn_ = false;
};

void print_made(const json::object& answer) {
  const json::object r = member(answer, "made");
  std::printf("backup %llu of %s in %s\n", n_of(r, "number"), text_of(r, "instant").c_str(), text_of(r, "place").c_str());
  if (flag_of(r, "whole"))
    std::printf("whole (%s): %llu records, %s written in %.1f s\n", text_of(r, "why_whole").c_str(), n_of(r, "records"),
                bytes_of(r, "written_bytes").c_str(), seconds_of(r));
  else
    std::printf("%llu of %llu records are new or changed, %llu are gone: %s written in %.1f s, %s with what it stands on\n", n_of(r, "changed"),
                n_of(r, "records"), n_of(r, "removed"), bytes_of(r, "written_bytes").c_str(), seconds_of(r), bytes_of(r, "total_bytes").c_str());
  if (n_of(r, "pruned_backups") != 0) std::printf("%llu older backups removed\n", n_of(r, "pruned_backups"));
  const std::string content = text_of(answer, "content");
  std::printf("It is the catalog alone. A restore also needs the key file and the content with the keyring%s.\n",
              content.empty() ? ", which are at the provider" : (": copy " + printable(content) + ", now or until the next backup").c_str());
  std::printf("Not read back yet: bascule backup verify %s\n", text_of(r, "place").c_str());
}

// Until when a restore of it finds all content; later, what was deleted since its instant may be gone.
std::string until_of(const json::object& backup) {
  const json::value* until = backup.if_contains("whole_until");
  if (until == nullptr) return "-";
  if (until->is_null()) return "it is the newest";
  const auto when = parse_iso8601(text_of(backup, "whole_until"));
  return when && *when < system_clock().wall() ? "over" : text_of(backup, "whole_until");
}

void print_list(const json::object& answer) {
  const json::value* backups = answer.if_contains("backups");
  if (!backups || !backups->is_array() || backups->get_array().empty()) {
    std::printf("there is no backup in %s\n", text_of(answer, "place").c_str());
    return;
  }
  std::printf("%6s  %-28s  %-7s %12s %12s %12s  %-20s  %s\n", "number", "instant", "kind", "records", "new", "total", "whole until", "read back");
  for (const json::value& item : backups->get_array()) {
    const json::object& b = item.get_object();
    if (b.contains("damaged")) {
      std::printf("%6llu  DAMAGED: %s\n", n_of(b, "number"), printable(text_of(b, "damaged")).c_str());
      continue;
    }
    const json::object word = member(b, "read_back");
    std::string said = "NEVER";
    if (!word.empty()) {
      said = text_of(word, "when") + ", extents: " + text_of(word, "extents");
      if (n_of(word, "missing") != 0) said += ", " + std::to_string(n_of(word, "missing")) + " MISSING";
    }
    std::printf("%6llu  %-28s  %-7s %12llu %12s %12s  %-20s  %s\n", n_of(b, "number"), text_of(b, "instant").c_str(), flag_of(b, "whole") ? "whole" : "changes",
                n_of(b, "records"), bytes_of(b, "new_bytes").c_str(), bytes_of(b, "total_bytes").c_str(), until_of(b).c_str(), said.c_str());
  }
}

void print_verified(const json::object& answer) {
  const json::object r = member(answer, "report"), b = member(answer, "backup");
  std::printf("backup %llu of %s: %s read, every byte authenticated, %llu records decoded in %.1f s\n", n_of(b, "number"), text_of(b, "instant").c_str(),
              bytes_of(r, "bytes_read").c_str(), n_of(r, "records"), seconds_of(answer));
  std::printf("%llu containers, %llu blobs, %llu snapshots and versions, %llu extents (%s)\n", n_of(r, "containers"), n_of(r, "blobs"), n_of(r, "past_states"),
              n_of(r, "extents"), bytes_of(r, "extent_bytes").c_str());
  if (text_of(r, "looked_at") == "none") {
    std::printf("whether the extents are at the provider was not looked at (--extents sample, --extents all)\n");
    return;
  }
  std::printf("of %llu extents and %llu containers' keys looked for at the provider, %llu extents (%s) and %llu keys are missing\n", n_of(r, "extents_looked"),
              n_of(r, "keys_looked"), n_of(r, "extents_missing"), bytes_of(r, "missing_bytes").c_str(), n_of(r, "keys_missing"));
  for (const std::string& name : texts_of(r, "missing_names")) std::printf("  missing: extent %s\n", name.c_str());
  if (n_of(r, "extents_missing") + n_of(r, "keys_missing") != 0)
    std::printf("CONTENT IS MISSING: what was deleted since then and is older than backup.restore_window, or damage (bascule check)\n");
}

void print_answer(BackupArguments::What what, const json::object& answer) {
  switch (what) {
    case BackupArguments::What::make: return print_made(answer);
    case BackupArguments::What::list: return print_list(answer);
    case BackupArguments::What::verify: return print_verified(answer);
    case BackupArguments::What::prune:
      std::printf("%llu backups and %llu segments removed from %s\n", n_of(answer, "pruned_backups"), n_of(answer, "pruned_segments"), text_of(answer, "place").c_str());
      return;
    case BackupArguments::What::forget: std::printf("nothing waits for backups in %s any more; what lies there stays\n", text_of(answer, "forgotten").c_str()); return;
    case BackupArguments::What::takeover:
      std::printf("the former life is taken over: the server adopts what it left, and collects what nothing names\n");
      return;
    case BackupArguments::What::restore: return;
  }
}

std::atomic<bool> stopped{false};
extern "C" void on_restore_signal(int) {
  if (stopped.exchange(true)) ::_exit(130);
}

int run_restore(const Config& config, const RestoreArguments& arguments) {
  struct sigaction action{};
  action.sa_handler = on_restore_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  auto options = config.engine_options();
  if (!options) return complain(options.error());
  auto act = OwnAct::begin(config, "backup-restore", restore_members(arguments));
  if (!act) return complain(act.error());
  Screen screen(arguments.json);
  const auto done = restore_data_folder(*options, arguments, &stopped, [&](std::uint64_t records, std::uint64_t bytes) {
    screen.line({{"progress", {{"records", records}, {"bytes", bytes}}}});
  });
  screen.clear();
  act->end(done ? kDone : kFailed, done ? "" : done.error().message);
  if (!done) return done.error().message.contains("another process holds") ? complain(done.error().message, kHeld) : complain(done.error());
  const backup::ReadReport& r = done->report.read;
  if (arguments.json) {
    json::array lines;
    for (const std::string& line : unknowns(*done)) lines.emplace_back(line);
    std::printf("%s\n", json::serialize(json::object{{"place", done->place}, {"number", done->number}, {"instant", format_iso8601(done->report.instant)},
                                                     {"records", r.records}, {"containers", r.containers}, {"blobs", r.blobs},
                                                     {"extents_missing", r.missing}, {"keys_missing", r.keys_missing},
                                                     {"former_objects", done->former_objects}, {"former_bytes", done->former_bytes},
                                                     {"seconds", done->seconds}, {"unknown", std::move(lines)}}).c_str());
    return kDone;
  }
  std::printf("restored from backup %llu of %s in %s: %llu containers, %llu blobs, %llu records in %.1f s\n", static_cast<unsigned long long>(done->number),
              format_iso8601(done->report.instant).c_str(), done->place.c_str(), static_cast<unsigned long long>(r.containers),
              static_cast<unsigned long long>(r.blobs), static_cast<unsigned long long>(r.records), done->seconds);
  for (const std::string& line : unknowns(*done)) std::printf("- %s\n", line.c_str());
  return kDone;
}

const char* request_of(BackupArguments::What what) {
  switch (what) {
    case BackupArguments::What::make: return "backup-make";
    case BackupArguments::What::list: return "backup-list";
    case BackupArguments::What::verify: return "backup-verify";
    case BackupArguments::What::prune: return "backup-prune";
    case BackupArguments::What::forget: return "backup-forget";
    case BackupArguments::What::takeover: return "backup-takeover";
    case BackupArguments::What::restore: break;
  }
  return "";
}

}  // namespace

int run_backup(const Config& config, const BackupArguments& a) {
  using What = BackupArguments::What;
  if (a.what == What::restore) return run_restore(config, a.restore);
  if (a.what == What::takeover && !a.credentials_are_revoked)
    return complain("a takeover deletes what the former gateway wrote after the backup, and whatever newer backups of it name. First see to it that it never runs "
                    "again and revoke its credentials at the provider; then: bascule backup takeover --credentials-are-revoked", kUsage);
  json::object body{{"to", absolute_place(a.to)}};
  if (a.what == What::make) body["whole"] = a.whole;
  if (a.what == What::make || a.what == What::prune) body["keep"] = a.keep;
  if (a.what == What::verify) {
    body["at"] = a.at;
    body["extents"] = a.extents;
  }
  if (!a.alone.empty()) body["alone"] = a.alone;
  if (a.what == What::takeover) body.erase("to");
  Screen screen(a.json);
  const bool catalog = a.what != What::list && a.what != What::verify;
  const Asked asked = ask(config, request_of(a.what), body, catalog ? Folder::must_be_there : Folder::not_needed,
                          [&](const json::object& line) { screen.line(line); });
  screen.clear();
  if (asked.last.empty() || !asked.error.empty() || asked.exit == kAwaits) return asked.exit;
  if (a.json) {
    json::object out = asked.last;
    out.erase("exit");
    std::printf("%s\n", json::serialize(out).c_str());
  } else {
    print_answer(a.what, asked.last);
  }
  return asked.exit;
}

}  // namespace bascule::app
