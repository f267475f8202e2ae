// The content of a write, plain or as a structured message, with what the client says of its hashes.
#pragma once
#include <optional>

#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/structured_message.h"
#include "ops/types.h"

namespace bascule::api::blob {

// Lives in its handler's frame, beside the use case that reads it.
class IncomingBody final : public ops::BodySource {
 public:
  explicit IncomingBody(Call& call) : call_(call) {}
  // Reads the request's head: lengths within `limit_bytes` (413), well-formed hashes, none beside a structured message.
  Parsed<> prepare(std::uint64_t limit_bytes);

  std::uint64_t length_bytes() const { return length_bytes_; }  // of the content
  DeclaredHashes& declared() { return declared_; }
  Task<Result<std::size_t>> read(MutableBytes into) override;

  // A use case's error in the protocol's words, hashes that differ included.
  Problem problem(Error error) const;
  // x-ms-structured-body, where the request had it.
  void acknowledge(Reply& reply) const;

 private:
  Task<Result<void>> read_framing();
  Call& call_;
  std::uint64_t length_bytes_ = 0;
  DeclaredHashes declared_;
  std::optional<StructuredReader> message_;
};

// True where the request's, or for a read the answer's, body is to be a structured message. From 2025-01-05.
Parsed<bool> wants_structured(const Call& call);

}  // namespace bascule::api::blob
