#include "backup/make.h"

#include <set>

#include "backup/index.h"

namespace bascule::backup {

namespace keys = catalog::keys;
using catalog::BackupsRecord;
using catalog::BackupTarget;

namespace {

constexpr std::size_t kScanRecords = 8000, kScanBytes = 2u << 20;
constexpr std::size_t kMostRuns = 32;   // then a whole one: reading lays them over one another
constexpr int kAttempts = 20;

// Changes the catalog's record of backups; again, where another commit came between.
Task<Result<void>> change_record(catalog::Catalog& catalog, std::function<Result<void>(BackupsRecord&)> change) {
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog.get<BackupsRecord>(keys::backups()));
    BackupsRecord record = found ? std::move(found->record) : BackupsRecord{};
    BASCULE_CO_TRY(change(record));
    catalog::Transaction t;
    t.require(keys::backups(), found ? found->version : 0);
    t.put(keys::backups(), encode(record));
    auto done = co_await catalog.commit(std::move(t));
    if (done || done.error().code != Code::conflict || attempt == kAttempts) co_return done;
  }
}

class Making {
 public:
  Making(MakeParts parts, Place& place, MakeOptions options) : parts_(parts), place_(place), options_(std::move(options)) {}

  Task<Result<MakeReport>> run() {
    const Instant started = parts_.clock.now();
    BASCULE_CO_TRY(co_await look());
    BASCULE_CO_TRY(co_await begin());
    auto made = co_await copy_and_name();
    if (!made) {   // nothing is to wait for it
      const Id target = manifest_.target;
      (void)co_await change_record(parts_.catalog, [target](BackupsRecord& record) -> Result<void> {
        if (BackupTarget* t = record.find(target)) t->running_session = 0;
        return {};
      });
      co_return fail(made.error());
    }
    BASCULE_CO_TRY(co_await end());
    if (index_) index_->keep();
    BASCULE_CO_ASSIGN(report_.pruned, co_await prune(place_, options_.keep));
    report_.elapsed = parts_.clock.now() - started;
    co_return std::move(report_);
  }

 private:
  Task<Result<void>> look() {
    BASCULE_CO_ASSIGN(const Contents contents, co_await place_.look());
    if (!contents.others.empty() && contents.backups.empty())
      co_return fail(Code::invalid_argument, place_.shown() + " holds other things (" + contents.others.front() + "): name a place for backups alone");
    for (const Listed& one : contents.backups) {
      if (one.damage)
        co_return fail(Code::corrupt, one.damage->message + ". Name another place, or remove that object to give the backup up");
    }
    if (contents.backups.empty()) {
      parts_.random.fill(manifest_.target);
    } else {
      previous_ = contents.backups.back();
      manifest_.target = previous_->manifest.target;
      manifest_.previous = previous_->manifest.id;
      manifest_.previous_sha = previous_->sha;
      manifest_.number = previous_->manifest.number;
    }
    ++manifest_.number;
    parts_.random.fill(manifest_.id);
    manifest_.incarnation = parts_.catalog.incarnation();
    manifest_.session = parts_.catalog.session();
    choose_base();
    co_return Result<void>{};
  }

  std::string index_path() const {
    return options_.index_folder.empty() ? "" : options_.index_folder + "/" + to_hex(manifest_.target) + ".index";
  }

  // What the one before has is taken over where that is worth it.
  void choose_base() {
    if (!previous_) report_.why_whole = "it is the first";
    else if (options_.whole) report_.why_whole = "it was asked for";
    else if (previous_->manifest.incarnation != manifest_.incarnation) report_.why_whole = "the last is of another life of the catalog";
    else if (previous_->manifest.runs.size() >= kMostRuns) report_.why_whole = "the last is the " + std::to_string(kMostRuns) + "th since a whole one";
    else if (2 * (previous_->manifest.size_bytes() - previous_->manifest.runs[0].size_bytes()) > previous_->manifest.runs[0].size_bytes())
      report_.why_whole = "much has changed since the last whole one";
    else if (!former_.open(index_path(), previous_->manifest.id)) report_.why_whole = "what the last one held is not noted here";
    report_.whole = !report_.why_whole.empty();
  }

  Task<Result<void>> begin() {
    const Manifest& m = manifest_;
    const std::string& shown = place_.shown();
    std::uint64_t epoch = 0;
    BASCULE_CO_TRY(co_await change_record(parts_.catalog, [&](BackupsRecord& record) -> Result<void> {
      epoch = ++record.epoch;
      BackupTarget* target = record.find(m.target);
      if (!target) {   // a place that was emptied has another id, and is still the same place
        std::erase_if(record.targets, [&](const BackupTarget& t) { return t.place == shown; });
        target = &record.targets.emplace_back(BackupTarget{.id = m.target});
      }
      target->place = shown;
      target->running_session = m.session;
      target->running_epoch = epoch;
      return {};
    }));
    manifest_.epoch = epoch;
    co_return Result<void>{};
  }

  Task<Result<void>> copy_and_name() {
    manifest_.instant = parts_.clock.wall();   // before the view: what was acknowledged by now is in it
    BASCULE_CO_ASSIGN(view_, parts_.store.view());
    BASCULE_CO_ASSIGN(bool fits, co_await copy());
    if (!fits) {   // the note of what the last one held was wrong
      report_.whole = true;
      report_.why_whole = "what the last one held was noted wrongly here";
      BASCULE_CO_ASSIGN(fits, co_await copy());
    }
    view_.reset();
    manifest_.finished = parts_.clock.wall();
    Salt salt;
    parts_.random.fill(salt);
    const std::string name = manifest_name(manifest_.number, manifest_.id);
    std::string object = seal_object(place_.catalog_key(), Kind::manifest, salt, name, encode(manifest_));
    if (object.size() > kMostManifestBytes) co_return fail(Code::exhausted, "the catalog is too large for one manifest");
    report_.written_bytes += object.size();
    ++report_.written_objects;
    BASCULE_CO_TRY(co_await place_.put(name, std::move(object)));
    BASCULE_CO_TRY(co_await look_again(name));
    report_.number = manifest_.number;
    report_.instant = manifest_.instant;
    report_.records = manifest_.records;
    report_.bytes = manifest_.bytes;
    report_.total_bytes = manifest_.size_bytes();
    co_return Result<void>{};
  }

  // Another gateway that cleans up in the same place, though it should have one of its own, took for nobody's what no manifest named yet.
  Task<Result<void>> look_again(std::string name) {
    BASCULE_CO_ASSIGN(const Contents contents, co_await place_.look());
    const std::set<std::string> there(contents.segments.begin(), contents.segments.end());
    for (const Run& run : manifest_.runs) {
      for (const Segment& segment : run.segments) {
        if (there.contains(segment_name(segment.id))) continue;
        (void)co_await place_.remove(std::move(name));
        co_return fail(Code::conflict, "the object " + segment_name(segment.id) + " went from " + place_.shown() + " while the backup was made: "
                                       "does another gateway back up there? Give each a place of its own, then back up again");
      }
    }
    co_return Result<void>{};
  }

  // All of the view, or what of it differs. False: the index did not add up.
  Task<Result<bool>> copy() {
    manifest_.runs.clear();
    if (!report_.whole) manifest_.runs = previous_->manifest.runs;
    Run& run = manifest_.runs.emplace_back();
    parts_.random.fill(run.salt);
    const RunKey key(place_.catalog_key(), run.salt);
    index_.emplace(index_path(), manifest_.id);
    digest_ = {};
    report_.changed = report_.removed = 0;
    former_at_ = !report_.whole && former_.next();
    std::string begin;
    for (bool end = false; !end;) {
      if (options_.stop && *options_.stop) co_return fail(Code::cancelled, "stopped: there is no backup of this moment");
      BASCULE_CO_ASSIGN(auto page, co_await view_->scan({.begin = begin, .end = "\xff", .limit = kScanRecords, .limit_bytes = kScanBytes}));
      end = page.empty();
      if (!end) begin = page.back().key + '\0';
      std::vector<std::string> sealed = co_await offload(parts_.workers, [&] { return take(page, run, key, end); });
      for (std::string& object : sealed) {
        const Segment& segment = run.segments[put_segments_++];
        report_.written_bytes += object.size();
        ++report_.written_objects;
        BASCULE_CO_TRY(co_await place_.put(segment_name(segment.id), std::move(object)));
      }
      if (options_.progress) options_.progress(digest_.records(), report_.written_bytes);
    }
    if (!report_.whole && !former_.finish(previous_->manifest)) {
      put_segments_ = 0;
      co_return false;
    }
    manifest_.records = digest_.records();
    manifest_.bytes = digest_.bytes();
    manifest_.digest = digest_.finish();
    // A run without entries is none, but there is always one.
    if (run.segments.empty() && manifest_.runs.size() > 1) manifest_.runs.pop_back();
    co_return true;
  }

  // On a worker: a page of the view, and at the end what is left. What is full is sealed.
  std::vector<std::string> take(const std::vector<store::Entry>& page, Run& run, const RunKey& key, bool end) {
    std::vector<std::string> sealed;
    const auto write = [&](std::string_view store_key, std::uint64_t version, std::string_view value) {
      writer_.add(store_key, version, value);
      ++(version != 0 ? report_.changed : report_.removed);
      if (writer_.full()) close_segment(run, key, sealed);
    };
    const auto gone_before = [&](const std::string* store_key) {
      while (former_at_ && (!store_key || former_.key() < *store_key)) {
        write(former_.key(), 0, {});
        former_at_ = former_.next();
      }
    };
    for (const store::Entry& e : page) {
      gone_before(&e.key);
      const bool there = former_at_ && former_.key() == e.key;
      if (!there || former_.version() != e.version) write(e.key, e.version, e.value);
      if (there) former_at_ = former_.next();
      digest_.add(e.key, e.version, e.value.size());
      index_->add(e.key, e.version, e.value.size());
    }
    if (end) {
      gone_before(nullptr);
      if (!writer_.empty()) close_segment(run, key, sealed);
    }
    return sealed;
  }

  void close_segment(Run& run, const RunKey& key, std::vector<std::string>& sealed) {
    Segment& segment = run.segments.emplace_back();
    parts_.random.fill(segment.id);
    segment.entries = writer_.entries();
    segment.first_key = writer_.first_key();
    sealed.push_back(key.seal(run.segments.size() - 1, writer_.take()));
    segment.size_bytes = sealed.back().size();
  }

  Task<Result<void>> end() {
    const Manifest& m = manifest_;
    co_return co_await change_record(parts_.catalog, [&](BackupsRecord& record) -> Result<void> {
      BackupTarget* target = record.find(m.target);
      if (!target) return fail(Code::conflict, "the place was forgotten meanwhile: the backup is there, and nothing waits for it");
      target->number = m.number;
      target->epoch = m.epoch;
      target->instant = m.instant;
      target->running_session = 0;
      return {};
    });
  }

  const MakeParts parts_;
  Place& place_;
  const MakeOptions options_;
  MakeReport report_;
  Manifest manifest_;
  std::optional<Listed> previous_;
  std::unique_ptr<store::Store::View> view_;
  IndexReader former_;
  bool former_at_ = false;                 // it stands on an entry
  std::optional<IndexWriter> index_;
  SegmentWriter writer_;
  StateDigest digest_;
  std::size_t put_segments_ = 0;           // of this run
};

}  // namespace

Task<Result<MakeReport>> make(MakeParts parts, Place& place, MakeOptions options) {
  Making making(parts, place, std::move(options));
  co_return co_await making.run();
}

Task<Result<void>> forget(MakeParts parts, std::string shown) {
  co_return co_await change_record(parts.catalog, [&](BackupsRecord& record) -> Result<void> {
    if (std::erase_if(record.targets, [&](const BackupTarget& t) { return t.place == shown; }) == 0)
      return fail(Code::not_found, "no backup ever went to " + shown);
    return {};
  });
}

Task<Result<std::uint64_t>> take_over(MakeParts parts) {
  BASCULE_CO_ASSIGN(auto found, co_await parts.catalog.get<catalog::RestoredRecord>(keys::restored()));
  std::uint64_t taken = 0;
  if (found)
    for (auto& life : found->record.lives)
      if (!life.is_taken_over()) {
        life.taken_over = parts.clock.wall();
        ++taken;
      }
  if (taken == 0) co_return fail(Code::not_found, "there is no former life to take over: this catalog was not restored, or it is done");
  catalog::Transaction t;
  t.require(keys::restored(), found->version);
  t.put(keys::restored(), encode(found->record));
  BASCULE_CO_TRY(co_await parts.catalog.commit(std::move(t)));
  co_return taken;
}

}  // namespace bascule::backup
