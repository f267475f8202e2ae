// Content that lies elsewhere, behind a URL: what copies read from. The use cases know it by this interface alone; how a
// URL is fetched, and which addresses may be asked, is fetch/'s.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "ops/operations.h"

namespace bascule::ops {

// Conditions as header texts: another server's ETags need not be of our form. "" = none.
struct RemoteConditions {
  std::string if_match, if_none_match, if_modified_since, if_unmodified_since, if_tags;
};

struct RemoteQuery {
  std::string url;                  // http or https, with its query. A secret: it may hold a signature
  std::string authorization;        // a secret; "" = none
  std::string key, key_sha256, key_algorithm;   // that the other side is to open it with: a secret; "" = none
  std::optional<ByteRange> range;
  RemoteConditions conditions;
  bool head_only = false;           // HEAD instead of GET
};

// The answer's head. Refusals of the other side are answers too.
struct RemoteHead {
  int status = 0;
  std::string error_code, error_message;     // of a refusal, as far as it says
  std::optional<std::uint64_t> length_bytes; // of what body() gives
  std::optional<std::uint64_t> size_bytes;   // of the whole content
  std::string etag;                          // as sent, with its quotes
  std::optional<WallTime> last_modified;
  ContentHeaders headers;
  Metadata metadata;                         // x-ms-meta-*, as sent: not checked
  std::string blob_type;                     // x-ms-blob-type, "" where the other side is no blob store
  std::uint64_t sequence_number = 0;         // of a page blob
  std::uint64_t committed_blocks = 0;        // of an append blob
  bool sealed = false;
  bool good() const { return status == 200 || status == 206; }
};

// Get Page Ranges.
struct RemotePages {
  RemoteHead head;                           // nothing else, where it is not good()
  std::vector<PageRange> ranges;             // in order
  bool complete = true;                      // else: go on behind the last one
};

// One answer. The body is read by one coroutine, on the loop that asked; going without reading to the end is fine.
class RemoteContent : public BodySource {
 public:
  virtual const RemoteHead& head() const = 0;
};

class Remote {
 public:
  virtual ~Remote() = default;
  // GET. Redirects are answers like others: they are not followed. Errors: invalid_argument (no URL that may be asked),
  // unsupported (the address is not one that this server may connect to), unavailable, timeout, permission_denied (its
  // certificate). No message repeats the URL's query.
  virtual Task<Result<std::unique_ptr<RemoteContent>>> open(RemoteQuery query) = 0;
  // Of the page blob that the URL names, in `query.range`; since `former`, a snapshot's time, or all. Errors as of open(),
  // and unavailable for a list that makes no sense.
  virtual Task<Result<RemotePages>> page_ranges(RemoteQuery query, std::string former) = 0;
};

}  // namespace bascule::ops
