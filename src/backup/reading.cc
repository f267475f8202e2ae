#include "backup/reading.h"

#include <algorithm>

#include "catalog/backups.h"
#include "catalog/forward.h"
#include "extent/packer.h"
#include "jobs/walk.h"

namespace bascule::backup {

namespace keys = catalog::keys;

struct Stack::Layer {
  Layer(const crypto::SecretKey& catalog_key, const Run& r, bool is_lowest) : run(r), key(catalog_key, r.salt), lowest(is_lowest) {}
  const Run& run;
  const RunKey key;
  const bool lowest;
  std::size_t next_segment = 0;
  std::optional<SegmentReader> reader;
  std::string last_key;        // of the segment before
  bool done = false;
  const std::string& current() const { return reader->key(); }
};

Stack::Stack(Place& place, const Manifest& manifest, std::string begin, std::string end)
    : place_(place), begin_(std::move(begin)), end_(std::move(end)) {
  for (const Run& run : manifest.runs)
    layers_.push_back(std::make_unique<Layer>(place.catalog_key(), run, layers_.empty()));
  for (auto& layer : layers_) {   // the last segment that may hold `begin`
    const auto& segments = layer->run.segments;
    const auto after = std::ranges::upper_bound(segments, begin_, {}, &Segment::first_key);
    if (after != segments.begin()) layer->next_segment = static_cast<std::size_t>(after - segments.begin()) - 1;
  }
}
Stack::~Stack() = default;

Task<Result<void>> Stack::load(Layer& layer) {
  const std::size_t index = layer.next_segment++;
  const Segment& segment = layer.run.segments[index];
  const std::string name = segment_name(segment.id);
  BASCULE_CO_ASSIGN(const std::string object, co_await place_.get(name, segment.size_bytes));
  bytes_read_ += object.size();
  auto plain = layer.key.open(index, object);
  if (!plain) co_return fail(Code::corrupt, "the backup object " + name + " in " + place_.shown() + ": " + plain.error().message);
  layer.reader.emplace(std::move(*plain));
  co_return Result<void>{};
}

Task<Result<void>> Stack::advance(Layer& layer) {
  const auto damaged = [&](const char* what) {
    const std::size_t index = layer.next_segment == 0 ? 0 : layer.next_segment - 1;
    return fail(Code::corrupt, "the backup object " + segment_name(layer.run.segments[index].id) + " in " + place_.shown() + ": " + what);
  };
  while (true) {
    if (!layer.reader) {
      if (layer.next_segment == layer.run.segments.size()) {
        layer.done = true;
        co_return Result<void>{};
      }
      BASCULE_CO_TRY(co_await load(layer));
    }
    const Segment& segment = layer.run.segments[layer.next_segment - 1];
    auto more = layer.reader->next();
    if (!more) co_return damaged(more.error().message.c_str());
    if (!*more) {
      if (layer.reader->entries() != segment.entries) co_return damaged("it has not the entries that the manifest says");
      layer.last_key = layer.reader->key();
      layer.reader.reset();
      continue;
    }
    if (layer.reader->entries() == 1 && (layer.current() != segment.first_key || (!layer.last_key.empty() && layer.current() <= layer.last_key)))
      co_return damaged("its first key is not the one that the manifest says");
    if (layer.lowest && layer.reader->version() == 0) co_return damaged("it removes what never was");
    if (!end_.empty() && layer.current() >= end_) layer.done = true;
    else if (layer.current() < begin_) continue;
    co_return Result<void>{};
  }
}

Task<Result<const store::Entry*>> Stack::next() {
  if (!begun_) {
    begun_ = true;
    for (auto& layer : layers_) BASCULE_CO_TRY(co_await advance(*layer));
  }
  while (true) {
    Layer* least = nullptr;   // of equal keys the upper one
    for (auto& layer : layers_)
      if (!layer->done && (!least || layer->current() <= least->current())) least = layer.get();
    if (!least) co_return nullptr;
    entry_.key = least->current();
    entry_.version = least->reader->version();
    entry_.value = least->reader->value();
    for (auto& layer : layers_)
      if (!layer->done && layer->current() == entry_.key) BASCULE_CO_TRY(co_await advance(*layer));
    if (entry_.version != 0) co_return &entry_;
  }
}

namespace {

constexpr std::size_t kSample = 256, kNamesKept = 10;
constexpr Duration kProviderTimeout = std::chrono::seconds(60);

struct NamedExtent {
  std::array<unsigned char, 16> id;
  std::uint32_t size_bytes = 0;
  bool seen = false;
};

// One reading.
class Reading {
 public:
  Reading(Place& place, const Listed& backup, Content content, ReadOptions options)
      : place_(place), backup_(backup), content_(content), options_(std::move(options)), opener_(place.catalog_key()) {}

  Task<Result<ReadReport>> run() {
    BASCULE_CO_TRY(co_await read_sessions());
    BASCULE_CO_TRY(co_await read_records());
    if (options_.extents != ReadBack::Extents::none) {
      BASCULE_CO_TRY(co_await look_at_extents());
      BASCULE_CO_TRY(co_await look_at_keys());
    }
    co_return std::move(report_);
  }

 private:
  std::unexpected<Error> damaged(std::string_view key, const std::string& what) const {
    return fail(Code::corrupt, "the backup " + backup_.name + " in " + place_.shown() + ", record " + jobs::key_text(key) + ": " + what);
  }

  // They hold the salts of all others' keys.
  Task<Result<void>> read_sessions() {
    Stack sessions(place_, backup_.manifest, "S", "T");
    while (true) {
      BASCULE_CO_ASSIGN(const store::Entry* const entry, co_await sessions.next());
      if (!entry) break;
      if (entry->key.size() != 9) co_return damaged(entry->key, "a key of a wrong length");
      auto session = catalog::decode<catalog::SessionRecord>(entry->value);
      if (!session) co_return damaged(entry->key, session.error().message);
      report_.last_session = static_cast<std::uint32_t>(load_be64(entry->key.data() + 1));
      opener_.add(report_.last_session, *session);
    }
    report_.bytes_read += sessions.bytes_read();
    co_return Result<void>{};
  }

  Task<Result<void>> read_records() {
    Stack all(place_, backup_.manifest, "", "");
    StateDigest digest;
    while (true) {
      BASCULE_CO_ASSIGN(const store::Entry* const entry, co_await all.next());
      if (!entry) break;
      if (options_.stop && *options_.stop) co_return fail(Code::cancelled, "stopped");
      digest.add(entry->key, entry->version, entry->value.size());
      BASCULE_CO_TRY(look_at(*entry));
      if (options_.each) BASCULE_CO_TRY(co_await options_.each(*entry));
      ++report_.records;
      if (options_.progress && report_.records % 4096 == 0) options_.progress(report_.records, all.bytes_read());
    }
    report_.bytes_read += all.bytes_read();
    const Manifest& m = backup_.manifest;
    if (digest.records() != m.records || digest.bytes() != m.bytes || digest.finish() != m.digest)
      co_return fail(Code::corrupt, "the backup " + backup_.name + " in " + place_.shown() + ": what stands in it is not what its manifest says");
    co_return Result<void>{};
  }

  Result<void> look_at(const store::Entry& entry) {
    if (entry.key.empty()) return damaged(entry.key, "no key");
    const char table = entry.key[0];
    if (table == 'S') return {};
    auto plain = opener_.open(entry.key, entry.version, entry.value);
    if (!plain) return damaged(entry.key, plain.error().message);
    auto good = jobs::decodes(table, *plain);
    if (!good) return damaged(entry.key, good.error().message);
    switch (table) {
      case 'M':
        if (entry.key == keys::backups()) report_.backups_record = std::move(*plain);
        else if (entry.key == keys::restored()) report_.restored_record = std::move(*plain);
        break;
      case 'N': {
        ++report_.containers;
        containers_.push_back(catalog::decode<catalog::MappingRecord>(*plain)->cid);
        break;
      }
      case 'C': {
        const auto record = catalog::decode<catalog::ContainerRecord>(*plain);
        const auto* rules = record->extras ? &record->extras->immutability : nullptr;
        if (rules && (rules->days != 0 || !rules->holds.empty() || rules->versions)) ++report_.kept_containers;
        break;
      }
      case 'B':
      case 'V': {
        ++(table == 'B' ? report_.blobs : report_.past_states);
        const auto record = catalog::decode<catalog::HeadRecord>(*plain);
        if (record->extras && record->extras->immutability != catalog::ImmutabilityRecord{}) ++report_.kept_states;
        break;
      }
      case 'E': {
        const auto record = catalog::decode<catalog::ExtentRecord>(*plain);
        if (entry.key.size() != 17) return damaged(entry.key, "a key of a wrong length");
        if (catalog::moved(*record)) break;
        ++report_.extents;
        report_.extent_bytes += record->size_bytes;
        if (options_.extents == ReadBack::Extents::none) break;
        NamedExtent extent;
        std::memcpy(extent.id.data(), entry.key.data() + 1, 16);
        extent.size_bytes = record->size_bytes;
        if (options_.extents == ReadBack::Extents::all || extents_.size() < kSample) extents_.push_back(extent);
        else if (const std::uint64_t place = content_.random.next_u64() % report_.extents; place < kSample) extents_[place] = extent;
        break;
      }
      default: break;
    }
    return {};
  }

  std::string name_of(const NamedExtent& extent) const {
    const auto id = extent::UniqueId::read(reinterpret_cast<const char*>(extent.id.data()));
    return content_.namer.name(extent::to_id16(extent::ExtentId{id}));
  }

  Task<Result<void>> look_at_extents() {
    std::ranges::sort(extents_, {}, &NamedExtent::id);
    if (options_.extents == ReadBack::Extents::all) BASCULE_CO_TRY(co_await list_extents());
    for (NamedExtent& extent : extents_) {
      ++report_.looked;
      if (extent.seen) continue;
      if (options_.stop && *options_.stop) co_return fail(Code::cancelled, "stopped");
      const std::string name = name_of(extent);
      const auto size = co_await content_.provider.size(name, content_.clock.now() + kProviderTimeout);
      if (!size && size.error().code != Code::not_found) co_return fail(size.error());
      if (size && *size == extent.size_bytes) continue;
      ++report_.missing;
      report_.missing_bytes += extent.size_bytes;
      if (report_.missing_names.size() < kNamesKept) report_.missing_names.push_back(name);
    }
    co_return Result<void>{};
  }

  // A listing spares the question for each; what it does not show is asked for.
  Task<Result<void>> list_extents() {
    std::string after;
    while (true) {
      if (options_.stop && *options_.stop) co_return fail(Code::cancelled, "stopped");
      BASCULE_CO_ASSIGN(const auto listing, co_await content_.provider.list("", after, 1000, content_.clock.now() + kProviderTimeout));
      for (const auto& object : listing.objects) {
        const auto raw = content_.namer.id(object.name);
        if (!raw) continue;
        std::array<unsigned char, 16> id;
        std::memcpy(id.data(), raw->data(), 16);
        const auto found = std::ranges::lower_bound(extents_, id, {}, &NamedExtent::id);
        if (found != extents_.end() && found->id == id) found->seen = found->size_bytes == object.size_bytes;
      }
      if (listing.complete || listing.objects.empty()) co_return Result<void>{};
      after = listing.objects.back().name;
    }
  }

  Task<Result<void>> look_at_keys() {
    const std::size_t step = options_.extents == ReadBack::Extents::all ? 1 : containers_.size() / kSample + 1;
    for (std::size_t i = 0; i < containers_.size(); i += step) {
      ++report_.keys_looked;
      const auto key = co_await content_.keyring.container_key(containers_[i]);
      if (key) continue;
      if (key.error().code != Code::not_found) co_return fail(key.error());
      ++report_.keys_missing;
    }
    co_return Result<void>{};
  }

  Place& place_;
  const Listed& backup_;
  const Content content_;
  const ReadOptions options_;
  catalog::ValueOpener opener_;
  ReadReport report_;
  std::vector<NamedExtent> extents_;
  std::vector<std::uint64_t> containers_;
};

}  // namespace

Task<Result<ReadReport>> read(Place& place, const Listed& backup, Content content, ReadOptions options) {
  Reading reading(place, backup, content, std::move(options));
  co_return co_await reading.run();
}

}  // namespace bascule::backup
