#include "http/server_connection.h"

#include <algorithm>
#include <charconv>

#include "http/body_reader.h"
#include "http/head_parser.h"
#include "http/head_writer.h"
#include "http/paced_write.h"

namespace bascule::http {
namespace {

constexpr std::size_t kLingerBytes = 4 * 1024 * 1024;
constexpr Duration kLingerTime = std::chrono::seconds(2);  // where the client is known to have more to send
constexpr Duration kShortLingerTime = std::chrono::milliseconds(500);
constexpr Duration kDrainGrace = std::chrono::milliseconds(200);  // for a request that is on its way when draining begins
constexpr int kPipelinedInARow = 16;  // then other connections have their turn
constexpr std::size_t kKeptHeaders = 64;         // more are given back when the connection idles
constexpr std::size_t kKeptOutput = 4 * 1024;

class Connection final : public Exchange {
 public:
  Connection(std::unique_ptr<ByteStream> stream, Handler& handler, const ConnectionLimits& limits, Clock& clock,
             const RefusalWriter& refuse, const std::atomic<bool>& draining)
      : stream_(std::move(stream)), handler_(handler), limits_(limits), clock_(clock), refuse_(refuse),
        draining_(draining), input_(*stream_), body_(*stream_, input_, Code::cancelled) {}

  Task<void> run();
  Task<void> refuse(int status, std::string_view why);

  const Request& request() const override { return request_; }
  Task<Result<std::size_t>> read_body(MutableBytes into) override;
  std::uint64_t body_bytes_read() const override { return body_.bytes_read(); }
  Task<Result<void>> respond(Response response, Slices body) override;
  Task<Result<void>> start(Response response, std::optional<std::uint64_t> length) override;
  Task<Result<void>> write(Slices slices) override;
  Task<Result<void>> finish() override;
  bool started() const override { return answer_ != Answer::none; }
  void cut() override;

 private:
  enum class Answer { none, length, chunked, until_end, finished, cut };

  void release_idle_memory();
  Task<std::size_t> read_head();  // its size; 0: the connection is over
  Task<bool> serve_one();         // true: another request may follow
  Task<bool> after_handler();
  Task<void> close_gently();

  bool bodiless(int status) const { return status == 204 || status == 304 || status / 100 == 1; }
  void write_head(const Response& response, ResponseFraming framing);
  void decide_persistence();
  Task<Result<void>> send(Slices slices);
  std::unexpected<Error> broken(std::string_view what);

  const std::unique_ptr<ByteStream> stream_;
  Handler& handler_;
  const ConnectionLimits& limits_;
  Clock& clock_;
  const RefusalWriter& refuse_;
  const std::atomic<bool>& draining_;
  InputBuffer input_;
  Request request_;
  BodyReader body_;
  std::string output_;              // the head, or a chunk's size line
  std::vector<Bytes> slices_;
  Answer answer_ = Answer::none;
  std::uint64_t unwritten_ = 0;     // of an announced length
  bool head_unsent_ = false;        // start() leaves the head to go out with the first bytes of the body
  bool continue_awaited_ = false;   // the client waits for "100 Continue", not sent yet
  bool close_after_ = false;
};

Task<void> Connection::run() {
  request_.encrypted = stream_->encrypted();
  request_.peer_address = stream_->peer_address();
  request_.peer_port = stream_->peer_port();
  request_.tls_version = stream_->tls_version();
  int in_a_row = 0;
  while (true) {
    if (input_.empty()) {
      release_idle_memory();
      const bool draining = draining_.load(std::memory_order_relaxed);
      stream_->set_deadline(clock_.now() + (draining ? std::min(kDrainGrace, limits_.idle_timeout) : limits_.idle_timeout));
      if (!co_await stream_->wait_readable()) break;
      in_a_row = 0;
    } else if (++in_a_row % kPipelinedInARow == 0) {
      co_await yield_to_loop();
    }
    if (!co_await serve_one()) co_return;
  }
  co_await stream_->shutdown_write();
}

void Connection::release_idle_memory() {
  input_.release();
  if (request_.headers.capacity() > kKeptHeaders) request_.headers = {};
  if (output_.capacity() > kKeptOutput) output_ = {};
  if (slices_.capacity() > kKeptHeaders) slices_ = {};
}

Task<std::size_t> Connection::read_head() {
  std::size_t scanned = 0;
  bool timed = !input_.empty();  // bytes of this request came with the one before
  if (timed) stream_->set_deadline(clock_.now() + limits_.head_timeout);
  while (true) {
    // RFC 9112 section 2.2: empty lines before a request line are to be ignored.
    while (scanned == 0 && input_.unread().starts_with("\r\n")) input_.consume(2);
    const std::string_view unread = input_.unread();
    if (const std::size_t size = find_head_end(unread, scanned)) {
      if (size <= limits_.head_bytes) co_return size;
    }
    if (!unread.empty() && (unread[0] <= ' ' || unread[0] >= 0x7f) && unread != "\r") {
      co_await refuse(400, unread[0] == 0x16 ? "This is TLS, but the server speaks plain HTTP here."
                                             : "The HTTP message is malformed.");
      co_return 0;
    }
    const bool in_first_line = unread.find("\r\n") == std::string_view::npos;
    if (in_first_line && unread.size() > limits_.target_bytes + 64) {
      co_await refuse(414, "The request target is too long.");
      co_return 0;
    }
    if (unread.size() >= limits_.head_bytes) {
      co_await refuse(431, "The request's headers are too large.");
      co_return 0;
    }
    scanned = unread.size();
    if (scanned != 0 && !timed) {
      timed = true;
      stream_->set_deadline(clock_.now() + limits_.head_timeout);
    }
    input_.reserve(1);
    const auto got = co_await input_.fill();
    if (!got && got.error().code == Code::timeout && !input_.empty()) {
      co_await refuse(408, "The request's head took too long to arrive.");
      co_return 0;
    }
    if (!got || *got == 0) co_return 0;
  }
}

Task<bool> Connection::serve_one() {
  answer_ = Answer::none;
  head_unsent_ = continue_awaited_ = false;
  close_after_ = false;
  body_.begin_none();
  request_.method = {};  // its bytes are gone; refuse() looks at it
  const std::size_t head_size = co_await read_head();
  if (head_size == 0) co_return false;

  const HeadError error = parse_request_head(input_.pin(head_size), limits_, request_);
  if (error.status != 0) {
    co_await refuse(error.status, error.why);
    co_return false;
  }
  if (request_.chunked) body_.begin_chunked();
  else body_.begin_length(request_.content_length.value_or(0));
  continue_awaited_ = request_.expect_continue && !body_.done();

  co_await handler_.handle(*this);
  const bool more = co_await after_handler();
  input_.unpin();
  co_return more;
}

Task<bool> Connection::after_handler() {
  if (answer_ == Answer::none) {
    co_await refuse(500, "The request was not answered.");
    co_return false;
  }
  if (answer_ == Answer::length && unwritten_ == 0) co_await finish();
  if (answer_ != Answer::finished) {
    stream_->abort();
    co_return false;
  }
  if (!close_after_ && !body_.done()) {
    stream_->set_deadline(clock_.now() + limits_.body_stall_timeout);
    if (!co_await body_.discard(limits_.drain_bytes)) close_after_ = true;
  }
  if (!close_after_) co_return true;
  co_await close_gently();
  co_return false;
}

// Closing with bytes unread makes the kernel send a reset, which may take the response from the client before it has read
// it. So the end is announced first, and what still comes in is swallowed for a while.
Task<void> Connection::close_gently() {
  const bool more_to_come = !body_.done() || !input_.empty();
  stream_->set_deadline(clock_.now() + (more_to_come ? kLingerTime : kShortLingerTime));
  co_await stream_->shutdown_write();
  input_.unpin();
  input_.consume(input_.unread().size());
  input_.reserve(1);
  std::size_t swallowed = 0;
  while (swallowed < kLingerBytes) {
    const auto got = co_await input_.fill();
    if (!got || *got == 0) co_return;
    input_.consume(*got);
    swallowed += *got;
  }
}

Task<void> Connection::refuse(int status, std::string_view why) {
  std::string text;
  Response response = refuse_(status, why, text);
  output_.clear();
  answer_ = Answer::finished;
  write_head(response, {.content_length = text.size(), .close = true});
  const Bytes body[] = {as_bytes(output_), as_bytes(request_.method == "HEAD" ? std::string_view() : text)};
  stream_->set_deadline(clock_.now() + limits_.write_stall_timeout);
  if (co_await stream_->write_all(body)) co_await close_gently();
}

Task<Result<std::size_t>> Connection::read_body(MutableBytes into) {
  if (continue_awaited_) {
    continue_awaited_ = false;
    if (input_.empty() && answer_ == Answer::none) {
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const Bytes line[] = {as_bytes(kContinue)};
      stream_->set_deadline(clock_.now() + limits_.write_stall_timeout);
      BASCULE_CO_TRY(co_await stream_->write_all(line));
    }
  }
  if (!body_.done()) stream_->set_deadline(clock_.now() + limits_.body_stall_timeout);
  co_return co_await body_.read(into);
}

// Whether the connection outlives this answer has to be known before its head is written.
void Connection::decide_persistence() {
  const auto remaining = body_.remaining();
  close_after_ = !request_.keep_alive || draining_.load(std::memory_order_relaxed) || body_.failed() ||
                 (continue_awaited_ && !body_.done()) || (remaining && *remaining > limits_.drain_bytes);
}

void Connection::write_head(const Response& response, ResponseFraming framing) {
  framing.announce_keep_alive = !framing.close && request_.keep_alive && request_.minor_version == 0;
  write_response_head(output_, response, framing, clock_.wall());
}

Task<Result<void>> Connection::respond(Response response, Slices body) {
  if (answer_ != Answer::none) co_return broken("a second answer to one request");
  decide_persistence();
  ResponseFraming framing{.content_length = total_size(body), .close = close_after_};
  const bool head_only = bodiless(response.status) || request_.method == "HEAD";
  if (response.status == 204) framing.content_length.reset();
  if (response.status == 304) framing.content_length = 0;
  output_.clear();
  write_head(response, framing);
  answer_ = Answer::finished;
  slices_.assign(1, as_bytes(output_));
  if (!head_only) slices_.insert(slices_.end(), body.begin(), body.end());
  co_return co_await send(slices_);
}

Task<Result<void>> Connection::start(Response response, std::optional<std::uint64_t> length) {
  if (answer_ != Answer::none) co_return broken("a second answer to one request");
  decide_persistence();
  ResponseFraming framing;
  const bool head_only = bodiless(response.status) || request_.method == "HEAD";
  framing.content_length = length;
  if (response.status == 204) framing.content_length.reset();
  if (response.status == 304) framing.content_length = 0;
  if (!length && !bodiless(response.status)) {
    framing.chunked = request_.minor_version >= 1;
    if (!framing.chunked && !head_only) close_after_ = true;  // HTTP/1.0: the end of the connection is the end
  }
  framing.close = close_after_;
  output_.clear();
  write_head(response, framing);
  if (head_only) {
    answer_ = Answer::finished;
    slices_.assign(1, as_bytes(output_));
    co_return co_await send(slices_);
  }
  answer_ = length ? Answer::length : framing.chunked ? Answer::chunked : Answer::until_end;
  unwritten_ = length.value_or(0);
  head_unsent_ = true;
  co_return Result<void>();
}

Task<Result<void>> Connection::write(Slices slices) {
  const std::size_t bytes = total_size(slices);
  if (answer_ == Answer::cut) co_return fail(Code::cancelled, "the connection was cut");
  if (answer_ == Answer::none || answer_ == Answer::finished) co_return broken("a body without an answer begun");
  if (answer_ == Answer::length && bytes > unwritten_) co_return broken("a body longer than announced");
  if (bytes == 0) co_return Result<void>();

  if (!head_unsent_) output_.clear();
  head_unsent_ = false;
  if (answer_ == Answer::chunked) {
    char digits[16];
    output_.append(digits, std::to_chars(digits, digits + sizeof digits, bytes, 16).ptr);
    output_ += "\r\n";
  }
  slices_.clear();
  if (!output_.empty()) slices_.push_back(as_bytes(output_));
  slices_.insert(slices_.end(), slices.begin(), slices.end());
  if (answer_ == Answer::chunked) slices_.push_back(as_bytes("\r\n"));
  if (answer_ == Answer::length) unwritten_ -= bytes;
  co_return co_await send(slices_);
}

Task<Result<void>> Connection::finish() {
  if (answer_ == Answer::finished) co_return Result<void>();
  if (answer_ == Answer::cut) co_return fail(Code::cancelled, "the connection was cut");
  if (answer_ == Answer::none) co_return broken("the end of an answer not begun");
  if (answer_ == Answer::length && unwritten_ != 0) co_return broken("a body shorter than announced");
  if (!head_unsent_) output_.clear();
  head_unsent_ = false;
  if (answer_ == Answer::chunked) output_ += "0\r\n\r\n";
  answer_ = Answer::finished;
  if (output_.empty()) co_return Result<void>();
  slices_.assign(1, as_bytes(output_));
  co_return co_await send(slices_);
}

void Connection::cut() {
  answer_ = Answer::cut;
  stream_->abort();
}

// Wrong use by a handler: the client must not take what it got for a whole answer.
std::unexpected<Error> Connection::broken(std::string_view what) {
  cut();
  return fail(Code::internal, "http: " + std::string(what));
}

Task<Result<void>> Connection::send(Slices slices) {
  auto sent = co_await write_paced(*stream_, slices, clock_, limits_.write_stall_timeout);
  if (!sent) cut();
  co_return sent;
}

}  // namespace

Task<void> serve_connection(std::unique_ptr<ByteStream> stream, Handler& handler, const ConnectionLimits& limits,
                            Clock& clock, const RefusalWriter& refuse, const std::atomic<bool>& draining) {
  Connection connection(std::move(stream), handler, limits, clock, refuse, draining);
  co_await connection.run();
}

namespace {

class NoHandler final : public Handler {
 public:
  Task<void> handle(Exchange& exchange) override {
    exchange.cut();
    co_return;
  }
};

}  // namespace

Task<void> refuse_connection(std::unique_ptr<ByteStream> stream, int status, std::string_view why,
                             const ConnectionLimits& limits, Clock& clock, const RefusalWriter& refuse) {
  NoHandler handler;
  const std::atomic<bool> draining = true;
  Connection connection(std::move(stream), handler, limits, clock, refuse, draining);
  co_await connection.refuse(status, why);
}

}  // namespace bascule::http
