#include "jobs/compaction.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "jobs/window.h"

namespace bascule::jobs {

namespace keys = catalog::keys;
using catalog::ExtentRecord;
using catalog::Forwards;

namespace {

constexpr Duration kProviderTimeout = std::chrono::seconds(60);
constexpr std::size_t kReadBytes = 16 * crypto::kUnitBytes;
// So that records and commits stay within what a store takes (64 KiB and 1 MiB): an entry of a forward takes 28 bytes.
constexpr std::size_t kMostStretches = 1500, kMostSources = 1024, kMostGroupForwards = 12'000;

extent::ExtentId id_of_key(std::string_view key) { return extent::ExtentId{extent::UniqueId::read(key.data() + 1)}; }

}  // namespace

Compactor::Compactor(ops::Service& service, CompactionOptions options)
    : service_(service), catalog_(service.parts().catalog), options_(options), tag_keys_(service.parts().keyring.catalog_key()) {}

Task<Result<CompactionReport>> Compactor::begin() {
  if (running_.exchange(true)) co_return fail(Code::conflict, "a compaction is under way");
  report_ = {};
  groups_.clear();
  ages_.clear();
  ++counts_.runs;
  auto found = co_await candidates();
  Result<void> looked = found ? Result<void>() : Result<void>(fail(found.error()));
  if (looked) looked = co_await find_living(*found);
  if (looked) looked = co_await find_accounts(*found);
  if (!looked) {
    running_ = false;
    co_return fail(looked.error());
  }
  report_.looked = found->size();
  std::erase_if(*found, [](const Candidate& c) { return c.odd || c.named.empty(); });
  for (Candidate& c : *found) choose_stretches(c);
  for (Group& g : group(std::move(*found))) {
    report_.extents += g.members.size();
    for (const Candidate& c : g.members) {
      report_.size_bytes += c.record.size_bytes;
      report_.moved_bytes += c.moved_bytes;
    }
    report_.saved += g.worth.saved;
    report_.cost += g.worth.cost;
    groups_.push_back(std::move(g));
  }
  report_.groups = groups_.size();
  co_return report_;
}

void Compactor::end() {
  groups_.clear();
  running_ = false;
}

Task<Result<CompactionReport>> Compactor::run(const std::atomic<bool>& stop) {
  BASCULE_CO_TRY(co_await begin());
  while (!stop) {
    BASCULE_CO_ASSIGN(const bool more, co_await step());
    if (!more) co_return report_;
  }
  end();
  co_return report_;
}

Task<Result<std::map<extent::ExtentId, Compactor::DeadTotal>>> Compactor::dead_totals() {
  std::map<ExtentId, DeadTotal> totals;
  Walk walk(catalog_, 'T');
  while (true) {
    BASCULE_CO_ASSIGN(const auto record, co_await walk.next());
    if (!record) co_return totals;
    const auto bytes = catalog::decode_total(record->value);
    if (!record->damage && bytes && record->key.size() == 17) totals[id_of_key(record->key)] = {record->version, *bytes};
  }
}

// Nothing: its session may still place and name what lies in it. Else how old it is at least.
Task<Result<std::optional<double>>> Compactor::settled_age_days(ExtentId id) {
  if (id.incarnation != catalog_.incarnation()) co_return std::nullopt;
  if (id.session == catalog_.session()) {
    const Instant now = service_.parts().clock.now();
    for (const auto& [at, unused] : marks_)
      if (id.sequence < unused && now - at >= options_.settle) co_return 0.0;
    co_return std::nullopt;
  }
  if (const auto known = ages_.find(id.session); known != ages_.end()) co_return known->second;
  BASCULE_CO_ASSIGN(const auto session, co_await catalog_.session_record(id.session));
  std::optional<double> age;
  if (session && !session->open) {
    const auto since = service_.parts().clock.wall() - session->closed;
    age = std::max(0.0, std::chrono::duration<double, std::chrono::days::period>(since).count());
  }
  ages_[id.session] = age;
  co_return age;
}

// The totals are read first: one that grows after it was read makes the commit fail, so that what is found to live then lives.
Task<Result<std::vector<Compactor::Candidate>>> Compactor::candidates() {
  const Instant now = service_.parts().clock.now();
  while (marks_.size() > 1 && now - marks_[1].first >= options_.settle) marks_.pop_front();   // the younger says more
  if (marks_.empty() || now - marks_.back().first >= options_.settle / 4) marks_.emplace_back(now, catalog_.ids().next().sequence);
  BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
  BASCULE_CO_ASSIGN(auto totals, co_await dead_totals());
  std::vector<Candidate> found;
  std::uint64_t bytes = 0;
  const std::string first(1, 'E'), end(1, 'F');
  if (next_extent_.empty()) next_extent_ = first;
  const std::string began = next_extent_;
  // From where the last run ended to the end, and from the beginning to there.
  for (const bool around : {false, true}) {
    Walk walk(catalog_, around ? first : began, around ? began : end);
    while (true) {
      BASCULE_CO_ASSIGN(auto record, co_await walk.next());
      if (!record) break;
      auto extent = catalog::decode<ExtentRecord>(record->value);
      if (record->damage || !extent || record->key.size() != 17 || catalog::moved(*extent)) continue;
      const ExtentId id = id_of_key(record->key);
      if (window.is_former(id.incarnation)) continue;   // its object would have to stay all the same
      const auto total = totals.find(id);
      const DeadTotal dead = total == totals.end() ? DeadTotal() : total->second;
      if (!promising(options_.prices, extent->size_bytes, dead.bytes)) continue;
      BASCULE_CO_ASSIGN(const auto age, co_await settled_age_days(id));
      if (!age) continue;
      if (found.size() == options_.most_looked || bytes + extent->size_bytes > options_.most_looked_bytes) {
        next_extent_ = record->key;
        co_return found;
      }
      bytes += extent->size_bytes;
      Candidate& c = found.emplace_back();
      c.id = id;
      c.version = record->version;
      c.total_version = dead.version;
      c.dead_bytes = dead.bytes;
      c.record = std::move(*extent);
      c.age_days = *age;
      for (const ExtentId& source : c.record.sources) {
        BASCULE_CO_ASSIGN(auto from, co_await catalog_.get<ExtentRecord>(keys::extent(source)));
        if (from) c.sources.emplace(source, Source{from->version, std::move(from->record)});   // else all of it is dead
      }
    }
  }
  next_extent_ = first;
  co_return found;
}

// What is named of each. An extent is as it was read where what is named and what is dead make all of it: else a write is
// under way, or what was let go of is not swept yet, and it is left alone.
Task<Result<void>> Compactor::find_living(std::vector<Candidate>& all) {
  if (all.empty()) co_return Result<void>{};
  struct Seen { Candidate* candidate; const Forwards* forwards; };
  std::unordered_map<ExtentId, Seen, extent::HashId> wanted;
  for (Candidate& c : all) {
    if (!catalog::gathered(c.record)) wanted[c.id] = {&c, nullptr};
    for (const auto& [id, source] : c.sources) wanted[id] = {&c, &source.record.forward};
  }
  NamingWalk walk(catalog_);
  std::size_t pieces_kept = 0;
  while (true) {
    BASCULE_CO_ASSIGN(const auto named, co_await walk.next());
    if (!named) break;
    for (const extent::Piece& p : named->pieces) {
      const auto it = wanted.find(p.extent);
      if (it == wanted.end()) continue;
      Candidate& c = *it->second.candidate;
      if (c.odd) continue;
      const auto size = static_cast<std::uint32_t>(crypto::sealed_size(p.size_bytes));
      std::uint32_t offset = p.offset;
      if (it->second.forwards) {
        const auto now = catalog::place_of(*it->second.forwards, p.offset, size);
        if (!now || now->extent != c.id) {
          c.odd = true;
          continue;
        }
        offset = now->offset;
      }
      if (pieces_kept >= options_.most_pieces && !c.named.contains(offset)) {
        c.odd = true;   // in another run
        continue;
      }
      pieces_kept += c.named.emplace(offset, size).second;
      if (!c.cid) { BASCULE_CO_ASSIGN(c.cid, container_of_record(named->table, named->record)); }
    }
  }
  for (Candidate& c : all) {
    std::uint64_t known = c.dead_bytes;
    for (const auto& [offset, size] : c.named) known += size;
    if (known != c.record.size_bytes) c.odd = true;
  }
  co_return Result<void>{};
}

// An extent never mixes accounts: one of its pieces tells whose it is.
Task<Result<void>> Compactor::find_accounts(std::vector<Candidate>& all) {
  std::unordered_map<std::uint64_t, std::string> accounts;
  for (const Candidate& c : all)
    if (c.cid) accounts[*c.cid];
  for (const char table : {'N', keys::kDeletedContainerTable}) {
    if (accounts.empty()) break;
    Walk walk(catalog_, table);
    while (true) {
      BASCULE_CO_ASSIGN(const auto record, co_await walk.next());
      if (!record) break;
      if (record->damage) continue;
      std::uint64_t cid = 0;
      if (table == 'N') {
        const auto mapping = catalog::decode<catalog::MappingRecord>(record->value);
        cid = mapping ? mapping->cid : 0;
      } else {
        const auto deleted = catalog::decode<catalog::DeletedContainerRecord>(record->value);
        cid = deleted ? deleted->cid : 0;
      }
      if (const auto found = accounts.find(cid); found != accounts.end()) found->second = record->key.substr(1, record->key.find('\0') - 1);
    }
  }
  for (Candidate& c : all) {
    if (c.cid) c.account = accounts[*c.cid];
    if (c.account.empty()) c.odd = true;   // of a container that is being swept
  }
  co_return Result<void>{};
}

// The living parts, neighbours joined; where there are too many, the smallest gaps between them are moved too.
void Compactor::choose_stretches(Candidate& c) {
  for (const auto& [offset, size] : c.named) {
    if (!c.stretches.empty() && c.stretches.back().offset + c.stretches.back().length == offset) c.stretches.back().length += size;
    else c.stretches.push_back({offset, size});
  }
  if (c.stretches.size() > kMostStretches) {
    std::vector<std::uint32_t> gaps;
    const auto gap = [&](std::size_t i) { return c.stretches[i].offset - (c.stretches[i - 1].offset + c.stretches[i - 1].length); };
    for (std::size_t i = 1; i < c.stretches.size(); ++i) gaps.push_back(gap(i));
    std::ranges::nth_element(gaps, gaps.begin() + (kMostStretches - 1), std::greater<>());
    const std::uint32_t least = gaps[kMostStretches - 1];   // gaps up to this one are closed
    std::vector<Stretch> joined{c.stretches[0]};
    for (std::size_t i = 1; i < c.stretches.size(); ++i) {
      if (gap(i) > least) joined.push_back(c.stretches[i]);
      else joined.back().length = c.stretches[i].offset + c.stretches[i].length - joined.back().offset;
    }
    c.stretches = std::move(joined);
  }
  for (const Stretch& s : c.stretches) c.moved_bytes += s.length;
}

std::vector<Compactor::Group> Compactor::group(std::vector<Candidate> all) const {
  const auto same = [](const Candidate& a, const Candidate& b) {
    return a.account == b.account && a.record.provider == b.record.provider && a.record.policy_version == b.record.policy_version;
  };
  std::ranges::sort(all, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.account, a.record.provider, a.record.policy_version, a.moved_bytes, a.id) <
           std::tie(b.account, b.record.provider, b.record.policy_version, b.moved_bytes, b.id);
  });
  const auto sources_of = [](const Candidate& c) { return std::max<std::size_t>(1, c.sources.size()); };
  const auto forwards_of = [](const Candidate& c) {
    std::size_t n = c.stretches.size();
    for (const auto& [id, source] : c.sources) n += source.record.forward.size() + c.stretches.size();
    return n;
  };
  std::vector<Group> groups;
  std::uint64_t bytes = 0;
  std::size_t sources = 0, forwards = 0;
  for (Candidate& c : all) {
    if (sources_of(c) > kMostSources || forwards_of(c) > kMostGroupForwards) continue;
    const bool fits = !groups.empty() && same(groups.back().members[0], c) && bytes + c.moved_bytes <= extent::kMaxExtentBytes &&
                      sources + sources_of(c) <= kMostSources && forwards + forwards_of(c) <= kMostGroupForwards;
    if (!fits) {
      groups.emplace_back();
      bytes = sources = forwards = 0;
    }
    bytes += c.moved_bytes;
    sources += sources_of(c);
    forwards += forwards_of(c);
    groups.back().members.push_back(std::move(c));
  }
  for (Group& g : groups) {
    std::vector<ToGather> what;
    what.reserve(g.members.size());
    for (const Candidate& c : g.members)
      what.push_back({.size_bytes = c.record.size_bytes, .moved_bytes = c.moved_bytes,
                      .reads = static_cast<std::uint32_t>(std::min<std::uint64_t>(c.stretches.size(), 1 + c.record.size_bytes / kReadBytes)),
                      .age_days = c.age_days});
    g.worth = worth(options_.prices, what);
  }
  std::erase_if(groups, [](const Group& g) { return !g.worth.pays; });
  return groups;
}

Task<Result<bool>> Compactor::step() {
  if (groups_.empty()) {
    running_ = false;
    co_return false;
  }
  Group g = std::move(groups_.front());
  groups_.pop_front();
  std::uint64_t bytes = 0;
  for (const Candidate& c : g.members) bytes += c.moved_bytes;
  const auto content = std::make_unique_for_overwrite<std::byte[]>(bytes);
  std::uint64_t at = 0;
  std::vector<Candidate> whole;
  for (Candidate& c : g.members) {
    auto read = co_await read_living(c, {content.get() + at, c.moved_bytes});
    if (!read && read.error().code != Code::corrupt && read.error().code != Code::not_found) {
      end();
      co_return fail(read.error());
    }
    if (read) {
      at += c.moved_bytes;
      whole.push_back(std::move(c));
    } else if (read.error().code == Code::corrupt) {
      ++counts_.damaged;
      log::warn("compaction", {{"error", read.error().message}});
    } else {
      ++counts_.put_off;   // collected meanwhile
    }
  }
  g.members = std::move(whole);
  if (g.members.empty()) co_return true;
  auto placed = co_await place(Bytes(content.get(), at));
  if (!placed) {
    end();
    co_return fail(placed.error());
  }
  auto done = co_await commit(g, **placed);
  if (done) {
    ++counts_.written;
    counts_.gathered += g.members.size();
    for (const Candidate& c : g.members) counts_.freed_bytes += c.record.size_bytes - c.moved_bytes;
    counts_.moved_bytes += at;
    co_return true;
  }
  extent::IdSource& ids = catalog_.ids();
  if (done.error().code == Code::conflict) {   // nobody will ever name it
    counts_.put_off += g.members.size();
    if (!ids.failed().add((*placed)->id, service_.parts().clock.now())) ids.note_lost();
    co_return true;
  }
  ids.note_lost();   // the commit may have come through: whoever follows finds out
  end();
  co_return fail(done.error());
}

// As it lies there, each unit of it checked: what is damaged must not become whole by being given new checksums.
Task<Result<void>> Compactor::read_living(const Candidate& c, MutableBytes into) {
  auto& provider = service_.parts().provider;
  const std::string name = service_.parts().namer.name(extent::to_id16(c.id));
  crypto::ExtentMac mac = tag_keys_.of(extent::to_id16(c.id));
  const std::uint64_t size = c.record.size_bytes;
  std::vector<std::byte> buffer(kReadBytes);
  std::uint64_t have_first = 0, have_end = 0;   // what is in the buffer, and checked
  std::size_t filled = 0;
  for (std::size_t i = 0; i < c.stretches.size(); ++i) {
    std::uint64_t at = c.stretches[i].offset;
    const std::uint64_t end = at + c.stretches[i].length;
    while (at < end) {
      if (at < have_first || at >= have_end) {
        have_first = at / crypto::kUnitBytes * crypto::kUnitBytes;
        // To the end of this stretch, and on where the next begins in the units that are read anyway.
        const std::uint64_t wanted = (end + crypto::kUnitBytes - 1) / crypto::kUnitBytes * crypto::kUnitBytes;
        have_end = std::min({wanted, have_first + kReadBytes, size});
        const MutableBytes part = MutableBytes(buffer).first(have_end - have_first);
        BASCULE_CO_TRY(co_await provider.get(name, have_first, part, service_.parts().clock.now() + kProviderTimeout));
        for (std::size_t unit_at = 0; unit_at < part.size(); unit_at += crypto::kUnitBytes) {
          const std::uint64_t unit = (have_first + unit_at) / crypto::kUnitBytes;
          const Bytes content = Bytes(part).subspan(unit_at, std::min(crypto::kUnitBytes, part.size() - unit_at));
          if (unit >= c.record.unit_tags.size() || !mac.verify({.unit = unit}, content, c.record.unit_tags[unit]))
            co_return fail(Code::corrupt, "extent " + name + " is damaged in the 64 KiB from byte " + std::to_string(unit * crypto::kUnitBytes));
        }
      }
      const std::size_t n = std::min(end, have_end) - at;
      std::memcpy(into.data() + filled, buffer.data() + (at - have_first), n);
      filled += n;
      at += n;
    }
  }
  co_return Result<void>{};
}

Task<Result<std::shared_ptr<extent::PlacedExtent>>> Compactor::place(Bytes content) {
  const ops::ServiceParts& parts = service_.parts();
  auto extent = std::make_shared<extent::PlacedExtent>();
  extent->id = ExtentId{catalog_.ids().next()};
  extent->size_bytes = static_cast<std::uint32_t>(content.size());
  crypto::ExtentMac mac = tag_keys_.of(extent::to_id16(extent->id));
  extent->unit_tags = co_await offload(parts.workers, [&mac, &content] { return extent::tag_units(mac, Slices(&content, 1)); });
  auto put = co_await parts.provider.put(parts.namer.name(extent::to_id16(extent->id)), Slices(&content, 1),
                                         parts.clock.now() + kProviderTimeout);
  if (put) co_return extent;
  if (!catalog_.ids().failed().add(extent->id, parts.clock.now())) catalog_.ids().note_lost();
  co_return fail(put.error());
}

// The content of the members lies in the new extent in their order.
Task<Result<void>> Compactor::commit(const Group& g, const extent::PlacedExtent& placed) {
  catalog::Transaction t;
  BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
  window.require_epoch(t);
  ExtentRecord made{.size_bytes = placed.size_bytes, .provider = g.members[0].record.provider,
                    .policy_version = g.members[0].record.policy_version, .unit_tags = placed.unit_tags};
  std::uint64_t dead = placed.size_bytes;   // but for what is named
  std::uint32_t at = 0;
  for (const Candidate& c : g.members) {
    const std::string key = keys::extent(c.id), total_key = keys::dead_total(c.id);
    t.require(key, c.version);
    t.require(total_key, c.total_version);
    Forwards forwards;
    for (const Stretch& s : c.stretches) {
      forwards.push_back({placed.id, s.offset, s.length, at});
      at += s.length;
    }
    for (const auto& [offset, size] : c.named) dead -= size;
    if (catalog::gathered(c.record)) {   // who forwards to it forwards to the new one from here on: never over two steps
      for (const auto& [id, source] : c.sources) {
        ExtentRecord next = source.record;
        next.forward = catalog::moved_on(source.record.forward, c.id, forwards);
        t.require(keys::extent(id), source.version);
        t.put(keys::extent(id), encode(next));
        made.sources.push_back(id);
      }
      t.remove(key);
      if (c.total_version != 0) t.remove(total_key);
    } else {
      ExtentRecord next = c.record;
      next.unit_tags.clear();
      next.forward = std::move(forwards);
      t.put(key, encode(next));
      made.sources.push_back(c.id);
    }
    t.put(keys::garbage(c.id), encode(window.garbage(c.record.size_bytes, service_.lawful_now())));
  }
  t.put(keys::extent(placed.id), encode(made));
  if (dead != 0) t.put(keys::dead_total(placed.id), catalog::encode_total(dead));
  co_return co_await catalog_.commit(std::move(t));
}

}  // namespace bascule::jobs
