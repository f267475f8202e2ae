// A batch's body: whatever it is, its parts are whole requests of one kind, none beyond the limit, with the batch's host.
#include "api/blob/batch.h"
#include "api/common/multipart.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  std::string_view rest = fuzz::text(data, size);
  const std::string_view type = fuzz::next_part(rest, '\n');
  const auto boundary = api::multipart_boundary(type);
  if (boundary) {
    fuzz::must(!boundary->empty() && boundary->size() <= 70, "a boundary of a wrong length");
    fuzz::must(boundary->find_first_of("\r\n\"") == std::string::npos, "a boundary that breaks its line");
  }
  const std::string named = boundary.value_or("b");
  const auto pieces = api::split_multipart(rest, named, {.parts = 8, .headers = 4});
  if (pieces) {
    fuzz::must(pieces->size() <= 8, "more parts than allowed");
    for (const auto& piece : *pieces) {
      fuzz::must(piece.headers.size() <= 4, "more headers than allowed");
      fuzz::must(piece.content.empty() || (piece.content.data() >= rest.data() && piece.content.data() + piece.content.size() <= rest.data() + rest.size()),
                 "a part from elsewhere");
      fuzz::must(piece.content.find("\r\n--" + named + "\r\n") == std::string_view::npos, "a part that holds a delimiter");
    }
  }
  const auto parts = api::blob::parse_batch(rest, named, "account.example");
  if (!parts) return 0;
  fuzz::must(!parts->empty() && parts->size() <= api::blob::kMaxBatchParts, "a batch of a wrong size");
  for (const auto& part : *parts) {
    const http::Request& request = part->request;
    fuzz::must(request.method == "DELETE" || request.method == "PUT", "a part of another method");
    fuzz::must(request.path.starts_with('/'), "a part without a path");
    fuzz::must(request.count("Host") == 1 && request.find("Host") == "account.example", "a part with a host of its own");
    fuzz::must(request.content_length == 0 && !request.chunked, "a part with a body");
    fuzz::must(!part->content_id.empty(), "a part without an id");
    fuzz::must(part->request.method == parts->front()->request.method, "parts of two kinds");
  }
  return 0;
}
