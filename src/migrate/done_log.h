// Which blobs are carried over and verified, so that a run that was killed goes on where it stood.
// The file: 8 bytes "BSCMIGR2", 32 bytes SHA-256 of the source's identity, then 32 bytes a blob:
//   16  the first half of SHA-256 over container, its life at the target, name, ETag, size and what else there is of snapshot,
//       version id, tags, tier and end, which change without the ETag: the state that was carried
//    8  what the target's copy was when it had been read back (Target::state)
//    4  flags: bit 0 = uncommitted blocks stayed behind
//    4  the low half of the CRC-64 of the 28 bytes before
// Numbers are little-endian. A record says that exactly this state was verified, and what to look for at the target; a torn
// or damaged one says nothing, is counted, and its blob is carried again.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "migrate/source.h"
#include "runtime/workers.h"

namespace bascule::migrate {

using DoneKey = std::array<std::byte, 16>;
DoneKey done_key(std::string_view container, std::uint64_t container_life, const SourceBlob& blob);
// The same state as it was when it was the current version: a version that was carried then is there already.
DoneKey done_key_as_current(std::string_view container, std::uint64_t container_life, const SourceBlob& blob);

struct DoneRecord {
  DoneKey key{};
  std::uint64_t target_state = 0;
  bool uncommitted_blocks = false;
};

// Memory stays bounded whatever the number of blobs: former records are sorted into a mapped file beside the log.
class DoneLog {
 public:
  // Opens or makes `directory`/<hash of the identity>.done, and holds it alone. A file of another source or format is
  // refused (corrupt); one that another run holds is `conflict`.
  static Result<std::unique_ptr<DoneLog>> open(std::string directory, std::string_view source_identity);
  ~DoneLog();
  DoneLog(const DoneLog&) = delete;
  DoneLog& operator=(const DoneLog&) = delete;

  std::size_t former_count() const { return former_count_; }
  std::size_t damaged_count() const { return damaged_count_; }
  // The last record of this key, of former runs.
  std::optional<DoneRecord> find(const DoneKey& key) const;
  void add(const DoneRecord& record);  // kept in memory until flush()
  std::size_t pending() const { return pending_.size() / kRecordBytes; }
  // Writes and syncs what add() was given, on a worker. One at a time.
  Task<Result<void>> flush(Workers& workers);

  static constexpr std::size_t kRecordBytes = 32;

 private:
  using Raw = std::array<std::byte, kRecordBytes>;
  DoneLog() = default;
  Result<void> load(const std::string& path, std::string_view source_identity);
  Result<void> sort_former(const std::string& path, std::size_t count);

  int file_ = -1;
  Raw* former_ = nullptr;
  std::size_t former_count_ = 0, former_bytes_ = 0, damaged_count_ = 0;
  std::string pending_;
};

}  // namespace bascule::migrate
