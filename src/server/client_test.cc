// The client against the server, over real sockets.
#include <sys/socket.h>

#include "server/test_certificate.h"
#include "server/test_server.h"

namespace bascule::server {
namespace {

TEST(Client, KeepsItsConnection) {
  TestServer server;
  TestClient client;
  for (int i = 0; i < 5; ++i) {
    const auto hello = client.get(server.origin(), "/hello");
    ASSERT_TRUE(hello) << hello.error().message;
    EXPECT_EQ(hello->status, 200);
    EXPECT_EQ(hello->body, "hello");
    EXPECT_EQ(client.get(server.origin(), "/chunked")->body, "part part part ");
    EXPECT_EQ(client.get(server.origin(), "/hello", "HEAD")->body, "");
    EXPECT_EQ(client.get(server.origin(), "/none")->status, 204);
    EXPECT_EQ(client.put(server.origin(), "/count", "")->body, "0");
    EXPECT_EQ(client.put(server.origin(), "/count", std::string(3'000'000, 'x'))->body, "3000000");
  }
  EXPECT_EQ(server.server.counters().accepted, 1u);
  EXPECT_EQ(server.server.counters().requests, 30u);
  EXPECT_GT(server.server.bytes_in(), 15'000'000u);
  EXPECT_GT(server.server.bytes_out(), 100u);
}

TEST(Client, SendsAgainWhatAStaleConnectionLost) {
  ServerOptions options;
  options.limits.idle_timeout = 50ms;
  TestServer server(options);
  TestClient client;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(client.put(server.origin(), "/count", "abc"));
    EXPECT_EQ(server.server.counters().accepted, i);
    std::this_thread::sleep_for(150ms);
  }
}

TEST(Client, GetsTheAnswerGivenBeforeTheBodyWasRead) {
  TestServer server;
  TestClient client;
  const auto denied = client.put(server.origin(), "/deny", std::string(20'000'000, 'x'));
  ASSERT_TRUE(denied) << denied.error().message;
  EXPECT_EQ(denied->status, 403);
  EXPECT_EQ(denied->body, "denied");
}

TEST(Client, ExpectContinueSparesTheBody) {
  TestServer server;
  TestClient client;
  EXPECT_EQ(client.put(server.origin(), "/deny", std::string(5'000'000, 'x'), true)->status, 403);
  EXPECT_LT(server.server.bytes_in(), 1000u);
  EXPECT_EQ(client.put(server.origin(), "/count", std::string(5'000'000, 'x'), true)->body, "5000000");
}

TEST(Client, ACutBodyIsAnError) {
  TestServer server;
  TestClient client;
  const auto cut = client.get(server.origin(), "/cut");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::unavailable);
}

TEST(Client, Deadline) {
  TestServer server;
  TestClient client;
  const auto late = run(client.loop, fetch(*client.client, server.origin(),
                                           {.method = "GET", .target = "/late", .deadline = system_clock().now() + 100ms}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::timeout);
}

Task<void> fetch_into(TestClient& client, http::Origin origin, http::ClientRequest request, Result<Answer>& answer, int& done) {
  answer = co_await fetch(*client.client, origin, std::move(request));
  ++done;
}

Task<void> wait_for_count(const int& done, int count) {
  while (done < count) co_await system_clock().sleep_for(5ms);
}

TEST(Client, WaitsForAFreeConnection) {
  TestServer server;
  TestClient client({.connections_per_origin = 1});
  int done = 0;
  Result<Answer> first = Answer{}, second = Answer{}, third = Answer{};
  spawn(client.loop, fetch_into(client, server.origin(), {.method = "GET", .target = "/slow"}, first, done));
  spawn(client.loop, fetch_into(client, server.origin(), {.method = "GET", .target = "/slow"}, second, done));
  spawn(client.loop, fetch_into(client, server.origin(),
                                {.method = "GET", .target = "/slow", .deadline = system_clock().now() + 100ms}, third, done));
  run(client.loop, wait_for_count(done, 3));
  EXPECT_EQ(first->body, "slow");
  EXPECT_EQ(second->body, "slow");
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Code::timeout);
  EXPECT_EQ(server.server.counters().accepted, 1u);
}

TEST(Client, SaysWhyItCannotConnect) {
  TestClient client({.connect_timeout = 5s});
  const auto refused = client.get({false, "127.0.0.1", 1}, "/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_NE(refused.error().message.find("refused"), std::string::npos) << refused.error().message;
  const auto unknown = client.get({false, "no-such-name.invalid", 80}, "/");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().code, Code::permission_denied);
  EXPECT_NE(unknown.error().message.find("no-such-name.invalid"), std::string::npos) << unknown.error().message;
}

TEST(Client, AnswersThatAreNotHttp) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 5), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string_view answers[] = {
      "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", ""};
  std::thread peer([&] {
    for (const std::string_view answer : answers) {
      const int fd = ::accept(listener, nullptr, nullptr);
      char request[1000];
      EXPECT_GT(::recv(fd, request, sizeof request, 0), 0);
      EXPECT_EQ(::send(fd, answer.data(), answer.size(), 0), static_cast<ssize_t>(answer.size()));
      ::close(fd);
    }
  });
  TestClient client;
  for (std::size_t i = 0; i < std::size(answers); ++i) {
    EXPECT_FALSE(client.get({false, "127.0.0.1", ntohs(address.sin_port)}, "/")) << answers[i];
  }
  peer.join();
  ::close(listener);
}

struct TlsFiles {
  TestFolder folder;
  std::string certificate = folder.file("cert.pem");
  std::string key = folder.file("key.pem");
  explicit TlsFiles(const CertificateFacts& facts = {}) { write_certificate(certificate, key, facts); }
  ServerOptions options() const { return {.certificate_file = certificate, .key_file = key}; }
};

TEST(ClientTls, Works) {
  const TlsFiles files;
  TestServer server(files.options());
  TestClient client({.ca_file = files.certificate});
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto hello = client.get(server.origin(host), "/hello");
    ASSERT_TRUE(hello) << hello.error().message;
    EXPECT_EQ(hello->body, "hello");
    EXPECT_EQ(client.put(server.origin(host), "/count", std::string(5'000'000, 'x'))->body, "5000000");
    EXPECT_EQ(client.get(server.origin(host), "/chunked")->body, "part part part ");
    EXPECT_FALSE(client.get(server.origin(host), "/cut"));
  }
  EXPECT_EQ(server.server.counters().failed_handshakes, 0u);
}

void expect_refused(const TlsFiles& files, const std::string& ca_file, const std::string& host, const char* why) {
  TestServer server(files.options());
  TestClient client({.ca_file = ca_file});
  const auto answer = client.get(server.origin(host), "/hello");
  ASSERT_FALSE(answer) << why;
  EXPECT_EQ(answer.error().code, Code::permission_denied) << answer.error().message;
  EXPECT_NE(answer.error().message.find(why), std::string::npos) << answer.error().message;
  EXPECT_EQ(server.server.counters().requests, 0u);
}

TEST(ClientTls, ChecksTheCertificate) {
  const TlsFiles good;
  expect_refused(good, "", "localhost", "not trusted");
  const TlsFiles only_name({.names = "DNS:localhost"});
  expect_refused(only_name, only_name.certificate, "127.0.0.1", "another name");
  const TlsFiles other_name({.names = "DNS:example.org"});
  expect_refused(other_name, other_name.certificate, "localhost", "another name");
  const TlsFiles expired({.valid_from_seconds = -7200, .valid_until_seconds = -3600});
  expect_refused(expired, expired.certificate, "localhost", "expired");
  const TlsFiles future({.valid_from_seconds = 3600, .valid_until_seconds = 7200});
  expect_refused(future, future.certificate, "localhost", "not valid yet");
}

TEST(ClientTls, SaysWhenThePeerSpeaksNoTls) {
  TestServer server;
  TestClient client;
  const auto answer = client.get({true, "127.0.0.1", server.server.port()}, "/");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("does not speak TLS"), std::string::npos) << answer.error().message;
  TestClient no_roots({.ca_file = "/nonexistent/ca.pem"});
  EXPECT_NE(no_roots.get({true, "127.0.0.1", server.server.port()}, "/").error().message.find("/nonexistent/ca.pem"),
            std::string::npos);
}

}  // namespace
}  // namespace bascule::server
