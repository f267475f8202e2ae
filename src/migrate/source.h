// Where content comes from. AzureSource speaks Azure's protocol; tests have one in memory.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/types.h"
#include "runtime/task.h"

namespace bascule::migrate {

struct SourceContainer {
  std::string name;
  ops::Metadata metadata;
  ops::PublicAccess public_access = ops::PublicAccess::none;
  bool leased = false, immutable = false, legal_hold = false;
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
  bool leased = false, immutable = false, legal_hold = false, deleted = false, copied = false;
  int tag_count = 0;
  std::string encryption_scope;
  bool customer_key = false;       // encrypted with a key that the request would have to carry
};

struct SourceContainerPage {
  std::vector<SourceContainer> items;
  std::string next;                // "" = complete
};
struct SourceBlobPage {
  std::vector<SourceBlob> items;   // bytewise by name
  std::string next;                // "" = complete
  bool history_seen = true;        // false: `everything` was asked for and refused
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
  // With `everything`: snapshots, old versions, soft-deleted blobs and blobs that have only uncommitted blocks too.
  virtual Task<Result<SourceBlobPage>> list_blobs(std::string container, std::string marker, bool everything) = 0;
  virtual Task<Result<SourceBlob>> head(std::string container, std::string blob) = 0;
  virtual Task<Result<SourceBlockList>> block_list(std::string container, std::string blob, std::string etag) = 0;
  // With `proven`, for content in doubt: each part is compared with the source's own hash of it, where it gives one;
  // another content is `unavailable`.
  virtual Task<Result<std::unique_ptr<SourceReader>>> open(std::string container, std::string blob, std::string etag,
                                                           std::uint64_t offset, std::uint64_t length_bytes, bool proven) = 0;
};

}  // namespace bascule::migrate
