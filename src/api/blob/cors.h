// Cross-origin requests: which of an account's rules a request falls under, and what its answer then says to the browser.
// Source: "CORS support for the Azure Storage services" (evaluation of the rules, the table of Vary and Allow-Origin).
#pragma once
#include <string_view>
#include <vector>

#include "http/message.h"
#include "ops/types.h"

namespace bascule::api::blob {

struct Call;

using CorsRule = ops::AccountSettings::CorsRule;

// The first rule that names the origin (case counts; "*" is any) and the method; null if none does.
const CorsRule* find_cors_rule(const std::vector<CorsRule>& rules, std::string_view origin, std::string_view method);
bool allows_any_origin(const CorsRule& rule);
// Every one of the comma-separated `headers` is allowed, literally or by a prefix.
bool allows_headers(const CorsRule& rule, std::string_view headers);

// Adds Vary, Access-Control-Expose-Headers, Access-Control-Allow-Origin and -Credentials to the answer of a request that is
// no preflight. `origin`: "" where none was sent.
void add_cors_headers(http::Response& response, const std::vector<CorsRule>& rules, std::string_view method,
                      std::string_view origin);

// Stands between the handlers and the connection, so that every answer, errors included, carries what the account's rules
// say. Costs nothing where there are none.
class CorsExchange final : public http::Exchange {
 public:
  explicit CorsExchange(http::Exchange& inner) : inner_(inner) {}
  void serve(const Call& call) { call_ = &call; }  // lives as long as this

  const http::Request& request() const override { return inner_.request(); }
  Task<Result<std::size_t>> read_body(MutableBytes into) override { return inner_.read_body(into); }
  std::uint64_t body_bytes_read() const override { return inner_.body_bytes_read(); }
  Task<Result<void>> respond(http::Response response, Slices body) override;
  Task<Result<void>> start(http::Response response, std::optional<std::uint64_t> length) override;
  Task<Result<void>> write(Slices slices) override { return inner_.write(slices); }
  Task<Result<void>> finish() override { return inner_.finish(); }
  bool started() const override { return inner_.started(); }
  void cut() override { inner_.cut(); }

 private:
  void complete(http::Response& response) const;

  http::Exchange& inner_;
  const Call* call_ = nullptr;
};

}  // namespace bascule::api::blob
