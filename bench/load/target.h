// The operations of a benchmark, as sequences of requests in the words of each service.
#pragma once
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/content.h"
#include "load/dialect.h"

namespace bench {

// append: to the append blob of a key. put_page, get_page: a key is a page's place in one page blob.
enum class Work : std::uint8_t {
  get, head, put, put_blocks, list, remove, create, create_append, append, create_pages, put_page, get_page, find
};

// One operation under way. Reused by its connection, so that its strings keep their memory.
struct Operation {
  Work work = Work::get;
  std::uint64_t key = 0;
  std::uint64_t size = 0;
  unsigned part = 0;                 // put_blocks: which request of the sequence comes next
  std::string token;                 // list: where the next page begins; S3 multipart: the upload's id
  std::vector<std::string> etags;    // S3 multipart
  std::uint64_t names = 0;           // list: seen in this walk so far
  std::uint64_t page_names = 0;      // list: seen in the last page
};

// One request of an operation and what its answer must be.
struct Request {
  std::string head;
  std::uint64_t content_position = 0;  // body: key's content from here ...
  std::uint64_t content_length = 0;    // ... for so long,
  std::string text;                    // or this
  bool verify_content = false;         // the answer's body is key's whole content
  bool collect_body = false;           // keep the answer's body for advance()
  bool headers_only = false;           // answer to HEAD: a length but no body
  int also_accepted = 0;               // a status that is no error although it is not 2xx
};

// A complete answer with an accepted status.
struct Answer {
  int status = 0;
  std::string_view etag;
  std::string_view body;  // where collect_body was set
};

enum class Progress : std::uint8_t { done, more, wrong };

struct TargetOptions {
  std::string container = "bench";
  std::string prefix = "k";
  std::uint64_t block_size = 8u << 20;
  std::uint64_t page_names = 5000;
  std::string include;               // Azure: what a listing shows beside the blobs: "versions", "snapshots"
  std::uint64_t expected_names = 0;  // a whole walk of the listing must see so many; 0: not checked
  std::uint64_t tag_hits = 0;        // Azure: puts give a tag that so many keys share, and a find looks for it; 0: no tags
  bool sign_payload = false;         // S3: hash each body
  std::uint64_t blob_bytes = 0;      // create_pages: the page blob's size
};

// Not for use by several threads.
class Target {
 public:
  virtual ~Target() = default;
  virtual bool supports(Work work) const = 0;
  // Fills in the next request of the operation.
  virtual void write(const Operation& operation, std::time_t now, Request& request) = 0;
  // Takes the answer to it. `wrong`: the answer is not what it must be.
  virtual Progress advance(Operation& operation, const Answer& answer) = 0;
};

std::unique_ptr<Target> make_azure_target(std::unique_ptr<Dialect> dialect, TargetOptions options);
std::unique_ptr<Target> make_s3_target(std::unique_ptr<Dialect> dialect, TargetOptions options, const Content& content);
std::unique_ptr<Target> make_plain_target(std::unique_ptr<Dialect> dialect, TargetOptions options);

// Helpers that the targets share.
// Reading, asking after and deleting an object are the same in every service; false: another kind of work.
bool write_simple(Work work, Call& call, Request& request);
void object_path(const TargetOptions& options, std::uint64_t key, std::string& out);  // /container/k00000017
// Counts the listing's names and finds the next page's marker; the walk ends when there is none.
Progress advance_listing(Operation& operation, std::string_view body, std::string_view name_tag,
                         std::string_view marker_tag, std::uint64_t expected_names);
std::string_view xml_text(std::string_view body, std::string_view tag);  // the first <tag>text</tag>; "" if none
std::string xml_unescaped(std::string_view text);

}  // namespace bench
