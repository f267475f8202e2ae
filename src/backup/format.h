// A backup's bytes: manifests, segments, and the word that one was read back. docs/formats/backup.md.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"

namespace bascule::backup {

using Id = std::array<std::byte, 16>;
using Salt = std::array<std::byte, 32>;

constexpr std::size_t kSegmentBytes = 4u << 20;        // a segment is closed when its plaintext has grown to this
constexpr std::size_t kMostSegmentBytes = 8u << 20, kMostManifestBytes = 64u << 20;
constexpr std::size_t kSegmentOverhead = 4 + 16, kManifestOverhead = 4 + 32 + 16;   // of an object, over its plaintext

struct Segment {
  Id id{};
  std::uint64_t size_bytes = 0;     // of the object
  std::uint64_t entries = 0;
  std::string first_key;
};
struct Run {
  Salt salt{};
  std::vector<Segment> segments;
  std::uint64_t size_bytes() const;
};
struct Manifest {
  Id target{}, id{};
  std::uint64_t number = 0;
  Id previous{};
  Sha256Value previous_sha{};
  std::uint64_t incarnation = 0;
  std::uint32_t session = 0;
  std::uint64_t epoch = 0;
  WallTime instant{}, finished{};
  std::uint64_t records = 0, bytes = 0;
  Sha256Value digest{};
  std::vector<Run> runs;            // the lowest first
  std::uint64_t size_bytes() const;
};

// That a backup was read back.
struct ReadBack {
  enum class Extents : std::uint8_t { none = 0, sample = 1, all = 2 };
  Id backup{};
  Sha256Value manifest_sha{};
  WallTime when{};
  Extents extents = Extents::none;
  std::uint64_t looked = 0, missing = 0;   // extents
};

// Errors: corrupt. What decodes is encoded as it was.
std::string encode(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view bytes);
std::string encode(const ReadBack& read_back);
Result<ReadBack> decode_read_back(std::string_view bytes);

// --- objects ---
struct ManifestName {
  std::uint64_t number = 0;
  Id id{};
};
std::string manifest_name(std::uint64_t number, const Id& id);
std::optional<ManifestName> parse_manifest_name(std::string_view name);
std::string segment_name(const Id& id);
std::optional<Id> parse_segment_name(std::string_view name);
std::string read_back_name(const Id& backup, const Id& random);
std::optional<Id> parse_read_back_name(std::string_view name);   // of the backup

// "BKM1" or "BKV1", of an object under this name.
enum class Kind { manifest, read_back };
std::string seal_object(const crypto::SecretKey& catalog_key, Kind kind, const Salt& salt, std::string_view name, std::string_view plain);
Result<std::string> open_object(const crypto::SecretKey& catalog_key, Kind kind, std::string_view name, std::string_view object);

// Seals and opens the segments of one run.
class RunKey {
 public:
  RunKey(const crypto::SecretKey& catalog_key, const Salt& salt);
  ~RunKey();
  RunKey(RunKey&&) noexcept;
  std::string seal(std::uint64_t index, std::string_view plain) const;
  Result<std::string> open(std::uint64_t index, std::string_view object) const;

 private:
  struct Sealer;
  std::unique_ptr<Sealer> sealer_;
};

// --- a segment's entries ---
class SegmentWriter {
 public:
  // version 0: removed, without a value. Keys ascend.
  void add(std::string_view key, std::uint64_t version, std::string_view value);
  bool empty() const { return entries_ == 0; }
  bool full() const { return plain_.size() >= kSegmentBytes; }
  std::uint64_t entries() const { return entries_; }
  const std::string& first_key() const { return first_key_; }
  std::string take();   // the plaintext; the writer begins anew

 private:
  std::string plain_, first_key_, last_key_;
  std::uint64_t entries_ = 0;
};

// Owns the plaintext. The views are good until next().
class SegmentReader {
 public:
  explicit SegmentReader(std::string plain) : plain_(std::move(plain)) {}
  // False at the end. corrupt: no segment's plaintext.
  Result<bool> next();
  const std::string& key() const { return key_; }
  std::uint64_t version() const { return version_; }
  std::string_view value() const { return value_; }
  std::uint64_t entries() const { return entries_; }

 private:
  std::string plain_, key_;
  std::size_t at_ = 0;
  std::uint64_t version_ = 0, entries_ = 0;
  std::string_view value_;
};

// The digest of what stands in the end.
class StateDigest {
 public:
  void add(std::string_view key, std::uint64_t version, std::size_t value_bytes);
  std::uint64_t records() const { return records_; }
  std::uint64_t bytes() const { return bytes_; }
  Sha256Value finish();

 private:
  Sha256 sha_;
  std::string waiting_;   // hashed in longer stretches
  std::uint64_t records_ = 0, bytes_ = 0;
};

}  // namespace bascule::backup
