#include "http/client.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "http/client_pool.h"
#include "http/head_parser.h"
#include "http/head_writer.h"
#include "http/paced_write.h"
#include "http/socket_stream.h"
#include "http/tls.h"
#include "http/url.h"

namespace bascule::http {
namespace {

constexpr Duration kContinueTimeout = std::chrono::seconds(1);  // then the body goes out unasked
constexpr int kInterimResponses = 8;

class PooledResponse final : public ClientResponse {
 public:
  PooledResponse(Slot slot, std::unique_ptr<ClientConnection> connection, ResponseHead head, const ClientOptions& options,
            Clock& clock, Instant deadline)
      : slot_(std::move(slot)), connection_(std::move(connection)), head_(std::move(head)),
        body_(*connection_->stream, connection_->input, Code::unavailable), stall_(options.stall_timeout), clock_(clock),
        deadline_(deadline) {}

  ~PooledResponse() override { settle(); }

  BodyReader& body() { return body_; }
  void keep(bool may_keep) { may_keep_ = may_keep; }

  int status() const override { return head_.status; }
  std::optional<std::string_view> header(std::string_view name) const override {
    for (const Header& header : head_.headers) {
      if (same_name(header.name, name)) return header.value;
    }
    return std::nullopt;
  }
  const std::vector<Header>& headers() const override { return head_.headers; }
  std::optional<std::uint64_t> content_length() const override { return head_.content_length; }

  Task<Result<std::size_t>> read(MutableBytes into) override {
    if (body_.done()) co_return 0;
    connection_->stream->set_deadline(std::min(clock_.now() + stall_, deadline_));
    auto got = co_await body_.read(into);
    if (got && body_.done()) settle();
    co_return got;
  }

  // Gives the connection to the pool if the exchange is complete; otherwise it is closed when this goes.
  void settle() {
    if (!connection_ || !body_.done() || body_.failed() || !may_keep_ || !connection_->input.empty()) return;
    connection_->input.unpin();
    slot_.pool().give_idle(std::move(connection_));
  }

 private:
  Slot slot_;
  std::unique_ptr<ClientConnection> connection_;
  const ResponseHead head_;
  BodyReader body_;
  const Duration stall_;
  Clock& clock_;
  const Instant deadline_;
  bool may_keep_ = false;
};

// One request on one connection up to the response's head.
struct Attempt {
  ClientConnection& connection;
  const ClientRequest& request;
  const std::string& head;
  const ClientOptions& options;
  Clock& clock;
  bool response_began = false;
  bool body_sent = false;

  Instant patience() const { return std::min(clock.now() + options.stall_timeout, request.deadline); }
  Task<Result<ResponseHead>> run();
  Task<Result<void>> send_request();
  Task<Result<ResponseHead>> read_final_head();
  Task<Result<ResponseHead>> read_head();
};

Task<Result<ResponseHead>> Attempt::read_head() {
  InputBuffer& input = connection.input;
  std::size_t scanned = 0;
  while (true) {
    if (const std::size_t size = find_head_end(input.unread(), scanned)) {
      ResponseHead parsed;
      if (!parse_response_head(input.unread().substr(0, size), parsed)) {
        co_return fail(Code::unavailable, "the answer is not valid HTTP");
      }
      input.consume(size);
      co_return parsed;
    }
    scanned = input.unread().size();
    if (scanned >= options.head_bytes) co_return fail(Code::unavailable, "the answer's headers are too large");
    input.reserve(InputBuffer::kRoom);
    const auto got = co_await input.fill();
    if (!got) co_return fail(got.error());
    if (*got == 0) co_return fail(Code::unavailable, "the server closed the connection without an answer");
    response_began = true;
  }
}

Task<Result<ResponseHead>> Attempt::read_final_head() {
  for (int i = 0; i < kInterimResponses; ++i) {
    connection.stream->set_deadline(patience());
    auto parsed = co_await read_head();
    if (!parsed || parsed->status >= 200) co_return parsed;
    if (parsed->status == 101) break;
  }
  co_return fail(Code::unavailable, "the server sends interim answers without end");
}

Task<Result<void>> Attempt::send_request() {
  std::vector<Bytes> slices{as_bytes(head)};
  slices.insert(slices.end(), request.body.begin(), request.body.end());
  auto sent = co_await write_paced(*connection.stream, slices, clock, options.stall_timeout, request.deadline);
  body_sent = sent.has_value();
  co_return sent;
}

Task<Result<ResponseHead>> Attempt::run() {
  if (request.expect_continue && total_size(request.body) != 0) {
    const Bytes only_head[] = {as_bytes(head)};
    BASCULE_CO_TRY(co_await write_paced(*connection.stream, only_head, clock, options.stall_timeout, request.deadline));
    connection.stream->set_deadline(std::min(clock.now() + kContinueTimeout, request.deadline));
    auto first = co_await read_head();
    const bool silent = !first && first.error().code == Code::timeout && !response_began;
    if (!silent && (!first || first->status >= 200)) co_return first;
    auto sent = co_await write_paced(*connection.stream, request.body, clock, options.stall_timeout, request.deadline);
    body_sent = sent.has_value();
    if (!sent && sent.error().code == Code::timeout) co_return fail(std::move(sent).error());
    co_return co_await read_final_head();
  }
  auto sent = co_await send_request();
  if (!sent && sent.error().code == Code::timeout) co_return fail(std::move(sent).error());
  // A server may answer and close before it has read everything: the answer counts more than the failed write.
  auto head_read = co_await read_final_head();
  if (!head_read && !sent && !response_began) co_return fail(std::move(sent).error());
  co_return head_read;
}

std::string write_request_head(const Origin& origin, const ClientRequest& request) {
  std::string head;
  head.reserve(512);
  append_header_value(head, request.method);
  head += ' ';
  append_header_value(head, request.target.empty() ? "/" : request.target);
  head += " HTTP/1.1\r\n";
  const auto has = [&](std::string_view name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&](const Header& header) { return same_name(header.name, name); });
  };
  if (!has("Host")) head += "Host: " + host_header(origin) + "\r\n";
  for (const Header& header : request.headers) {
    append_header_value(head, header.name);
    head += ": ";
    append_header_value(head, header.value);
    head += "\r\n";
  }
  const std::size_t length = total_size(request.body);
  const bool body_expected = request.method == "PUT" || request.method == "POST" || request.method == "PATCH";
  if ((length != 0 || body_expected) && !has("Content-Length")) {
    head += "Content-Length: " + std::to_string(length) + "\r\n";
  }
  if (request.expect_continue && length != 0) head += "Expect: 100-continue\r\n";
  head += "\r\n";
  return head;
}

Error at(const Origin& origin, Error error) {
  error.message = host_header(origin) + ": " + error.message;
  return error;
}

class PoolingClient final : public Client {
 public:
  PoolingClient(ClientOptions options, Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Task<Result<std::unique_ptr<ClientResponse>>> send(const Origin& origin, ClientRequest request) override {
    return send_to(origin, std::move(request));
  }

 private:
  using Loops = std::map<const void*, std::map<std::string, std::shared_ptr<OriginPool>>>;

  std::shared_ptr<OriginPool> pool_for(const void* loop, const Origin& origin) {
    const std::string name = (origin.tls ? "s" : "p") + origin.host + ":" + std::to_string(origin.port);
    const std::lock_guard lock(mutex_);
    auto& pool = pools_[loop][name];
    if (!pool) {
      pool = std::make_shared<OriginPool>(origin, options_.connections_per_origin, options_.idle_timeout, clock_);
    }
    return pool;
  }

  // Made when it is first needed: reading the system's authorities takes some 30 ms.
  Result<TlsContextPtr> tls() {
    std::call_once(tls_once_, [&] { tls_ = make_client_tls(options_.ca_file); });
    return tls_;
  }

  Task<Result<std::unique_ptr<ClientConnection>>> connect(const Origin& origin, Instant deadline) {
    TlsContextPtr tls;
    if (origin.tls) { BASCULE_CO_ASSIGN(tls, this->tls()); }
    auto stream = co_await connect_stream(origin.host, origin.port, std::move(tls),
                                          std::min(clock_.now() + options_.connect_timeout, deadline), options_.permit);
    if (!stream) co_return fail(std::move(stream).error());
    co_return std::make_unique<ClientConnection>(std::move(*stream));
  }

  Task<Result<std::unique_ptr<ClientResponse>>> send_to(Origin origin, ClientRequest request) {
    const Executor executor = co_await this_executor();
    const auto pool = pool_for(&executor.context(), origin);
    if (auto taken = co_await pool->take_slot(request.deadline); !taken) {
      co_return fail(at(origin, std::move(taken).error()));
    }
    Slot slot(pool);
    const std::string head = write_request_head(origin, request);
    auto connection = pool->take_idle();
    while (true) {
      if (!connection) {
        auto made = co_await connect(origin, request.deadline);
        if (!made) co_return fail(at(origin, std::move(made).error()));
        connection = std::move(*made);
      }
      Attempt attempt{*connection, request, head, options_, clock_};
      auto answer = co_await attempt.run();
      if (answer) {
        co_return finish(std::move(slot), std::move(connection), std::move(*answer), request, attempt.body_sent);
      }
      // A pooled connection may have been closed by the server while it was idle: not an error yet.
      const bool stale = connection->reused && !attempt.response_began && answer.error().code == Code::unavailable;
      if (!stale) co_return fail(at(origin, std::move(answer).error()));
      connection.reset();
    }
  }

  std::unique_ptr<ClientResponse> finish(Slot slot, std::unique_ptr<ClientConnection> connection, ResponseHead head,
                                         const ClientRequest& request, bool body_sent) {
    const bool bodiless = request.method == "HEAD" || head.status == 204 || head.status == 304;
    const bool chunked = head.chunked;
    const auto length = head.content_length;
    bool keep = head.keep_alive && (body_sent || total_size(request.body) == 0);
    if (!bodiless && !chunked && !length) keep = false;
    auto response = std::make_unique<PooledResponse>(std::move(slot), std::move(connection), std::move(head), options_, clock_,
                                                request.deadline);
    if (bodiless) response->body().begin_none();
    else if (chunked) response->body().begin_chunked();
    else if (length) response->body().begin_length(*length);
    else response->body().begin_until_end();
    response->keep(keep);
    response->settle();
    return response;
  }

  const ClientOptions options_;
  Clock& clock_;
  std::once_flag tls_once_;
  Result<TlsContextPtr> tls_ = fail(Code::internal, "no TLS yet");
  std::mutex mutex_;
  Loops pools_;  // the map is shared; each loop's pools are its own
};

Task<Result<std::string>> read_rest(ClientResponse& response, std::size_t limit) {
  std::string text;
  std::size_t size = 0;
  while (true) {
    if (text.size() - size < 4096) text.resize(std::max<std::size_t>(text.size() * 2, 16 * 1024));
    auto got = co_await response.read(as_writable(text).subspan(size));
    if (!got) co_return fail(std::move(got).error());
    if (*got == 0) break;
    size += *got;
    if (size > limit) co_return fail(Code::exhausted, "the answer is larger than expected");
  }
  text.resize(size);
  co_return text;
}

}  // namespace

Task<Result<std::string>> ClientResponse::read_all(std::size_t limit) { return read_rest(*this, limit); }

std::unique_ptr<Client> make_client(ClientOptions options, Clock& clock) {
  return std::make_unique<PoolingClient>(std::move(options), clock);
}

}  // namespace bascule::http
