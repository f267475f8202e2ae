// Backups: made, listed, read back, pruned, forgotten; and the takeover of a life before a restore.
#include "app/admin/control_backup.h"

#include <boost/json/serialize.hpp>

#include "app/admin/control_requests.h"
#include "backup/make.h"
#include "base/log.h"
#include "runtime/completion.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

using backup::ReadBack;

struct Progress {
  std::uint64_t records = 0, bytes = 0;
};

template <class T> Task<void> keep(Task<Result<T>> work, std::optional<Result<T>>& result) { result.emplace(co_await std::move(work)); }

// Runs `work` and tells of its progress meanwhile. `stop` is the work's own; it is set when the asker is gone or told to stop.
template <class T>
Task<Result<T>> follow(Task<Result<T>> work, const Progress& progress, std::atomic<bool>& stop, const std::atomic<bool>& told, Clock& clock,
                       ControlOutput& output) {
  std::optional<Result<T>> result;
  spawn(co_await this_executor(), keep(std::move(work), result));
  Instant next = clock.now() + std::chrono::milliseconds(250);
  while (!result) {
    if (told) stop = true;
    if (clock.now() >= next && !stop) {
      next = clock.now() + std::chrono::milliseconds(250);
      const json::object line{{"progress", {{"records", progress.records}, {"bytes", progress.bytes}}}};
      if (!co_await output.line(json::serialize(line))) stop = true;
    }
    co_await clock.sleep_for(std::chrono::milliseconds(10));
  }
  co_return std::move(*result);
}

std::string hex48(std::uint64_t incarnation) {
  std::string bytes;
  append_be64(bytes, incarnation);
  return to_hex(as_bytes(bytes).subspan(2));
}

json::value read_back_json(const std::optional<ReadBack>& word) {
  if (!word) return nullptr;
  return json::object{{"when", format_iso8601_seconds(word->when)}, {"extents", extents_word(word->extents)}, {"looked", word->looked},
                      {"missing", word->missing}};
}

json::object listed_json(const backup::Listed& one) {
  json::object out{{"number", one.parsed.number}};
  if (one.damage) {
    out["damaged"] = one.damage->message;
    return out;
  }
  const backup::Manifest& m = one.manifest;
  out["instant"] = format_iso8601(m.instant);
  out["finished"] = format_iso8601(m.finished);
  out["incarnation"] = hex48(m.incarnation);
  out["whole"] = m.runs.size() == 1;
  out["records"] = m.records;
  out["new_bytes"] = m.runs.back().size_bytes();
  out["total_bytes"] = m.size_bytes();
  out["read_back"] = read_back_json(one.read_back);
  return out;
}

Task<Result<backup::ReadReport>> read_back(backup::Place& place, const backup::Listed& one, BackupCall& call, backup::ReadOptions options) {
  BASCULE_CO_ASSIGN(auto report, co_await backup::read(place, one, call.content, options));
  ReadBack word{.backup = one.manifest.id, .manifest_sha = one.sha, .when = call.content.clock.wall(), .extents = options.extents,
                .looked = report.looked, .missing = report.missing + report.keys_missing};
  backup::Salt salt;
  backup::Id random;
  call.content.random.fill(salt);
  call.content.random.fill(random);
  const std::string name = backup::read_back_name(one.manifest.id, random);
  BASCULE_CO_TRY(co_await place.put(name, backup::seal_object(place.catalog_key(), backup::Kind::read_back, salt, name, encode(word))));
  co_return report;
}

// Until when a restore of it finds all content (jobs/window.h): null for the newest, not there where nothing is promised.
void say_until(json::object& out, const backup::Listed& one, const backup::Listed* next, Duration window) {
  if (one.damage || window == Duration::zero()) return;
  if (next == nullptr) {
    out["whole_until"] = nullptr;
    return;
  }
  const WallTime until = one.manifest.instant + std::chrono::duration_cast<Ticks>(window);
  out["whole_until"] = format_iso8601_seconds(next->damage ? until : std::max(until, next->manifest.instant));
}

Task<Result<json::object>> list(backup::Place& place, Duration window) {
  BASCULE_CO_ASSIGN(const backup::Contents contents, co_await place.look());
  json::array backups;
  for (std::size_t i = 0; i < contents.backups.size(); ++i) {
    json::object out = listed_json(contents.backups[i]);
    say_until(out, contents.backups[i], i + 1 < contents.backups.size() ? &contents.backups[i + 1] : nullptr, window);
    backups.push_back(std::move(out));
  }
  co_return json::object{{"place", place.shown()}, {"backups", std::move(backups)}, {"other_objects", contents.others.size()}};
}

Task<Result<json::object>> verify(backup::Place& place, BackupCall& call, int& exit) {
  BASCULE_CO_ASSIGN(const auto at, parse_instant(text_of(call.body, "at")));
  const std::string extents = text_of(call.body, "extents");
  backup::ReadOptions options;
  if (extents == "sample") options.extents = ReadBack::Extents::sample;
  else if (extents == "all") options.extents = ReadBack::Extents::all;
  else if (!extents.empty() && extents != "none") co_return fail(Code::invalid_argument, "extents is none, sample or all");
  BASCULE_CO_ASSIGN(const backup::Contents contents, co_await place.look());
  BASCULE_CO_ASSIGN(const backup::Listed* const one, backup::choose(contents, at, place.shown()));
  Progress progress;
  std::atomic<bool> stop{false};
  options.stop = &stop;
  options.progress = [&progress](std::uint64_t records, std::uint64_t bytes) { progress = {records, bytes}; };
  const Instant started = call.content.clock.now();
  BASCULE_CO_ASSIGN(const backup::ReadReport report, co_await follow(read_back(place, *one, call, options), progress, stop, call.stop,
                                                                     call.content.clock, call.output));
  if (report.missing + report.keys_missing != 0) exit = kFailed;
  json::object out{{"backup", listed_json(*one)}, {"report", to_json(report, options.extents)}};
  out["seconds"] = std::chrono::duration<double>(call.content.clock.now() - started).count();
  co_return out;
}

// Held while a backup is made or what is kept changes.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& taken) : taken_(taken), mine_(!taken.exchange(true)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (mine_) taken_ = false;
  }
  bool mine() const { return mine_; }

 private:
  std::atomic<bool>& taken_;
  const bool mine_;
};

json::object made_json(const backup::MakeReport& r, const backup::Place& place) {
  return {{"place", place.shown()}, {"number", r.number}, {"instant", format_iso8601(r.instant)}, {"whole", r.whole}, {"why_whole", r.why_whole},
          {"records", r.records}, {"record_bytes", r.bytes}, {"changed", r.changed}, {"removed", r.removed},
          {"written_objects", r.written_objects}, {"written_bytes", r.written_bytes}, {"total_bytes", r.total_bytes},
          {"pruned_backups", r.pruned.backups}, {"pruned_segments", r.pruned.segments},
          {"seconds", std::chrono::duration<double>(r.elapsed).count()}};
}

Task<Result<json::object>> make(ControlCall& call, backup::Place& place) {
  Engine& engine = call.parts.engine;
  Progress progress;
  std::atomic<bool> stop{false};
  backup::MakeOptions options{.whole = flag_of(call.body, "whole"), .keep = number_of(call.body, "keep", 0),
                              .index_folder = engine.options().data + "/backup", .stop = &stop};
  options.progress = [&progress](std::uint64_t records, std::uint64_t bytes) { progress = {records, bytes}; };
  const backup::MakeParts parts{engine.catalog(), engine.store(), engine.workers(), call.parts.clock, call.parts.random};
  auto made = co_await follow(backup::make(parts, place, std::move(options)), progress, stop, call.stop, call.parts.clock, call.output);
  if (!made) {
    log::error("backup", {{"place", place.shown()}, {"error", made.error().message}});
    co_return fail(made.error());
  }
  log::info("backup", {{"place", place.shown()}, {"number", std::to_string(made->number)}, {"instant", format_iso8601_seconds(made->instant)},
                       {"records", std::to_string(made->records)}, {"written_bytes", std::to_string(made->written_bytes)}});
  co_return json::object{{"made", made_json(*made, place)}, {"content", engine.options().s3 ? "" : engine.options().data + "/shards"}};
}

}  // namespace

std::string extents_word(ReadBack::Extents extents) {
  switch (extents) {
    case ReadBack::Extents::none: return "none";
    case ReadBack::Extents::sample: return "sample";
    case ReadBack::Extents::all: return "all";
  }
  return "";
}

json::object to_json(const backup::ReadReport& r, ReadBack::Extents extents) {
  json::array names;
  for (const std::string& name : r.missing_names) names.emplace_back(name);
  return {{"records", r.records}, {"bytes_read", r.bytes_read}, {"containers", r.containers}, {"blobs", r.blobs}, {"past_states", r.past_states},
          {"extents", r.extents}, {"extent_bytes", r.extent_bytes}, {"looked_at", extents_word(extents)}, {"extents_looked", r.looked},
          {"extents_missing", r.missing}, {"missing_bytes", r.missing_bytes}, {"missing_names", std::move(names)}, {"keys_looked", r.keys_looked},
          {"keys_missing", r.keys_missing}, {"kept_containers", r.kept_containers}, {"kept_states", r.kept_states}};
}

Result<std::optional<WallTime>> parse_instant(const std::string& text) {
  if (text.empty()) return std::optional<WallTime>{};
  const auto parsed = parse_iso8601(text);
  if (!parsed) return fail(Code::invalid_argument, "'" + text + "' is no instant; allowed is 2026-11-23T08:00:00Z");
  return parsed;
}

Task<Result<json::object>> backup_look(const std::string& what, BackupCall call, int& exit) {
  BASCULE_CO_ASSIGN(const BackupPlace opened, open_backup_place(call.options, text_of(call.body, "to"), MissingPlace::refuse, call.workers,
                                                                call.content.clock, call.content.random));
  backup::Place place(*opened.provider, call.content.clock, call.content.keyring.catalog_key(), opened.shown);
  if (what == "backup-list") co_return co_await list(place, call.options.restore_window);
  co_return co_await verify(place, call, exit);
}

ControlAnswer backup_request(const std::string& what, ControlCall& call) {
  Engine& engine = call.parts.engine;
  if (call.who.role != Role::owner && what != "backup-takeover" && !text_of(call.body, "to").starts_with("s3://"))
    co_return fail(Code::permission_denied, "a folder of the server's host is its owner's to name; a bucket, s3://BUCKET/PREFIX, anybody's who may");
  const backup::MakeParts parts{engine.catalog(), engine.store(), engine.workers(), call.parts.clock, call.parts.random};
  if (what == "backup-list" || what == "backup-verify") {
    const backup::Content content{engine.provider(), engine.keyring(), engine.namer(), call.parts.clock, call.parts.random};
    co_return co_await backup_look(what, BackupCall{engine.options(), content, engine.workers(), std::move(call.body), call.stop, call.output}, call.exit);
  }
  const Turn turn(engine.backing_up());
  if (!turn.mine()) co_return fail(Code::unavailable, "a backup is under way: one at a time");
  if (what == "backup-takeover") {
    BASCULE_CO_ASSIGN(const std::uint64_t taken, co_await backup::take_over(parts));
    log::warn("former life taken over", {{"lives", std::to_string(taken)}});
    co_return json::object{{"taken_over", taken}};
  }
  if (what == "backup-forget") {
    BASCULE_CO_TRY(co_await backup::forget(parts, text_of(call.body, "to")));
    co_return json::object{{"forgotten", text_of(call.body, "to")}};
  }
  const bool makes = what == "backup-make";
  if (!makes && what != "backup-prune") co_return fail(Code::unsupported, "the running server does not know the request '" + what + "'");
  BASCULE_CO_ASSIGN(const BackupPlace opened, open_backup_place(engine.options(), text_of(call.body, "to"),
                                                                makes ? MissingPlace::make : MissingPlace::refuse, engine.workers(),
                                                                call.parts.clock, call.parts.random));
  backup::Place place(*opened.provider, call.parts.clock, engine.keyring().catalog_key(), opened.shown);
  if (makes) co_return co_await make(call, place);
  const std::uint64_t keep = number_of(call.body, "keep", 0);
  if (keep == 0) co_return fail(Code::invalid_argument, "how many backups stay is at least 1");
  BASCULE_CO_ASSIGN(const backup::Pruned pruned, co_await backup::prune(place, keep));
  co_return json::object{{"place", place.shown()}, {"pruned_backups", pruned.backups}, {"pruned_segments", pruned.segments}};
}

}  // namespace bascule::app
