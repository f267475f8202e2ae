// List Blobs, flat and by hierarchy, with the names that have only uncommitted blocks merged in where asked.
#include <algorithm>

#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

// Walks one table's names of a container in order, in scans that grow while they are used up.
class NameWalk {
 public:
  NameWalk(catalog::Catalog& catalog, char table, std::uint64_t cid, std::string prefix, std::string start, std::size_t limit)
      : catalog_(catalog), base_bytes_(9), end_(keys::after_prefix(keys::named(table, cid, prefix))), most_(limit + 1),
        begin_(keys::named(table, cid, std::max(prefix, start))), next_limit_(limit + 1) {}

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
  store::Entry& current() { return entries_[at_]; }
  void pop() { ++at_; }
  std::string_view name(const store::Entry& e) const { return std::string_view(e.key).substr(base_bytes_); }
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
  const std::size_t base_bytes_;
  const std::string end_;
  const std::size_t most_;
  std::string begin_;
  std::vector<store::Entry> entries_;
  std::size_t at_ = 0, next_limit_;
  bool exhausted_ = false;
};

// About what an item takes, beyond the view itself.
std::size_t text_bytes(const BlobView& v) {
  std::size_t sum = sizeof(ListItem) + v.name.size() + v.headers.type.size() + v.headers.encoding.size() + v.headers.language.size() +
                    v.headers.cache_control.size() + v.headers.disposition.size();
  for (const auto& [name, value] : v.metadata) sum += name.size() + value.size() + 64;
  for (const auto& [key, value] : v.tags) sum += key.size() + value.size() + 64;
  return v.copy ? sum + v.copy->source.size() : sum;
}

}  // namespace

Task<Result<BlobPage>> Service::list_blobs(ContainerRef ref, ListBlobs list) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
  const std::uint64_t cid = container->cid;
  NameWalk heads(parts_.catalog, 'B', cid, list.prefix, list.start, list.limit);
  NameWalk uploads(parts_.catalog, 'U', cid, list.prefix, list.start, list.limit);
  if (!list.delimiter.empty()) { heads.start_small(); uploads.start_small(); }
  const WallTime at = now();
  BlobPage page;
  page.items.reserve(std::min<std::size_t>(list.limit, 256));
  std::size_t bytes = 0;
  while (true) {
    store::Entry* head = nullptr;
    store::Entry* upload = nullptr;
    if (heads.ready()) head = &heads.current();
    else { BASCULE_CO_ASSIGN(head, co_await heads.peek()); }
    if (list.uncommitted) { BASCULE_CO_ASSIGN(upload, co_await uploads.peek()); }
    if (!head && !upload) co_return page;
    // A name with both is listed once, as what is committed.
    const bool take_head = head && (!upload || heads.name(*head) <= uploads.name(*upload));
    const std::string_view name = take_head ? heads.name(*head) : uploads.name(*upload);
    if (!list.end.empty() && name >= list.end) co_return page;
    if (page.items.size() == list.limit || bytes >= kMostPageBytes) {
      page.next = name;
      co_return page;
    }
    if (!list.delimiter.empty()) {
      const std::size_t cut = name.find(list.delimiter, list.prefix.size());
      if (cut != std::string_view::npos) {
        std::string prefix(name.substr(0, cut + list.delimiter.size()));
        heads.skip_to(keys::after_prefix(keys::head(cid, prefix)));
        if (list.uncommitted) uploads.skip_to(keys::after_prefix(keys::upload(cid, prefix)));
        ListItem& item = page.items.emplace_back();
        item.is_prefix = true;
        item.blob.name = std::move(prefix);
        bytes += text_bytes(item.blob);
        continue;
      }
    }
    ListItem& item = page.items.emplace_back();
    if (take_head) {
      const bool both = upload && uploads.name(*upload) == name;
      BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::HeadRecord>(head->value));
      if (expired(record, at)) {
        page.items.pop_back();
        heads.pop();
        if (both) uploads.pop();
        continue;
      }
      if (!list.metadata) record.metadata.clear();
      item.blob = to_view(std::string(name), record, at);
      heads.pop();
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
