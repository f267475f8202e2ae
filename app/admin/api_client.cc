// Over the admin API: the HTTP client on a loop of its own, followed to the end of the answer.
#include "app/admin/control_client.h"
#include "app/admin/rest.h"
#include "http/client.h"
#include "http/url.h"
#include "runtime/clock.h"
#include "runtime/run.h"

namespace bascule::app {
namespace {

constexpr std::size_t kMostLine = 64 * 1024 * 1024;
constexpr Duration kSilence = std::chrono::minutes(10);   // a compaction's plan may take as long on a large catalog
constexpr Duration kStopTick = std::chrono::milliseconds(100);

// Lines as they come; what is behind the last newline is kept.
Result<void> take_lines(std::string& pending, const OnAnswerLine& on_line) {
  std::size_t begin = 0;
  for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1)
    on_line(std::string_view(pending).substr(begin, end - begin));
  pending.erase(0, begin);
  if (pending.size() > kMostLine) return fail(Code::unavailable, "the server's answer makes no sense");
  return {};
}

Task<Result<void>> exchange(http::Client& client, http::Origin origin, http::ClientRequest request, const OnAnswerLine& on_line) {
  BASCULE_CO_ASSIGN(auto response, co_await client.send(origin, std::move(request)));
  const std::string_view type = response->header("Content-Type").value_or("");
  if (type != "application/json" && type != "application/x-ndjson")
    co_return fail(Code::unavailable, "what answers there (with status " + std::to_string(response->status()) + ") is no Bascule administration");
  std::string pending, chunk(16 * 1024, '\0');
  while (true) {
    BASCULE_CO_ASSIGN(const std::size_t got, co_await response->read(as_writable(chunk)));
    if (got == 0) break;
    pending.append(chunk, 0, got);
    BASCULE_CO_TRY(take_lines(pending, on_line));
  }
  if (!pending.empty()) co_return fail(Code::unavailable, "the server went away in the middle of its answer");
  co_return Result<void>{};
}

struct Outcome {
  Result<void> result;
  bool done = false;
};

Task<void> keep(Task<Result<void>> work, Outcome& outcome, bool& over) {
  outcome.result = co_await std::move(work);
  outcome.done = over = true;
}

Task<void> watch(const std::atomic<bool>& stop, bool& over) {
  while (!stop && !over) co_await system_clock().sleep_for(kStopTick);
  over = true;
}

}  // namespace

Result<void> ask_api(const AdminApiPlace& place, const ControlRequest& request, const boost::json::object& members, const OnAnswerLine& on_line,
                     const std::atomic<bool>& stop) {
  const auto url = http::parse_url(place.server);
  if (!url || !url->origin.tls || url->path != "/" || !url->query.empty())
    return fail(Code::invalid_argument, "the admin API's address is https://HOST:PORT");
  BASCULE_ASSIGN(const RestForm form, rest_form(request, members));
  Loop loop;   // outlives the connections made on it
  auto client = http::make_client({.ca_file = place.ca_file, .stall_timeout = kSilence}, system_clock());
  const Bytes body[] = {as_bytes(form.body)};
  http::ClientRequest sent{.method = std::string(request.method), .target = form.target};
  sent.headers.push_back({"Authorization", "Bearer " + place.token});
  sent.headers.push_back({"Accept", "application/json, application/x-ndjson"});
  if (!form.body.empty()) {
    sent.headers.push_back({"Content-Type", "application/json"});
    sent.body = body;
  }
  Outcome outcome;
  bool over = false;
  spawn(loop, watch(stop, over));
  spawn(loop, keep(exchange(*client, url->origin, std::move(sent), on_line), outcome, over));
  run_until(loop, over);
  if (!outcome.done) {
    (void)client.release();   // the exchange is still suspended on it, and the program ends now
    return fail(Code::cancelled, "stopped");
  }
  if (!outcome.result) return fail(outcome.result.error().code, place.server + ": " + outcome.result.error().message);
  return {};
}

}  // namespace bascule::app
