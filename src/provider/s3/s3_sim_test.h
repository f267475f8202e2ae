// For tests: the simulator of tests/s3sim as a child process, and a client and options that reach it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "provider/s3/s3_provider.h"
#include "runtime/run.h"

namespace bascule::provider::s3 {

// A temporary folder with a self-signed certificate for localhost, *.localhost and 127.0.0.1; made once a program.
struct TestCertificate {
  std::string folder, cert, key;
};
const TestCertificate& test_certificate();

class Simulator {
 public:
  // Starts `python3 tests/s3sim` with these arguments beside the port; fails the test if it does not come up. It stops
  // when this program ends, however that happens.
  explicit Simulator(std::vector<std::string> arguments = {}, bool tls = false);
  ~Simulator();  // stops it; a violation fails the test
  Simulator(const Simulator&) = delete;

  S3Options options(S3Options::Style style = S3Options::Style::path) const;
  // A client that trusts the simulator's certificate.
  std::unique_ptr<http::Client> client() const { return http::make_client(client_options(options()), system_clock()); }

  // The tests' own side of the simulator (its README); returns the answer's body.
  std::string admin(std::string method, std::string target, std::string_view body = "");
  void faults(std::string_view rules) { admin("PUT", "/_sim/faults", rules); }
  std::string report() { return admin("GET", "/_sim/report"); }

 private:
  bool tls_;
  int pid_ = -1;
  int stdin_ = -1, stdout_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace bascule::provider::s3
