// An account's lifecycle policy, and how far its latest run has come. One record, so that a change of the policy and a run's
// progress are decided against each other. docs/formats/catalog.md, "lifecycle".
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "catalog/records.h"

namespace bascule::catalog {

namespace keys {
constexpr char kLifecycleTable = 'O';
inline std::string lifecycle(std::string_view account) { return std::string(1, kLifecycleTable) + std::string(account); }
}  // namespace keys

struct LifecycleRecord {
  std::string policy;               // Azure's JSON, without white space
  WallTime set{};
  // The latest run. WallTime(): there was none; not finished while `finished` is WallTime().
  WallTime started{}, finished{};
  std::uint32_t claimed_by = 0;     // a session; another may go on once that is closed
  std::string container, next;      // where it goes on: a container, and a listing's `next` in it
  std::string name;                 // the last name that was looked at,
  std::uint64_t past = 0;           // and how many past states of it are left
  std::uint64_t looked = 0, deleted = 0, moved = 0, refused = 0, failed = 0;   // states of blobs

  bool running() const { return started != WallTime() && finished == WallTime(); }
};

std::string encode(const LifecycleRecord&);
template <> Result<LifecycleRecord> decode(std::string_view);

}  // namespace bascule::catalog
