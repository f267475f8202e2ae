// The suite of all providers, on the simulator: plain and signed, TLS and unsigned, both styles of address; and with
// everything around the bucket while the simulator's faults strike.
#include "provider/conformance.h"
#include "provider/s3/s3_sim_test.h"
#include "provider/s3/s3_stack.h"

namespace bascule::provider {
namespace {

using s3::Simulator;

// One simulator for all tests of a kind, started when the first needs it; stopped, and its report checked, at the end.
class Shared : public ::testing::Environment {
 public:
  Shared(std::vector<std::string> arguments, bool tls) : arguments_(std::move(arguments)), tls_(tls) {}
  Simulator& simulator() {
    if (!simulator_) simulator_ = std::make_unique<Simulator>(arguments_, tls_);
    return *simulator_;
  }
  void TearDown() override { simulator_.reset(); }

 private:
  std::vector<std::string> arguments_;
  bool tls_;
  std::unique_ptr<Simulator> simulator_;
};

Shared* shared(std::vector<std::string> arguments, bool tls) {
  return static_cast<Shared*>(::testing::AddGlobalTestEnvironment(new Shared(std::move(arguments), tls)));
}
Shared* const plain = shared({"--payload", "signed"}, false);
Shared* const encrypted = shared({"--payload", "unsigned"}, true);
Shared* const faulty = shared({"--seed", "11", "--faults",
                               R"([{"kind": "error", "status": 503, "code": "SlowDown", "probability": 0.05},
                                   {"kind": "cut", "when": "before", "probability": 0.03},
                                   {"kind": "cut", "when": "after", "probability": 0.03}])"}, false);

struct Bare {
  std::unique_ptr<http::Client> client;
  std::unique_ptr<S3Provider> provider;
};

std::shared_ptr<Provider> bare(S3Options options) {
  auto place = std::make_shared<Bare>();
  place->client = http::make_client(client_options(options), system_clock());
  auto made = make_s3_provider(std::move(options), *place->client, system_clock());
  if (!made) return nullptr;
  place->provider = std::move(*made);
  return {place, place->provider.get()};
}

ProviderUnderTest way(std::string name, Shared* where, S3Options::Style style) {
  return {.name = std::move(name),
          .make = [=](Loop&, const std::string&) { return bare(where->simulator().options(style)); }};
}

std::shared_ptr<Provider> stacked(Loop&, const std::string&) {
  auto made = make_s3_stack(faulty->simulator().options(), system_clock(), system_random());
  if (!made) return nullptr;
  auto stack = std::make_shared<S3Stack>(std::move(*made));
  return {stack, stack->provider.get()};
}

INSTANTIATE_TEST_SUITE_P(S3, ProviderConformance,
                         ::testing::Values(way("plain_path", plain, S3Options::Style::path),
                                           way("plain_host", plain, S3Options::Style::virtual_host),
                                           way("tls_path", encrypted, S3Options::Style::path),
                                           way("tls_host", encrypted, S3Options::Style::virtual_host),
                                           ProviderUnderTest{.name = "stack_with_faults", .make = stacked}),
                         provider_name);

}  // namespace
}  // namespace bascule::provider
