#include "app/admin/api_server.h"

#include "app/admin/control_http.h"
#include "app/admin/failure_limit.h"
#include "base/log.h"

namespace bascule::app {
namespace {

constexpr std::size_t kMostConnections = 256;
constexpr Duration kStall = std::chrono::seconds(10);

std::vector<http::Header> challenge(std::string_view error) {
  std::string text = "Bearer realm=\"bascule admin\"";
  if (!error.empty()) text += ", error=\"" + std::string(error) + "\"";
  return {{"WWW-Authenticate", std::move(text)}};
}

// "" where there is none, or more than one, or another scheme.
std::string bearer_of(const http::Request& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto value = request.count("Authorization") == 1 ? request.find("Authorization") : std::nullopt;
  if (!value || value->size() <= kScheme.size() || !http::same_name(value->substr(0, kScheme.size()), kScheme)) return "";
  return std::string(value->substr(kScheme.size()));
}

class ApiHandler final : public http::Handler {
 public:
  ApiHandler(Control& control, Clock& clock, const std::atomic<bool>& stop) : control_(control), clock_(clock), stop_(stop) {}

  // A good token is always heard: who guesses from the same address keeps nobody out.
  Task<void> handle(http::Exchange& exchange) override {
    const std::string address(exchange.request().peer_address);
    const std::string token = bearer_of(exchange.request());
    Result<AdminPrincipal> who = fail(Code::permission_denied, "a token is needed: Authorization: Bearer …");
    if (!token.empty()) who = co_await control_.tokens().authenticate(token);
    if (!who) {
      co_await refuse(exchange, address, who.error(), token.empty());
      co_return;
    }
    who->address = address;
    co_await serve_control(control_, std::move(*who), exchange, clock_, stop_);
  }

 private:
  Task<void> refuse(http::Exchange& exchange, std::string address, Error error, bool none) {
    if (error.code != Code::permission_denied) {   // the catalog cannot be asked: nobody's failure
      co_await refuse_control(exchange, {503, error.code, "tokens cannot be looked up now", {}});
      co_return;
    }
    const Instant now = clock_.now();
    if (!limit_.may_try(address, now)) {
      co_await refuse_control(exchange, {429, Code::overloaded, "too many requests without a good token; wait a minute", {}}, {{"Retry-After", "60"}});
      co_return;
    }
    const bool shut_out = limit_.failed(address, now);
    if (events::EventSink* events = control_.events(); events && events->enabled())
      events->record(events::AdminEvent{.time = clock_.wall(), .operation = "authenticate", .outcome = events::Outcome::denied,
                                        .reason = none ? "no token was given" : "the token is not known, over or revoked", .authentication = "AdminToken",
                                        .caller_address = address});
    log::warn("admin token refused", {{"address", address}, {"why", none ? "none was given" : "it is not known, over or revoked"}, {"shut_out", shut_out}});
    co_await refuse_control(exchange, {401, Code::permission_denied, error.message, {}}, challenge(none ? "" : "invalid_token"));
  }

  Control& control_;
  Clock& clock_;
  const std::atomic<bool>& stop_;
  FailureLimit limit_;
};

}  // namespace

struct AdminApi::State {
  State(AdminApiOptions o, Control& control, Clock& clock)
      : handler(control, clock, stopping), server(loops, server_options(std::move(o), control), handler, refuse_unread_control, clock) {}
  static server::ServerOptions server_options(AdminApiOptions o, const Control& control) {
    server::ServerOptions options{.listen = {std::move(o.listen)}, .certificate_file = std::move(o.certificate_file), .key_file = std::move(o.key_file),
                                  .max_connections = kMostConnections, .events = control.events()};
    options.limits.head_bytes = 16 * 1024;
    options.limits.target_bytes = 8 * 1024;
    options.limits.headers = 64;
    options.limits.head_timeout = options.limits.body_stall_timeout = options.limits.write_stall_timeout = kStall;
    options.limits.idle_timeout = std::chrono::seconds(30);
    return options;
  }

  std::atomic<bool> stopping{false};
  Loops loops{1};
  ApiHandler handler;
  server::Server server;
};

AdminApi::AdminApi(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<AdminApi>> AdminApi::start(AdminApiOptions options, Control& control, Clock& clock) {
  if (options.certificate_file.empty() || options.key_file.empty())
    return fail(Code::invalid_argument, "the admin API is served over TLS alone: it needs a certificate and its key");
  auto state = std::make_unique<State>(std::move(options), control, clock);
  BASCULE_TRY(state->server.start());
  return std::unique_ptr<AdminApi>(new AdminApi(std::move(state)));
}

const std::vector<std::string>& AdminApi::addresses() const { return state_->server.addresses(); }
Result<void> AdminApi::reload_certificate() { return state_->server.reload_certificate(); }

void AdminApi::stop(Duration limit) {
  if (state_->stopping.exchange(true)) return;
  state_->server.drain(limit);
  state_->loops.stop();
}

AdminApi::~AdminApi() { stop(std::chrono::seconds(30)); }

}  // namespace bascule::app
