// Which blobs are carried over and verified, so that a run that was killed goes on where it stood.
// The file: 8 bytes "BSCMIGR1", 32 bytes SHA-256 of the source's identity, then one 16-byte key per blob: the first half
// of SHA-256 over container, its life at the target, name, ETag and size. A key says that exactly this state was verified;
// a torn or damaged record says nothing, and its blob is carried again.
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

// Memory stays bounded whatever the number of blobs: former keys are sorted into a mapped file beside the log.
class DoneLog {
 public:
  // Opens or makes `directory`/<hash of the identity>.done. A file of another source or format is refused.
  static Result<std::unique_ptr<DoneLog>> open(std::string directory, std::string_view source_identity);
  ~DoneLog();
  DoneLog(const DoneLog&) = delete;
  DoneLog& operator=(const DoneLog&) = delete;

  std::size_t former_count() const { return former_count_; }
  bool contains(const DoneKey& key) const;  // of former runs
  void add(const DoneKey& key);             // kept in memory until flush()
  std::size_t pending() const { return pending_.size() / sizeof(DoneKey); }
  // Writes and syncs what add() was given, on a worker. One at a time.
  Task<Result<void>> flush(Workers& workers);

 private:
  DoneLog() = default;
  Result<void> load(const std::string& path, std::string_view source_identity);

  int file_ = -1;
  const DoneKey* former_ = nullptr;
  std::size_t former_count_ = 0, former_bytes_ = 0;
  std::string pending_;
};

}  // namespace bascule::migrate
