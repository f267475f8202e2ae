#include "migrate/azure_client.h"

#include <fmt/format.h>

#include <charconv>

#include "auth/shared_key.h"
#include "migrate/copy_blob.h"

namespace bascule::migrate {
namespace {

constexpr std::string_view kVersion = "2021-12-02";
constexpr int kAttempts = 8, kFirstAttempts = 3;
constexpr std::chrono::milliseconds kSpread{500};        // of those who waited for the same pause
constexpr auto kCallLimit = std::chrono::minutes(5);     // a listing or a list, body included
constexpr auto kLongestWait = std::chrono::minutes(5);   // whatever Retry-After says
constexpr std::size_t kErrorBytes = 64 * 1024;

bool worth_retrying(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::optional<Duration> asked_to_wait(const http::ClientResponse& response) {
  const auto text = response.header("retry-after");
  int seconds = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc{} || seconds < 0)
    return std::nullopt;
  return std::min<Duration>(std::chrono::seconds(seconds), kLongestWait);
}

// The source's own words, without the parts that may repeat a signature.
std::string explain(int status, std::string_view code, std::string_view body) {
  std::string text = fmt::format("the source answered {}{}{}", status, code.empty() ? "" : " ", code);
  const std::size_t start = body.find("<Message>");
  if (start == std::string_view::npos) return text;
  std::string_view message = body.substr(start + 9, body.find("</Message>", start) - start - 9);
  message = message.substr(0, message.find('\n'));
  return text + ": " + std::string(message.substr(0, 300));
}

Error error_of(int status, std::string_view code, std::string message) {
  if (status == 404) return {Code::not_found, 0, std::move(message)};
  if (status == 412) return {Code::conflict, 0, std::move(message)};
  if (status == 401 || status == 403) return {Code::permission_denied, 0, std::move(message)};
  if (status == 429 || status == 503) return {Code::overloaded, 0, std::move(message)};
  if (worth_retrying(status)) return {Code::unavailable, 0, std::move(message)};
  if (status == 409 || status == 501 || code == "BlobArchived") return {Code::unsupported, 0, std::move(message)};
  return {Code::invalid_argument, 0, std::move(message)};
}

}  // namespace

std::string AzureAnswer::header(std::string_view name) const {
  for (const http::Header& entry : headers)
    if (http::same_name(entry.name, name)) return entry.value;
  return {};
}

AzureClient::AzureClient(Connection connection, http::Client& client, Clock& clock, Random& random)
    : connection_(std::move(connection)), client_(client), clock_(clock), random_(random) {
  if (connection_.key) key_.emplace(as_bytes(*connection_.key));
}

Task<Result<std::unique_ptr<http::ClientResponse>>> AzureClient::send(const AzureCall& call, Instant deadline) {
  http::ClientRequest request;
  request.method = call.method;
  request.target.reserve(connection_.base_path.size() + call.path.size() + call.query.size() + connection_.sas.size() + 2);
  request.target.append(connection_.base_path).append(call.path);
  if (!call.query.empty()) request.target.append("?").append(call.query);
  if (!key_) request.target.append(call.query.empty() ? "?" : "&").append(connection_.sas);
  request.headers.reserve(call.headers.size() + 3);
  request.headers = call.headers;
  request.deadline = deadline;
  if (key_) {
    auth::sign_shared_key(request.method, request.target, connection_.account, *key_, kVersion, clock_.wall(),
                          std::nullopt, request.headers);
  } else {
    request.headers.push_back({"x-ms-version", std::string(kVersion)});
  }
  return client_.send(connection_.origin, std::move(request));
}

// Those who waited do not all go on in the same instant.
Task<void> AzureClient::keep_quiet() {
  while (clock_.now() < quiet_until_) {
    const auto spread = std::chrono::milliseconds(random_.next_u64() % kSpread.count());
    co_await clock_.sleep_until(quiet_until_ + spread);
  }
}

Task<Result<std::unique_ptr<http::ClientResponse>>> AzureClient::stream(AzureCall call, Instant deadline) {
  for (int attempt = 1;; ++attempt) {
    co_await keep_quiet();
    Error error;
    bool again = true;
    auto response = co_await send(call, deadline);
    if (!response) {
      error = std::move(response.error());
      again = retryable(error.code);
    } else if (const int status = (*response)->status(); status >= 200 && status < 300) {
      answered_ = true;
      co_return response;
    } else {
      answered_ = true;
      const std::string code((*response)->header("x-ms-error-code").value_or(""));
      const auto body = co_await (*response)->read_all(kErrorBytes);
      error = error_of(status, code, explain(status, code, body ? *body : std::string()));
      again = worth_retrying(status);
      if (const auto asked = asked_to_wait(**response); again && asked)
        quiet_until_ = std::max(quiet_until_, clock_.now() + *asked);
    }
    if (!again || attempt == (answered_ ? kAttempts : kFirstAttempts)) co_return fail(std::move(error));
    response = fail(Code::internal, "");  // lets go of the connection before waiting
    co_await clock_.sleep_for(retry_delay(attempt, random_));
  }
}

Task<Result<AzureAnswer>> AzureClient::fetch(AzureCall call, std::size_t limit) {
  for (int attempt = 1;; ++attempt) {
    auto response = co_await stream(call, clock_.now() + kCallLimit);
    if (!response) co_return fail(std::move(response.error()));
    AzureAnswer answer;
    answer.headers = (*response)->headers();
    auto body = co_await (*response)->read_all(limit);
    if (body) {
      answer.body = std::move(*body);
      co_return answer;
    }
    if (!retryable(body.error().code) || attempt == kAttempts) co_return fail(std::move(body.error()));
    co_await clock_.sleep_for(retry_delay(attempt, random_));
  }
}

}  // namespace bascule::migrate
