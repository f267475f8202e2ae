// Manifests: writing them (in the head while they are small, else as pages under a fresh id before the head is swapped)
// and walking them.
#pragma once
#include "ops/service.h"

namespace bascule::ops {

// Collects a new manifest's entries in order. Pages go out in commits of their own, together with the extents they name
// and a record of the intent, so that a crash before the head's commit leaves nothing unnamed.
class ManifestWriter {
 public:
  // `owns_pieces`: the pieces are new and belong to nobody else; false for a block list, which takes over what is there.
  ManifestWriter(catalog::Catalog& catalog, ContainerRef ref, Container container, bool owns_pieces);
  // Of an append or page blob: add_span() instead of add(), in the order of the offsets.
  enum class Of : std::uint8_t { entries, spans };
  ManifestWriter(catalog::Catalog& catalog, ContainerRef ref, Container container, Of of);
  // `extent` is named by the same commit as the entry; null: it is named already.
  Task<Result<void>> add(catalog::ManifestEntry entry, std::shared_ptr<const extent::PlacedExtent> extent);
  Task<Result<void>> add_span(catalog::Span span, std::shared_ptr<const extent::PlacedExtent> extent);
  // Adds what is left to the head's transaction and returns the manifest to put into the head. Nothing is added after it; for
  // another evaluation after a conflict the same again into a new transaction.
  Task<Result<catalog::Manifest>> finish(catalog::Transaction& head);
  // The head will not be swapped: what was written becomes garbage for the sweeper.
  Task<void> give_up();
  const catalog::Manifest& manifest() const { return manifest_; }

 private:
  Task<Result<void>> flush_page();
  Task<Result<void>> note(const std::shared_ptr<const extent::PlacedExtent>& extent);
  std::string page_value() const;
  Task<Result<void>> name_unnamed();

  catalog::Catalog& catalog_;
  const ContainerRef ref_;
  const Container container_;
  const bool owns_pieces_;
  std::uint64_t mapping_version_;   // of the container's mapping, as it was last seen
  catalog::Manifest manifest_;
  std::vector<catalog::ManifestEntry> pending_;
  std::vector<catalog::Span> pending_spans_;
  std::vector<std::shared_ptr<const extent::PlacedExtent>> unnamed_;
  std::size_t pending_bytes_ = 0, unnamed_bytes_ = 0;
  std::uint64_t page_offset_ = 0, offset_ = 0;  // plaintext
};

// Walks a manifest's entries from the one that holds a given plaintext offset.
class ManifestCursor {
 public:
  ManifestCursor(catalog::Catalog& catalog, std::uint64_t cid, catalog::Manifest manifest)
      : catalog_(catalog), cid_(cid), manifest_(std::move(manifest)) {}
  // Where the entry starts, and the entry; null after the last. Pointers live until the next call.
  struct At { std::uint64_t offset = 0; const catalog::ManifestEntry* entry = nullptr; };
  Task<Result<void>> seek(std::uint64_t offset);
  Task<Result<At>> next();
  // Without waiting, for manifests in the head: false = the next entry needs next().
  bool try_next(At& at);

 private:
  Task<Result<void>> load(std::string begin, bool reverse);

  catalog::Catalog& catalog_;
  const std::uint64_t cid_;
  catalog::Manifest manifest_;   // its entries: the whole of it, or the current page
  std::size_t index_ = 0;
  std::uint64_t offset_ = 0;     // where entries[index_] starts
  bool loaded_ = false, end_ = false;
};

// All entries at once (a block list asks for them).
Task<Result<std::vector<catalog::ManifestEntry>>> all_entries(catalog::Catalog& catalog, std::uint64_t cid,
                                                              catalog::Manifest manifest);

}  // namespace bascule::ops
