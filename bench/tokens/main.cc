// What the check of a bearer token costs, in microseconds of CPU of one thread:
//   cached      a token that was verified before (its SHA-256, its time, its audience), as in nearly all requests
//   authorised  the same with all that a request asks: header, roles of 100 assignments, the answer
//   RS256 …     a token that was never seen: parsed, its signature checked with a key that is known
// token_cost [SECONDS]: how long for each line, 1 by default.
#include <time.h>

#include <cstdio>
#include <cstdlib>

#include "auth/authorise.h"
#include "auth/issuers.h"
#include "auth/test_support.h"
#include "auth/token_support.h"
#include "runtime/run.h"

namespace {

using namespace bascule;
using namespace bascule::auth;
using testing::SigningKey;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void must(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "token_cost: %s\n", what);
  std::exit(1);
}

// `once(i)` as often as goes into the time.
template <class F> void measure(const char* name, double seconds, std::size_t most, F once) {
  for (std::size_t i = 0; i < std::min<std::size_t>(most, 10); ++i) once(i);
  std::size_t done = 0;
  const double begin = cpu_seconds();
  double end = begin;
  while (end - begin < seconds && done < most) {
    for (std::size_t k = 0; k < 100 && done < most; ++k) once(done++);
    end = cpu_seconds();
  }
  std::printf("%-12s %8.3f us\n", name, (end - begin) * 1e6 / static_cast<double>(done));
}

std::string claims(std::size_t serial) {
  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock().wall()).time_since_epoch().count();
  std::string groups;
  for (int i = 0; i < 10; ++i) groups += (i ? "," : "") + std::string("\"8f2b6d1e-7a55-4a3b-9d15-0c2f1f1b6a0") + std::to_string(i) + "\"";
  return "{\"iss\":\"" + std::string(testing::kIssuer) + "\",\"aud\":\"https://storage.azure.com\",\"oid\":\"alice\",\"sub\":\"s\",\"tid\":\"acme\",\"exp\":" +
         std::to_string(now + 3600) + ",\"nbf\":" + std::to_string(now - 10) + ",\"groups\":[" + groups + "],\"uti\":\"" + std::to_string(serial) + "\"}";
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  const SigningKey rsa = SigningKey::rsa(), ec = SigningKey::ec();
  auto published = std::make_shared<testing::Published>();
  published->publish(testing::key_set({rsa.jwk("r"), ec.jwk("e")}));
  IssuersSettings settings;
  settings.issuers = {{"acme", std::string(testing::kIssuer)}};
  auto issuers = Issuers::make(settings, std::make_unique<testing::FakeDocuments>(published), system_clock()).value();
  Loop loop;
  const std::string token = rsa.token(R"({"alg":"RS256","kid":"r","typ":"JWT"})", claims(0), "RS256");
  must(run(loop, issuers->verify(token, "acct")).has_value(), "the token is refused");

  std::printf("a token of %zu bytes\n", token.size());
  const WallTime now = system_clock().wall();
  measure("cached", seconds, ~std::size_t{0}, [&](std::size_t) { must(issuers->verify_now(token, "acct", now)->has_value(), "refused"); });

  testing::FakeOperations operations;
  auto access = std::make_shared<catalog::AccountAccess>();
  for (int i = 0; i < 100; ++i) {
    catalog::RoleAssignment assignment;
    assignment.tenant = "acme";
    assignment.assignee = i == 50 ? "alice" : "somebody-" + std::to_string(i);
    access->assignments.push_back(std::move(assignment));
  }
  access->sort();
  auto account = std::make_shared<ops::Account>();
  account->name = "acct";
  account->access = access;
  operations.accounts["acct"] = account;
  auth::Settings authentication;
  authentication.issuers = issuers.get();
  testing::TestRequest request;
  request.target = "/c/b";
  request.account = "acct";
  request.container = "c";
  request.blob = "b";
  request.headers = {{"x-ms-version", "2026-02-06"}, {"Authorization", "Bearer " + token}};
  const AuthRequest view = request.view();
  measure("authorised", seconds, ~std::size_t{0}, [&](std::size_t) {
    must(authorise_now(view, Operation::get_blob, operations, now, authentication)->has_value(), "not authorised");
  });

  constexpr std::size_t kTokens = 8'000;   // more than are remembered
  for (const auto& [name, key, id] : {std::tuple("RS256", &rsa, "r"), std::tuple("PS256", &rsa, "r"), std::tuple("ES256", &ec, "e")}) {
    std::vector<std::string> tokens;
    const std::string header = std::string("{\"alg\":\"") + name + "\",\"kid\":\"" + id + "\"}";
    for (std::size_t i = 0; i < kTokens; ++i) tokens.push_back(key->token(header, claims(i + 1), name));
    measure(name, seconds, kTokens, [&](std::size_t i) { must(issuers->verify_now(tokens[i], "acct", now)->has_value(), "refused"); });
  }
  return 0;
}
