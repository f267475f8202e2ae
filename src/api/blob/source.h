// The source of an operation that takes its content from a URL: one of our own blobs through the use cases, without a way
// over the network, anything else through ops::Remote.
#pragma once
#include <memory>

#include "api/blob/call.h"
#include "api/blob/copy_source.h"

namespace bascule::api::blob {

// The operation's source, opened for reading, its conditions met.
class Source final : public ops::BodySource {
 public:
  std::string url_without_query;
  std::string etag;                // as the source's server writes it; "" = it has none
  std::uint64_t length_bytes = 0;  // of what read() gives
  std::uint64_t size_bytes = 0;    // of the whole
  ops::ContentHeaders headers;
  ops::Metadata metadata;
  ops::Tags tags;                  // of a blob of ours
  std::string blob_type;           // "" = unknown; of one elsewhere
  std::uint64_t sequence_number = 0, committed_blocks = 0;
  bool sealed = false;

  explicit Source(std::unique_ptr<ops::BlobReader> ours) : ours_(std::move(ours)) {}
  explicit Source(std::unique_ptr<ops::RemoteContent> other) : other_(std::move(other)) {}
  Task<Result<std::size_t>> read(MutableBytes into) override;
  bool failed() const { return failed_; }   // a read: the source's fault, not the client's

 private:
  const std::unique_ptr<ops::BlobReader> ours_;
  const std::unique_ptr<ops::RemoteContent> other_;
  Bytes rest_;
  std::uint64_t given_ = 0;
  bool failed_ = false;
};

struct SourceUse {
  std::optional<ops::ByteRange> range;
  bool own_key = false;   // the caller's Shared Key, or roles, open sources of its own account too (Copy Blob alone)
  bool tags = false;      // the source's tags are taken over: who asks must be allowed to read them, too
};
// x-ms-copy-source, its authorisation and its conditions. A source of unknown length is refused (AZURE-DETAILS 48).
Task<Parsed<std::unique_ptr<Source>>> open_source(Call& call, SourceUse use);

// The parts of it. x-ms-copy-source as a whole:
Parsed<CopySource> read_copy_source(const Call& call);
// May whoever asks read this blob of ours, or do `operation` to it?
Task<Answer> authorise_source(Call& call, const Target& source, bool own_key,
                              auth::Operation operation = auth::Operation::get_blob);
// A source that cannot be read: its own status and text under the copy's code (AZURE-ANSWERS 8).
Problem source_problem(const Call& call, int status, std::string_view code, std::string_view text);
// A use case's error about a source of ours.
Problem source_error(const Call& call, Error error);
// A read that broke off while the content was taken over: worded as the source's; others pass unchanged.
Problem unless_source_failed(const Call& call, const Source& source, Problem problem);

}  // namespace bascule::api::blob
