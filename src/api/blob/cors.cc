#include "api/blob/cors.h"

#include <algorithm>

#include "api/blob/call.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

// The next of a comma-separated list without the white space around it; nothing at the end.
std::optional<std::string_view> next_of(std::string_view& list) {
  constexpr std::string_view kWhite = " \t";
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    const std::size_t first = one.find_first_not_of(kWhite);
    if (first == std::string_view::npos) continue;
    return one.substr(first, one.find_last_not_of(kWhite) - first + 1);
  }
  return std::nullopt;
}

bool lists(std::string_view list, std::string_view wanted) {
  while (const auto one = next_of(list))
    if (*one == wanted) return true;
  return false;
}

// A header's name against literal names and prefixes ("x-ms-meta-*", "*").
bool covers(std::string_view patterns, std::string_view name) {
  while (const auto one = next_of(patterns)) {
    if (!one->ends_with('*')) {
      if (same_text(*one, name)) return true;
      continue;
    }
    const std::string_view prefix = one->substr(0, one->size() - 1);
    if (name.size() >= prefix.size() && same_text(name.substr(0, prefix.size()), prefix)) return true;
  }
  return false;
}

// The answer's own headers, and those that the connection adds, as far as the rule exposes them.
std::string exposed_of(const CorsRule& rule, const http::Response& response) {
  std::string exposed;
  const auto add = [&](std::string_view name) {
    if (!covers(rule.exposed_headers, name)) return;
    exposed.append(exposed.empty() ? "" : ",").append(name);
  };
  for (const http::Header& header : response.headers) add(header.name);
  for (const std::string_view name : {"Content-Length", "Date", "Transfer-Encoding"}) add(name);
  return exposed;
}

}  // namespace

bool allows_any_origin(const CorsRule& rule) { return lists(rule.origins, "*"); }

const CorsRule* find_cors_rule(const std::vector<CorsRule>& rules, std::string_view origin, std::string_view method) {
  const auto applies = [&](const CorsRule& rule) {
    return (allows_any_origin(rule) || (!origin.empty() && lists(rule.origins, origin))) && lists(rule.methods, method);
  };
  const auto found = std::ranges::find_if(rules, applies);
  return found == rules.end() ? nullptr : &*found;
}

bool allows_headers(const CorsRule& rule, std::string_view headers) {
  while (const auto one = next_of(headers))
    if (!covers(rule.allowed_headers, *one)) return false;
  return true;
}

void add_cors_headers(http::Response& response, const std::vector<CorsRule>& rules, std::string_view method,
                      std::string_view origin) {
  const bool cached = method == "GET" || method == "HEAD";
  if (rules.empty() || (origin.empty() && !cached)) return;
  const CorsRule* rule = find_cors_rule(rules, origin, method);
  const bool any = rule && allows_any_origin(*rule);
  if (cached && !any)
    response.headers.insert(std::ranges::find(response.headers, "Server", &http::Header::name), {"Vary", "Origin"});
  if (!rule) return;
  std::vector<http::Header> added;
  if (std::string exposed = exposed_of(*rule, response); !exposed.empty())
    added.push_back({"Access-Control-Expose-Headers", std::move(exposed)});
  added.push_back({"Access-Control-Allow-Origin", any ? "*" : std::string(origin)});
  if (!any) added.push_back({"Access-Control-Allow-Credentials", "true"});
  response.headers.insert(std::ranges::find(response.headers, "WWW-Authenticate", &http::Header::name),
                          std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
}

void CorsExchange::complete(http::Response& response) const {
  if (!call_ || inner_.request().method == "OPTIONS") return;
  std::shared_ptr<const ops::Account> account = call_->authorised.principal.account;
  if (!account) account = call_->ops().account(call_->target.account);  // refused before it was known who asks
  if (account && !account->settings.cors.empty())
    add_cors_headers(response, account->settings.cors, inner_.request().method, call_->headers.get(H::origin));
}

Task<Result<void>> CorsExchange::respond(http::Response response, Slices body) {
  complete(response);
  return inner_.respond(std::move(response), body);
}

Task<Result<void>> CorsExchange::start(http::Response response, std::optional<std::uint64_t> length) {
  complete(response);
  return inner_.start(std::move(response), length);
}

}  // namespace bascule::api::blob
