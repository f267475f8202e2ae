// Bytes in, bytes out, on simulated time: what serve_connection() says to every kind of client.
#include "http/server_connection.h"

#include <gtest/gtest.h>

#include <functional>
#include <regex>

#include "http/memory_stream.h"
#include "runtime/sim.h"

namespace bascule::http {
namespace {

using namespace std::chrono_literals;
using Behaviour = Task<void> (*)(Exchange&);

class ScriptedHandler final : public Handler {
 public:
  explicit ScriptedHandler(Behaviour behaviour) : behaviour_(behaviour) {}
  Task<void> handle(Exchange& exchange) override {
    targets.emplace_back(exchange.request().target);
    return behaviour_(exchange);
  }
  std::vector<std::string> targets;

 private:
  const Behaviour behaviour_;
};

Task<void> say_hello(Exchange& exchange) {
  const Bytes body[] = {as_bytes("hel"), as_bytes("lo")};
  co_await exchange.respond(Response{}, body);
}

Task<void> echo(Exchange& exchange) {
  std::string text;
  std::array<std::byte, 7> part;
  while (true) {
    const auto got = co_await exchange.read_body(part);
    if (!got) {
      text = "error:" + std::string(name(got.error().code));
      break;
    }
    if (*got == 0) break;
    text += as_text(Bytes(part).first(*got));
  }
  const Bytes body[] = {as_bytes(text)};
  co_await exchange.respond(Response{}, body);
}

// One read into a large span at a time.
Task<void> count_body(Exchange& exchange) {
  std::vector<std::byte> large(1 << 20);
  while (true) {
    const auto got = co_await exchange.read_body(large);
    if (!got || *got == 0) break;
  }
  const std::string text = std::to_string(exchange.body_bytes_read());
  const Bytes body[] = {as_bytes(text)};
  co_await exchange.respond(Response{}, body);
}

Task<void> stream_unknown(Exchange& exchange) {
  const Bytes first[] = {as_bytes("first ")};
  const Bytes second[] = {as_bytes("sec"), as_bytes("ond")};
  co_await exchange.start(Response{}, std::nullopt);
  if (exchange.request().method != "HEAD") {
    co_await exchange.write(first);
    co_await exchange.write(second);
  }
  co_await exchange.finish();
}

Task<void> stream_known(Exchange& exchange) {
  const Bytes body[] = {as_bytes("0123456789")};
  co_await exchange.start(Response{}, 10);
  if (exchange.request().method != "HEAD") co_await exchange.write(body);
  co_await exchange.finish();
}

Task<void> stream_short(Exchange& exchange) {
  const Bytes body[] = {as_bytes("0123")};
  co_await exchange.start(Response{}, 10);
  co_await exchange.write(body);
  EXPECT_FALSE(co_await exchange.finish());
}

Task<void> cut_in_the_middle(Exchange& exchange) {
  const Bytes body[] = {as_bytes("0123")};
  co_await exchange.start(Response{}, 10);
  co_await exchange.write(body);
  exchange.cut();
}

Task<void> no_content(Exchange& exchange) {
  co_await exchange.respond({.status = exchange.request().path == "/304" ? 304 : 204}, {});
}

Task<void> say_nothing(Exchange&) { co_return; }

Task<void> inject(Exchange& exchange) {
  Response response;
  response.add("x-ms-meta-a", "1\r\nSet-Cookie: evil");
  co_await exchange.respond(std::move(response), {});
}

struct Talk {
  Behaviour behaviour = say_hello;
  ConnectionLimits limits;
  PipeOptions pipe;
  bool end_after_sending = true;  // the client ends its direction once all is sent
  bool draining = false;
  Duration pause_each_byte = Duration::zero();
  Duration pause_before_reading = Duration::zero();
};

struct Heard {
  std::string text;       // without Date lines
  bool orderly = false;   // the server ended in order
  std::vector<std::string> targets;
  Duration took{};
};

Task<void> send_slowly(ByteStream& stream, std::string bytes, Talk talk, SimClock& clock, bool& done) {
  const std::size_t step = talk.pause_each_byte == Duration::zero() ? bytes.size() : 1;
  for (std::size_t i = 0; i < bytes.size(); i += step) {
    if (talk.pause_each_byte != Duration::zero()) co_await clock.sleep_for(talk.pause_each_byte);
    const Bytes part[] = {as_bytes(std::string_view(bytes).substr(i, step))};
    if (!co_await stream.write_all(part)) break;
  }
  if (talk.end_after_sending) co_await stream.shutdown_write();
  done = true;
}

Task<void> serve(std::unique_ptr<ByteStream> stream, Handler& handler, const ConnectionLimits& limits, Clock& clock,
                 const std::atomic<bool>& draining, bool& done) {
  const RefusalWriter refuse = [](int status, std::string_view why, std::string& body) {
    body = std::to_string(status) + " " + std::string(why);
    return Response{.status = status};
  };
  co_await serve_connection(std::move(stream), handler, limits, clock, refuse, draining);
  done = true;
}

Task<void> listen(ByteStream& stream, Talk talk, SimClock& clock, Heard& heard) {
  co_await clock.sleep_for(talk.pause_before_reading);
  std::array<std::byte, 4096> part;
  while (true) {
    const auto got = co_await stream.read_some(part);
    if (!got || *got == 0) {
      heard.orderly = got.has_value();
      co_return;
    }
    heard.text += as_text(Bytes(part).first(*got));
  }
}

Heard talk(std::string bytes, Talk talk = {}) {
  Loop loop;
  SimClock clock;
  ScriptedHandler handler(talk.behaviour);
  auto [client, server] = make_memory_pipe(clock, talk.pipe);
  const std::atomic<bool> draining = talk.draining;
  Heard heard;
  bool sent = false;
  bool served = false;
  const Instant before = clock.now();
  spawn(loop, serve(std::move(server), handler, talk.limits, clock, draining, served));
  spawn(loop, send_slowly(*client, std::move(bytes), talk, clock, sent));
  run_simulated(loop, clock, listen(*client, talk, clock, heard));
  heard.took = clock.now() - before;
  client->abort();
  run_simulated_until(loop, clock, sent);
  run_simulated_until(loop, clock, served);
  heard.targets = handler.targets;
  heard.text = std::regex_replace(heard.text, std::regex("Date: [^\r]*\r\n"), "");
  return heard;
}

const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string kHelloClose = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(ServerConnection, OneRequest) {
  const Heard heard = talk(kGet);
  EXPECT_EQ(heard.text, kHello);
  EXPECT_TRUE(heard.orderly);
  EXPECT_EQ(heard.targets, std::vector<std::string>{"/a?b=c"});
}

TEST(ServerConnection, PipelinedRequestsInOrder) {
  const Heard heard = talk(kGet + "\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n" +
                           "PUT /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + kGet);
  EXPECT_EQ(heard.text, kHello + kHello + kHello + kHello);
  EXPECT_EQ(heard.targets, (std::vector<std::string>{"/a?b=c", "/2", "/3", "/a?b=c"}));
}

TEST(ServerConnection, ByteByByte) {
  const Heard heard = talk("PUT /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + kGet,
                           {.behaviour = echo, .pause_each_byte = 10ms});
  EXPECT_EQ(heard.text, ok("abc") + ok(""));
}

TEST(ServerConnection, ClosesWhenAsked) {
  const Heard heard = talk("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + kGet, {.end_after_sending = false});
  EXPECT_EQ(heard.text, kHelloClose);
  EXPECT_TRUE(heard.orderly);
}

TEST(ServerConnection, Http10) {
  EXPECT_EQ(talk("GET / HTTP/1.0\r\n\r\n" + kGet).text, kHelloClose);
  EXPECT_EQ(talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + kGet).text,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello" + kHello);
  EXPECT_EQ(talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + kGet, {.behaviour = stream_unknown}).text,
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst second");
}

TEST(ServerConnection, Head) {
  EXPECT_EQ(talk("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + kGet).text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + kHello);
  EXPECT_EQ(talk("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + kGet, {.behaviour = stream_known}).text,
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + ok("0123456789"));
  EXPECT_EQ(talk("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", {.behaviour = stream_unknown}).text,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(ServerConnection, StatusesWithoutABody) {
  EXPECT_EQ(talk("GET /204 HTTP/1.1\r\nHost: x\r\n\r\nGET /304 HTTP/1.1\r\nHost: x\r\n\r\n", {.behaviour = no_content}).text,
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n");
}

TEST(ServerConnection, ResponsesInParts) {
  EXPECT_EQ(talk(kGet, {.behaviour = stream_unknown}).text,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n");
  EXPECT_EQ(talk(kGet, {.behaviour = stream_known}).text, ok("0123456789"));
}

TEST(ServerConnection, AnIncompleteAnswerIsCut) {
  for (const Behaviour behaviour : {stream_short, cut_in_the_middle}) {
    const Heard heard = talk(kGet + kGet, {.behaviour = behaviour, .end_after_sending = false});
    EXPECT_FALSE(heard.orderly);
    EXPECT_EQ(heard.targets.size(), 1u);
    EXPECT_FALSE(heard.text.ends_with("0123456789"));
  }
}

TEST(ServerConnection, AHandlerThatSaysNothing) {
  const Heard heard = talk(kGet + kGet, {.behaviour = say_nothing});
  EXPECT_TRUE(heard.text.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << heard.text;
  EXPECT_EQ(heard.targets.size(), 1u);
}

TEST(ServerConnection, NoHeaderCanBeInjected) {
  EXPECT_EQ(talk(kGet, {.behaviour = inject}).text,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-ms-meta-a: 1  Set-Cookie: evil\r\n\r\n");
}

TEST(ServerConnection, ChunkedBodies) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(talk(head + "5;ext=\"1\"\r\nhello\r\nA\r\n 123456789\r\n0\r\nTrailer: x\r\n\r\n" + kGet, {.behaviour = echo}).text,
            ok("hello 123456789") + ok(""));
  const std::string large(300'000, 'z');
  EXPECT_EQ(talk(head + "493E0\r\n" + large + "\r\n0\r\n\r\n" + kGet, {.behaviour = count_body}).text, ok("300000") + ok("0"));
}

TEST(ServerConnection, BadChunkingIsCut) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body : {"x\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloo\r\n0\r\n\r\n", "-5\r\nhello\r\n",
                           "\r\nhello\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "10000000000000000\r\nhello\r\n", "5\r\r\nhello",
                           "5\r\nhello\r\n0\r\nbad\x01trailer\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n"}) {
    const Heard heard = talk(head + body + kGet, {.behaviour = echo});
    EXPECT_EQ(heard.targets.size(), 1u) << body;
    EXPECT_TRUE(heard.text.ends_with("error:invalid argument")) << body << "\n" << heard.text;
    EXPECT_NE(heard.text.find("Connection: close"), std::string::npos) << body;
  }
}

TEST(ServerConnection, BodiesCutShort) {
  const Heard length = talk("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", {.behaviour = echo});
  EXPECT_TRUE(length.text.ends_with("error:cancelled")) << length.text;
  const Heard chunked = talk("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", {.behaviour = echo});
  EXPECT_TRUE(chunked.text.ends_with("error:cancelled")) << chunked.text;
}

TEST(ServerConnection, ABodyThatStallsTimesOut) {
  const Heard heard = talk("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
                           {.behaviour = echo, .end_after_sending = false});
  EXPECT_TRUE(heard.text.ends_with("error:timeout")) << heard.text;
  EXPECT_GE(heard.took, 60s);
  EXPECT_LT(heard.took, 65s);
}

TEST(ServerConnection, LargeBodyAndPipelinedNext) {
  const std::string body(1'000'000, 'q');
  EXPECT_EQ(talk("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + body + kGet, {.behaviour = count_body}).text,
            ok("1000000") + ok("0"));
}

TEST(ServerConnection, ExpectContinue) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  // The body is read: 100 first. (The client here sends the rest byte by byte, so it is not there yet.)
  const Heard read = talk(head + "abc", {.behaviour = echo, .pause_each_byte = 1ms});
  EXPECT_EQ(read.text, "HTTP/1.1 100 Continue\r\n\r\n" + ok("abc"));
  // Answered without reading: no 100, and the connection ends, because nobody knows whether a body follows.
  const Heard unread = talk(head, {.end_after_sending = false});
  EXPECT_EQ(unread.text, kHelloClose);
  // A client that did not wait needs no 100.
  const Heard eager = talk(head + "abc" + kGet, {.behaviour = echo});
  EXPECT_EQ(eager.text, ok("abc") + ok(""));
  // HTTP/1.0 knows no 100; other expectations are refused.
  EXPECT_EQ(talk("PUT / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", {.behaviour = echo}).text,
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
  EXPECT_TRUE(talk("PUT / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n").text.starts_with("HTTP/1.1 417 "));
}

TEST(ServerConnection, UnreadBodies) {
  // Small ones are swallowed and the connection lives on.
  EXPECT_EQ(talk("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'a') + kGet).text,
            kHello + kHello);
  EXPECT_EQ(talk("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + kGet).text,
            kHello + kHello);
  // Large ones end it, but the client gets its answer, though it goes on sending and reads late.
  const Heard large = talk("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'a') + kGet,
                           {.pause_before_reading = 500ms});
  EXPECT_EQ(large.text, kHelloClose);
  EXPECT_EQ(large.targets.size(), 1u);
}

struct Refusal {
  const char* what;
  std::string bytes;
  int status;
};

TEST(ServerConnection, Refuses) {
  const std::string host = "Host: x\r\n";
  const Refusal cases[] = {
      {"both lengths", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"both, other order", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"differing lengths", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"differing lengths in a list", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 3, 4\r\n\r\nabcd", 400},
      {"signed length", "PUT / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc", 400},
      {"negative length", "PUT / HTTP/1.1\r\n" + host + "Content-Length: -3\r\n\r\nabc", 400},
      {"hexadecimal length", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 0x3\r\n\r\nabc", 400},
      {"empty length", "PUT / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\nabc", 400},
      {"length too large", "PUT / HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551616\r\n\r\n", 400},
      {"unknown coding", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"coding before chunked", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"chunked twice", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"disguised chunked", "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"chunked in 1.0", "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"space before colon", "GET / HTTP/1.1\r\n" + host + "Content-Length : 3\r\n\r\n", 400},
      {"folded header", "GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400},
      {"folded empty header", "GET / HTTP/1.1\r\n" + host + "X:\r\n b\r\n\r\n", 400},
      {"folded with a tab", "GET / HTTP/1.1\r\n" + host + "X: a\r\n\tb\r\n\r\n", 400},
      {"NUL in a value", "GET / HTTP/1.1\r\n" + host + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"control in a value", "GET / HTTP/1.1\r\n" + host + "X: a\x01b\r\n\r\n", 400},
      {"bare CR in a value", "GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n", 400},
      {"bare LF in a value", "GET / HTTP/1.1\r\n" + host + "X: a\nY: b\r\n\r\n", 400},
      {"no colon", "GET / HTTP/1.1\r\n" + host + "nonsense\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"space in target", "GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"control in target", "GET /a\x01 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"relative target", "GET a HTTP/1.1\r\n" + host + "\r\n", 400},
      {"CONNECT", "CONNECT x:443 HTTP/1.1\r\n" + host + "\r\n", 501},
      {"absolute for another host", "GET http://y/a HTTP/1.1\r\n" + host + "\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 400},
      {"long target", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"endless target", "GET /" + std::string(60'000, 'a'), 414},
      {"long head", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(70'000, 'a') + "\r\n\r\n", 431},
      {"endless head", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(70'000, 'a'), 431},
      {"many headers", "GET / HTTP/1.1\r\n" + host + [] { std::string s; for (int i = 0; i < 257; ++i) s += "A: b\r\n"; return s; }() + "\r\n", 431},
  };
  for (const Refusal& refusal : cases) {
    const Heard heard = talk(refusal.bytes + kGet, {.end_after_sending = false});
    EXPECT_TRUE(heard.text.starts_with("HTTP/1.1 " + std::to_string(refusal.status) + " ")) << refusal.what << "\n" << heard.text;
    EXPECT_NE(heard.text.find("Connection: close\r\n"), std::string::npos) << refusal.what;
    EXPECT_TRUE(heard.targets.empty()) << refusal.what;
    EXPECT_TRUE(heard.orderly) << refusal.what;
  }
}

TEST(ServerConnection, Accepts) {
  const std::string good[] = {
      "GET http://x/a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
      "\r\n\r\nGET /a?b=c HTTP/1.1\r\nhOsT:x\r\n\r\n",
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX:  a \t b  \r\n\r\n",
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nX: caf\xc3\xa9\r\n\r\n",
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
  };
  for (const std::string& bytes : good) {
    const Heard heard = talk(bytes);
    EXPECT_EQ(heard.text, kHello) << bytes;
    EXPECT_EQ(heard.targets, std::vector<std::string>{"/a?b=c"}) << bytes;
  }
}

TEST(ServerConnection, ASlowHeadIs408AndSilenceIsNothing) {
  const Heard slow = talk("GET / HTTP/1.1\r\nHost: x\r\n" + std::string(100, 'a'), {.end_after_sending = false, .pause_each_byte = 1s});
  EXPECT_TRUE(slow.text.starts_with("HTTP/1.1 408 Request Timeout\r\n")) << slow.text;
  EXPECT_GE(slow.took, 20s);
  EXPECT_LT(slow.took, 25s);

  const Heard silent = talk("", {.end_after_sending = false});
  EXPECT_EQ(silent.text, "");
  EXPECT_GE(silent.took, 120s);
  const Heard idle = talk(kGet, {.end_after_sending = false});
  EXPECT_EQ(idle.text, kHello);
  EXPECT_GE(idle.took, 120s);
  EXPECT_LT(idle.took, 125s);
}

TEST(ServerConnection, AClientThatDoesNotReadIsCut) {
  Talk options{.behaviour = stream_known, .end_after_sending = false, .pause_before_reading = 1h};
  options.pipe.capacity_bytes = 16;
  const Heard heard = talk(kGet, options);
  EXPECT_LT(heard.text.size(), 100u);
  EXPECT_FALSE(heard.orderly);
}

TEST(ServerConnection, Draining) {
  // A request that crossed with the beginning of the end is answered; silence is not waited for.
  const Heard heard = talk(kGet + kGet, {.end_after_sending = false, .draining = true});
  EXPECT_EQ(heard.text, kHelloClose);
  EXPECT_TRUE(heard.orderly);
  const Heard silent = talk("", {.end_after_sending = false, .draining = true});
  EXPECT_TRUE(silent.orderly);
  EXPECT_LE(silent.took, 1s);
}

std::atomic<bool>* drain_now = nullptr;
Task<void> drain_then_hello(Exchange& exchange) {
  drain_now->store(true);
  return say_hello(exchange);
}

TEST(ServerConnection, DrainingDuringARequest) {
  Loop loop;
  SimClock clock;
  std::atomic<bool> draining = false;
  drain_now = &draining;
  ScriptedHandler handler(drain_then_hello);
  auto [client, server] = make_memory_pipe(clock);
  bool served = false, sent = false;
  const ConnectionLimits limits;
  Heard heard;
  spawn(loop, serve(std::move(server), handler, limits, clock, draining, served));
  spawn(loop, send_slowly(*client, kGet + kGet, {.end_after_sending = false}, clock, sent));
  run_simulated(loop, clock, listen(*client, {}, clock, heard));
  run_simulated_until(loop, clock, served);
  EXPECT_NE(heard.text.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(handler.targets.size(), 1u);
}

TEST(ServerConnection, SurvivesACutAtEveryByte) {
  const std::string bytes =
      "PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPUT /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + kGet;
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    Talk incoming{.behaviour = echo};
    incoming.pipe.cut_first_to_second = i;
    EXPECT_LE(talk(bytes, incoming).targets.size(), 3u);
    Talk outgoing{.behaviour = stream_unknown};
    outgoing.pipe.cut_second_to_first = i;
    EXPECT_LE(talk(bytes, outgoing).text.size(), i);
  }
}

}  // namespace
}  // namespace bascule::http
