#include "provider/s3/s3_sim_test.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>

extern char** environ;

namespace bascule::provider::s3 {
namespace {

// …/src/provider/s3/s3_sim_test.cc -> …/tests/s3sim
std::string simulator_folder() {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  return (root / "tests" / "s3sim").string();
}

int spawn_program(std::vector<std::string> words, int in, int out) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (in >= 0) posix_spawn_file_actions_adddup2(&actions, in, 0);
  if (out >= 0) posix_spawn_file_actions_adddup2(&actions, out, 1);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

std::string read_line(int from) {
  std::string line;
  char c;
  while (::read(from, &c, 1) == 1 && c != '\n') line.push_back(c);
  return line;
}

Task<std::string> ask(http::Client& client, http::Origin origin, std::string method, std::string target, Bytes body) {
  http::ClientRequest request;
  request.method = method;
  request.target = target;
  const Bytes slices[] = {body};
  if (!body.empty()) request.body = slices;
  request.deadline = system_clock().now() + std::chrono::seconds(10);
  auto answer = co_await client.send(origin, std::move(request));
  if (!answer) {
    ADD_FAILURE() << answer.error().message;
    co_return "";
  }
  auto text = co_await (*answer)->read_all(1 << 20);
  EXPECT_EQ((*answer)->status(), 200) << (text ? *text : "");
  co_return text ? *text : "";
}

}  // namespace

const TestCertificate& test_certificate() {
  // Never destroyed: what runs at the program's end still names its folder.
  static const TestCertificate& certificate = *new TestCertificate([] {
    char folder[] = "/tmp/bascule-s3-test-XXXXXX";
    TestCertificate out;
    out.folder = ::mkdtemp(folder);
    out.cert = out.folder + "/cert.pem";
    out.key = out.folder + "/key.pem";
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const int pid = spawn_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                   "ec_paramgen_curve:P-256", "-nodes", "-keyout", out.key, "-out", out.cert, "-days", "2",
                                   "-subj", "/CN=localhost", "-addext",
                                   "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1"}, null, null);
    int status = 1;
    ::waitpid(pid, &status, 0);
    ::close(null);
    EXPECT_EQ(status, 0) << "openssl could not make a certificate";
    std::atexit([] { std::filesystem::remove_all(test_certificate().folder); });
    return out;
  }());
  return certificate;
}

Simulator::Simulator(std::vector<std::string> arguments, bool tls) : tls_(tls) {
  int in[2], out[2];
  EXPECT_EQ(::pipe2(in, O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
  std::vector<std::string> words = {"python3", simulator_folder(), "--until-stdin-closes"};
  if (tls) words.insert(words.end(), {"--tls-cert", test_certificate().cert, "--tls-key", test_certificate().key});
  words.insert(words.end(), arguments.begin(), arguments.end());
  pid_ = spawn_program(std::move(words), in[0], out[1]);
  ::close(in[0]);
  ::close(out[1]);
  stdin_ = in[1];
  stdout_ = out[0];
  const std::string line = read_line(stdout_);
  const std::size_t colon = line.rfind(':');
  EXPECT_NE(colon, std::string::npos) << "the simulator did not start: " << line;
  if (colon != std::string::npos) port_ = static_cast<std::uint16_t>(std::stoi(line.substr(colon + 1)));
}

Simulator::~Simulator() {
  ::close(stdin_);
  std::string report, line;
  while (!(line = read_line(stdout_)).empty()) report += line + "\n";
  int status = -1;
  ::waitpid(pid_, &status, 0);
  ::close(stdout_);
  EXPECT_EQ(status, 0) << report;
}

S3Options Simulator::options(S3Options::Style style) const {
  S3Options options;
  options.name = "sim";
  options.endpoint = fmt::format("{}://localhost:{}", tls_ ? "https" : "http", port_);
  options.bucket = "bascule-test";
  options.access_key = "test";
  options.secret_key = "testsecret";
  options.style = style;
  if (tls_) options.ca_file = test_certificate().cert;
  return options;
}

std::string Simulator::admin(std::string method, std::string target, std::string_view body) {
  Loop loop;
  const auto own = client();
  return run(loop, ask(*own, {tls_, "localhost", port_}, std::move(method), std::move(target), as_bytes(body)));
}

}  // namespace bascule::provider::s3
