// Service: the use cases over the catalog, the packers and the provider. One per process. Its methods are spread over
// files by family: accounts.cc, containers.cc, deleted_containers.cc, list_containers.cc, write.cc, blocks.cc, read.cc,
// blobs.cc, copy.cc, list.cc, tags.cc, tier.cc, expiry.cc; history.cc, snapshot.cc and delete.cc for the past of blobs;
// immutability.cc for what must stay.
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "catalog/access.h"
#include "catalog/catalog.h"
#include "catalog/copy_job.h"
#include "catalog/history.h"
#include "crypto/keyring.h"
#include "extent/packer.h"
#include "extent/reader.h"
#include "ops/block_counts.h"
#include "ops/conditions.h"
#include "ops/forwarding.h"
#include "ops/immutability.h"
#include "ops/import.h"
#include "ops/lineage.h"
#include "ops/operations.h"
#include "ops/remote.h"
#include "ops/span_line.h"
#include "ops/turns.h"

namespace bascule::ops {

// What a container's name stands for right now. Immutable; a deleted container's handle fails every commit.
struct ContainerHandle {
  std::uint64_t cid = 0;
  std::uint64_t mapping_version = 0;
  std::shared_ptr<const crypto::InputKey> key;
  std::uint32_t root_key_version = 0;   // that wrapped it; 0 = unknown
  std::string default_scope;         // set when it is made and never changed
  bool deny_scope_override = false;
  std::shared_ptr<const catalog::ContainerImmutability> immutability;   // null: nothing is kept there
};
using Container = std::shared_ptr<const ContainerHandle>;

// A placed piece, with the extent that a commit must name together with it (null: named before).
struct NewPiece {
  extent::Piece piece;
  std::shared_ptr<const extent::PlacedExtent> extent;
};

struct Ingested {
  std::vector<NewPiece> pieces;
  std::uint64_t size_bytes = 0;
  std::optional<Md5Value> md5;
  std::uint64_t crc64 = 0;
};

struct ServiceOptions {
  std::uint32_t read_run_bytes = 256 * 1024;   // how much one read asks of the provider
  std::size_t read_ahead = 0;                  // further runs asked for in advance (remote providers)
  std::uint64_t most_copied_at_once = std::uint64_t{64} << 20;  // a larger copy across containers is answered "pending"
  extent::PackerOptions packer;
  Duration rehydrate_standard = std::chrono::hours(1), rehydrate_high = std::chrono::minutes(1);  // from the archive
};

// The parts it is made of; all outlive it.
struct ServiceParts {
  catalog::Catalog& catalog;
  crypto::Keyring& keyring;
  provider::Provider& provider;
  const crypto::ExtentNamer& namer;
  extent::MemoryPool& memory;
  Workers& workers;
  Clock& clock;
  Random& random;
};

// How a change of a head is to be taken.
struct HeadUse {
  bool new_version = false;            // where the account keeps versions, the state from before becomes one
  std::optional<Touch> touch{};        // what the change is, where a hold or policy may forbid it
};

class Service final : public Operations {
 public:
  Service(ServiceParts parts, ServiceOptions options);
  Task<Result<void>> load_accounts();  // once, before anything else

  // --- accounts (the command line's) ---
  std::shared_ptr<const Account> account(std::string_view name) const override;
  ServedBy served_by(std::string_view account, std::string_view container) const override;
  std::vector<std::shared_ptr<const Account>> accounts() const;   // by name
  Task<Result<void>> put_account(Account account, bool must_be_new);
  Task<Result<void>> change_settings(std::string account, SettingsChange change) override;
  Task<Result<void>> remove_account(std::string name);            // refused while it has containers
  // Makes a scope and its key, or switches it on or off. Its key stays as long as the account.
  Task<Result<void>> put_encryption_scope(std::string account, std::string scope, bool enabled, bool must_be_new);

  // --- who may do what by a token (access.cc); in force for every request that begins after it returns ---
  Task<Result<void>> add_role(std::string account, catalog::RoleAssignment assignment);   // already_exists, exhausted
  Task<Result<catalog::RoleAssignment>> remove_role(std::string account, std::string id); // not_found
  // Every user delegation key of the account, and with it every SAS that one signed, is void from here on.
  Task<Result<void>> revoke_delegation_keys(std::string account);
  Task<Result<void>> note_delegation(std::string account, catalog::DelegationHolder holder) override;

  // --- what nothing may delete or overwrite (the command line's part; see ops/immutability.h) ---
  using ImmutabilityChange = std::function<Result<void>(catalog::ContainerImmutability&)>;
  Task<Result<catalog::ContainerImmutability>> change_container_immutability(ContainerRef ref, ImmutabilityChange change);
  Task<Result<catalog::ContainerImmutability>> container_immutability(ContainerRef ref);
  // The time that decides what is over: never earlier than any that an earlier life kept, and while this one lasts it goes
  // as fast as time does, whatever the clock is set to.
  WallTime lawful_now() const;
  // Writes it down, so that a later life with its clock set back still knows it. Now and then.
  Task<Result<void>> keep_time_mark();

  // --- Operations ---
  Task<Result<ContainerView>> create_container(ContainerRef, Metadata, PublicAccess, ContainerEncryption = {}) override;
  Task<Result<ContainerView>> get_container(ContainerRef, std::optional<std::string> lease_id = {}) override;
  Task<Result<void>> delete_container(ContainerRef, Conditions) override;
  Task<Result<ContainerView>> set_container_metadata(ContainerRef, Metadata, Conditions) override;
  Task<Result<ContainerView>> set_container_acl(ContainerRef, PublicAccess, std::vector<StoredPolicy>, Conditions) override;
  Task<Result<LeaseResult>> lease_container(ContainerRef, LeaseAction) override;
  Task<Result<ContainerPage>> list_containers(std::string account, ListContainers) override;
  Task<Result<ContainerView>> restore_container(ContainerRef, RestoreContainer) override;
  Task<Result<ContainerView>> rename_container(ContainerRef, std::string source, std::optional<std::string> lease_id) override;
  Task<Result<Written>> put_blob(BlobRef, PutBlob, BodySource&) override;
  Task<Result<Written>> put_block(BlobRef, PutBlock, BodySource&) override;
  Task<Result<Written>> put_block_list(BlobRef, PutBlockList) override;
  Task<Result<BlockList>> get_block_list(BlobRef, Conditions) override;
  Task<Result<std::unique_ptr<BlobReader>>> open_blob(BlobRef, OpenBlob) override;
  Task<Result<BlobView>> head_blob(BlobRef, Conditions) override;
  Task<Result<Deleted>> delete_blob(BlobRef, DeleteBlob) override;
  Task<Result<void>> undelete_blob(BlobRef) override;
  Task<Result<TakenSnapshot>> snapshot_blob(BlobRef, std::optional<Metadata>, Conditions) override;
  Task<Result<Written>> set_blob_metadata(BlobRef, Metadata, Conditions) override;
  Task<Result<Written>> set_blob_headers(BlobRef, ContentHeaders, Conditions) override;
  Task<Result<LeaseResult>> lease_blob(BlobRef, LeaseAction) override;
  Task<Result<Copied>> copy_blob(BlobRef target, BlobRef source, CopyBlob) override;
  Task<Result<Copied>> start_copy(BlobRef target, StartCopy) override;
  Task<Result<Copied>> copy_incrementally(BlobRef target, BlobRef source, IncrementalCopy) override;
  Task<Result<void>> abort_copy(BlobRef, std::string copy_id, Conditions) override;
  Task<Result<BlobPage>> list_blobs(ContainerRef, ListBlobs) override;
  Task<Result<Written>> create_blob(BlobRef, CreateBlob) override;
  Task<Result<Appended>> append_block(BlobRef, AppendBlock, BodySource&) override;
  Task<Result<Written>> seal_blob(BlobRef, Conditions, std::optional<std::uint64_t> position) override;
  Task<Result<PagesWritten>> put_pages(BlobRef, PutPages, BodySource&) override;
  Task<Result<PagesWritten>> set_page_properties(BlobRef, SetPageProperties) override;
  Task<Result<PageRanges>> get_page_ranges(BlobRef, GetPageRanges) override;
  Task<Result<bool>> set_blob_tier(BlobRef, SetTier) override;
  Task<Result<Written>> set_blob_expiry(BlobRef, SetExpiry) override;
  Task<Result<ImmutabilityView>> set_immutability(BlobRef, SetImmutability) override;
  Task<Result<void>> delete_immutability(BlobRef) override;
  Task<Result<void>> set_legal_hold(BlobRef, bool) override;
  Task<Result<Tags>> get_blob_tags(BlobRef, Conditions) override;
  Task<Result<void>> set_blob_tags(BlobRef, Tags, Conditions) override;
  Task<Result<TagPage>> find_by_tags(std::string account, FindByTags) override;

  // --- what a migration brings (ops/import.h) ---
  // `ref.at`: the state's place in the name's history. A version that the name means now already stays as it is; a past state
  // that was brought before is replaced.
  Task<Result<Written>> import_blob(BlobRef ref, ImportBlob import, ImportBody& body);

  // Lets go of deleted containers whose time to be restored is over, and of names that were held long enough; how many.
  Task<Result<std::size_t>> expire_deleted_containers();

  // --- pending copies (jobs/copies.h); `key` is the job's ---
  std::uint64_t copies_noted() const { return copies_noted_.load(std::memory_order_relaxed); }  // grows when one begins
  Task<Result<bool>> claim_copy(std::string key);   // false: gone, or another gateway's
  // Carries a claimed copy to its end, from where it is: success or failure stands in the target's head then. Errors leave
  // it pending, to be tried again. Returns soon after `run.stop` is set.
  struct CopyRun {
    Remote* remote = nullptr;          // null: copies within the installation alone
    const std::atomic<bool>& stop;
    bool careful = false;              // a source that broke off before is noted down more often
    std::uint64_t staged_bytes = 0;    // how far it came
    std::uint64_t most_bytes = ~std::uint64_t{0};   // an incremental copy ends early (cancelled) after so many
  };
  Task<Result<void>> carry_copy(std::string key, CopyRun& run);
  Task<Result<void>> give_up_copy(std::string key);   // it has failed

  // Reads that are running hold the current token; deletion of extents waits until older ones are gone.
  std::shared_ptr<void> read_token();
  // Begins a new generation of tokens; true from the returned function once no read of any older generation runs.
  std::function<bool()> retire_reads();

  const ServiceParts& parts() const { return parts_; }
  const ServiceOptions& options() const { return options_; }
  extent::CipherCache& ciphers() const { return ciphers_; }
  Forwarding& forwarding() const { return forwarding_; }
  // Folds what a lineage's writes have made into its pages: see ops/fold.h. Nothing where the blob is gone.
  Task<Result<void>> fold_blob(BlobRef ref);

 private:
  using Head = catalog::Maybe<catalog::HeadRecord>;

  // helpers (service.cc)
  Task<Result<Container>> resolve(const ContainerRef& ref);   // container_not_found
  Container cached_container(const std::string& key) const;
  void forget_container(const ContainerRef& ref);
  // Changes are evaluated until a commit meets no conflict (evaluate_again). Each evaluation begins here: the container as it
  // is, and the state's turn where writers have met at it. container_not_found
  Task<Result<Container>> enter(const BlobRef& ref, int attempt, Turns::Turn& turn);
  // ... and, where something was placed for `known`, another one here: container_not_found where the container was deleted,
  // or made anew, since what was placed belongs to neither then.
  Task<Result<Container>> resolve_again(const ContainerRef& ref, Container known);
  extent::Packer& packer(const std::string& account);
  WallTime now() const { return parts_.clock.wall(); }
  ETag new_etag(ETag previous);
  WallTime whole_second(WallTime previous) const;
  void stamp_write(catalog::HeadRecord& head, Written& written);
  // Gives up placed pieces that no commit named.
  Task<void> abandon(Container container, std::vector<NewPiece> pieces);
  void drop_manifest(catalog::Transaction& t, std::uint64_t cid, const catalog::Manifest& old, const catalog::Manifest& kept,
                     const std::string& blob = {});
  void drop_upload(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, std::uint64_t epoch,
                   const catalog::Manifest& kept);

  // deleted_containers.cc
  struct NameGuard { std::string key; std::uint64_t version = 0; };
  Task<Result<NameGuard>> guard_of(ContainerRef ref, bool ignore_quarantine);   // container_being_deleted
  void take_name(catalog::Transaction& t, const ContainerRef& ref, const NameGuard& guard, std::uint64_t cid);
  void let_go_of_container(catalog::Transaction& t, const ContainerRef& ref, std::uint64_t cid);
  // encryption.cc
  Result<std::optional<catalog::EncryptionRecord>> new_encryption(const ContainerHandle& container, const std::string& account,
                                                                  const AskedEncryption& asked) const;
  // The container with the keys joined that `record` names: encryption_scope_disabled, encryption_key_missing.
  Task<Result<Container>> keyed(Container container, std::string account, std::optional<catalog::EncryptionRecord> record,
                                AskedEncryption asked);
  // For new content: what it is sealed under, and the container to seal it in.
  Task<Result<struct Sealing>> sealing(Container container, std::string account, AskedEncryption asked);

  // write.cc
  Task<Result<Ingested>> ingest(Container container, std::string account, BodySpec spec, BodySource& body,
                                std::uint64_t max_pieces);
  Task<Result<NewPiece>> seal_piece(Container container, extent::Buffer& sealed, std::uint32_t size, BodySource& body,
                                    struct Digests& digests);

  // tier.cc, expiry.cc
  void begin_rehydration(catalog::HeadRecord& head, std::string tier, bool high, WallTime at);
  bool access_is_due(const std::string& account_name, const catalog::HeadRecord& head) const;
  Task<void> note_access(ContainerRef container_ref, Container container, std::string blob);

  // tags.cc: one container's part of a search, from a position within its index ("" = the beginning). Adds to the page; gives
  // the position where to go on, "" where the container has been gone through.
  Task<Result<std::string>> find_in_container(std::uint64_t cid, ContainerRef ref, const FindByTags& find, std::string from,
                                              TagPage& page, std::size_t& looks);

  // blocks.cc
  static void take_over(catalog::Transaction& t, std::uint64_t cid, const catalog::Manifest& old, catalog::Manifest& manifest);

  // history.cc: how the states of a name follow one another
  struct HistoryRule {           // of the account, at the moment of the commit
    bool versioning = false;
    std::uint16_t retention_days = 0;   // 0: what is deleted is gone
    bool any() const { return versioning || retention_days != 0; }
  };
  HistoryRule history_rule(const std::string& account) const;
  void note_history(const AccountSettings& settings) {
    if (settings.versioning || settings.delete_retention_days != 0) history_kept_.store(true, std::memory_order_relaxed);
  }
  // A version persists whatever the account says by now.
  static bool keeps_version(const HistoryRule& rule, const catalog::HeadRecord& former) {
    return rule.versioning || catalog::version_of(former) != WallTime();
  }
  // What a new state takes over from the one that it follows.
  enum class Inherits : std::uint8_t { nothing, pieces, content };
  struct Succession {
    const ContainerHandle& container;
    const std::string& head_key;
    const std::string& blob;
    HistoryRule rule;
    Keep keep{};                 // what the new state is kept by
    WallTime version{};          // the id that the new state has elsewhere; the same version again replaces what there is of it
    Inherits inherits = Inherits::nothing;
    std::uint64_t read_at = 0;   // Transaction::require's as_of, of the head
  };
  // ETag, times and lease of a state that follows `old`.
  void begin_state(catalog::HeadRecord& next, const Head& old, WallTime at);
  // `next` takes the place of `old` (as it was read under the head's key, whatever it stands for): requires and writes the
  // head, gives the new state its version id, keeps of the old what the account wants kept, and lets go of the rest, if it
  // may (check_replace). begin_state() comes before.
  Result<void> succeed(catalog::Transaction& t, const Succession& s, Head& old, catalog::HeadRecord& next);
  // `state` is put aside as a past state of the name, whose head is to be `head`. Gives the time under which.
  WallTime put_aside(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, catalog::HeadRecord state,
                     catalog::HistoryRecord::Kind kind, catalog::HeadRecord& head);
  void soft_delete(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, WallTime time,
                   catalog::HistoryRecord& state, std::uint16_t retention_days);
  // A past state, or the current version by its id; null if it is not there or was deleted.
  Task<Result<catalog::HeadRef>> past_state(std::uint64_t cid, std::string blob, At at);
  // What `ref` names, for reading: what the name means now, or past_state().
  Task<Result<catalog::HeadRef>> named_state(std::uint64_t cid, const BlobRef& ref);
  static std::string state_key(std::uint64_t cid, const BlobRef& ref);

  // immutability.cc: blob_under_legal_hold, blob_under_policy
  static constexpr std::string_view kTimeMark = "time";
  Task<Result<void>> load_time_mark();
  Result<void> check_kept(const ContainerHandle& container, const catalog::HeadRecord& state, Touch touch) const;
  // Whether a new state of this type may take the place of `old`, as it was read under the head's key.
  Result<void> check_replace(const ContainerHandle& container, const Head& old, BlobType type, HistoryRule rule) const;
  // Part of every commit that gives a name a blob: the container's deletion must see them all, where it looks.
  static void guard_write(catalog::Transaction& t, const ContainerHandle& container);
  // A retention counts from the last write: one whose clock was set back would count from too early.
  void date_write(const ContainerHandle& container, catalog::HeadRecord& head) const;
  // The time to measure a blob's own end by: none has come in a container whose blobs are kept.
  WallTime ending_now(const ContainerHandle& container) const;
  // The container is to go, or to have another name: not with anything in it that is, or may be, kept. Under `t`.
  Task<Result<void>> check_container_goes(Container container, catalog::Transaction& t);
  using ImmutabilityOfState = std::function<Result<void>(catalog::HeadRecord&)>;
  Task<Result<ImmutabilityView>> change_state_immutability(BlobRef ref, ImmutabilityOfState change);

  // import.cc
  Task<Result<void>> place_import(Container container, std::string account, const ImportBlob& import, ImportBody& body,
                                  class ManifestWriter& writer);
  Task<Result<bool>> put_past(catalog::Transaction& t, Container container, BlobRef ref, Head found, catalog::HeadRecord state);

  // delete.cc
  Task<Result<Deleted>> delete_base(BlobRef ref, DeleteBlob how);
  Task<Result<Deleted>> delete_past(BlobRef ref, DeleteBlob how);
  // Lets go of a past state as it was read, out of the counts of `head`; with `retention_days` it is only marked.
  void remove_past(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, const std::string& key,
                   catalog::Found<catalog::HeadRecord> past, std::uint16_t retention_days, catalog::HeadRecord& head);

  // read.cc, copy.cc
  Task<Result<std::vector<Turns::Turn>>> line_up(std::vector<std::string> keys, bool met);   // keys: in their order
  std::unique_ptr<BlobReader> read_head(Container container, std::string blob, const catalog::HeadRecord& head);
  Task<Result<void>> seal_anew(Container from, Container to, std::string account, std::string blob,
                               catalog::HeadRecord head, class ManifestWriter& writer);

  // pending_copy.cc
  Task<Result<Copied>> begin_copy(BlobRef target, Conditions conditions, std::string shown_url, catalog::HeadRecord head,
                                  catalog::CopyJobRecord job, Keep keep);
  // Without conditions: whatever they are.
  Task<Result<void>> end_copy(BlobRef ref, std::string copy_id, std::string status, std::string description,
                              std::optional<Conditions> conditions);
  Task<Result<void>> fail_copy(catalog::CopyJobRecord job, std::string description);
  Task<Result<void>> forget_copy(catalog::CopyJobRecord job);
  Task<Result<void>> stage(Container container, catalog::CopyJobRecord job, std::uint64_t offset, std::string block_id, Ingested in);
  Task<Result<void>> carry_from_elsewhere(Container container, catalog::CopyJobRecord job, std::uint64_t offset, CopyRun& run);
  Task<Result<void>> carry_own(Container container, catalog::CopyJobRecord job, std::uint64_t offset, CopyRun& run);
  Task<Result<void>> finish_copy(Container container, catalog::CopyJobRecord job);
  // changes_own.cc
  struct IncrementalSource {
    Container container;             // opened as the source is sealed
    catalog::HeadRecord head;        // the snapshot's
    std::optional<std::uint64_t> before;   // writes that the former snapshot had seen; nothing: everything is taken over
    std::uint64_t former_manifest = 0;
    std::vector<std::pair<std::string, std::uint64_t>> required;   // both snapshots' records, as they were read
  };
  Task<Result<IncrementalSource>> incremental_source(BlobRef source, WallTime former);
  class OwnChanges;                  // changes_own.cc
  std::unique_ptr<class ChangeSource> own_changes(catalog::CopyJobRecord job);
  // carry_spans.cc
  Task<Result<void>> carry_spans(Container container, catalog::CopyJobRecord job, BlobType type, CopyRun& run);
  Task<Result<void>> copy_changes(Container container, catalog::CopyJobRecord& job, ChangeSource& from, CopyRun& run);
  Task<Result<void>> commit_changes(Container container, catalog::CopyJobRecord& job, const ChangeSource& from, SpanWrite& write,
                                    std::uint64_t end);
  Task<Result<void>> finish_span_copy(Container container, catalog::CopyJobRecord job, ChangeSource& from);
  // span_reader.cc, span_writes.cc
  std::unique_ptr<BlobReader> span_reader(Container container, BlobView view, const catalog::Manifest& manifest,
                                          std::uint64_t first, std::uint64_t length, std::shared_ptr<void> token);
  Task<Result<void>> write_spans(BlobRef ref, Container container, SpanWrite& write);
  Task<void> commit_spans(BlobRef ref, Container container, std::string head_key, std::vector<SpanWrite*> batch);
  Task<Result<void>> place_spans(Container container, std::string account, BodySpec spec, BodySource& body, SpanWrite& write,
                                 Written& written);
  Task<Result<void>> try_spans(BlobRef ref, Container container, SpanWrite& write);
  Task<Result<void>> finish_spans(BlobRef ref, Container container, SpanWrite& write);
  Task<void> abandon_spans(Container container, SpanWrite& write);
  void begin_spans(catalog::HeadRecord& head);   // the manifest of a new append or page blob; its guard is to be put
  // page_ranges.cc: how many writes the snapshot had seen that a difference begins at; nothing: no difference is asked for
  Task<Result<std::optional<std::uint64_t>>> previous_writes(std::uint64_t cid, BlobRef ref, std::optional<WallTime> previous,
                                                             catalog::Manifest manifest);
  Task<void> fold_when_due(LineageId id, std::uint64_t writes);
  Task<Result<void>> seal_spans_anew(Container from, Container to, std::string account, std::string blob,
                                     catalog::HeadRecord head, class ManifestWriter& writer);   // span_copy.cc
  Task<Result<void>> seal_stretch(Container from, Container to, std::string account, const BlobView& view,
                                  const catalog::Manifest& manifest, ByteRange range, class ManifestWriter& writer);

  // One read-modify-write of a blob's state (that `ref.at` names) that leaves its content alone. `change` may refuse; it is
  // called again after a conflict.
  using HeadChange = std::function<Result<void>(catalog::HeadRecord&)>;
  using HeadChangeIn = std::function<Result<void>(catalog::HeadRecord&, const Container&)>;
  Task<Result<catalog::HeadRecord>> update_head(BlobRef ref, HeadChange change, HeadUse use = {});
  Task<Result<catalog::HeadRecord>> update_head_in(BlobRef ref, HeadChangeIn change, HeadUse use = {});
  using ContainerChange = std::function<Result<void>(catalog::ContainerRecord&)>;
  Task<void> forget_container_key(std::uint64_t cid, std::string intent_key);
  Result<void> touch(catalog::ContainerRecord& record, const Conditions& conditions);
  Result<void> change_lease(Lease& lease, const LeaseAction& action, LeaseResult& result);
  struct Updated { std::uint64_t cid = 0; catalog::ContainerRecord record; };
  Task<Result<Updated>> update_container(ContainerRef ref, ContainerChange change);

  ServiceParts parts_;
  ServiceOptions options_;
  mutable extent::CipherCache ciphers_;
  mutable Forwarding forwarding_{parts_.catalog};

  Task<Result<void>> reload_account(std::string name);   // with a turn at its key
  Task<Result<std::shared_ptr<const catalog::AccountAccess>>> load_access(std::string account);   // null: nothing is there

  std::atomic<bool> history_kept_{false};   // some account keeps versions, or what was deleted
  mutable std::shared_mutex accounts_mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Account>> accounts_;

  struct CacheShard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Container> map;
    std::uint64_t forgotten = 0;   // counts forget_container(): what was read before it must not be kept after it
  };
  static constexpr std::size_t kShards = 16, kMostPerShard = 4096;
  mutable std::array<CacheShard, kShards> containers_;
  CacheShard& shard_of(const std::string& key) const { return containers_[std::hash<std::string>{}(key) % kShards]; }

  std::mutex packers_mutex_;
  std::unordered_map<std::string, std::unique_ptr<extent::Packer>> packers_;

  BlockCounts block_counts_;
  Lineages lineages_;
  SpanLines span_lines_;
  Turns turns_;   // at heads, blocks and containers, by their keys

  std::atomic<std::uint64_t> copies_noted_{0};
  std::atomic<ETag> last_etag_{0};
  WallTime lawful_start_{};      // lawful_now() at lawful_since_; set before anything else
  Instant lawful_since_{};
  mutable std::mutex token_mutex_;
  std::shared_ptr<void> token_;
  std::vector<std::weak_ptr<void>> retired_;   // generations that still had reads when last looked at
};

// How often a commit that meets conflicts is evaluated again before the client is told to come back. Writers of this
// process take turns (Turns) and come nowhere near; another gateway's may still come in between.
constexpr int kMaxConflicts = 200;
// Whether a change is evaluated again whose commit has failed so: after a conflict, and not for ever. Errors: the commit's;
// overloaded.
Result<void> evaluate_again(const Error& failed, int attempt);

// Between records and what the use cases give and take.
BlobView to_view(std::string name, const catalog::HeadRecord& head, WallTime now);
ContainerView to_view(std::string name, std::uint64_t cid, const catalog::ContainerRecord& record, WallTime now);
DeletedContainer to_deleted_view(const catalog::DeletedContainerRecord& record, WallTime now);
// A deletion's name: the time in 16 upper-case hexadecimal digits, as the service shows it.
std::string deleted_version(WallTime deleted);
std::optional<WallTime> parse_deleted_version(std::string_view text);
inline Stamp stamp(const catalog::HeadRecord& h) { return {h.etag, h.last_modified, h.extras ? &h.extras->tags : nullptr}; }
inline Stamp stamp(const catalog::ContainerRecord& c) { return {c.etag, c.last_modified}; }
void settle_tier(catalog::HeadRecord& head, WallTime now);   // one that has come back has its tier
bool archived(const catalog::HeadRecord& head, WallTime now);
bool rehydrating(const catalog::HeadRecord& head);           // as it was settled last
Result<void> check_readable(const catalog::HeadRecord& head, WallTime now);      // blob_archived
Result<void> check_replaceable(const catalog::HeadRecord& head, WallTime now);   // blob_being_rehydrated
bool expired(const catalog::HeadRecord& head, WallTime now); // counts as not there; `now`: Service::ending_now() where it is read
WallTime end_of(const catalog::HeadRecord& head);            // its own; WallTime(): none
const Tags& tags_of(const catalog::HeadRecord& head);   // lives as long as the record
void set_tags(catalog::HeadRecord& head, Tags tags);
// The index's part of a commit that puts `now` in the place of `old`: the tags of what stands there for a blob that is
// there, none of anything else. Part of every commit that writes a head.
void index_tags(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, const Tags& old, const Tags& now);
void stamp_imported(catalog::HeadRecord& head, const Imported& stamps);
void set_headers(catalog::HeadRecord& head, const ContentHeaders& headers);
ContentHeaders headers_of(const catalog::HeadRecord& head);
std::string new_guid(Random& random);

}  // namespace bascule::ops
