// Where a copy that is written as spans takes its content from: all that a state of an append or page blob has, or what
// changed in a page blob since a former state of it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/records.h"
#include "ops/operations.h"
#include "ops/remote.h"
#include "ops/source_elsewhere.h"

namespace bascule::ops {

// On one loop. Errors: invalid_argument, the copy has failed (source_failed()); others: it may go on later.
class ChangeSource {
 public:
  struct Changes {
    std::uint64_t end = 0;             // they are all there are up to here
    std::vector<ByteRange> written;    // in order, both ends set; so are the cleared ones
    std::vector<ByteRange> cleared;
    std::uint64_t bytes = 0;           // of what was written
    bool full() const { return bytes >= kMostBytes || written.size() + cleared.size() >= kMostRanges; }
  };
  static constexpr std::uint64_t kMostBytes = 16 * 1024 * 1024;   // of content in one write of the target
  static constexpr std::size_t kMostRanges = 200;                 // so that a write's record stays under the store's value limit

  struct Properties {
    ContentHeaders headers;
    Metadata metadata;
    std::optional<catalog::PageState> page;
  };

  virtual ~ChangeSource() = default;
  // Looks whether the state is still there and as it was; before each of the others.
  virtual Task<Result<void>> look() = 0;
  // From `from`, which lies within the content, on: as much as one write should hold.
  virtual Task<Result<Changes>> next(std::uint64_t from) = 0;
  virtual Task<Result<std::unique_ptr<BodySource>>> open(ByteRange range) = 0;
  virtual Result<Properties> properties() const = 0;   // of that state
  // Records, with their versions, that a commit of what was read must find unchanged.
  virtual std::vector<std::pair<std::string, std::uint64_t>> required() const { return {}; }
};

// From elsewhere, what `job` says. `remote` is the caller's.
std::unique_ptr<ChangeSource> changes_elsewhere(Remote& remote, catalog::CopyJobRecord job, BlobType type);

}  // namespace bascule::ops
