#include "store/limits.h"

#include <algorithm>

namespace bascule::store {
namespace {

bool changes_a_key_twice(const std::vector<Change>& changes) {
  if (changes.size() <= 8) {  // nearly every commit: no allocation
    for (std::size_t i = 1; i < changes.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (changes[i].key == changes[j].key) return true;
    return false;
  }
  std::vector<std::string_view> keys;
  keys.reserve(changes.size());
  for (const Change& change : changes) keys.push_back(change.key);
  std::ranges::sort(keys);
  return std::ranges::adjacent_find(keys) != keys.end();
}

Result<void> check_key(std::string_view key) {
  if (key.empty()) return fail(Code::invalid_argument, "store: an empty key");
  if (key.size() > kMaxKeyBytes) return fail(Code::invalid_argument, "store: a key is longer than 4 KiB");
  return {};
}

}  // namespace

Result<void> check_limits(const Commit& commit) {
  for (const Precondition& precondition : commit.preconditions) BASCULE_TRY(check_key(precondition.key));
  std::size_t bytes = 0;
  for (const Change& change : commit.changes) {
    BASCULE_TRY(check_key(change.key));
    if (change.value.size() > kMaxValueBytes) {
      return fail(Code::invalid_argument, "store: a value is longer than 64 KiB");
    }
    if (change.version == 0 && !change.value.empty()) {
      return fail(Code::invalid_argument, "store: a removal carries a value");
    }
    bytes += change.key.size() + change.value.size();
  }
  if (bytes > kMaxCommitBytes) return fail(Code::invalid_argument, "store: a commit is larger than 1 MiB");
  if (commit.journal_record.size() > kMaxJournalRecordBytes) {
    return fail(Code::invalid_argument, "store: a journal record is larger than 2 MiB");
  }
  if (changes_a_key_twice(commit.changes)) {
    return fail(Code::invalid_argument, "store: a commit changes a key twice");
  }
  return {};
}

Result<void> check_limits(const Store::Scan& range) {
  if (range.limit == 0 || range.limit_bytes == 0) return fail(Code::invalid_argument, "store: a scan's limit is 0");
  return {};
}

}  // namespace bascule::store
