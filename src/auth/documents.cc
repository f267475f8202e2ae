#include "auth/documents.h"

#include "http/client.h"
#include "http/url.h"

namespace bascule::auth {
namespace {

using namespace std::chrono_literals;
constexpr Duration kWhole = 10s, kConnect = 5s, kStall = 5s;

class HttpDocuments final : public Documents {
 public:
  HttpDocuments(std::string ca_file, Clock& clock) : clock_(clock) {
    http::ClientOptions options;
    options.ca_file = std::move(ca_file);
    options.connections_per_origin = 4;
    options.connect_timeout = kConnect;
    options.stall_timeout = kStall;
    client_ = http::make_client(std::move(options), clock);
  }

  Task<Result<std::string>> get(std::string url, std::size_t most_bytes) override {
    if (!acceptable_document_url(url))
      co_return fail(Code::invalid_argument, "an identity provider is asked over https alone (plain http on this machine)");
    BASCULE_CO_ASSIGN(const http::Url parsed, http::parse_url(url));
    http::ClientRequest request;
    request.method = "GET";
    request.target = parsed.target();
    request.headers.push_back({"Accept", "application/json"});
    request.deadline = clock_.now() + kWhole;
    BASCULE_CO_ASSIGN(auto response, co_await client_->send(parsed.origin, std::move(request)));
    if (response->status() != 200)
      co_return fail(Code::unavailable, parsed.origin.host + " answered with status " + std::to_string(response->status()));
    if (const auto length = response->content_length(); length && *length > most_bytes)
      co_return fail(Code::exhausted, "the answer of " + parsed.origin.host + " is too large");
    co_return co_await response->read_all(most_bytes);
  }

 private:
  Clock& clock_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace

bool acceptable_document_url(const std::string& url) {
  const auto parsed = http::parse_url(url);
  if (!parsed) return false;
  if (parsed->origin.tls) return true;
  const std::string& host = parsed->origin.host;
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::unique_ptr<Documents> make_http_documents(std::string ca_file, Clock& clock) {
  return std::make_unique<HttpDocuments>(std::move(ca_file), clock);
}

}  // namespace bascule::auth
