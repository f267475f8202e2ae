// What check() is made of. check_extents.cc: the extents and the provider; check_catalog.cc: the records that name them.
#pragma once
#include <array>
#include <map>
#include <set>

#include "jobs/check.h"
#include "catalog/forward.h"
#include "catalog/history.h"
#include "jobs/walk.h"
#include "ops/manifest.h"

namespace bascule::jobs {

// One check, on one loop.
class Checker {
 public:
  Checker(ops::Service& service, const CheckOptions& options, CheckSink& sink)
      : parts_(service.parts()), options_(options), sink_(sink), started_(parts_.clock.now()) {}

  Task<Result<CheckReport>> run();

 private:
  using ExtentId = extent::ExtentId;
  enum class State : std::uint8_t { unseen, whole, missing, cut_short, damaged };
  struct Extent {
    std::array<unsigned char, 16> id;   // unsigned: compared as the keys are
    std::uint32_t size_bytes = 0;
    State state = State::unseen;
    bool referenced = false;
    bool moved = false;                 // gathered into others: nothing of it is at the provider, and nothing should be
  };
  struct Container {
    std::string path;   // account/name, or what is known of it
    std::uint64_t cid = 0;
    std::shared_ptr<const crypto::InputKey> key;
  };
  // What a blob's walk found wrong: the first thing, and how many more.
  struct Wrong {
    Trouble trouble = Trouble::damaged;
    std::string text;
    std::uint64_t more = 0;
    void add(Trouble kind, std::string what) {
      if (!text.empty()) ++more;
      else trouble = kind, text = std::move(what);
    }
  };
  struct Covered { std::uint64_t pieces = 0, bytes = 0; };
  // The container as what is sealed so is opened; without a key where only a client has it.
  Task<Result<Container>> sealed_container(Container container, std::optional<catalog::EncryptionRecord> encryption);
  Task<Result<Container>> block_container(Container container, std::string block_key);

  // --- check_extents.cc ---
  Task<Result<void>> load_extents();
  Task<Result<void>> list_objects();
  Task<Result<void>> look_at_object(provider::ObjectInfo object);
  Task<Result<void>> ask_for_unlisted();
  Task<Result<void>> read_extents();
  Task<void> read_some(bool& failed, Completion<bool>& done);
  Task<Result<void>> read_extent(std::size_t index, std::vector<std::byte>& buffer);
  Task<Result<std::vector<std::uint32_t>>> bad_units(ExtentId id, const catalog::ExtentRecord& record,
                                                     std::vector<std::byte>& buffer);
  Task<Result<bool>> still_named(ExtentId id);
  Task<Result<bool>> still_there(ExtentId id);   // and not gathered into another
  Task<void> name_the_rest();

  // --- check_catalog.cc ---
  Task<Result<void>> walk_containers();
  Task<Result<void>> walk_deleted_containers();
  Task<Result<void>> look_at_container(Walk::Record owner, std::uint64_t cid);
  Task<Result<void>> walk_blobs();
  Task<Result<void>> look_at_past(const Container& container, std::string blob);
  Task<Result<void>> walk_head(const Container& container, Walk::Record entry);
  Task<Result<void>> walk_manifest(const Container& container, const catalog::Manifest& manifest, Covered& covered, Wrong& wrong);
  Task<Result<void>> walk_spans(const Container& container, const catalog::HeadRecord& head, Covered& covered, Wrong& wrong);   // check_spans.cc
  Task<Result<void>> look_at_entries(const Container& container, const std::vector<catalog::ManifestEntry>& entries,
                                     Covered& covered, Wrong& wrong);
  Task<Result<void>> walk_blocks();
  Task<Result<void>> walk_block(const Container& container, const Walk::Record& entry);
  // --- check_tags.cc: the index of tags says what the heads say ---
  Task<Result<void>> look_at_tags(const std::string& where, const Walk::Record& entry, const catalog::HeadRecord& head);
  Task<Result<void>> walk_tags();
  // Every other table: does each record open, and decode?
  Task<Result<void>> walk_other_tables();
  // The container that leads a key; nothing where it was deleted. One is kept: keys come in their order.
  Task<Result<const Container*>> container_of(std::uint64_t cid);
  // What is wrong with the piece goes into `wrong`, with `at` before it.
  Task<Result<void>> look_at_piece(const Container& container, const extent::Piece& piece, const std::string& at, Wrong& wrong);
  // The piece as it lies at the provider; says what is wrong with that otherwise.
  Task<Result<std::optional<extent::Piece>>> where_it_lies(extent::Piece piece, std::string at, Wrong& wrong);
  // Is the record still the one that was looked at?
  Task<Result<bool>> unchanged(const Walk::Record& record);

  Extent* find(const ExtentId& id);
  static ExtentId id_of(const std::array<unsigned char, 16>& bytes) {
    return ExtentId{extent::UniqueId::read(reinterpret_cast<const char*>(bytes.data()))};
  }
  std::string object_name(const ExtentId& id) const { return parts_.namer.name(extent::to_id16(id)); }
  Instant deadline() const;
  Task<Result<std::optional<Walk::Record>>> next(Walk& walk);
  Result<void> go_on() const {
    if (options_.stop && *options_.stop) return fail(Code::cancelled, "the check was stopped");
    return {};
  }
  void found(Trouble trouble, std::string where, std::string message);
  // A record that does not open (its own damage counts), or holds `otherwise`.
  void found_record(const Walk::Record& record, std::string_view otherwise);
  void found(const Wrong& wrong, std::string where);
  void show(CheckProgress::Phase phase, std::uint64_t done, std::uint64_t total) {
    sink_.progress({phase, done, total, report_.bytes_read});
  }

  const ops::ServiceParts& parts_;
  const CheckOptions options_;
  CheckSink& sink_;
  const Instant started_;
  CheckReport report_;
  std::vector<Extent> extents_;                                  // in the order of their ids
  std::set<ExtentId> unreadable_;                                // with a record that does not open
  std::map<ExtentId, std::vector<std::uint32_t>> bad_units_;     // of damaged ones
  std::map<ExtentId, std::uint64_t> users_;                      // blobs named for a bad extent
  std::size_t next_to_read_ = 0;
  std::size_t extents_read_ = 0;
  Error read_error_;
  std::map<std::uint64_t, std::string> names_;                   // cid -> account/name
  bool mapping_lost_ = false;                                    // a mapping does not open: a cid without a name may live
  std::set<std::string> told_;                                   // keys of damaged pages that a blob was named for
  std::optional<Container> container_;                           // the last of container_of()
};

}  // namespace bascule::jobs
