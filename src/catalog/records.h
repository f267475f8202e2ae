// The catalog's records: what each key's value says, before sealing. Every encoding starts with a format byte; a reader
// refuses a format that it does not know. Specified byte by byte in docs/formats/catalog.md.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/box.h"
#include "base/result.h"
#include "base/time.h"
#include "catalog/account_settings.h"
#include "catalog/encryption.h"
#include "extent/piece.h"

namespace bascule::catalog {

using Metadata = std::vector<std::pair<std::string, std::string>>;

struct AccountRecord {
  std::array<std::string, 2> keys;  // raw
  bool development = false;
  WallTime created{};
};

// A container's name -> its incarnation. Written at creation and removed at deletion, never in between, so that every
// write to the container can take its version as a read-only precondition.
struct MappingRecord {
  std::uint64_t cid = 0;
};

// A deleted container that is kept until its time is over; or, without a cid, a name that is held so long.
struct DeletedContainerRecord {
  std::uint64_t cid = 0;
  WallTime deleted{}, until{};
};

struct LeaseRecord {
  enum class Kind : std::uint8_t { held = 1, breaking = 2, broken = 3 };
  Kind kind = Kind::held;
  std::string id;                 // GUID text, lower case
  std::int32_t duration_seconds = -1;   // -1 = infinite
  WallTime until{};               // held and finite: when it expires; breaking: when it is broken
};

struct PolicyRecord {
  std::string id, start, expiry, permission;  // as sent; "" = not set
  bool has_permission = false;
};

// What nothing may delete or overwrite in a container. ops/immutability.h has the rules.
struct ContainerImmutability {
  enum class Appends : std::uint8_t { none = 0, append = 1, all = 2 };
  std::uint32_t days = 0;             // retention from a blob's last write on; 0: none
  bool locked = false;                // it can only become longer
  std::uint8_t extensions = 0;        // how often it did
  Appends appends = Appends::none;    // what may still be added to: append blobs, or block blobs too
  bool versions = false;              // single states may have policies and holds of their own, for good;
  WallTime versions_since{};          // what was written before stays under `days` itself
  std::vector<std::string> holds;     // legal holds, by their tags
  bool operator==(const ContainerImmutability&) const = default;
};

// What few containers have. Each field has a tag of its own in the record (docs/formats/catalog.md, "Extras").
struct ContainerExtras {
  std::string default_scope;         // the encryption scope of blobs that name none; "" = the container's key alone
  bool deny_scope_override = false;  // and no blob may name another
  ContainerImmutability immutability;
};
struct ContainerRecord {
  std::uint64_t etag = 0;
  WallTime last_modified{};
  std::uint8_t public_access = 0;
  Metadata metadata;
  std::vector<PolicyRecord> policies;
  std::optional<LeaseRecord> lease;
  Box<ContainerExtras> extras;
};

// One piece of a manifest; the first piece of a committed block names the block.
struct ManifestEntry {
  extent::Piece piece;
  bool starts_block = false;
  std::string block_id;
};

constexpr std::size_t kInlineEntries = 4;        // a manifest of up to so many pieces lives in the head
constexpr std::size_t kPageBytes = 48 * 1024;    // a page is closed when it has grown to this

struct Manifest {
  std::uint64_t id = 0;        // 0: no content (an empty blob without blocks)
  std::uint64_t holder = 0;    // who this head is among those that share the manifest; = id for the first
  bool shared = false;         // reference records exist (keys::reference)
  std::uint64_t base = 0;      // a shared manifest from which pieces were taken over: it is kept alive with this one
  bool paged = false;          // entries are in pages (keys::page), else in `entries`
  bool spans = false;          // of an append or page blob: catalog/spans.h; no entries
  std::uint64_t writes = 0;    // spans: how many there have been; a past state sees those up to its own number
  std::vector<ManifestEntry> entries;
};

struct CopyRecord {
  std::string id, source, status;
  std::uint64_t copied = 0, total = 0;
  WallTime completed{};
};

struct AppendState {
  std::uint32_t committed_blocks = 0;
  bool sealed = false;
};
struct PageState {
  std::uint64_t sequence_number = 0;
};

// An archived blob on its way back: which tier it will have, and from when on it has it.
struct RehydrationRecord {
  std::string tier;                 // "" = none
  bool high = false;                // priority
  WallTime due{};
};

// A name's past. In a head: whether it stands for a blob that is there, and what lies beside it (keys::past). In a past
// state: what it is. See catalog/history.h.
struct HistoryRecord {
  // tombstone: no content; the name has past states alone.
  enum class State : std::uint8_t { live = 0, deleted = 1, tombstone = 2 };
  enum class Kind : std::uint8_t { base = 0, snapshot = 1, version = 2 };
  State state = State::live;
  Kind kind = Kind::base;
  WallTime latest{};                // head: the newest time that a past state has had; past state: its own
  std::uint32_t past = 0;           // head: past states there are,
  std::uint32_t snapshots = 0;      // of them snapshots that are not deleted,
  std::uint32_t versions = 0;       // and versions, deleted ones too
  WallTime deleted{};               // state deleted: when, and for how long it is kept
  std::uint32_t retention_days = 0;
  bool operator==(const HistoryRecord&) const = default;
};

// What keeps one state of a blob as it is.
struct ImmutabilityRecord {
  WallTime until{};                   // WallTime(): no policy
  bool locked = false;                // the policy only grows
  bool legal_hold = false;
  bool operator==(const ImmutabilityRecord&) const = default;
};

// A page blob that snapshots of another one are copied onto (Incremental Copy Blob), and each of its snapshots.
struct IncrementalCopyRecord {
  std::string source;               // account/container/blob, for good
  WallTime copied{};                // the last of its snapshots that was copied to the end; WallTime(): none yet
  WallTime snapshot{};              // and what became of it here
};

// What few blobs have. Each field has a tag of its own in the record (docs/formats/catalog.md, "Extras").
struct HeadExtras {
  WallTime version{};               // the version id; WallTime(): not a version
  HistoryRecord history;
  Metadata tags;                    // bytewise by key, each key once
  WallTime expires{};               // WallTime(): never
  RehydrationRecord rehydration;
  ImmutabilityRecord immutability;
  WallTime last_access{};           // of its content, where the account keeps it; WallTime(): not known
  std::string copy_description;    // why a copy failed
  std::optional<AppendState> append;   // 4
  std::optional<PageState> page;       // 5
  std::optional<IncrementalCopyRecord> incremental;
  std::optional<EncryptionRecord> encryption;
};

struct HeadRecord {
  std::uint8_t type = 0;          // ops::BlobType
  std::uint64_t etag = 0;
  WallTime last_modified{}, created{};
  std::uint64_t size_bytes = 0;
  std::string content_type, content_encoding, content_language, cache_control, content_disposition;
  std::optional<std::array<std::byte, 16>> content_md5;
  Metadata metadata;
  std::string tier;
  WallTime tier_changed{};
  std::optional<LeaseRecord> lease;
  std::optional<CopyRecord> copy;
  Manifest manifest;
  Box<HeadExtras> extras;
};

// A name's uncommitted blocks: the epoch leads their keys; a commit or a Put Blob ends it.
struct UploadRecord {
  std::uint64_t epoch = 0;
  std::uint8_t block_id_bytes = 0;   // all ids of an upload have one length
  WallTime created{};
  std::optional<EncryptionRecord> encryption{};   // of all its blocks
};
struct BlockRecord {
  std::uint64_t size_bytes = 0;
  std::vector<extent::Piece> pieces;
};

struct ExtentRecord {
  std::uint32_t size_bytes = 0;      // sealed, all pieces
  std::uint32_t provider = 0;        // which of the policy's providers holds the shard (0: coding `1`, the first)
  std::uint64_t policy_version = 0;
  std::vector<std::array<std::byte, 16>> unit_tags;   // GMAC of each 64 KiB unit
  struct Forward { extent::ExtentId to; std::uint32_t from_offset = 0, length = 0, to_offset = 0; };
  std::vector<Forward> forward;      // after compaction: where the pieces went, by from_offset; nothing lies here any more
  std::vector<extent::ExtentId> sources;   // made by compaction: the extents that forward here; no record names its pieces itself
};

// Never sealed: it holds the salt that opens everything its session sealed.
struct SessionRecord {
  bool open = true;
  std::uint64_t incarnation = 0;
  WallTime started{}, closed{};
  std::array<std::byte, 32> salt{};
  bool clean = false;                // closed by its own gateway, nothing in flight
  bool settled = false;              // not closed in order, and what it left behind has been collected since
};

// What a commit let go of; the sweeper turns it into totals per extent.
struct DropRecord {
  // pages: those of a manifest that no head came to name, whose pieces live on elsewhere.
  enum class Kind : std::uint8_t { manifest = 1, upload = 2, container = 3, pieces = 4, pages = 5 };
  Kind kind = Kind::manifest;
  std::uint64_t cid = 0;
  Manifest manifest;              // manifest: what was dropped
  Manifest kept;                  // manifest, upload: the successor, whose pieces live on (id 0: none)
  std::string blob;               // upload
  std::uint64_t epoch = 0;        // upload
  std::vector<extent::Piece> pieces;  // pieces: placed and never named, or replaced one by one
};

struct EndRecord {                // of a blob that ends by itself: where it was when that was said
  std::string account, container;
};

struct IntentRecord {             // what a commit yet to come will name; if its session dies before, it is garbage
  std::uint64_t cid = 0;
  bool owns_pieces = false;       // pages of a manifest whose pieces are new: if it comes to nothing they are garbage too
  bool container_key = false;     // no manifest: the key of a container that is about to be
  bool spans = false;             // the pages are of an append or page blob
};

std::string encode(const AccountRecord&);
std::string encode(const AccountSettings&);
std::string encode(const MappingRecord&);
std::string encode(const DeletedContainerRecord&);
std::string encode(const ContainerRecord&);
std::string encode(const HeadRecord&);
std::string encode(const UploadRecord&);
std::string encode(const BlockRecord&);
std::string encode(const ExtentRecord&);
std::string encode(const SessionRecord&);
std::string encode(const DropRecord&);
std::string encode(const EndRecord&);
std::string encode(const IntentRecord&);
std::string encode_page(const std::vector<ManifestEntry>&);
std::string encode_total(std::uint64_t bytes);

// Errors: corrupt (with the record's kind; never its content).
template <class T> Result<T> decode(std::string_view bytes);
template <> Result<AccountRecord> decode(std::string_view);
template <> Result<AccountSettings> decode(std::string_view);
template <> Result<MappingRecord> decode(std::string_view);
template <> Result<DeletedContainerRecord> decode(std::string_view);
template <> Result<ContainerRecord> decode(std::string_view);
template <> Result<HeadRecord> decode(std::string_view);
template <> Result<UploadRecord> decode(std::string_view);
template <> Result<BlockRecord> decode(std::string_view);
template <> Result<ExtentRecord> decode(std::string_view);
template <> Result<SessionRecord> decode(std::string_view);
template <> Result<DropRecord> decode(std::string_view);
template <> Result<EndRecord> decode(std::string_view);
template <> Result<IntentRecord> decode(std::string_view);
Result<std::vector<ManifestEntry>> decode_page(std::string_view);
Result<std::uint64_t> decode_total(std::string_view);

std::size_t encoded_size(const ManifestEntry&);  // an upper bound, for closing pages

}  // namespace bascule::catalog
