// List Containers: those that are there and, where asked for, the deleted ones that can be restored, in one order of names.
#include <algorithm>

#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

// One table's share of a listing, read in stretches.
struct Cursor {
  catalog::Catalog& catalog;
  std::string begin, end;
  std::vector<store::Entry> page{};
  std::size_t at = 0;
  bool exhausted = false;

  // The next entry; null at the end. `want`: how many may yet be needed.
  Task<Result<const store::Entry*>> peek(std::size_t want) {
    if (at == page.size() && !exhausted) {
      at = 0;
      BASCULE_CO_ASSIGN(page, co_await catalog.scan({.begin = begin, .end = end, .limit = want}));
      exhausted = page.size() < want;
      if (!page.empty()) begin = page.back().key + '\0';
      else exhausted = true;
    }
    co_return at < page.size() ? &page[at] : nullptr;
  }
  void next() { ++at; }
};

std::size_t size_of(const ContainerView& v) {
  std::size_t bytes = sizeof v + v.name.size();
  for (const auto& [key, value] : v.metadata) bytes += key.size() + value.size() + 64;
  for (const auto& policy : v.policies) bytes += sizeof policy + policy.id.size() + policy.permission.size();
  return bytes;
}

bool is_system(std::string_view name) { return name == "$logs" || name == "$blobchangefeed"; }

}  // namespace

// A listing goes on at "name" (all of that name), "name/VERSION" (its deleted lives from that one on) or "name/" (only
// what is there under that name): a container's name holds no slash. Deleted ones stand before a living one of their name.
Task<Result<ContainerPage>> Service::list_containers(std::string account, ListContainers list) {
  const std::string live_base = keys::mapping(account, ""), deleted_base = keys::deleted_containers(account);
  std::string name = list.start, version;
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos) {
    version = name.substr(slash + 1);
    name.resize(slash);
  }
  Cursor live{parts_.catalog, live_base + std::max(list.prefix, name), keys::after_prefix(live_base + list.prefix)};
  Cursor deleted{parts_.catalog, deleted_base + std::max(list.prefix, name), keys::after_prefix(deleted_base + list.prefix)};
  if (slash != std::string::npos && name >= list.prefix) {
    const auto from = parse_deleted_version(version);
    deleted.begin = from ? keys::deleted_container(account, name, *from) : deleted_base + name + '\1';
  }
  deleted.exhausted = !list.deleted;

  ContainerPage page;
  std::size_t bytes = 0;
  while (true) {
    // One more than asked for: it says where to go on. What is left out, because it is hidden or went between two reads,
    // makes several rounds.
    const std::size_t want = list.limit + 1 - page.items.size();
    BASCULE_CO_ASSIGN(const store::Entry* there, co_await live.peek(want));
    BASCULE_CO_ASSIGN(const store::Entry* gone, co_await deleted.peek(want));
    if (!there && !gone) co_return page;
    std::string live_name = there ? there->key.substr(live_base.size()) : std::string();
    std::string gone_name = gone ? gone->key.substr(deleted_base.size(), gone->key.size() - deleted_base.size() - 9) : std::string();
    const bool take_deleted = gone && (!there || gone_name <= live_name);
    std::uint64_t cid = 0;
    std::optional<DeletedContainer> view_of_deleted;
    if (take_deleted) {
      BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::DeletedContainerRecord>(gone->value));
      deleted.next();
      if (record.cid == 0 || record.until <= now()) continue;
      cid = record.cid;
      view_of_deleted = to_deleted_view(record, now());
    } else {
      BASCULE_CO_ASSIGN(auto mapping, catalog::decode<catalog::MappingRecord>(there->value));
      live.next();
      cid = mapping.cid;
    }
    std::string& its_name = take_deleted ? gone_name : live_name;
    if (!list.system && is_system(its_name)) continue;
    if (page.items.size() == list.limit || bytes >= kMostPageBytes) {
      page.next = std::move(its_name);
      if (list.deleted) page.next += take_deleted ? "/" + view_of_deleted->version : "/";
      co_return page;
    }
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(cid)));
    if (!found) continue;
    ContainerView& v = page.items.emplace_back(to_view(std::move(its_name), cid, found->record, now()));
    v.deleted = std::move(view_of_deleted);
    bytes += size_of(v);
  }
}

}  // namespace bascule::ops
