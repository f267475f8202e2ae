// The catalog's keys. One letter names the table; integers are big-endian so that bytewise order is numeric order.
// Names of containers and blobs hold no NUL (the API refuses it), so that NUL ends them. docs/formats/catalog.md.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "extent/ids.h"

namespace bascule::catalog::keys {

inline std::string with_u64(char table, std::uint64_t v) {
  std::string k;
  k.reserve(9);
  k.push_back(table);
  append_be64(k, v);
  return k;
}
inline std::string meta(std::string_view what) { return std::string("M") + std::string(what); }
// Written by every write of a blob into a container whose blobs are kept, so that its deletion sees them all.
inline std::string writes_guard(std::uint64_t cid) { return with_u64('M', cid) + "writes"; }
inline std::string account(std::string_view name) { return std::string("A") + std::string(name); }
constexpr char kSettingsTable = 'X';
inline std::string settings(std::string_view account) { return std::string(1, kSettingsTable) + std::string(account); }
inline std::string mapping(std::string_view account, std::string_view container) {
  std::string k;
  k.reserve(2 + account.size() + container.size());
  k.push_back('N');
  k.append(account).push_back('\0');
  k.append(container);
  return k;
}
// Deleted containers by name and time of deletion; at kNameGuard what holds the name itself.
constexpr char kDeletedContainerTable = 'Y';
constexpr WallTime kNameGuard{};
inline std::string deleted_containers(std::string_view account) {
  std::string k(1, kDeletedContainerTable);
  k.append(account).push_back('\0');
  return k;
}
inline std::string deleted_container(std::string_view account, std::string_view container, WallTime deleted) {
  std::string k = deleted_containers(account);
  k.append(container).push_back('\0');
  append_be64(k, static_cast<std::uint64_t>(deleted.time_since_epoch().count()));
  return k;
}
inline std::string container(std::uint64_t cid) { return with_u64('C', cid); }
inline std::string named(char table, std::uint64_t cid, std::string_view name) {
  std::string k;
  k.reserve(9 + name.size());
  k.push_back(table);
  append_be64(k, cid);
  k.append(name);
  return k;
}
constexpr char kHeadTable = 'B';
inline std::string head(std::uint64_t cid, std::string_view blob) { return named(kHeadTable, cid, blob); }
// A tag of a blob that is there: what Find Blobs by Tags walks. Neither keys nor values of tags hold NUL.
constexpr char kTagTable = 'I';
inline std::string tag(std::uint64_t cid, std::string_view key, std::string_view value, std::string_view blob) {
  std::string k;
  k.reserve(11 + key.size() + value.size() + blob.size());
  k.append(named(kTagTable, cid, key)).push_back('\0');
  k.append(value).push_back('\0');
  k.append(blob);
  return k;
}
// A snapshot, a previous version, or a state that was deleted softly, beside the head of its name. Bytewise order is the
// order of names, then of times.
constexpr char kPastTable = 'V';
inline std::string past(std::uint64_t cid, std::string_view blob, WallTime time) {
  std::string k = named(kPastTable, cid, blob);
  k.push_back('\0');
  append_be64(k, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  return k;
}
// What begins the keys of all past states of a name.
inline std::string pasts(std::uint64_t cid, std::string_view blob) {
  std::string k = named(kPastTable, cid, blob);
  k.push_back('\0');
  return k;
}
constexpr std::size_t kPastTailBytes = 9;   // behind the name: NUL and the time
// What was deleted softly, in the order in which it is due to go for good. `time`: the past state's; WallTime(): the head.
constexpr char kExpiryTable = 'H';
inline std::string expiry(WallTime due, std::uint64_t cid, std::string_view blob, WallTime time) {
  std::string k = with_u64(kExpiryTable, static_cast<std::uint64_t>(due.time_since_epoch().count()));
  append_be64(k, cid);
  k.append(blob).push_back('\0');
  append_be64(k, static_cast<std::uint64_t>(time.time_since_epoch().count()));
  return k;
}
// Blobs that have an end of their own (Set Blob Expiry), in the order of it.
constexpr char kEndTable = 'L';
inline std::string end(WallTime due, std::uint64_t cid, std::string_view blob) {
  std::string k = with_u64(kEndTable, static_cast<std::uint64_t>(due.time_since_epoch().count()));
  append_be64(k, cid);
  k.append(blob);
  return k;
}
inline std::string upload(std::uint64_t cid, std::string_view blob) { return named('U', cid, blob); }
inline std::string block(std::uint64_t cid, std::string_view blob, std::uint64_t epoch, std::string_view block_id) {
  std::string k = named('K', cid, blob);
  k.push_back('\0');
  append_be64(k, epoch);
  k.append(block_id);
  return k;
}
inline std::string page(std::uint64_t cid, std::uint64_t manifest, std::uint64_t offset) {
  std::string k = with_u64('P', cid);
  append_be64(k, manifest);
  append_be64(k, offset);
  return k;
}
// A write of an append or page blob that is not folded yet, by its number; 0 is the guard that folding requires.
constexpr char kWriteTable = 'W';
inline std::string write(std::uint64_t cid, std::uint64_t manifest, std::uint64_t birth) {
  std::string k = with_u64(kWriteTable, cid);
  append_be64(k, manifest);
  append_be64(k, birth);
  return k;
}
inline std::string reference(std::uint64_t cid, std::uint64_t manifest, std::uint64_t holder) {
  std::string k = with_u64('R', cid);
  append_be64(k, manifest);
  append_be64(k, holder);
  return k;
}
// A manifest whose last holder is gone while others still need its pieces.
inline std::string zombie(std::uint64_t cid, std::uint64_t manifest) {
  std::string k = with_u64('Z', cid);
  append_be64(k, manifest);
  return k;
}
inline std::string extent(const extent::ExtentId& id) { return std::string("E") + id.bytes(); }
inline std::string dead_total(const extent::ExtentId& id) { return std::string("T") + id.bytes(); }
inline std::string garbage(const extent::ExtentId& id) { return std::string("G") + id.bytes(); }
inline std::string session(std::uint32_t session) { return with_u64('S', session); }
inline std::string dropped(std::uint64_t order) { return with_u64('D', order); }
// Jobs that are carried on after the end of the gateway that began them: a letter for the kind, and what tells them apart.
constexpr char kJobTable = 'J';
inline std::string copy_job(std::string_view copy_id) { return std::string("Jc") + std::string(copy_id); }
inline std::string intent(std::uint32_t session, std::uint64_t manifest) {
  std::string k = with_u64('Q', session);
  append_be64(k, manifest);
  return k;
}

// The first key after every key that begins with `prefix`.
std::string after_prefix(std::string prefix);

}  // namespace bascule::catalog::keys
