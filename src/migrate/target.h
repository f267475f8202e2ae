// Where content goes: this installation's own operations, in this process (OpsTarget).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "migrate/source.h"
#include "ops/operations.h"

namespace bascule::migrate {

// What is written of one blob, content apart.
struct BlobProperties {
  ops::ContentHeaders headers;
  ops::Metadata metadata;
  std::string tier;
};

class TargetReader {
 public:
  virtual ~TargetReader() = default;
  virtual std::uint64_t size_bytes() const = 0;
  virtual const BlobProperties& properties() const = 0;
  virtual std::uint64_t state() const = 0;  // as Target::state() names it
  virtual Task<Result<Bytes>> next() = 0;  // verified bytes in order, valid until the next call; empty = complete
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
  // Names what is there now: another value after every write; 0 = nothing of that name.
  virtual Task<Result<std::uint64_t>> state(std::string container, std::string blob) = 0;
  virtual Task<Result<std::unique_ptr<TargetReader>>> open(std::string container, std::string blob) = 0;
};

}  // namespace bascule::migrate
