#include "api/blob/batch.h"

#include <algorithm>
#include <deque>

#include "api/blob/errors.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/multipart.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "api/common/version.h"
#include "http/head_parser.h"
#include "runtime/completion.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kPartsAtOnce = 32;  // their commits share synced writes
constexpr std::string_view kPartServer = "Windows-Azure-Blob/1.0";
constexpr std::string_view kLine = "\r\n";

// Takes a part's answer into memory: such answers are short.
class PartExchange final : public http::Exchange {
 public:
  explicit PartExchange(const http::Request& request) : request_(request) {}

  const http::Request& request() const override { return request_; }
  Task<Result<std::size_t>> read_body(MutableBytes) override { co_return std::size_t{0}; }
  std::uint64_t body_bytes_read() const override { return 0; }
  Task<Result<void>> respond(http::Response response, Slices body) override {
    response_ = std::move(response);
    append(body);
    co_return Result<void>();
  }
  Task<Result<void>> start(http::Response response, std::optional<std::uint64_t>) override {
    response_ = std::move(response);
    co_return Result<void>();
  }
  Task<Result<void>> write(Slices slices) override {
    append(slices);
    co_return Result<void>();
  }
  Task<Result<void>> finish() override { co_return Result<void>(); }
  bool started() const override { return response_.has_value(); }
  void cut() override { cut_ = true; }

  const http::Response* answer() const { return response_ && !cut_ ? &*response_ : nullptr; }
  const std::string& body() const { return body_; }

 private:
  void append(Slices slices) {
    for (const Bytes& slice : slices) body_.append(as_text(slice));
  }
  const http::Request& request_;
  std::optional<http::Response> response_;
  std::string body_;
  bool cut_ = false;
};

enum class Kind : std::uint8_t { none, deletion, tier };

// What a part asks for, as far as its method and query tell; the router has the last word.
Kind kind_of(const http::Request& request) {
  const auto query = auth::parse_query(request.query);
  if (!query || auth::find_parameter(*query, "restype")) return Kind::none;
  const std::string* comp = auth::find_parameter(*query, "comp");
  if (request.method == "DELETE" && (!comp || comp->empty())) return Kind::deletion;
  if (request.method == "PUT" && comp && same_text(*comp, "tier")) return Kind::tier;
  return Kind::none;
}

bool is_host_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && http::same_name(line.substr(0, colon), "host");
}

// The part's text with the batch's Host in place of any of its own; a missing first slash is added.
std::string request_head(std::string_view content, std::string_view host) {
  std::string head;
  head.reserve(content.size() + host.size() + 16);
  bool first = true;
  while (!content.empty()) {
    const std::size_t end = content.find(kLine);
    const std::string_view line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + kLine.size());
    if (line.empty()) break;  // nothing of the two operations has a body
    if (!first && is_host_line(line)) continue;
    if (first) {
      const std::size_t target = line.find(' ') + 1;  // 0: no request line at all, refused when it is parsed
      const std::string_view named = line.substr(target);
      const bool relative = target > 0 && !named.starts_with('/') && named.find("://") == std::string_view::npos;
      head.append(line.substr(0, target)).append(relative ? "/" : "").append(named).append(kLine);
    } else {
      head.append(line).append(kLine);
    }
    if (first) head.append("Host: ").append(host).append(kLine);
    first = false;
  }
  return head.append(kLine);
}

bool is_content_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char c) { return c >= ' ' && c <= '~'; });
}

bool has_body(std::string_view content) {
  const std::size_t end = content.find("\r\n\r\n");
  return end != std::string_view::npos && content.find_first_not_of("\r\n", end) != std::string_view::npos;
}

void append_headers(std::string& out, const http::Response& response, bool common) {
  static constexpr std::string_view kCommon[] = {"x-ms-request-id", "x-ms-version", "x-ms-client-request-id"};
  const auto is_common = [](std::string_view name) {
    return std::ranges::any_of(kCommon, [&](std::string_view known) { return http::same_name(known, name); });
  };
  const auto append = [&](const http::Header& header) {
    out.append(header.name).append(": ").append(header.value).append(kLine);
  };
  if (!common) {
    for (const http::Header& header : response.headers)
      if (!is_common(header.name) && !http::same_name(header.name, "Server") && !http::same_name(header.name, "Content-Type"))
        append(header);
    return;
  }
  for (std::string_view name : kCommon)
    for (const http::Header& header : response.headers)
      if (http::same_name(header.name, name)) append(header);
}

// In the order in which the service writes parts (AZURE-ANSWERS 9).
void append_part(std::string& out, std::string_view boundary, const std::string* content_id,
                 const http::Response& response, std::string_view body) {
  out.append("--").append(boundary).append("\r\nContent-Type: application/http\r\n");
  if (content_id) out.append("Content-ID: ").append(*content_id).append(kLine);
  out.append("\r\nHTTP/1.1 ");
  append_decimal(out, static_cast<std::uint64_t>(response.status));
  out.append(" ").append(!response.reason.empty() ? std::string_view(response.reason)
                         : response.status == 202 ? "Accepted"
                                                  : "OK");
  out.append(kLine);
  append_headers(out, response, false);
  append_headers(out, response, true);
  if (!body.empty()) {
    out.append("Content-Length: ");
    append_decimal(out, body.size());
    out.append("\r\nContent-Type: application/xml\r\n");
  }
  out.append("Server: ").append(kPartServer).append(kLine).append(kLine);
  if (!body.empty()) out.append(body).append(kLine);
}

// An answer to what never became a request of its own: the batch itself, or a part that broke off.
void append_failure(std::string& out, const Call& call, std::string_view boundary, const std::string* content_id,
                    Problem problem) {
  const Worded error = word(std::move(problem), Subject::blob);
  http::Response response;
  response.status = error.status;
  response.reason = error.text;
  response.add("x-ms-error-code", error.code);
  add_common_headers(response, call);
  append_part(out, boundary, content_id, response, error_body(error, call.request_id, call.now()));
}

struct Running {
  explicit Running(const http::Request& request) : exchange(request) {}
  PartExchange exchange;
  Completion<bool> done;
};

Task<void> run_part(const Call& call, Running& running) {
  co_await call.service.handle_part(call, running.exchange);
  running.done.set(true);
}

// All parts, some at a time, their answers in the order of the parts.
Task<void> run_parts(const Call& call, const std::vector<std::unique_ptr<BatchPart>>& parts, std::string_view boundary,
                     std::string& out) {
  std::deque<Running> running;
  std::size_t begun = 0;
  for (std::size_t ended = 0; ended < parts.size(); ++ended) {
    for (; begun < parts.size() && running.size() < kPartsAtOnce; ++begun) {
      Running& next = running.emplace_back(parts[begun]->request);
      spawn(co_await this_executor(), run_part(call, next));
    }
    co_await running.front().done.wait();
    const PartExchange& exchange = running.front().exchange;
    const std::string& content_id = parts[ended]->content_id;
    if (const http::Response* answer = exchange.answer()) append_part(out, boundary, &content_id, *answer, exchange.body());
    else append_failure(out, call, boundary, &content_id, Fault::internal_error);
    running.pop_front();
  }
}

// A batch of one container holds nothing of another.
Parsed<> check_scope(const Call& call, const std::vector<std::unique_ptr<BatchPart>>& parts) {
  if (call.target.container.empty()) return {};
  for (const auto& part : parts) {
    const Parsed<Target> target = part_target(call, part->request);
    if (target && target->container != call.target.container) return refuse(Fault::invalid_input);
  }
  return {};
}

}  // namespace

bool batch_takes(auth::Operation operation) {
  using enum auth::Operation;
  return operation == delete_blob || operation == delete_blob_version || operation == permanently_delete_blob ||
         operation == set_blob_tier;
}

Parsed<Target> part_target(const Call& batch, const http::Request& part) {
  const auto& domains = batch.service.domains();
  if (!batch.target.path_style) return parse_target(batch.target.host, part.path, part.query, domains, batch.service.operations());
  std::string account(1, '/');
  account.append(batch.target.account);
  const bool named = part.path.starts_with(account) && part.path.substr(account.size()).starts_with('/');
  const std::string path = named ? std::string(part.path) : account + std::string(part.path);
  BASCULE_ASSIGN(Target target, parse_target(batch.target.host, path, part.query, domains, batch.service.operations()));
  target.raw_path = part.path;  // as it was signed
  return target;
}

Parsed<std::vector<std::unique_ptr<BatchPart>>> parse_batch(std::string_view body, std::string_view boundary,
                                                            std::string_view host) {
  bool too_many = false;
  const auto pieces = split_multipart(body, boundary, {.parts = kMaxBatchParts}, &too_many);
  if (too_many) return refuse(Fault::exceeds_max_batch_request_count);
  if (!pieces || pieces->empty()) return refuse(Fault::invalid_input);
  std::vector<std::unique_ptr<BatchPart>> parts;
  parts.reserve(pieces->size());
  Kind kind = Kind::none;
  for (const BodyPart& piece : *pieces) {
    auto part = std::make_unique<BatchPart>();
    part->content_id = piece.get("Content-ID");
    if (!is_content_id(part->content_id) || !same_text(piece.get("Content-Type"), "application/http") || has_body(piece.content))
      return refuse(Fault::invalid_input);
    part->head = request_head(piece.content, host);
    const http::HeadError error = http::parse_request_head(part->head, http::ConnectionLimits{}, part->request);
    if (error.status != 0 || part->request.minor_version != 1 || part->request.chunked ||
        part->request.content_length.value_or(0) != 0)
      return refuse(Fault::invalid_input);
    part->request.content_length = 0;  // Set Blob Tier may leave it out here
    const Kind own = kind_of(part->request);
    if (own == Kind::none) return refuse(Fault::invalid_input);
    if (kind != Kind::none && own != kind) return refuse(Fault::all_batch_subrequests_should_be_same_api);
    kind = own;
    parts.push_back(std::move(part));
  }
  return parts;
}

Task<Answer> submit_batch(Call& call) {
  if (call.batch) co_return refuse(Fault::invalid_input);
  if (call.version < (call.target.container.empty() ? since::kBatch : since::kContainerBatch))
    co_return refuse(Fault::feature_version_mismatch);
  const auto boundary = multipart_boundary(call.headers.get(H::content_type));
  if (!boundary) {
    if (!call.headers.has(H::content_type)) co_return missing_header("Content-Type");
    co_return bad_header("Content-Type", call.headers.get(H::content_type));
  }
  BASCULE_CO_ASSIGN(const std::string body, co_await read_document(call, kMaxBatchBytes));
  auto parts = parse_batch(body, *boundary, call.target.host);
  if (parts) {
    if (auto scoped = check_scope(call, *parts); !scoped) parts = std::unexpected(std::move(scoped).error());
  }
  if (parts) {
    for (auto& part : *parts) {
      part->request.encrypted = call.request.encrypted;
      part->request.tls_version = call.request.tls_version;
      part->request.peer_address = call.request.peer_address;
      part->request.peer_port = call.request.peer_port;
      part->request.tls_version = call.request.tls_version;
    }
  }
  const std::string answer_boundary = "batchresponse_" + call.request_id;
  std::string out;
  if (parts) co_await run_parts(call, *parts, answer_boundary, out);
  else append_failure(out, call, answer_boundary, nullptr, std::move(parts).error());
  out.append("--").append(answer_boundary).append("--");
  Reply reply(call, 202);
  reply.add("Content-Type", "multipart/mixed; boundary=" + answer_boundary);
  reply.common();
  co_return co_await reply.send_xml(std::move(out));
}

}  // namespace bascule::api::blob
