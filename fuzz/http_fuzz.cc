// A connection's bytes against serve_connection(): whatever they are, however they arrive, the answers are the same, and
// they are whole responses.
#include <algorithm>
#include <array>
#include <atomic>
#include <string>

#include "fuzz.h"
#include "http/head_parser.h"
#include "http/memory_stream.h"
#include "http/server_connection.h"
#include "runtime/sim.h"

namespace {

using namespace bascule;
using namespace bascule::http;

// Reads the body, or some of it, or nothing, as the target says; answers whole or in parts.
class Echo final : public Handler {
 public:
  Task<void> handle(Exchange& exchange) override { return answer(exchange); }

 private:
  static Task<void> answer(Exchange& exchange) {
    const std::string target(exchange.request().target);
    std::string body;
    std::array<std::byte, 100> part;
    while (target.find("unread") == std::string::npos && body.size() < 4096) {
      const auto got = co_await exchange.read_body(part);
      if (!got) co_return exchange.cut();
      if (*got == 0) break;
      body += as_text(Bytes(part).first(*got));
    }
    const Bytes slices[] = {as_bytes(body)};
    if (target.find("parts") == std::string::npos) {
      co_await exchange.respond(Response{}, slices);
      co_return;
    }
    if (!co_await exchange.start(Response{}, std::nullopt)) co_return;
    if (exchange.request().method != "HEAD" && !body.empty()) co_await exchange.write(slices);
    co_await exchange.finish();
  }
};

Task<void> send(ByteStream& stream, std::string bytes, std::size_t step) {
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const Bytes part[] = {as_bytes(std::string_view(bytes).substr(at, step))};
    if (!co_await stream.write_all(part)) co_return;
  }
  co_await stream.shutdown_write();
}

Task<void> receive(ByteStream& stream, std::string& heard, bool& reset, bool& done) {
  std::array<std::byte, 4096> part;
  for (;;) {
    const auto got = co_await stream.read_some(part);
    reset = !got;
    if (!got || *got == 0) break;
    heard += as_text(Bytes(part).first(*got));
  }
  done = true;
}

Task<void> serve(std::unique_ptr<ByteStream> stream, Handler& handler, const ConnectionLimits& limits, Clock& clock,
                 const RefusalWriter& refuse, const std::atomic<bool>& draining, bool& done) {
  co_await serve_connection(std::move(stream), handler, limits, clock, refuse, draining);
  done = true;
}

struct Heard {
  std::string text;
  bool reset = false;
};

Heard talk(std::string_view bytes, std::size_t step) {
  Loop loop;
  SimClock clock;
  Heard heard;
  Echo handler;
  ConnectionLimits limits;
  limits.head_bytes = 2048;
  limits.target_bytes = 512;
  limits.headers = 16;
  const std::atomic<bool> draining{false};
  const RefusalWriter refuse = [](int status, std::string_view why, std::string& body) {
    body = why;
    Response response;
    response.status = status;
    return response;
  };
  auto [client, server] = make_memory_pipe(clock);
  bool received = false, served = false;
  spawn(loop, serve(std::move(server), handler, limits, clock, refuse, draining, served));
  spawn(loop, receive(*client, heard.text, heard.reset, received));
  spawn(loop, send(*client, std::string(bytes), step));
  run_simulated_until(loop, clock, received);
  run_simulated_until(loop, clock, served);
  return heard;
}

void check_responses(std::string_view heard) {
  while (!heard.empty()) {
    const std::size_t end = find_head_end(heard, 0);
    if (end == 0) return;  // cut
    ResponseHead head;
    fuzz::must(parse_response_head(heard.substr(0, end), head), "a response that does not parse");
    fuzz::must(head.status == 100 || (head.status >= 200 && head.status < 600), "a status that is none");
    // Where the body's length is not told by the head alone (HEAD, chunks), the rest is another target's matter.
    if (head.status != 100 && (!head.content_length || *head.content_length > heard.size() - end)) return;
    heard.remove_prefix(end + (head.status == 100 ? 0 : *head.content_length));
    if (!heard.starts_with("HTTP/1.1 ")) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 8192) return 0;
  const std::string_view bytes = fuzz::text(data + 1, size - 1);
  const Heard whole = talk(bytes, bytes.size() + 1);
  check_responses(whole.text);
  const Heard parts = talk(bytes, 1 + data[0] % 7);
  // A reset may overtake bytes that were sent before it; then the shorter must begin the longer.
  const auto& [shorter, longer] = std::minmax(whole.text, parts.text, [](auto& a, auto& b) { return a.size() < b.size(); });
  const bool same = whole.reset || parts.reset ? longer.starts_with(shorter) : whole.text == parts.text;
  fuzz::must(same, "the answer depends on how the bytes were cut");
  return 0;
}
