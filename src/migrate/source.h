// Where content comes from. AzureSource speaks Azure's protocol; tests have one in memory.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetch/page_list.h"
#include "ops/operations.h"
#include "runtime/task.h"

namespace bascule::migrate {

struct SourceContainer {
  std::string name;
  ops::Metadata metadata;
  ops::PublicAccess public_access = ops::PublicAccess::none;
  bool leased = false, immutable = false, legal_hold = false;
  bool version_immutability = false;     // each state may have a policy and a hold of its own
  std::string default_encryption_scope;  // "" = the account's own key
};

// Stored policies need the account's key; a SAS may not read them.
struct SourceAccess {
  bool known = false;
  ops::PublicAccess public_access = ops::PublicAccess::none;
  std::vector<ops::StoredPolicy> policies;
};

struct SourceBlob {
  std::string name;
  std::string etag;                // as the source writes it, quoted: sent back in If-Match
  ops::BlobType type = ops::BlobType::block;
  std::uint64_t size_bytes = 0;
  ops::ContentHeaders headers;
  ops::Metadata metadata;
  std::string tier;                // "" where inferred or unknown
  std::string snapshot;            // not empty: a snapshot
  std::string version_id;          // with is_current false: an old version
  bool is_current = true;
  bool committed = true;
  WallTime created{}, last_modified{}, tier_changed{};   // WallTime(): not told
  WallTime expires{};              // WallTime(): never, or not told
  bool leased = false, deleted = false, copied = false;
  ops::Keep keep;                        // a policy and a hold of its own
  bool sealed = false;                   // append blobs
  std::uint32_t committed_blocks = 0;    // append blobs; head() alone tells
  std::uint64_t sequence_number = 0;     // page blobs
  int tag_count = 0;
  ops::Tags tags;                        // bytewise by key; fewer than tag_count: they may not be read
  std::string encryption_scope;
  bool customer_key = false;       // encrypted with a key that the request would have to carry
  bool is_version() const { return snapshot.empty() && !version_id.empty() && !is_current; }
  bool is_past() const { return !snapshot.empty() || is_version(); }
};

// Which state of a blob is meant, and what it is expected to be.
struct SourceState {
  std::string container, blob, snapshot, version_id;   // both "": what the name alone means
  std::string etag;
};
inline SourceState state_of(std::string container, const SourceBlob& blob) {
  return {std::move(container), blob.name, blob.snapshot, blob.is_version() ? blob.version_id : "", blob.etag};
}

struct SourceContainerPage {
  std::vector<SourceContainer> items;
  std::string next;                // "" = complete
};
struct SourceBlobPage {
  std::vector<SourceBlob> items;   // bytewise by name
  std::string next;                // "" = complete
  bool history_seen = true;        // false: these credentials may not see snapshots, versions or deleted blobs
  bool tags_seen = true;           // false: they may not see tags
};
struct SourceBlock {
  std::string id;                  // decoded
  std::uint64_t size_bytes = 0;
};
struct SourceBlockList {
  std::vector<SourceBlock> committed;  // in order; empty for a blob that was put whole
  std::uint64_t uncommitted = 0;       // blocks that stay behind
};


// A part of one blob's content.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  virtual Task<Result<std::size_t>> read(MutableBytes into) = 0;  // 0 = complete
};

// Calls are made from one loop. Errors: not_found; conflict = the blob is no longer what `etag` names; permission_denied;
// unsupported (archived, a key needed); anything retryable has been retried already, within bounds.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::string describe() const = 0;   // for people: endpoint and account, no secret
  virtual std::string identity() const = 0;   // tells sources apart: stable, no secret

  virtual Task<Result<SourceContainerPage>> list_containers(std::string marker) = 0;
  virtual Task<Result<SourceContainer>> container(std::string name) = 0;
  virtual Task<Result<SourceAccess>> container_access(std::string name) = 0;
  // With `everything`: snapshots, old versions, tags, soft-deleted blobs and blobs that have only uncommitted blocks too.
  virtual Task<Result<SourceBlobPage>> list_blobs(std::string container, std::string marker, bool everything) = 0;
  // `etag` of the state counts for nothing here: it is what is asked for.
  virtual Task<Result<SourceBlob>> head(SourceState state) = 0;
  virtual Task<Result<SourceBlockList>> block_list(SourceState state) = 0;
  virtual Task<Result<fetch::PageList>> page_ranges(SourceState state, std::string marker) = 0;
  // With `proven`, for content in doubt: each part is compared with the source's own hash of it, where it gives one;
  // another content is `unavailable`.
  virtual Task<Result<std::unique_ptr<SourceReader>>> open(SourceState state, std::uint64_t offset, std::uint64_t length_bytes,
                                                           bool proven) = 0;
};

}  // namespace bascule::migrate
