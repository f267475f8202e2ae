// A state of a blob as it was elsewhere: what a migration writes. It keeps the place in its name's history that it had there,
// so that who remembers a snapshot's time or a version's id finds it here. No client can ask for this.
#pragma once
#include "ops/operations.h"

namespace bascule::ops {

struct ImportBlob {
  BlobType type = BlobType::block;
  std::uint64_t size_bytes = 0;
  ContentHeaders headers;
  Metadata metadata;
  std::string tier;                        // block blobs
  Tags tags;
  Imported stamps;                         // of a past state `version` counts for nothing: the reference names it
  std::uint32_t committed_blocks = 0;      // append blobs
  bool sealed = false;
  std::uint64_t sequence_number = 0;       // page blobs
};

// The content, stretch by stretch, in order. Of a block blob the stretches follow one another, and one that has an id is a
// block; of an append blob they follow one another; of a page blob those that there are, the rest are holes.
class ImportBody : public BodySource {
 public:
  struct Stretch {
    std::uint64_t offset = 0, length_bytes = 0;
    std::optional<std::string> block_id;
  };
  // Nothing: complete. read() gives the bytes of the stretch that was named last.
  virtual Task<Result<std::optional<Stretch>>> next() = 0;
};

}  // namespace bascule::ops
