// Where content goes: this installation's own operations, in this process (OpsTarget).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "migrate/source.h"
#include "ops/import.h"

namespace bascule::migrate {

// What is written of one blob, content apart.
struct BlobProperties {
  ops::ContentHeaders headers;
  ops::Metadata metadata;
  std::string tier;
  ops::Tags tags;                        // bytewise by key
  ops::BlobType type = ops::BlobType::block;
  bool sealed = false;
  std::uint32_t committed_blocks = 0;    // append blobs
  std::uint64_t sequence_number = 0;     // page blobs
  ops::Imported stamps;
  WallTime expires{};                    // of what is there now; WallTime(): never
};

// The places of a page blob's content, as one number: two that have the same have the same holes.
class RangesSum {
 public:
  void add(std::uint64_t offset, std::uint64_t length_bytes);   // in order; neighbours count as one
  std::uint64_t finish();

 private:
  void close();
  std::uint64_t first_ = 0, end_ = 0, sum_ = 0;
};

class TargetReader {
 public:
  virtual ~TargetReader() = default;
  virtual std::uint64_t size_bytes() const = 0;
  virtual const BlobProperties& properties() const = 0;
  virtual std::uint64_t state() const = 0;  // as Target::state() names it
  // Verified bytes in order, valid until the next call; empty = complete. Of a page blob: without the holes.
  virtual Task<Result<Bytes>> next() = 0;
  virtual std::uint64_t ranges() = 0;        // of a page blob, once next() has come to its end: RangesSum
};

// Calls are made from one loop. What succeeds is durable.
class Target {
 public:
  virtual ~Target() = default;
  // Makes the container or takes the one that is there, and gives it metadata, public access and (where known) policies.
  // The value names this life of the container: another one where it was deleted and made again; 0 = not known.
  virtual Task<Result<std::uint64_t>> ensure_container(SourceContainer container, SourceAccess access) = 0;
  // Writes a whole blob, replacing what is there.
  virtual Task<Result<void>> put_blob(std::string container, std::string blob, BlobProperties properties,
                                      std::uint64_t size_bytes, ops::BodySource& body) = 0;
  virtual Task<Result<void>> put_block(std::string container, std::string blob, std::string block_id,
                                       std::uint64_t size_bytes, ops::BodySource& body) = 0;
  virtual Task<Result<void>> commit(std::string container, std::string blob, BlobProperties properties,
                                    std::vector<std::string> block_ids) = 0;
  // Writes a whole state of a blob of any type, in the place of the history that `at` names.
  virtual Task<Result<void>> import_blob(std::string container, std::string blob, ops::At at, BlobProperties properties,
                                         std::uint64_t size_bytes, ops::ImportBody& body) = 0;
  // Gives a state that is there the policy and the hold of its own; what is over already is left away.
  virtual Task<Result<void>> keep(std::string container, std::string blob, ops::At at, ops::Keep keep) = 0;
  // Names what is there: another value after every write; 0 = nothing of that name, or of that place in its history.
  virtual Task<Result<std::uint64_t>> state(std::string container, std::string blob, ops::At at) = 0;
  virtual Task<Result<std::unique_ptr<TargetReader>>> open(std::string container, std::string blob, ops::At at) = 0;
};

}  // namespace bascule::migrate
