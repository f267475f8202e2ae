// What a migration did, for people, for scripts and for the exit code.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/clock.h"

namespace bascule::migrate {

// What exists at the source and is not carried over.
enum class NotCarried : std::uint8_t {
  archived_blob,      // the blob, snapshot or version is left out
  customer_key_blob,
  deleted_blob,
  uncommitted_blob,   // only uncommitted blocks
  changed_here,       // carried once and changed at the target since: left as it is there
  uncommitted_blocks, // beside the blob's content; the listing does not show them: known when the blob is carried
  tags,               // the blob is carried without them: these credentials may not read them
  page_blob_tier,
  lease,
  copy_history,
  immutability,
  legal_hold,
  encryption_scope,
  access_policies,    // of a container, where the source's credentials may not read them
  unseen_history,     // of a container: the source refuses to list snapshots, versions and the like
  unseen_tags,        // of a container: whether there are any cannot be told
  container_lease,
  container_immutability,
  container_legal_hold,
  container_encryption_scope,
  count_
};
std::string_view name(NotCarried what);         // "append_blob", for scripts
std::string_view description(NotCarried what);  // "append blobs (left out)", for people
bool leaves_blob_out(NotCarried what);

struct NotCarriedEntry {
  std::uint64_t count = 0, bytes = 0;
  std::vector<std::string> examples;  // the first few, "container/blob"
};
using NotCarriedList = std::array<NotCarriedEntry, static_cast<std::size_t>(NotCarried::count_)>;

struct Inventory {
  std::uint64_t containers = 0, blobs = 0;             // to be carried
  std::uint64_t public_containers = 0;                 // of the containers, those that everybody may read
  std::uint64_t snapshots = 0, versions = 0;           // beside the blobs
  std::uint64_t bytes = 0;                             // of all of them
  std::uint64_t states() const { return blobs + snapshots + versions; }
  NotCarriedList not_carried;

  void note(NotCarried what, std::string_view container, std::string_view blob, std::uint64_t bytes);
  bool complete() const;  // nothing is left behind
};

struct Failure {
  std::string container, blob;  // blob "" = the container itself
  std::string message;
};

struct Report {
  std::string source;
  Inventory inventory;
  // Blobs, snapshots and versions together.
  std::uint64_t carried = 0, carried_bytes = 0;    // by this run, each read back and compared
  std::uint64_t carried_past = 0;                  // of them snapshots and versions
  std::uint64_t already = 0, already_bytes = 0;    // by former runs, unchanged at the source since
  std::uint64_t vanished = 0;                      // deleted at the source meanwhile
  std::uint64_t changed = 0;                       // changed at the source meanwhile, carried in their newer state
  std::uint64_t md5_checked = 0, md5_differs = 0;  // against the source's Content-MD5; differs: declared by a client
  std::uint64_t retries = 0;
  std::uint64_t damaged_records = 0;               // of the log of what is done: their blobs are carried again
  std::uint64_t failed = 0;
  std::vector<Failure> failures;                   // the first hundred
  bool cancelled = false;
  bool dry_run = false;
  Duration elapsed{};

  bool good() const { return failed == 0 && !cancelled; }
  void fail(std::string container, std::string blob, std::string message);
};

// 0: all carried and verified; 1: something was not, or the run was stopped; 3: with `strict`, all was carried but
// something exists that is never carried. (2, for wrong usage or an unreachable source, is the command's.)
int exit_code(const Report& report, bool strict);

std::string inventory_text(const Inventory& inventory);  // several lines
std::string report_text(const Report& report);           // several lines
std::string report_json(const Report& report, bool strict);  // one line

}  // namespace bascule::migrate
