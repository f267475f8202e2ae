// check: the index of tags and the heads say the same.
#include "jobs/checker.h"

namespace bascule::jobs {

namespace keys = catalog::keys;

Task<Result<void>> Checker::look_at_tags(const std::string& where, const Walk::Record& entry, const catalog::HeadRecord& head) {
  const std::uint64_t cid = load_be64(entry.key.data() + 1);
  const std::string blob = entry.key.substr(9);
  if (!entry.key.starts_with(keys::kHeadTable) || !catalog::is_live(head)) co_return Result<void>{};   // not indexed
  for (const auto& [key, value] : ops::tags_of(head)) {
    const std::string tag_key = keys::tag(cid, key, value, blob);
    BASCULE_CO_ASSIGN(const auto indexed, co_await parts_.catalog.look({.begin = tag_key, .end = tag_key + '\0', .limit = 1}));
    if (!indexed.empty()) continue;   // one that does not open is found with its table
    BASCULE_CO_ASSIGN(const bool still, co_await unchanged(entry));
    if (!still) co_return Result<void>{};
    found(Trouble::damaged, where, "its tag " + key + " is not in the index");
  }
  co_return Result<void>{};
}

Task<Result<void>> Checker::walk_tags() {
  Walk walk(parts_.catalog, keys::kTagTable);
  while (true) {
    BASCULE_CO_ASSIGN(const auto record, co_await next(walk));
    if (!record) co_return Result<void>{};
    const std::size_t key_end = record->key.find('\0', 9), value_end = record->key.find('\0', key_end + 1);
    const auto decoded = decodes(keys::kTagTable, record->value);
    if (record->damage || !decoded || record->key.size() < 9 || key_end == std::string::npos || value_end == std::string::npos) {
      found_record(*record, !decoded ? decoded.error().message : "a malformed key");
      continue;
    }
    const std::uint64_t cid = load_be64(record->key.data() + 1);
    if (!names_.contains(cid)) continue;   // of a container that is being swept
    const std::string tag = record->key.substr(9, key_end - 9), value = record->key.substr(key_end + 1, value_end - key_end - 1);
    const std::string blob = record->key.substr(value_end + 1);
    const auto head = co_await parts_.catalog.head(keys::head(cid, blob));
    if (!head && head.error().code != Code::corrupt) co_return fail(head.error());
    if (!head) continue;                   // damage: with its table
    const std::string* has = catalog::live(*head) ? ops::find_tag(ops::tags_of((*head)->record), tag) : nullptr;
    if (has && *has == value) continue;
    BASCULE_CO_ASSIGN(const bool still, co_await unchanged(*record));
    if (still) found(Trouble::damaged, names_[cid] + "/" + blob, "the index names a tag " + tag + " that it does not have");
  }
}

}  // namespace bascule::jobs
