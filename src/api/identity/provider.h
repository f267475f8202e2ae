// The organisation's identity provider: its discovery document (OpenID Connect Discovery 1.0) and its token endpoint
// (RFC 6749, 4.4: client credentials).
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/identity/options.h"
#include "http/client.h"
#include "http/url.h"
#include "runtime/random.h"

namespace bascule::api::identity {

using Form = std::vector<std::pair<std::string, std::string>>;
std::string encode_form(const Form& form);

struct Token {
  std::string text;
  WallTime until{};
  WallTime asked{};   // when it was asked for
};

// What the provider says where it gives no token. `error` is the code of RFC 6749, 5.2; "" where there was no answer.
struct ProviderRefusal {
  int status = 0;            // 0: there was no answer
  std::string error, description;
  bool passing() const { return status == 0 || status >= 500 || status == 429; }
};
using TokenAnswer = std::expected<Token, ProviderRefusal>;

// On one loop. `client`, `clock` and `random` outlive it.
class Provider {
 public:
  Provider(ProviderOptions options, http::Client& client, Clock& clock, Random& random)
      : options_(std::move(options)), client_(client), clock_(clock), random_(random) {}

  // Asks with `form` as it is; `secret` goes where this provider wants it. What the provider says of an error is passed on
  // without anything that `form` or `secret` hold.
  Task<TokenAnswer> ask(Form form, std::string client_id, std::optional<std::string> secret);
  // A token for a client whose proof is in its files.
  Task<TokenAnswer> ask_for(const Client& client, const Resource& resource);

  // Members of the discovery document; "" = the provider says none.
  struct Endpoints {
    std::string token, keys, authorization;
  };
  // Asked for once an hour; an old one is used where the provider does not answer.
  Task<Result<Endpoints>> endpoints();

 private:
  Task<Result<std::string>> fetch(http::Url url, http::ClientRequest request, int& status);
  Result<http::Url> url_of(std::string_view text) const;

  const ProviderOptions options_;
  http::Client& client_;
  Clock& clock_;
  Random& random_;
  std::optional<Endpoints> known_;
  Instant known_since_{};
};

}  // namespace bascule::api::identity
