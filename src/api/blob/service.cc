#include "api/blob/service.h"

#include "api/blob/batch.h"
#include "api/blob/call.h"
#include "api/blob/cors.h"
#include "api/blob/errors.h"
#include "api/blob/guards.h"
#include "api/blob/record.h"
#include "api/blob/reply.h"
#include "api/blob/router.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "api/common/xml_writer.h"
#include "base/log.h"

namespace bascule::api::blob {
namespace {

// x-ms-version; of a SAS without it, api-version, then sv; else the account's default; else the oldest (AZURE-DETAILS 1).
Parsed<> read_version(Call& call) {
  if (call.batch) {  // a part has its batch's, whatever it says itself: some clients name one there
    call.version = call.batch->version;
    call.version_text = call.batch->version_text;
    return {};
  }
  std::string_view text;
  const char* parameter = nullptr;
  if (const auto header = call.headers.find(H::version)) text = *header;
  else if (call.target.find("sig")) {
    for (const char* candidate : {"api-version", "sv"})
      if (const std::string* value = call.target.find(candidate)) {
        text = *value;
        parameter = candidate;
        break;
      }
  }
  if (text.empty()) {
    const auto account = call.ops().account(call.target.account);
    const auto by_account = account ? Version::parse(account->settings.default_service_version) : std::nullopt;
    if (by_account) {
      call.version = *by_account;
      call.version_text = account->settings.default_service_version;
    }
    return {};
  }
  const auto version = Version::parse(text);
  if (!version) {
    call.version_text.clear();  // such an answer names no version (AZURE-ANSWERS 1)
    return parameter ? bad_query(parameter, text) : bad_header(name(H::version), text);
  }
  call.version = *version;
  call.version_text = text;
  return {};
}

Parsed<> locate(Call& call) {
  const http::Request& request = call.request;
  if (call.batch) {
    BASCULE_ASSIGN(call.target, part_target(*call.batch, request));
    return {};
  }
  BASCULE_ASSIGN(call.target, parse_target(call.headers.get(H::host), request.path, request.query,
                                           call.service.domains(), call.service.operations()));
  return {};
}

auth::AuthRequest own_request(const Call& call) {
  auth::AuthRequest request = auth_request(call, call.target);
  request.method = call.request.method;
  request.headers = call.request.headers;
  request.version_named = call.batch || call.headers.has(H::version);
  return request;
}

Answer take_decision(Call& call, auth::Decision decision) {
  if (!decision) {
    call.denied = true;
    call.denied_for = decision.error().reason;
    call.authorised.principal.identity = decision.error().who;
    return refuse(problem_of(std::move(decision).error()));
  }
  call.authorised = std::move(*decision);
  return {};
}

// Where the container's record decides (stored policies, public access), or an issuer has to be asked for its keys.
Task<Answer> authorise_by_container(Call& call, auth::Operation operation) {
  const auth::AuthRequest request = own_request(call);
  co_return take_decision(call, co_await auth::authorise(request, operation, call.ops(), call.now(),
                                                         call.service.options().authentication));
}

// What no operation takes: an x-ms header with two values, a timeout that is no number.
Parsed<> check_common(const Call& call) {
  if (const auto twice = call.headers.contradiction()) {
    std::string values;
    for (const http::HeaderView& header : call.request.headers)
      if (same_text(header.name, name(*twice))) values.append(values.empty() ? "" : ",").append(header.value);
    return bad_header(name(*twice), values);
  }
  if (call.target.query.empty()) return {};
  const std::string* timeout = call.target.find("timeout");
  if (timeout && !timeout->empty() && !parse_integer(*timeout)) return bad_query("timeout", *timeout);
  return {};
}

// The way of every request. The version is read before anything may be refused, so that refusals have its form.
Task<Answer> serve(Call& call, Subject& subject) {
  const Parsed<> located = locate(call);
  BASCULE_CO_TRY(read_version(call));
  if (!call.recordable) co_return refuse(Fault::server_busy);
  BASCULE_CO_TRY(located);
  BASCULE_CO_ASSIGN(const Route route, find_route(call.request.method, call.target, call.headers));
  subject = route.subject;
  call.operation = auth::action_of(route.operation).name;
  call.routed = route.operation;
  BASCULE_CO_TRY(require_length(call.request));
  BASCULE_CO_TRY(check_common(call));
  if (route.authorised) {
    auto decision = auth::authorise_now(own_request(call), route.operation, call.ops(), call.now(),
                                        call.service.options().authentication);
    if (decision) {
      BASCULE_CO_TRY(take_decision(call, std::move(*decision)));
    } else {
      BASCULE_CO_TRY(co_await authorise_by_container(call, route.operation));
    }
    if (call.target.secondary && call.request.method != "GET" && call.request.method != "HEAD")
      co_return refuse(Fault::insufficient_account_permissions);
    if (!route.handler) co_return refuse(Fault::not_implemented);
    if (call.batch && !batch_takes(route.operation)) co_return refuse(Fault::invalid_input);
    BASCULE_CO_TRY(refuse_features(call, route.operation));
    BASCULE_CO_TRY(read_at(call, route.operation));
  }
  co_return co_await route.handler(call);
}

// Ordinary outcomes of the protocol (404, 409, 412, 304) are for those who look for them; the rest is seen by default.
void log_refusal(const Call& call, const Worded& error, const std::optional<Error>& cause) {
  const bool ordinary = error.status == 304 || error.status == 404 || error.status == 409 || error.status == 412;
  const log::Level level = error.status >= 500 && error.status != 501 ? log::Level::error
                           : ordinary                                  ? log::Level::debug
                                                                       : log::Level::info;
  if (!log::enabled(level)) return;
  log::write(level, "request refused",
             {{"request_id", call.request_id},
              {"operation", call.operation},
              {"method", call.request.method},
              {"path", call.request.path},  // never the query: it may hold a signature
              {"status", error.status},
              {"code", error.code},
              {"error", cause ? std::string_view(cause->message) : std::string_view()}});
}

// Other codes of status 403 (RequestForbiddenByContainerEncryptionPolicy) say nothing of who asks.
bool denies(std::string_view code) {
  return code.starts_with("Authorization") || code == "AuthenticationFailed" || code == "UnauthorizedBlobOverwrite";
}

Task<void> answer_problem(Call& call, Problem problem, Subject subject) {
  if (problem.error && problem.error->code == Code::cancelled) {  // the client has gone, or sent less than it said
    call.exchange.cut();
    co_return;
  }
  const std::optional<Error> cause = problem.error;
  const Worded error = word(std::move(problem), subject);
  log_refusal(call, error, cause);
  call.error_code = error.code;
  if (error.status == 403 && denies(error.code)) call.denied = true;   // what an operation asks for beside the rest, such as tags
  if (call.exchange.started()) {
    call.exchange.cut();
    co_return;
  }
  const bool bodiless = call.head() || error.status == 304;
  http::Response response;
  response.status = error.status;
  if (error.status != 304) response.reason = error.text;
  response.headers.reserve(10 + error.headers.size());
  if (!bodiless) response.add("Content-Type", "application/xml");
  for (const http::Header& header : error.headers)
    if (header.name == "Content-Range" || header.name == "Allow") response.headers.push_back(header);
  add_common_headers(response, call);
  if (call.version >= since::kErrorCodeHeader) response.add("x-ms-error-code", error.code);
  for (const http::Header& header : error.headers)
    if (header.name != "Content-Range" && header.name != "Allow") response.headers.push_back(header);
  if (error.status == 304) {
    (void)co_await call.exchange.respond(std::move(response), {});
  } else if (call.head()) {
    if (co_await call.exchange.start(std::move(response), std::nullopt)) (void)co_await call.exchange.finish();
  } else {
    const std::string body = error_body(error, call.request_id, call.now());
    const Bytes slice = as_bytes(body);
    (void)co_await call.exchange.respond(std::move(response), {&slice, 1});
  }
}

}  // namespace

auth::AuthRequest auth_request(const Call& call, const Target& target) {
  auth::AuthRequest request;
  request.raw_path = target.raw_path;
  request.query = &target.query;
  request.account = target.account;
  request.container = target.container;
  request.blob = target.blob;
  request.snapshot = target.get("snapshot");
  request.version_id = target.get("versionid");
  request.path_style = target.path_style;
  request.version = call.version_text;
  request.tls = call.request.encrypted;
  request.tls_version = call.request.tls_version;
  request.peer_address = call.request.peer_address;
  return request;
}

BlobService::BlobService(ops::Operations& operations, Clock& clock, Random& random, Options options)
    : operations_(operations), clock_(clock), options_(std::move(options)), domains_(options_.domains), ids_(random) {}

namespace {

// From the request to its answer; what is wrong is answered, too.
Task<void> answer(Call& call) {
  Subject subject = Subject::blob;
  Answer answer = co_await serve(call, subject);
  if (!answer) co_await answer_problem(call, std::move(answer).error(), subject);
}

}  // namespace

Task<void> BlobService::handle(http::Exchange& exchange) {
  ObservedExchange observed(exchange);
  events::EventSink* const sink = options_.events && options_.events->enabled() ? options_.events : nullptr;
  CorsExchange answers(sink ? static_cast<http::Exchange&>(observed) : exchange);
  Call call(*this, answers, ids_.next());
  answers.serve(call);
  if (!sink) co_return co_await answer(call);
  call.recordable = sink->admit();
  const Begun begun{clock_.wall(), clock_.now()};
  co_await answer(call);
  if (call.recordable) record(*sink, call, observed, begun);
}

// The batch was admitted, and with it its parts.
Task<void> BlobService::handle_part(const Call& batch, http::Exchange& exchange) {
  ObservedExchange observed(exchange);
  Call call(*this, observed, ids_.next());
  call.batch = &batch;
  const Begun begun{clock_.wall(), clock_.now()};
  co_await answer(call);
  if (options_.events && options_.events->enabled()) record(*options_.events, call, observed, begun);
}

http::Response refuse_unread(int status, std::string_view why, std::string& body) {
  Worded error;
  error.status = status;
  error.text = why;
  error.code = status == 408 ? "OperationTimedOut" : status == 414 ? "InvalidUri" : status >= 500 ? "InternalError"
                                                                                                  : "InvalidInput";
  body.append(kXmlStart).append("<Error><Code>").append(error.code).append("</Code><Message>");
  append_text(body, why);
  body += "</Message></Error>";
  http::Response response;
  response.status = status;
  response.add("Content-Type", "application/xml");
  response.add("Server", "Microsoft-HTTPAPI/2.0");
  response.add("x-ms-error-code", error.code);
  return response;
}

}  // namespace bascule::api::blob
