#include "server/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/address.h"
#include "server/test_certificate.h"
#include "server/test_server.h"

namespace bascule::server {
namespace {

// A client of bytes.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{.tv_sec = 5};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  bool try_send(std::string_view text) {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  void send(std::string_view text) { EXPECT_TRUE(try_send(text)); }
  // Until the text has come, or the end.
  std::string read_until(std::string_view wanted) {
    std::string text;
    char part[4096];
    while (wanted.empty() || text.find(wanted) == std::string::npos) {
      const ssize_t got = ::recv(fd_, part, sizeof part, 0);
      if (got < 0) return text + "<error>";
      if (got == 0) return text + "<end>";
      text.append(part, static_cast<std::size_t>(got));
    }
    return text;
  }
  std::string read_to_end() { return read_until(""); }
  void end() { ::shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
  bool connected_ = false;
};

const std::string kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

void wait_until_open(const TestServer& server, std::int64_t count) {
  for (int i = 0; i < 1000 && server.server.counters().open != count; ++i) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(server.server.counters().open, count);
}

TEST(Server, RefusesPlainHttpBeyondLoopback) {
  Loops loops(1);
  TestHandler handler;
  Server open(loops, {.listen = {"0.0.0.0:0"}}, handler, test_refusal, system_clock());
  const auto refused = open.start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("certificate"), std::string::npos);
  Server allowed(loops, {.listen = {"*:0"}, .allow_plain_http = true}, handler, test_refusal, system_clock());
  EXPECT_TRUE(allowed.start());
  Server half(loops, {.listen = {"127.0.0.1:0"}, .certificate_file = "/x"}, handler, test_refusal, system_clock());
  EXPECT_FALSE(half.start());
  Server missing(loops, {.listen = {"127.0.0.1:0"}, .certificate_file = "/nonexistent/c", .key_file = "/nonexistent/k"},
                 handler, test_refusal, system_clock());
  EXPECT_NE(missing.start().error().message.find("/nonexistent/c"), std::string::npos);
}

TEST(Server, NamesAnAddressInUse) {
  TestServer first;
  Server second(first.loops, {.listen = {first.server.addresses()[0]}}, first.handler, test_refusal, system_clock());
  const auto refused = second.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::already_exists);
  EXPECT_NE(refused.error().message.find(first.server.addresses()[0]), std::string::npos);
}

TEST(Server, Addresses) {
  for (const char* where : {"", "x", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:65536", "127.0.0.1:8x", "::1:80", "[::1]", "[::1"}) {
    const auto result = listen_on(where);
    EXPECT_FALSE(result) << where;
  }
  const auto listeners = listen_on("localhost:0");
  ASSERT_TRUE(listeners) << listeners.error().message;
  for (const Listener& listener : *listeners) {
    EXPECT_TRUE(listener.loopback);
    EXPECT_NE(listener.port, 0);
    ::close(listener.fd);
  }
}

TEST(Server, OneConnectionTooManyIsToldSo) {
  TestServer server({.max_connections = 2});
  RawClient first(server.server.port()), second(server.server.port());
  first.send(kGet);
  second.send(kGet);
  EXPECT_TRUE(first.read_until("hello").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(second.read_until("hello").starts_with("HTTP/1.1 200 OK\r\n"));
  RawClient third(server.server.port());
  const std::string answer = third.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("There are too many connections.<end>")) << answer;
  EXPECT_EQ(server.server.counters().refused, 1u);
  first.send(kGet);
  EXPECT_TRUE(first.read_until("hello").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, DrainsGently) {
  TestServer server;
  RawClient idle(server.server.port()), busy(server.server.port());
  idle.send(kGet);
  EXPECT_TRUE(idle.read_until("hello").starts_with("HTTP/1.1 200 OK\r\n"));
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + kGet);
  for (int i = 0; i < 500 && server.server.counters().requests < 2; ++i) std::this_thread::sleep_for(2ms);
  bool gentle = false;
  std::thread drain([&] { gentle = server.server.drain(10s); });
  EXPECT_EQ(idle.read_to_end(), "<end>");
  const std::string answer = busy.read_to_end();
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("slow<end>")) << answer;
  drain.join();
  EXPECT_TRUE(gentle);
  EXPECT_FALSE(RawClient(server.server.port()).connected());
  EXPECT_EQ(server.server.counters().open, 0);
}

// The end may come with the request, so that no event of its own tells of it.
TEST(Server, SeesThePeersEndWheneverItComes) {
  TestServer server;
  for (int i = 0; i < 200; ++i) {
    RawClient client(server.server.port());
    if (i % 2 == 0) {
      client.send(kGet);
      EXPECT_TRUE(client.read_until("hello").ends_with("hello"));
    }
    client.send(kGet);
    if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i));
    client.end();
    EXPECT_TRUE(client.read_to_end().ends_with("hello<end>"));
  }
  wait_until_open(server, 0);
}

TEST(Server, ABodyInManyParts) {
  TestServer server;
  RawClient client(server.server.port());
  constexpr int kParts = 500;
  client.send("PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(kParts * 7) + "\r\n\r\n");
  for (int i = 0; i < kParts; ++i) {
    client.send("1234567");
    if (i % 5 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i % 50));
  }
  EXPECT_TRUE(client.read_until("3500").ends_with("3500"));
}

TEST(Server, CutsWhatDoesNotDrain) {
  TestServer server;
  RawClient stuck(server.server.port());
  stuck.send("PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  for (int i = 0; i < 500 && server.server.counters().requests < 1; ++i) std::this_thread::sleep_for(2ms);
  EXPECT_FALSE(server.server.drain(100ms));
  EXPECT_EQ(server.server.counters().open, 0);
  EXPECT_EQ(stuck.read_to_end(), "<error>");
}

TEST(Server, ASlowHeadAndSilenceEnd) {
  ServerOptions options;
  options.limits.head_timeout = 100ms;
  options.limits.idle_timeout = 200ms;
  TestServer server(options);
  RawClient slow(server.server.port()), silent(server.server.port());
  slow.send("GET / HT");
  EXPECT_TRUE(slow.read_to_end().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(silent.read_to_end(), "<end>");
  wait_until_open(server, 0);
}

TEST(Server, AReaderThatStopsIsCut) {
  ServerOptions options;
  options.limits.write_stall_timeout = 100ms;
  TestServer server(options);
  RawClient client(server.server.port());
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += kGet;  // the answers fill both sockets' buffers
  std::thread sender([&] { static_cast<void>(client.try_send(many)); });
  std::this_thread::sleep_for(100ms);
  wait_until_open(server, 0);
  sender.join();
}

TEST(Server, ConnectionsCutAtAnyPoint) {
  TestServer server;
  const std::string bytes = "PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    RawClient client(server.server.port());
    client.send(std::string_view(bytes).substr(0, i));
  }
  wait_until_open(server, 0);
}

TEST(Server, ReloadsItsCertificate) {
  const TestFolder folder;
  const std::string certificate = folder.file("cert"), key = folder.file("key");
  const std::string old_copy = folder.file("old"), new_copy = folder.file("new");
  write_certificate(certificate, key);
  std::filesystem::copy_file(certificate, old_copy);
  TestServer server({.certificate_file = certificate, .key_file = key});
  EXPECT_TRUE(TestClient({.ca_file = old_copy}).get(server.origin(), "/hello"));
  write_certificate(certificate, key, {.valid_until_seconds = 9999});
  std::filesystem::copy_file(certificate, new_copy);
  EXPECT_TRUE(TestClient({.ca_file = old_copy}).get(server.origin(), "/hello"));
  EXPECT_TRUE(server.server.reload_certificate());
  EXPECT_FALSE(TestClient({.ca_file = old_copy}).get(server.origin(), "/hello"));
  EXPECT_TRUE(TestClient({.ca_file = new_copy}).get(server.origin(), "/hello"));
  std::filesystem::remove(key);
  EXPECT_FALSE(server.server.reload_certificate());
  EXPECT_TRUE(TestClient({.ca_file = new_copy}).get(server.origin(), "/hello"));
}

TEST(Server, OldTlsAndPlainHttpOnATlsPortFail) {
  const TestFolder folder;
  write_certificate(folder.file("cert"), folder.file("key"));
  TestServer server({.certificate_file = folder.file("cert"), .key_file = folder.file("key")});
  RawClient plain(server.server.port());
  plain.send(kGet);
  EXPECT_EQ(plain.read_to_end().find("HTTP/1.1 200"), std::string::npos);
  // A ClientHello of TLS 1.1: refused by an alert (0x15), protocol version (70).
  RawClient old(server.server.port());
  old.send(std::string_view("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x02"
                            "0123456789abcdef0123456789abcdef"
                            "\x00\x00\x04\xc0\x13\x00\x2f\x01\x00", 52));
  const std::string alert = old.read_to_end();
  EXPECT_EQ(alert[0], 0x15);
  EXPECT_EQ(alert[6], 70);
}

}  // namespace
}  // namespace bascule::server
