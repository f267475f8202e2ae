#include "app/admin/control_http.h"

#include <boost/json/serialize.hpp>

#include "app/admin/openapi.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::string_view kJson = "application/json", kLines = "application/x-ndjson";

http::Response head(int status, std::string_view type) {
  http::Response response{.status = status};
  response.add("Content-Type", std::string(type));
  response.add("Cache-Control", "no-store");
  response.add("X-Content-Type-Options", "nosniff");
  return response;
}

std::string refusal_body(const RestRefusal& refusal) {
  const int exit = refusal.code == Code::invalid_argument ? kUsage : refusal.code == Code::unsupported ? kUnsupported : kFailed;
  return json::serialize(json::object{{"error", refusal.message}, {"code", rest_code(refusal.code)}, {"exit", exit}}) + "\n";
}

class ExchangeOutput final : public ControlOutput {
 public:
  explicit ExchangeOutput(http::Exchange& exchange) : exchange_(exchange) {}
  Task<bool> line(std::string text) override {
    if (!exchange_.started()) {
      auto started = co_await exchange_.start(head(200, kLines), std::nullopt);
      if (!started) co_return false;
    }
    text += '\n';
    const Bytes slice = as_bytes(text);
    auto written = co_await exchange_.write(Slices(&slice, 1));
    co_return written.has_value();
  }
  Task<void> last(std::string text, int status) override {
    if (exchange_.started()) {
      if (co_await line(std::move(text))) (void)co_await exchange_.finish();
      co_return;
    }
    text += '\n';
    const Bytes slice = as_bytes(text);
    (void)co_await exchange_.respond(head(status, kJson), Slices(&slice, 1));
  }

 private:
  http::Exchange& exchange_;
};

// False: the connection was cut, or refused.
Task<bool> read_whole(http::Exchange& exchange, Clock& clock, std::string& body) {
  const Instant until = clock.now() + kBodyTime;
  std::string chunk(16 * 1024, '\0');
  const auto& announced = exchange.request().content_length;
  bool too_large = announced && *announced > kMostRequestBody;
  while (!too_large) {
    auto got = co_await exchange.read_body(as_writable(chunk));
    if (!got) {
      exchange.cut();
      co_return false;
    }
    if (*got == 0) co_return true;
    too_large = body.size() + *got > kMostRequestBody;
    body.append(chunk, 0, *got);
    if (clock.now() <= until) continue;
    co_await refuse_control(exchange, {408, Code::timeout, "the body took too long to arrive", {}});
    co_return false;
  }
  co_await refuse_control(exchange, {413, Code::invalid_argument, "the body is too large", {}});
  co_return false;
}

Task<void> respond_text(http::Exchange& exchange, std::string text) {
  const Bytes slice = as_bytes(text);
  (void)co_await exchange.respond(head(200, kJson), Slices(&slice, 1));
}

}  // namespace

Task<void> refuse_control(http::Exchange& exchange, RestRefusal refusal, std::vector<http::Header> headers) {
  http::Response response = head(refusal.status, kJson);
  for (http::Header& header : headers) response.headers.push_back(std::move(header));
  if (!refusal.allow.empty()) response.add("Allow", refusal.allow);
  const std::string body = refusal_body(refusal);
  const Bytes slice = as_bytes(body);
  (void)co_await exchange.respond(std::move(response), Slices(&slice, 1));
}

http::Response refuse_unread_control(int status, std::string_view why, std::string& body) {
  body = refusal_body({status, status == 503 ? Code::overloaded : Code::invalid_argument, std::string(why), {}});
  return head(status, kJson);
}

Task<void> serve_control(Control& control, AdminPrincipal who, http::Exchange& exchange, Clock& clock, const std::atomic<bool>& stop) {
  const http::Request& request = exchange.request();
  if (request.path == kOpenApiPath && request.method == "GET") co_return co_await respond_text(exchange, openapi_document());
  const auto row = find_route(control_requests(), request.method, request.path);
  if (!row) co_return co_await refuse_control(exchange, row.error());
  ExchangeOutput output(exchange);
  const std::string what((*row)->name);
  if (!(*row)->roles.has(who.role)) co_return co_await control.handle(std::move(who), what, "", stop, output);   // which refuses it
  std::string body;
  if (!co_await read_whole(exchange, clock, body)) co_return;
  const auto routed = route(control_requests(), {.method = request.method, .path = request.path, .query = request.query,
                                                 .content_type = request.find("Content-Type").value_or(""), .body = body});
  if (!routed) co_return co_await refuse_control(exchange, routed.error());
  co_await control.handle(std::move(who), what, json::serialize(routed->body), stop, output);
}

}  // namespace bascule::app
