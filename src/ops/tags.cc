// Tags of blobs, and finding blobs by them. The index has a record for each tag of each blob that is there; whoever
// commits a head commits the records by which its tags differ, so that the index is never behind.
#include <algorithm>

#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

// How many records a search looks at before it gives what it has and says where to go on; beginning with another container
// counts as several.
constexpr std::size_t kMostLooks = 100'000, kContainerLooks = 10;
constexpr std::size_t kFirstScan = 16, kLongestScan = 1024;

// Walks the index of one container through one key's range of values.
class TagWalk {
 public:
  TagWalk(catalog::Catalog& catalog, std::uint64_t cid, const TagSearch::Key& key, std::size_t& looks)
      : catalog_(catalog), prefix_(keys::named(keys::kTagTable, cid, key.key) + '\0'), looks_(looks) {
    begin_ = prefix_;
    end_ = keys::after_prefix(prefix_);
    if (key.lower) begin_ += key.lower->value + (key.lower->inclusive ? '\0' : '\1');
    if (key.upper) end_ = prefix_ + key.upper->value + (key.upper->inclusive ? '\1' : '\0');
  }
  struct At {
    std::string_view value, blob;   // live until the next call
  };
  // Nothing at the end.
  Task<Result<std::optional<At>>> peek() {
    if (at_ == entries_.size() && !end_reached_) {
      BASCULE_CO_ASSIGN(entries_, co_await catalog_.scan({.begin = begin_, .end = end_, .limit = scan_}));
      at_ = 0;
      looks_ += entries_.size();
      end_reached_ = entries_.empty();
      if (!end_reached_) begin_ = entries_.back().key + '\0';
      scan_ = std::min(kLongestScan, scan_ * 4);
    }
    if (end_reached_) co_return std::nullopt;
    const std::string_view rest = std::string_view(entries_[at_].key).substr(prefix_.size());
    const std::size_t split = rest.find('\0');
    if (split == std::string_view::npos) co_return fail(Code::corrupt, "a tag's record has a malformed key");
    co_return At{rest.substr(0, split), rest.substr(split + 1)};
  }
  void pop() { ++at_; }
  // Goes on at the first key not below `key`, whole; never back.
  void seek(const std::string& key) {
    while (at_ < entries_.size() && entries_[at_].key < key) ++at_;
    if (at_ < entries_.size() || end_reached_ || key <= begin_) return;
    begin_ = key;
    if (begin_ >= end_) end_reached_ = true;
    scan_ = kFirstScan;
  }
  // Where a search that is broken off here goes on; peek() has given something.
  std::string position() const { return entries_[at_].key.substr(9); }

 private:
  catalog::Catalog& catalog_;
  const std::string prefix_;
  std::size_t& looks_;
  std::string begin_, end_;
  std::vector<store::Entry> entries_;
  std::size_t at_ = 0, scan_ = kFirstScan;
  bool end_reached_ = false;
};

// Moves several walks, each through one exact value and so in the order of the blobs' names, to the first blob that they
// share, at or after the first one's; false: there is none.
Task<Result<bool>> align(std::uint64_t cid, std::vector<TagWalk>& walks, const std::vector<const TagSearch::Key*>& exact) {
  if (walks.size() == 1) {
    BASCULE_CO_ASSIGN(const auto at, co_await walks[0].peek());
    co_return at.has_value();
  }
  std::string blob;   // the greatest name seen
  std::size_t agreed = 0;
  for (std::size_t i = 0; agreed < walks.size(); i = (i + 1) % walks.size()) {
    if (!blob.empty()) walks[i].seek(keys::tag(cid, exact[i]->key, exact[i]->lower->value, blob));
    BASCULE_CO_ASSIGN(const auto at, co_await walks[i].peek());
    if (!at) co_return false;
    if (at->blob == blob) {
      ++agreed;
    } else {
      blob = at->blob;
      agreed = 1;
    }
  }
  co_return true;
}

}  // namespace

const Tags& tags_of(const catalog::HeadRecord& head) {
  static const Tags kNone;
  return head.extras ? head.extras->tags : kNone;
}

void set_tags(catalog::HeadRecord& head, Tags tags) {
  if (!tags.empty()) head.extras.made().tags = std::move(tags);
  else if (head.extras) head.extras->tags.clear();
}

void index_tags(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, const Tags& old, const Tags& now) {
  for (const auto& tag : old)
    if (!std::ranges::binary_search(now, tag)) t.remove(keys::tag(cid, tag.first, tag.second, blob));
  for (const auto& tag : now)
    if (!std::ranges::binary_search(old, tag)) t.put(keys::tag(cid, tag.first, tag.second, blob), catalog::encode_total(0));
}

Task<Result<Tags>> Service::get_blob_tags(BlobRef ref, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  BASCULE_CO_ASSIGN(const auto head, co_await named_state(container->cid, ref));
  if (!there(head, ending_now(*container))) co_return refuse(Reason::blob_not_found);
  BASCULE_CO_TRY(check_lease_read(head->record.lease, conditions.lease_id, now()));
  auto holds = check_read(conditions, stamp(head->record));
  if (!holds) co_return refuse(Reason::condition_not_met);   // the documentation knows no 304 here
  co_return tags_of(head->record);
}

Task<Result<void>> Service::set_blob_tags(BlobRef ref, Tags tags, Conditions conditions) {
  BASCULE_CO_TRY(co_await update_head(std::move(ref), [&](catalog::HeadRecord& h) -> Result<void> {
    BASCULE_TRY(check_own_content(&h));
    BASCULE_TRY(check_lease_write(h.lease, conditions.lease_id, now()));
    BASCULE_TRY(check_change(conditions, stamp(h)));
    set_tags(h, tags);
    return {};
  }));
  co_return Result<void>{};
}

Task<Result<std::string>> Service::find_in_container(std::uint64_t cid, ContainerRef ref, const FindByTags& find,
                                                     std::string from, TagPage& page, std::size_t& looks) {
  const TagSearch& search = find.search;
  std::vector<const TagSearch::Key*> exact;
  for (const auto& key : search.keys)
    if (key.exact()) exact.push_back(&key);
  if (exact.empty()) exact.push_back(&search.keys.front());   // walked by its range
  std::vector<TagWalk> walks;
  for (const auto* key : exact) walks.emplace_back(parts_.catalog, cid, *key, looks);
  if (!from.empty()) walks[0].seek(keys::with_u64(keys::kTagTable, cid) + from);
  while (true) {
    BASCULE_CO_ASSIGN(const bool there, co_await align(cid, walks, exact));
    if (!there) co_return std::string();
    if (page.items.size() == find.limit || looks >= kMostLooks) co_return walks[0].position();
    BASCULE_CO_ASSIGN(const auto at, co_await walks[0].peek());
    FoundByTags found{.container = ref.container, .blob = std::string(at->blob)};
    walks[0].pop();
    ++looks;
    // The head says what is so: it may have changed since, or have expired.
    BASCULE_CO_ASSIGN(const auto head, co_await parts_.catalog.head(keys::head(cid, found.blob)));
    if (!ops::there(head, now())) {   // unless it is kept beyond its end
      const auto container = catalog::live(head) ? co_await resolve(ref) : refuse(Reason::blob_not_found);
      if (!container && container.error().code != Code::refused) co_return fail(container.error());
      if (!container || (*container)->cid != cid || !ops::there(head, ending_now(**container))) continue;
    }
    for (const auto& key : search.keys) {
      const std::string* value = find_tag(tags_of(head->record), key.key);
      if (!value || !key.holds(*value)) break;
      found.tags.emplace_back(key.key, *value);
    }
    if (found.tags.size() != search.keys.size()) continue;
    std::ranges::sort(found.tags);
    page.items.push_back(std::move(found));
  }
}

Task<Result<TagPage>> Service::find_by_tags(std::string account, FindByTags find) {
  TagPage page;
  // "container NUL position within its index"
  const std::size_t split = find.start.find('\0');
  std::string first = find.start.substr(0, split);
  std::string from = split == std::string::npos ? "" : find.start.substr(split + 1);
  std::size_t looks = 0;
  const std::string base = keys::mapping(account, "");
  std::string begin = base + first, end = keys::after_prefix(base);
  if (find.search.container) {
    begin = base + *find.search.container;
    end = begin + '\0';
    if (!first.empty() && first != *find.search.container) from.clear();
  }
  while (true) {
    BASCULE_CO_ASSIGN(const auto containers, co_await parts_.catalog.scan({.begin = begin, .end = end, .limit = 1000}));
    for (const auto& e : containers) {
      BASCULE_CO_ASSIGN(const auto mapping, catalog::decode<catalog::MappingRecord>(e.value));
      const std::string name = e.key.substr(base.size());
      looks += kContainerLooks;
      BASCULE_CO_ASSIGN(const std::string next, co_await find_in_container(mapping.cid, {account, name}, find, name == first ? from : "", page, looks));
      if (!next.empty()) {
        page.next = name + '\0' + next;
        co_return page;
      }
      if (looks >= kMostLooks && e.key + '\0' < end) {
        page.next = name + '\0' + '\xff';   // behind all of this container
        co_return page;
      }
    }
    if (containers.empty()) co_return page;
    begin = containers.back().key + '\0';
  }
}

}  // namespace bascule::ops
