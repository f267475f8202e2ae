// A server with a few answers, and a client on a loop of its own, for tests.
#pragma once
#include <gtest/gtest.h>

#include <optional>

#include "http/client.h"
#include "runtime/run.h"
#include "server/server.h"

namespace bascule::server {

using namespace std::chrono_literals;

// GET /hello: "hello"; /chunked: chunked; /cut: 4 of 10 bytes and a cut; /slow: after 300 ms; /late: after 2 s;
// PUT /count: the body's size; /deny: 403 without reading.
class TestHandler final : public http::Handler {
 public:
  Task<void> handle(http::Exchange& exchange) override;
};

inline http::Response test_refusal(int status, std::string_view why, std::string& body) {
  body = why;
  return {.status = status};
}

inline Task<void> send_text(http::Exchange& exchange, int status, std::string text) {
  const Bytes body[] = {as_bytes(text)};
  co_await exchange.respond({.status = status}, body);
}

inline Task<void> handle_test_request(http::Exchange& exchange) {
  const std::string path(exchange.request().path);
  if (path == "/chunked") {
    const Bytes part[] = {as_bytes("part ")};
    co_await exchange.start({}, std::nullopt);
    for (int i = 0; i < 3; ++i) co_await exchange.write(part);
    co_await exchange.finish();
  } else if (path == "/cut") {
    const Bytes part[] = {as_bytes("0123")};
    co_await exchange.start({}, 10);
    co_await exchange.write(part);
    co_await system_clock().sleep_for(50ms);
    exchange.cut();
  } else if (path == "/slow") {
    co_await system_clock().sleep_for(300ms);
    co_await send_text(exchange, 200, "slow");
  } else if (path == "/late") {
    co_await system_clock().sleep_for(2s);
  } else if (path == "/count") {
    std::vector<std::byte> part(256 * 1024);
    while (true) {
      const auto got = co_await exchange.read_body(part);
      if (!got || *got == 0) break;
    }
    co_await send_text(exchange, 201, std::to_string(exchange.body_bytes_read()));
  } else if (path == "/deny") {
    co_await send_text(exchange, 403, "denied");
  } else if (path == "/none") {
    co_await exchange.respond({.status = 204}, {});
  } else {
    co_await send_text(exchange, 200, "hello");
  }
}

inline Task<void> TestHandler::handle(http::Exchange& exchange) { return handle_test_request(exchange); }

// The loops come first and go last.
struct TestServer {
  explicit TestServer(ServerOptions options = {}) : loops(2), server(loops, with_address(std::move(options)), handler, test_refusal, system_clock()) {
    const auto started = server.start();
    EXPECT_TRUE(started) << started.error().message;
  }
  static ServerOptions with_address(ServerOptions options) {
    if (options.listen.empty()) options.listen = {"127.0.0.1:0"};
    return options;
  }
  http::Origin origin(std::string host = "127.0.0.1") const { return {server.encrypted(), std::move(host), server.port()}; }

  Loops loops;
  TestHandler handler;
  Server server;
};

struct Answer {
  int status = 0;
  std::string body;
};

inline Task<Result<Answer>> fetch(http::Client& client, http::Origin origin, http::ClientRequest request) {
  BASCULE_CO_ASSIGN(auto response, co_await client.send(origin, std::move(request)));
  BASCULE_CO_ASSIGN(std::string body, co_await response->read_all(1 << 20));
  co_return Answer{response->status(), std::move(body)};
}

struct TestClient {
  explicit TestClient(http::ClientOptions options = {}) : client(http::make_client(std::move(options), system_clock())) {}
  Result<Answer> get(const http::Origin& origin, std::string target, std::string method = "GET") {
    return run(loop, fetch(*client, origin, {.method = std::move(method), .target = std::move(target)}));
  }
  Result<Answer> put(const http::Origin& origin, std::string target, const std::string& body, bool expect = false) {
    const Bytes slices[] = {as_bytes(std::string_view(body).substr(0, body.size() / 2)),
                            as_bytes(std::string_view(body).substr(body.size() / 2))};
    return run(loop, fetch(*client, origin, {.method = "PUT", .target = std::move(target), .body = slices, .expect_continue = expect}));
  }
  Loop loop;
  std::unique_ptr<http::Client> client;
};

}  // namespace bascule::server
