// The use cases of blob storage, free of any protocol. They own the transaction boundary: what an operation answers with
// success is durable; what it refuses has changed nothing. Any loop may call; a call stays on its loop.
// Errors: Code::refused with an ops::Reason; overloaded (memory, limits: 503 ServerBusy), exhausted (disk or provider
// full), unavailable/timeout/permission_denied (provider away), corrupt (data damaged), cancelled (client gone).
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/reason.h"
#include "ops/types.h"

namespace bascule::catalog {
struct DelegationHolder;
}

namespace bascule::ops {

struct Written {               // after a write that moved the blob
  ETag etag = 0;
  WallTime last_modified{};
  std::optional<Md5Value> md5;         // computed, where asked
  std::optional<std::uint64_t> crc64;  // of the body (Put Block List: the API layer's own, of the XML)
  std::string copy_id;                 // where PutBlob::copy was given
  std::string encryption_scope{};      // of what was written; "" = none
  WallTime version{};                  // the version id; WallTime(): none
};

struct KeepUntil {
  WallTime until{};
  bool locked = false;
};
// What a new state is to be kept by; only where the container has policies of single versions.
struct Keep {
  std::optional<KeepUntil> policy;
  bool legal_hold = false;
  bool any() const { return policy || legal_hold; }
};

struct SetImmutability {
  KeepUntil policy;
  Conditions conditions;               // if_unmodified_since alone
};

// What a blob keeps of where it comes from: a migration's alone. WallTime(): as of any write.
struct Imported {
  WallTime version{};          // its version id
  WallTime created{}, last_modified{}, tier_changed{};
};

struct CopyStamp {             // of content that was copied from a URL: kept with the blob
  std::string id;              // GUID; "" = one is made
  std::string source_url;      // without its query
};
struct PutBlob {
  BodySpec body;
  ContentHeaders headers;        // md5: what the client declared (x-ms-blob-content-md5); else the computed one is stored
  Metadata metadata;
  std::string tier;              // x-ms-access-tier, "" = not sent
  Tags tags;
  Keep keep;
  Conditions conditions;
  std::optional<CopyStamp> copy;
  Imported imported{};
};
struct PutBlock {
  std::string block_id;          // decoded, 1..64 bytes
  BodySpec body;
  std::optional<std::string> lease_id;
  AskedEncryption encryption{};
};
struct BlockListEntry {
  enum class From : std::uint8_t { latest, uncommitted, committed } from = From::latest;
  std::string block_id;          // decoded
};
struct PutBlockList {
  std::vector<BlockListEntry> blocks;
  ContentHeaders headers;
  Metadata metadata;
  std::string tier;
  Tags tags;
  Keep keep;
  Conditions conditions;
  Imported imported{};
};
struct BlockInfo {
  std::string block_id;          // decoded
  std::uint64_t size_bytes = 0;
};
struct BlockList {
  std::optional<BlobView> blob;  // nothing: only uncommitted blocks are there
  std::vector<BlockInfo> committed, uncommitted;  // uncommitted in bytewise order of their ids
};

struct ByteRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;  // inclusive; clipped to the blob's end
};
struct OpenBlob {
  std::optional<ByteRange> range;
  Conditions conditions;
};

// A read of one blob, consistent with the head that it was opened on: a writer that replaces the blob meanwhile does not
// disturb it.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual const BlobView& blob() const = 0;
  virtual std::uint64_t first_byte() const = 0;     // of the range, clipped
  virtual std::uint64_t length_bytes() const = 0;   // of the range, clipped
  // The next verified bytes in order (at most 1 MiB or so), valid until the next call; empty at the end.
  // An error means that nothing of the failing chunk was given out.
  virtual Task<Result<Bytes>> next() = 0;
};

struct LeaseAction {
  enum class Kind : std::uint8_t { acquire, renew, change, release, break_ } kind = Kind::acquire;
  std::optional<std::string> lease_id;      // renew, change, release (break does not need it)
  std::optional<std::string> proposed_id;   // acquire (optional: one is made), change
  std::optional<int> duration_seconds;      // acquire: 15..60 or -1
  std::optional<int> break_period_seconds;  // break: 0..60
  Conditions conditions;                    // without lease_id
};
struct LeaseResult {
  ETag etag = 0;                // unmoved
  WallTime last_modified{};
  std::string lease_id;         // acquire, renew, change
  int remaining_seconds = 0;    // break: until it may be acquired again
};

struct CopyBlob {
  std::string source_url;                   // as given, query removed: shown in the copy's properties
  Conditions source_conditions;             // lease_id: the source's lease, if named
  Conditions conditions;                    // of the destination
  std::optional<Metadata> metadata;         // nothing = the source's
  std::optional<Tags> tags;                 // nothing = the source's
  Keep keep;
  bool rehydrate_high = false;              // of an archived source, to `tier`
  std::string tier;
  bool seal = false;                        // the copy; append blobs alone
};
struct Copied {
  Written written;
  std::string copy_id;
  std::string status;                       // "success" or "pending"
};

// A copy from elsewhere: answered at once, carried on beside requests (jobs/copies.h). The source has been looked at.
struct StartCopy {
  std::string source_url;                   // with its query: a secret, kept sealed until the copy is over
  std::string shown_url;                    // without it: shown in the copy's properties
  std::string source_etag;                  // as its server writes it: what arrives must be of that state. "" = unknown
  BlobType type = BlobType::block;
  std::uint64_t size_bytes = 0;
  std::uint64_t sequence_number = 0;        // of a page blob
  std::uint32_t committed_blocks = 0;       // of an append blob
  bool sealed = false;
  ContentHeaders headers;
  Metadata metadata;
  std::string tier;
  Tags tags;
  Keep keep;
  Conditions conditions;                    // of the destination
};
// Incremental Copy Blob.
struct IncrementalCopy {
  std::string source_url;                   // shown in the copy's properties: with the snapshot, else without a query
  Conditions conditions;                    // of the target
  // A source elsewhere: its URL with its query (a secret), its state as its server writes it, its size. "" = one of ours.
  std::string elsewhere, elsewhere_etag;
  std::uint64_t elsewhere_bytes = 0;
};
struct TakenSnapshot {
  WallTime snapshot{};
  ETag etag = 0;                            // of the snapshot: the blob's, unless it was given metadata of its own
  WallTime last_modified{};
  WallTime version{};                       // of the blob from now on; WallTime(): none
};
// What Delete Blob takes beside the conditions.
struct DeleteBlob {
  enum class Snapshots : std::uint8_t { none, include, only } snapshots = Snapshots::none;   // a base blob's
  bool permanent = false;                   // a past state that was deleted softly: for good
  // Only what has come to its own end (SetExpiry), which no lease puts off; it is brought back without that end. The
  // sweeper's alone.
  bool ended = false;
  // When its tier was set, or, where none was, when it was created: condition_not_met. Whole seconds.
  std::optional<WallTime> if_tier_modified_since, if_tier_unmodified_since;
  Conditions conditions;
};
struct Deleted {
  bool permanent = true;                    // else it can be brought back, or lives on as a version
};

struct ListBlobs {
  std::string prefix, delimiter;
  std::string start;                        // first name (or prefix) to consider, inclusive; or a former `next`
  std::string end;                          // first name not to consider; "" = none
  std::size_t limit = 5000;                 // blobs and prefixes together
  bool uncommitted = false;                 // blobs that have only uncommitted blocks too
  bool snapshots = false, versions = false; // past states too
  bool deleted = false;                     // what was deleted softly too: blobs, and of past states those asked for
  bool deleted_with_versions = false;       // names of which only versions are left too
  bool metadata = true;                     // give it; else the views come without
};
// A page ends early, with `next`, when what it names has come to so much: 5,000 names with 8 KiB of metadata each would be
// 40 MB. (Azure, too, may give fewer than were asked for.) Besides, a listing holds one scan of the store, 4 MiB.
inline constexpr std::size_t kMostPageBytes = 8 * 1024 * 1024;
struct ListItem {
  bool is_prefix = false;
  BlobView blob;                            // a prefix: only its name
};
struct BlobPage {
  std::vector<ListItem> items;              // bytewise by name
  std::string next;                         // where to go on; "" = complete
};
struct ListContainers {
  std::string prefix, start;                // start: from a former `next`, or a name
  std::size_t limit = 5000;
  bool deleted = false;                     // those that can be restored, too
  bool system = true;                       // $logs and $blobchangefeed, too
};
struct ContainerPage {
  std::vector<ContainerView> items;         // by name; deleted ones of a name by their time, before the living one
  std::string next;
};

struct RestoreContainer {
  std::string name, version;                // of the deleted one, as a listing shows them
};
// May refuse; may be called again.
using SettingsChange = std::function<Result<void>(AccountSettings&)>;
// --- append and page blobs ---
inline constexpr std::uint32_t kMostAppendBlocks = 50'000;
inline constexpr std::uint64_t kMostPageBlobBytes = std::uint64_t{8} << 40;
inline constexpr std::uint64_t kPageBytes = 512;
inline constexpr std::uint64_t kMostSequenceNumber = (std::uint64_t{1} << 63) - 1;

struct CreateBlob {              // Put Blob of an append or page blob
  BlobType type = BlobType::append;
  std::uint64_t size_bytes = 0, sequence_number = 0;   // page blobs; a size is a multiple of kPageBytes
  ContentHeaders headers;
  Metadata metadata;
  std::string tier;
  Tags tags;
  Keep keep;
  Conditions conditions;
};
struct AppendBlock {
  BodySpec body;
  Conditions conditions;
  std::optional<std::uint64_t> position, max_size_bytes;   // where it must land; how large the blob may become
};
struct Appended {
  Written written;
  std::uint64_t offset = 0;
  std::uint32_t committed_blocks = 0;
};
struct SequenceConditions {      // the blob's sequence number must be ...
  std::optional<std::uint64_t> at_most, below, equal;
};
struct PutPages {
  std::uint64_t first = 0, length_bytes = 0;   // on page boundaries
  bool clear = false;            // else `body` has as many bytes
  BodySpec body;
  Conditions conditions;
  SequenceConditions sequence;
};
struct PagesWritten {
  Written written;
  std::uint64_t sequence_number = 0;
};
struct SetPageProperties {
  enum class Action : std::uint8_t { keep, max, update, increment } action = Action::keep;
  std::uint64_t sequence_number = 0;
  std::optional<std::uint64_t> size_bytes;
  std::optional<ContentHeaders> headers;       // nothing: they stay
  Conditions conditions;
};
struct PageRange {
  std::uint64_t first = 0, last = 0;           // inclusive
  bool cleared = false;                        // of a difference: there was something before
  bool operator==(const PageRange&) const = default;
};
struct GetPageRanges {
  std::optional<ByteRange> range;
  std::uint64_t start = 0;                     // a former page's `next`
  std::size_t limit = 10'000;
  std::optional<WallTime> previous;            // a snapshot: what has changed since
  Conditions conditions;
};
struct PageRanges {
  BlobView blob;
  std::vector<PageRange> ranges;               // in order; neighbours of one kind are one
  std::optional<std::uint64_t> next;           // where to go on; nothing: complete
};

inline constexpr std::string_view kArchiveTier = "Archive";
struct SetTier {
  std::string tier;                         // Hot, Cool, Cold, Archive
  bool high = false;                        // how soon an archived one comes back
  Conditions conditions;                    // lease id and tags alone
};
struct SetExpiry {
  enum class From : std::uint8_t { never, creation, now, epoch } from = From::never;
  Ticks after{};                            // creation, now
  WallTime at{};                            // epoch
  Conditions conditions;
};

struct FindByTags {
  TagSearch search;
  std::string start;                        // where to go on, from a former `next`; "" = the beginning
  std::size_t limit = 5000;
};
struct FoundByTags {
  std::string container, blob;
  Tags tags;                                // those that the search names
};
struct TagPage {
  std::vector<FoundByTags> items;           // by container
  std::string next;                         // "" = complete; a page may be empty and not the last
};

// A container's default encryption scope; given together, at its creation alone.
struct ContainerEncryption {
  std::string default_scope;
  bool deny_override = false;
};

// What a container's content is sealed under and where it lies, for the record of who did what. Views live as long as the
// installation's parts.
struct ServedBy {
  std::uint64_t container_key = 0;          // the key's id in the keyring; 0 = not at hand
  std::string_view root_key;                // the key holder's id
  std::uint32_t root_key_version = 0;       // of the holder's key that wrapped it; 0 = unknown
  std::string_view provider;
};

class Operations {
 public:
  virtual ~Operations() = default;

  // As far as it is at hand: no waiting.
  virtual ServedBy served_by(std::string_view account, std::string_view container) const { return {}; }

  // Accounts are few and kept in memory: no waiting. Nothing if there is none of that name.
  virtual std::shared_ptr<const Account> account(std::string_view name) const = 0;
  // Read, changed and written as one; in force for every request that begins after it returns.
  virtual Task<Result<void>> change_settings(std::string account, SettingsChange change) = 0;
  // Before `holder` is given a user delegation key: the account has a secret to derive it from afterwards, and it is known
  // what of the holder's groups counts. Costs a commit only where that was otherwise before. exhausted: too many holders.
  virtual Task<Result<void>> note_delegation(std::string account, catalog::DelegationHolder holder) = 0;

  virtual Task<Result<ContainerView>> create_container(ContainerRef ref, Metadata metadata, PublicAccess access,
                                                       ContainerEncryption encryption = {}) = 0;
  // A lease id must be that of the container's active lease.
  virtual Task<Result<ContainerView>> get_container(ContainerRef ref, std::optional<std::string> lease_id = {}) = 0;
  virtual Task<Result<void>> delete_container(ContainerRef ref, Conditions conditions) = 0;
  virtual Task<Result<ContainerView>> set_container_metadata(ContainerRef ref, Metadata metadata, Conditions c) = 0;
  virtual Task<Result<ContainerView>> set_container_acl(ContainerRef ref, PublicAccess access,
                                                        std::vector<StoredPolicy> policies, Conditions c) = 0;
  virtual Task<Result<LeaseResult>> lease_container(ContainerRef ref, LeaseAction action) = 0;
  virtual Task<Result<ContainerPage>> list_containers(std::string account, ListContainers list) = 0;
  // A deleted container under its own name or another that is free, with everything in it; its lease has ended.
  // container_not_found: there is no such deleted one (any more).
  virtual Task<Result<ContainerView>> restore_container(ContainerRef ref, RestoreContainer restore) = 0;
  // The container `source` of the same account is called `ref` from here on. `lease_id`: the source's.
  virtual Task<Result<ContainerView>> rename_container(ContainerRef ref, std::string source,
                                                       std::optional<std::string> lease_id) = 0;

  virtual Task<Result<Written>> put_blob(BlobRef ref, PutBlob put, BodySource& body) = 0;
  virtual Task<Result<Written>> put_block(BlobRef ref, PutBlock put, BodySource& body) = 0;  // etag stays 0
  virtual Task<Result<Written>> put_block_list(BlobRef ref, PutBlockList put) = 0;
  virtual Task<Result<BlockList>> get_block_list(BlobRef ref, Conditions conditions) = 0;  // lease id and tags alone; any state
  virtual Task<Result<std::unique_ptr<BlobReader>>> open_blob(BlobRef ref, OpenBlob open) = 0;   // any state
  virtual Task<Result<BlobView>> head_blob(BlobRef ref, Conditions conditions) = 0;              // any state
  virtual Task<Result<Deleted>> delete_blob(BlobRef ref, DeleteBlob how) = 0;   // any state
  virtual Task<Result<void>> undelete_blob(BlobRef ref) = 0;
  virtual Task<Result<TakenSnapshot>> snapshot_blob(BlobRef ref, std::optional<Metadata> metadata, Conditions conditions) = 0;
  virtual Task<Result<Written>> set_blob_metadata(BlobRef ref, Metadata metadata, Conditions conditions) = 0;
  virtual Task<Result<Written>> set_blob_headers(BlobRef ref, ContentHeaders headers, Conditions conditions) = 0;
  virtual Task<Result<LeaseResult>> lease_blob(BlobRef ref, LeaseAction action) = 0;
  virtual Task<Result<Copied>> copy_blob(BlobRef target, BlobRef source, CopyBlob copy) = 0;   // source: any state
  virtual Task<Result<Copied>> start_copy(BlobRef target, StartCopy copy) = 0;
  // `source` is a snapshot; of one elsewhere account and container are empty, and `blob` is its URL without a query. The
  // target has a snapshot of its own then; its own content is for no other use.
  virtual Task<Result<Copied>> copy_incrementally(BlobRef target, BlobRef source, IncrementalCopy copy) = 0;
  // Ends a pending copy; the target stays, empty. no_pending_copy, copy_id_mismatch.
  virtual Task<Result<void>> abort_copy(BlobRef target, std::string copy_id, Conditions conditions) = 0;
  // True: it is archived, and will have the tier later.
  virtual Task<Result<bool>> set_blob_tier(BlobRef ref, SetTier set) = 0;
  virtual Task<Result<Written>> set_blob_expiry(BlobRef ref, SetExpiry set) = 0;   // no new ETag
  // Policies and holds of single states; no new ETag.
  virtual Task<Result<ImmutabilityView>> set_immutability(BlobRef ref, SetImmutability set) = 0;
  virtual Task<Result<void>> delete_immutability(BlobRef ref) = 0;
  virtual Task<Result<void>> set_legal_hold(BlobRef ref, bool hold) = 0;
  virtual Task<Result<Tags>> get_blob_tags(BlobRef ref, Conditions conditions) = 0;
  virtual Task<Result<void>> set_blob_tags(BlobRef ref, Tags tags, Conditions conditions) = 0;  // all of them; no new ETag
  virtual Task<Result<TagPage>> find_by_tags(std::string account, FindByTags find) = 0;
  virtual Task<Result<BlobPage>> list_blobs(ContainerRef ref, ListBlobs list) = 0;

  virtual Task<Result<Written>> create_blob(BlobRef ref, CreateBlob create) = 0;
  virtual Task<Result<Appended>> append_block(BlobRef ref, AppendBlock append, BodySource& body) = 0;
  virtual Task<Result<Written>> seal_blob(BlobRef ref, Conditions conditions, std::optional<std::uint64_t> position) = 0;
  virtual Task<Result<PagesWritten>> put_pages(BlobRef ref, PutPages put, BodySource& body) = 0;
  virtual Task<Result<PagesWritten>> set_page_properties(BlobRef ref, SetPageProperties set) = 0;
  virtual Task<Result<PageRanges>> get_page_ranges(BlobRef ref, GetPageRanges get) = 0;
};

}  // namespace bascule::ops
