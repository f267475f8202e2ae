// What the use cases take and give: accounts, containers and blobs as values.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "catalog/account_settings.h"
#include "ops/tag_filter.h"
#include "runtime/task.h"

namespace bascule::catalog {
struct AccountAccess;
}

namespace bascule::ops {

using bascule::Md5Value;
using ETag = std::uint64_t;  // .NET ticks of the write, strictly increasing for one name; 0 never
using Metadata = std::vector<std::pair<std::string, std::string>>;  // names as sent, unique without case

enum class BlobType : std::uint8_t { block = 0, append = 1, page = 2 };
enum class PublicAccess : std::uint8_t { none = 0, blob = 1, container = 2 };

// The content headers that are stored with a blob; "" = not set.
struct ContentHeaders {
  std::string type, encoding, language, cache_control, disposition;
  std::optional<Md5Value> md5;
};

enum class LeaseState : std::uint8_t { available, leased, expired, breaking, broken };
struct LeaseView {
  LeaseState state = LeaseState::available;  // as of now
  bool infinite = false;                     // while leased
  bool locked() const { return state == LeaseState::leased || state == LeaseState::breaking; }
};

struct CopyView {
  std::string id;         // GUID
  std::string source;     // URL as the client gave it, without its query
  std::string status;     // "success", "pending", "aborted", "failed"
  std::uint64_t copied_bytes = 0, total_bytes = 0;
  WallTime completed{};
  std::string description;  // of a failure
};

struct ImmutabilityView {
  WallTime until{};            // WallTime(): no policy
  bool locked = false;
  bool legal_hold = false;
};

struct BlobView {
  std::string name;
  BlobType type = BlobType::block;
  bool committed = true;       // false: only uncommitted blocks (listings with uncommitted blobs)
  std::uint64_t size_bytes = 0;
  ETag etag = 0;
  WallTime last_modified{}, created{};
  ContentHeaders headers;
  Metadata metadata;
  LeaseView lease;
  std::optional<CopyView> copy;
  std::string tier;            // "" = inferred (Hot)
  WallTime tier_changed{};
  std::uint32_t committed_blocks = 0;   // append blobs
  bool sealed = false;
  std::uint64_t sequence_number = 0;    // page blobs
  std::string rehydrating_to;  // on its way back from the archive, to this tier; "" = not
  bool rehydrate_high = false; // priority
  Tags tags;
  WallTime expires{};          // WallTime(): never
  ImmutabilityView immutability;
  WallTime last_access{};      // WallTime(): the account does not keep it
  std::optional<std::array<std::byte, 32>> key_sha256{};  // sealed under a customer-provided key that hashes to this
  std::string encryption_scope{};                         // or under this scope's
  bool metadata_sealed = false;                           // `metadata` is empty because nobody brought the key
  // Its place among the states of its name. WallTime(): none.
  WallTime snapshot{};         // it is the snapshot of that time
  WallTime version{};          // its version id,
  bool current_version = false;  // and whether it is what the name alone means
  bool versions_only = false;  // nothing is there any more but versions: these are the last one's properties
  WallTime deleted{};          // deleted softly, then
  std::uint32_t remaining_days = 0;  // until it goes for good
  bool incremental = false;    // the target of incremental copies, or a snapshot of it,
  WallTime copy_snapshot{};    // and the snapshot here that the last one made
  bool past() const { return snapshot != WallTime() || (version != WallTime() && !current_version); }
};

struct StoredPolicy {
  std::string id;                          // at most 64 characters
  std::optional<WallTime> start, expiry;
  std::string start_text, expiry_text;     // as sent ("" = not set): Azure gives them back normalised by the API layer
  std::string permission;                  // as sent; "" = not set
  bool has_permission = false;
};

struct DeletedContainer {
  std::string version;                     // names this deletion among those of its name
  WallTime deleted{};
  std::uint32_t remaining_days = 0;        // whole days until it is gone for good
};

struct ContainerView {
  std::string name;
  std::uint64_t id = 0;        // the incarnation that leads all its keys; a re-created container has another
  ETag etag = 0;
  WallTime last_modified{};
  Metadata metadata;
  PublicAccess public_access = PublicAccess::none;
  std::vector<StoredPolicy> policies;
  LeaseView lease;
  bool has_retention = false, has_legal_hold = false, version_immutability = false;
  std::optional<DeletedContainer> deleted; // in listings with deleted containers
  std::string default_encryption_scope{};   // "" = the container's own key
  bool deny_encryption_scope_override = false;
};

using AccountSettings = catalog::AccountSettings;

// Immutable once it is shared: a change makes another.
struct Account {
  std::string name;                                  // [a-z0-9]{3,24}
  std::array<std::string, 2> keys;                   // raw bytes (decoded from Base64); never logged
  bool development = false;                          // the well-known development account
  AccountSettings settings;
  WallTime created{};
  std::shared_ptr<const catalog::AccountAccess> access{};  // who may do what by a token; null: nobody anything
};

struct ContainerRef {
  std::string account, container;
};
// Which state of a name: what is there now, or one of its past.
struct At {
  enum class Kind : std::uint8_t { base, snapshot, version } kind = Kind::base;
  WallTime time{};
  bool base() const { return kind == Kind::base; }
};
// An operation that says nothing of snapshots and versions takes refs to the base alone: its caller sees to that.
struct BlobRef {
  std::string account, container, blob;
  At at{};
};

// If-Match / If-None-Match: `any` is "*"; an ETag that is not one of ours never matches and is kept as 0.
struct ETagSet {
  bool any = false;
  std::vector<ETag> values;
};
// A key that the client brings (ops/encryption.h), or the encryption scope that it names.
struct CustomerKey;
struct AskedEncryption {
  std::shared_ptr<const CustomerKey> key;
  std::string scope;
  bool any() const { return key != nullptr || !scope.empty(); }
};

struct Conditions {
  std::optional<ETagSet> if_match, if_none_match;
  std::optional<WallTime> if_modified_since, if_unmodified_since;  // whole seconds
  std::optional<std::string> lease_id;  // lower-case GUID text
  // Get Blob and Get Blob Properties from 2013-08-15: If-Match AND If-Unmodified-Since AND (If-None-Match OR
  // If-Modified-Since). Otherwise the ETag header of a pair decides alone. (AZURE-DETAILS 13, 14)
  bool combined = false;
  std::shared_ptr<const TagFilter> if_tags;  // x-ms-if-tags: must hold besides the others; a blob that is not there has no tags
  AskedEncryption encryption{};  // what a new content is sealed under, or what opens and changes one that is there
  bool empty() const { return !if_match && !if_none_match && !if_modified_since && !if_unmodified_since; }
};

// Where a write's bytes come from. Read by one coroutine; 0 = end.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual Task<Result<std::size_t>> read(MutableBytes into) = 0;
};

// What a write's body must be, and what was computed on the way.
struct BodySpec {
  std::uint64_t length_bytes = 0;                 // announced; fewer bytes: body_incomplete, nothing is changed
  std::optional<Md5Value> expected_md5;           // Content-MD5: checked
  std::optional<std::uint64_t> expected_crc64;    // x-ms-content-crc64: checked
  bool want_md5 = false;                          // compute it for the answer
};

}  // namespace bascule::ops
