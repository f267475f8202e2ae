#include "app/commands/restore.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "app/admin/control_backup.h"
#include "app/backup_place.h"
#include "app/process.h"
#include "runtime/run.h"
#include "store/rocksdb/rocks_store.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kQuietFor = 3s;   // between two looks at what the former gateway places
constexpr std::size_t kMostProblemNames = 3;

// Only what a restore needs or leaves may lie there.
Result<void> check_empty(const std::string& data) {
  std::error_code error;
  if (!fs::exists(data, error)) return {};
  for (const auto& item : fs::directory_iterator(data, error)) {
    const std::string name = item.path().filename().string();
    if (name == "shards" || name == "catalog.restoring" || name == "format" || name == "lock") continue;
    if (name == "catalog")
      return fail(Code::already_exists, "the data folder " + data + " holds a catalog already: a backup is restored into an empty one. Serve it "
                                        "as it is, or name another folder (--data)");
    return fail(Code::already_exists, "the data folder " + data + " is not empty: it holds " + name);
  }
  if (error) return fail(Code::permission_denied, "cannot look into the data folder " + data + ": " + error.message());
  return {};
}

// What the former life has at the provider, by name.
Task<Result<std::map<std::string, std::uint64_t>>> list_former(backup::Content content, std::uint64_t incarnation) {
  std::map<std::string, std::uint64_t> objects;
  std::string after;
  while (true) {
    BASCULE_CO_ASSIGN(auto listing, co_await content.provider.list("", after, 1000, content.clock.now() + 60s));
    for (auto& object : listing.objects) {
      after = object.name;
      const auto raw = content.namer.id(object.name);
      if (!raw || extent::UniqueId::read(reinterpret_cast<const char*>(raw->data())).incarnation != incarnation) continue;
      objects.emplace(std::move(object.name), object.size_bytes);
    }
    if (listing.complete || listing.objects.empty()) co_return objects;
  }
}

// Of these, those that the restored catalog neither names nor knows to be garbage.
Task<Result<void>> count_unnamed(store::Store& store, backup::Content content, const std::map<std::string, std::uint64_t>& objects,
                                 RestoreSummary& summary) {
  for (const auto& [name, bytes] : objects) {
    const auto raw = content.namer.id(name);
    const std::string id(reinterpret_cast<const char*>(raw->data()), 16);
    BASCULE_CO_ASSIGN(const auto named, co_await store.get("E" + id));
    BASCULE_CO_ASSIGN(const auto garbage, co_await store.get("G" + id));
    if (named || garbage) continue;
    ++summary.former_objects;
    summary.former_bytes += bytes;
  }
  co_return Result<void>{};
}

Result<void> sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!synced) return fail(Code::unavailable, "cannot make the folder " + path + " durable");
  return {};
}

Result<void> check_losses(const backup::ReadReport& r, const RestoreArguments& arguments) {
  if (r.missing + r.keys_missing != 0 && !arguments.content_may_be_missing) {
    std::string names;
    for (std::size_t i = 0; i < std::min(r.missing_names.size(), kMostProblemNames); ++i) names += (names.empty() ? " (" : ", ") + r.missing_names[i];
    if (!names.empty()) names += ")";
    return fail(Code::refused, std::to_string(r.missing) + " extents" + names + " and " + std::to_string(r.keys_missing) +
                                   " containers' keys that the backup names are not at the provider: what lies in them could not be read. "
                                   "Is it the right provider, and all of it? To go on without them: --content-may-be-missing");
  }
  if (r.kept_containers + r.kept_states != 0 && !arguments.holds_may_be_lost)
    return fail(Code::refused, "retention policies or legal holds stand on " + std::to_string(r.kept_containers) + " containers and " +
                                   std::to_string(r.kept_states) + " blobs and versions of the backup. Which were added, extended or locked after it is "
                                   "not known, and would be lost: see what your records say of them. To go on: --holds-may-be-lost");
  return {};
}

// Everything between the open provider and the finished folder.
Result<void> restore_into(const std::string& folder, const Holdings& holdings, backup::Place& place, const RestoreArguments& arguments,
                          backup::ReadOptions read_options, Loop& loop, RestoreSummary& summary) {
  BASCULE_ASSIGN(const auto at, parse_instant(arguments.at));
  const backup::Content content = holdings.content(system_clock(), system_random());
  BASCULE_ASSIGN(const backup::Contents contents, run(loop, place.look()));
  BASCULE_ASSIGN(const backup::Listed* const one, backup::choose(contents, at, place.shown()));
  summary.number = one->parsed.number;
  summary.newest = contents.backups.back().parsed.number;
  const Instant looked = system_clock().now();
  BASCULE_ASSIGN(const auto before, run(loop, list_former(content, one->manifest.incarnation)));
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return fail(Code::permission_denied, "cannot remove " + folder + ", which an earlier restore left: " + error.message());
  BASCULE_ASSIGN(auto store, store::open_rocksdb(folder, {}, *holdings.workers));
  read_options.extents = backup::ReadBack::Extents::all;
  BASCULE_ASSIGN(summary.report, run(loop, backup::restore(place, *one, *store, content, std::move(read_options))));
  BASCULE_TRY(check_losses(summary.report.read, arguments));
  while (system_clock().now() - looked < kQuietFor) std::this_thread::sleep_for(50ms);
  BASCULE_ASSIGN(const auto after, run(loop, list_former(content, one->manifest.incarnation)));
  for (const auto& [name, bytes] : after)
    if (!before.contains(name))
      return fail(Code::unavailable, "the former gateway still writes: object " + name + " came to " + std::string(holdings.provider->name()) +
                                         " while this was going on. Stop it and revoke its credentials, then restore");
  return run(loop, count_unnamed(*store, content, after, summary));
}

}  // namespace

Result<RestoreSummary> restore_data_folder(const EngineOptions& options, const RestoreArguments& arguments, const std::atomic<bool>* stop,
                                           std::function<void(std::uint64_t, std::uint64_t)> progress) {
  const Instant started = system_clock().now();
  BASCULE_TRY(check_empty(options.data));
  BASCULE_TRY(become_owner_of(options.data));
  Loop loop;
  BASCULE_ASSIGN(const Holdings holdings, open_holdings(options, loop, system_clock(), system_random()));
  BASCULE_ASSIGN(const BackupPlace opened, open_backup_place(options, absolute_place(arguments.from), MissingPlace::refuse, *holdings.workers,
                                                             system_clock(), system_random()));
  backup::Place place(*opened.provider, system_clock(), holdings.keyring->catalog_key(), opened.shown);
  std::error_code error;
  fs::create_directories(options.data, error);
  if (error || ::chmod(options.data.c_str(), 0700) != 0) return fail(Code::permission_denied, "cannot make the data folder " + options.data);
  RestoreSummary summary;
  summary.place = opened.shown;
  const std::string folder = options.data + "/catalog.restoring";
  if (auto done = restore_into(folder, holdings, place, arguments, {.stop = stop, .progress = std::move(progress)}, loop, summary); !done) {
    fs::remove_all(folder, error);
    return fail(done.error());
  }
  fs::rename(folder, options.data + "/catalog", error);
  if (error) return fail(Code::unavailable, "cannot rename " + folder + ": " + error.message());
  BASCULE_TRY(sync_folder(options.data));
  summary.seconds = std::chrono::duration<double>(system_clock().now() - started).count();
  return summary;
}

std::string restore_members(const RestoreArguments& a) {
  boost::json::object members{{"place", absolute_place(a.from)}, {"holds_may_be_lost", a.holds_may_be_lost}, {"content_may_be_missing", a.content_may_be_missing}};
  if (!a.at.empty()) members["at"] = a.at;
  return boost::json::serialize(members);
}

std::vector<std::string> unknowns(const RestoreSummary& s) {
  const std::string instant = format_iso8601_seconds(s.report.instant);
  std::vector<std::string> lines{
      "What was written after " + instant + " is not here, though it was acknowledged; what was deleted after it is back.",
      "Account keys, access policies and role assignments are those of " + instant + ": what was revoked since then is valid again.",
      "Retention policies, legal holds and leases that were set, extended or locked since then are not known."};
  if (s.number != s.newest) lines.push_back("There are newer backups, up to number " + std::to_string(s.newest) + ": this one was asked for.");
  lines.push_back(s.former_objects == 0
                      ? "The provider holds nothing that the former gateway placed after the backup, as far as its listing shows."
                      : "The provider holds " + std::to_string(s.former_objects) + " extents (" + std::to_string(s.former_bytes) +
                            " bytes) of the former gateway that the backup does not name: written after it, or about to be collected then.");
  lines.push_back("Whether the former gateway still runs cannot be seen for certain: it placed nothing while this went on. Everything that it had is left "
                  "alone. When it is gone for good and its credentials at the provider are revoked: bascule backup takeover.");
  return lines;
}

}  // namespace bascule::app
