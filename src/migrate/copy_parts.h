// What copy_blob() is made of: writing a state to the target, in its own file for each way, and reading it back. Internal.
#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "migrate/copy_blob.h"

namespace bascule::migrate {

// Which side refused decides what can be done about it.
struct AttemptError {
  Error error;
  bool from_source = false;
};
template <class T> using Attempt = std::expected<T, AttemptError>;

inline std::unexpected<AttemptError> source_failed(Error error) { return std::unexpected(AttemptError{std::move(error), true}); }
inline std::unexpected<AttemptError> target_failed(Error error) { return std::unexpected(AttemptError{std::move(error), false}); }

// A body that hashes what passes. The target may ask for it in pieces as it likes.
class HashingBody final : public ops::BodySource {
 public:
  HashingBody(CopyContext& context, const SourceBlob& blob, SourceReader* reader, bool with_md5)
      : context_(context), reader_(reader), with_md5_(with_md5), stoppable_(blob.size_bytes > kFinishedAnyway),
        flips_(context.spoils(blob) && context.options.sabotage == Sabotage::flip) {}

  // The next bytes of the reader, so many of them, are one body.
  void limit(std::uint64_t size_bytes) { left_ = size_bytes; }
  void read_from(SourceReader* reader) { reader_ = reader; }

  Task<Result<std::size_t>> read(MutableBytes into) override;

  const std::optional<Error>& error() const { return error_; }
  std::uint64_t crc() const { return crc_; }
  std::uint64_t size() const { return size_; }
  bool drained() const { return left_ == 0; }
  Md5Value md5() { return md5_.finish(); }

 private:
  CopyContext& context_;
  SourceReader* reader_;
  const bool with_md5_, stoppable_, flips_;
  std::uint64_t left_ = 0, size_ = 0, crc_ = 0;
  Md5 md5_;
  std::optional<Error> error_;
};

// A failed write: the body's own error is the cause where there is one.
std::unexpected<AttemptError> write_failed(const HashingBody& body, Error error);

BlobProperties properties_of(const SourceBlob& blob);

// Opens a stretch of the source; a small blob has been read whole then.
Task<Result<std::unique_ptr<SourceReader>>> open_source(CopyContext& context, const std::string& container,
                                                        const SourceBlob& blob, std::uint64_t offset,
                                                        std::uint64_t size_bytes, bool proven);

struct Hashed {
  std::uint64_t crc = 0, size_bytes = 0;   // of what was read: of a page blob without the holes,
  std::uint64_t ranges = 0;                // which are told apart by this (RangesSum)
  Md5Check md5 = Md5Check::none;
  std::uint64_t target_state = 0, uncommitted_blocks = 0;
};

// put_content.cc: a block blob, whole or in its blocks.
Task<Attempt<Hashed>> put_content(CopyContext& context, const std::string& container, const SourceBlob& blob,
                                  const std::vector<SourceBlock>& blocks, bool proven);
// import_state.cc: append and page blobs, and past states of any type.
Task<Attempt<Hashed>> import_state(CopyContext& context, const std::string& container, const SourceBlob& blob, ops::At at,
                                   std::vector<SourceBlock> blocks, bool proven);
// read_back.cc: `corrupt` where the target's copy is not what was read from the source.
Task<Result<void>> read_back(CopyContext& context, const std::string& container, const SourceBlob& blob, ops::At at,
                             Hashed& hashed);

}  // namespace bascule::migrate
