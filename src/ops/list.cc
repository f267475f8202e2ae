// List Blobs, flat and by hierarchy, with the names that have only uncommitted blocks, and the past states of each name,
// merged in where asked.
#include <algorithm>

#include "ops/history.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

// So many names may be passed over in one page that show nothing (those of deleted blobs, mostly) before it ends early.
constexpr std::size_t kMostPassed = 50'000;

// Walks one table's names of a container in order, in scans that grow while they are used up.
class NameWalk {
 public:
  // `tail_bytes`: of each key behind the name. `start`: of a name, or of a key's end where there are tails.
  NameWalk(catalog::Catalog& catalog, char table, std::uint64_t cid, std::string_view prefix, std::string_view start,
           std::size_t limit, std::size_t tail_bytes = 0)
      : catalog_(catalog), base_bytes_(9), tail_bytes_(tail_bytes), end_(keys::after_prefix(keys::named(table, cid, prefix))),
        most_(limit + 1), begin_(keys::named(table, cid, std::max(prefix, start))), next_limit_(limit + 1) {}

  // Null at the end.
  Task<Result<store::Entry*>> peek() {
    while (at_ == entries_.size()) {
      if (exhausted_) co_return nullptr;
      BASCULE_CO_ASSIGN(entries_, co_await catalog_.scan({.begin = begin_, .end = end_, .limit = next_limit_}));
      at_ = 0;
      exhausted_ = entries_.empty();
      if (!exhausted_) begin_ = entries_.back().key + '\0';
      next_limit_ = std::min(most_, next_limit_ * 4);
    }
    co_return &entries_[at_];
  }
  bool ready() const { return at_ < entries_.size(); }
  bool exhausted() const { return exhausted_ && !ready(); }
  store::Entry& current() { return entries_[at_]; }
  void pop() { ++at_; }
  std::string_view name(const store::Entry& e) const {
    return std::string_view(e.key).substr(base_bytes_, e.key.size() - base_bytes_ - tail_bytes_);
  }
  // The name with its tail.
  std::string_view position(const store::Entry& e) const { return std::string_view(e.key).substr(base_bytes_); }
  // Goes on at the first name not below `key` (a whole key).
  void skip_to(std::string key) {
    while (at_ < entries_.size() && entries_[at_].key < key) ++at_;
    if (at_ < entries_.size() || exhausted_) return;
    begin_ = std::max(begin_, std::move(key));
    next_limit_ = std::min<std::size_t>(most_, 64);
  }
  void start_small() { next_limit_ = std::min<std::size_t>(most_, 64); }

 private:
  catalog::Catalog& catalog_;
  const std::size_t base_bytes_, tail_bytes_;
  const std::string end_;
  const std::size_t most_;
  std::string begin_;
  std::vector<store::Entry> entries_;
  std::size_t at_ = 0, next_limit_;
  bool exhausted_ = false;
};

// When a listing looks, by the clock, by Service::ending_now() and by Service::lawful_now().
struct Moment {
  WallTime now{}, ending{}, lawful{};
  const catalog::ContainerImmutability* rules = nullptr;
};

// Whether a listing shows what the record says.
bool shown(const catalog::HeadRecord& record, const ListBlobs& list, const Moment& at) {
  using Kind = catalog::HistoryRecord::Kind;
  using State = catalog::HistoryRecord::State;
  const catalog::HistoryRecord& h = catalog::history_of(record);
  if (h.kind == Kind::snapshot && !list.snapshots) return false;
  if (h.kind == Kind::version && !list.versions) return false;
  switch (h.state) {
    case State::live: return h.kind != Kind::base || !expired(record, at.ending);
    case State::deleted: return list.deleted && (catalog::deletion_due(h) > at.now || !check_touch(at.rules, record, Touch::remove, at.lawful));
    case State::tombstone: return list.deleted_with_versions && h.versions != 0;
  }
  return false;
}

// About what an item takes, beyond the view itself.
std::size_t text_bytes(const BlobView& v) {
  std::size_t sum = sizeof(ListItem) + v.name.size() + v.headers.type.size() + v.headers.encoding.size() + v.headers.language.size() +
                    v.headers.cache_control.size() + v.headers.disposition.size();
  for (const auto& [name, value] : v.metadata) sum += name.size() + value.size() + 64;
  for (const auto& [key, value] : v.tags) sum += key.size() + value.size() + 64;
  return v.copy ? sum + v.copy->source.size() : sum;
}

}  // namespace

// Past states stand before what the name means now, in the order of their times. A position is a name, or a name, NUL and
// a time (eight bytes) where its past states are listed: those of all ones mean that they have been.
Task<Result<BlobPage>> Service::list_blobs(ContainerRef ref, ListBlobs list) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
  const std::uint64_t cid = container->cid;
  const std::string_view start = list.start, start_name = start.substr(0, start.find('\0'));
  NameWalk heads(parts_.catalog, keys::kHeadTable, cid, list.prefix, start_name, list.limit);
  NameWalk uploads(parts_.catalog, 'U', cid, list.prefix, start_name, list.limit);
  NameWalk pasts(parts_.catalog, keys::kPastTable, cid, list.prefix, start, list.limit, keys::kPastTailBytes);
  const bool with_past = list.snapshots || list.versions;
  if (!list.delimiter.empty()) {
    for (NameWalk* walk : {&heads, &uploads, &pasts}) walk->start_small();
  }
  const WallTime at = now();
  const Moment looked{at, ending_now(*container), lawful_now(), container->immutability.get()};
  BlobPage page;
  page.items.reserve(std::min<std::size_t>(list.limit, 256));
  std::size_t bytes = 0, passed = 0;
  while (true) {
    store::Entry* head = nullptr;
    store::Entry* upload = nullptr;
    store::Entry* past = nullptr;
    if (heads.ready()) head = &heads.current();
    else { BASCULE_CO_ASSIGN(head, co_await heads.peek()); }
    if (list.uncommitted) { BASCULE_CO_ASSIGN(upload, co_await uploads.peek()); }
    if (with_past && !pasts.exhausted()) {
      if (pasts.ready()) past = &pasts.current();
      else { BASCULE_CO_ASSIGN(past, co_await pasts.peek()); }
    }
    if (!head && !upload && !past) co_return page;
    // A name with a head and uncommitted blocks is listed once, as what is committed.
    bool take_head = head && (!upload || heads.name(*head) <= uploads.name(*upload));
    std::string_view name = take_head ? heads.name(*head) : upload ? uploads.name(*upload) : std::string_view();
    const bool take_past = past && ((!head && !upload) || pasts.name(*past) <= name);
    if (take_past) name = pasts.name(*past);
    take_head = take_head && !take_past;
    if (!list.end.empty() && name >= list.end) co_return page;
    if (page.items.size() == list.limit || bytes >= kMostPageBytes || passed >= kMostPassed) {
      if (take_past) page.next = pasts.position(*past);
      else page.next = name;
      if (with_past && !take_past) page.next.append(1, '\0').append(8, '\xff');
      co_return page;
    }
    catalog::HeadRecord record;
    if (take_head || take_past) {
      BASCULE_CO_ASSIGN(record, catalog::decode<catalog::HeadRecord>((take_past ? past : head)->value));
      if (!shown(record, list, looked)) {
        if (take_past) pasts.pop();
        else heads.pop();
        ++passed;
        continue;
      }
    }
    if (!list.delimiter.empty()) {
      const std::size_t cut = name.find(list.delimiter, list.prefix.size());
      if (cut != std::string_view::npos) {
        std::string prefix(name.substr(0, cut + list.delimiter.size()));
        heads.skip_to(keys::after_prefix(keys::head(cid, prefix)));
        if (list.uncommitted) uploads.skip_to(keys::after_prefix(keys::upload(cid, prefix)));
        if (with_past) pasts.skip_to(keys::after_prefix(keys::named(keys::kPastTable, cid, prefix)));
        ListItem& item = page.items.emplace_back();
        item.is_prefix = true;
        item.blob.name = std::move(prefix);
        bytes += text_bytes(item.blob);
        continue;
      }
    }
    ListItem& item = page.items.emplace_back();
    if (take_head || take_past) {
      const bool both = take_head && upload && uploads.name(*upload) == name && catalog::is_live(record);
      if (!list.metadata) record.metadata.clear();
      item.blob = to_view(std::string(name), record, at);
      if (take_past) pasts.pop();
      else heads.pop();
      if (both) uploads.pop();
    } else {
      item.blob.name = std::string(name);
      item.blob.committed = false;
      uploads.pop();
    }
    bytes += text_bytes(item.blob);
  }
}

}  // namespace bascule::ops
