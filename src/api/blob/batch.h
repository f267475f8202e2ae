// Blob Batch: up to 256 deletions or tier changes in one request, each authorised and answered on its own. Sources: "Blob
// Batch" in Microsoft's documentation, AZURE-ANSWERS 9. What is wrong with the batch as a whole, once its body was read,
// is told by 202 with a single part that has no Content-ID, as the service does and its clients expect.
#pragma once
#include <string>
#include <vector>

#include "api/blob/call.h"

namespace bascule::api::blob {

inline constexpr std::size_t kMaxBatchParts = 256;
inline constexpr std::size_t kMaxBatchBytes = 4 * 1024 * 1024;

// One part, as a request: `head` is what parse_request_head() takes, with the batch's own Host.
struct BatchPart {
  std::string content_id;
  std::string head;
  http::Request request;  // views into `head`

  BatchPart() = default;
  BatchPart(const BatchPart&) = delete;  // the views would dangle
  BatchPart& operator=(const BatchPart&) = delete;
};

// Cuts a batch's body into its parts, all of one kind. Pure: no account, no authorisation. `host` stands for whatever
// host a part may name.
Parsed<std::vector<std::unique_ptr<BatchPart>>> parse_batch(std::string_view body, std::string_view boundary,
                                                            std::string_view host);

// The address of a part: relative to the batch's own. In path style the account's segment may be left out.
Parsed<Target> part_target(const Call& batch, const http::Request& part);

// The operations that a batch may hold.
bool batch_takes(auth::Operation operation);

}  // namespace bascule::api::blob
