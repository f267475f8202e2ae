// Requests to an Azure storage account, signed and tried again where that may help.
#pragma once
#include <memory>
#include <optional>

#include "base/digest.h"
#include "http/client.h"
#include "migrate/connection.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace bascule::migrate {

struct AzureCall {
  std::string method = "GET";
  std::string path;                   // encoded, below the account: "/container/blob"
  std::string query;                  // encoded, without '?'; the SAS is added
  std::vector<http::Header> headers;  // beside date, version and authorization
};

struct AzureAnswer {
  std::string body;
  std::vector<http::Header> headers;
  std::string header(std::string_view name) const;  // "" if absent
};

// Calls are made from one loop. The one retry loop: 408, 429, 500, 502, 503, 504 and broken connections, with
// exponential delays and jitter. Where Retry-After asks for a pause, all calls make it. A source that has never answered
// is given up sooner. Errors: not_found; conflict (412); permission_denied;
// unsupported (409 and 501: archived and the like); invalid_argument (400 and the rest); what was retried in vain.
class AzureClient {
 public:
  AzureClient(Connection connection, http::Client& client, Clock& clock, Random& random);
  const Connection& connection() const { return connection_; }

  // The whole answer of a call, its body at most `limit` bytes.
  Task<Result<AzureAnswer>> fetch(AzureCall call, std::size_t limit);
  // The answer's head; its body is read by the caller, and a body cut short is not retried here.
  Task<Result<std::unique_ptr<http::ClientResponse>>> stream(AzureCall call, Instant deadline = kNoDeadline);

 private:
  Task<Result<std::unique_ptr<http::ClientResponse>>> send(const AzureCall& call, Instant deadline);
  Task<void> keep_quiet();

  Connection connection_;
  http::Client& client_;
  Clock& clock_;
  Random& random_;
  std::optional<HmacSha256Key> key_;
  bool answered_ = false;   // the source has answered once
  Instant quiet_until_{};   // it asked for a pause
};

}  // namespace bascule::migrate
