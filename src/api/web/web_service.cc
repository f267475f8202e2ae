#include "api/web/web_service.h"

#include <algorithm>

#include "api/common/conditions.h"
#include "api/common/observed.h"
#include "api/common/ranges.h"
#include "api/common/target.h"
#include "api/common/text.h"
#include "api/common/xml_writer.h"
#include "auth/account_rules.h"
#include "base/bytes.h"
#include "base/log.h"

namespace bascule::api::web {
namespace {

constexpr std::string_view kServer = "Windows-Azure-Web/1.0 Microsoft-HTTPAPI/2.0";
constexpr Version kVersion(2018, 3, 28);  // the one that brought static websites
constexpr std::string_view kVersionText = "2018-03-28";
constexpr std::string_view kContainer = "$web";

// ACCOUNT and perhaps a region's code (z22) before the domain; "" = neither.
std::string account_label(std::string_view labels) {
  const std::size_t dot = labels.find('.');
  if (dot == std::string_view::npos) return std::string(labels);
  const std::string_view region = labels.substr(dot + 1);
  const bool is_code = region.size() >= 2 && region[0] == 'z' &&
                       std::ranges::all_of(region.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  return is_code ? std::string(labels.substr(0, dot)) : std::string();
}

struct Refusal {
  int status = 404;
  std::string_view code = "WebContentNotFound", text = "The requested content does not exist.";
};
constexpr Refusal kNotFound, kNoSite{404, "WebsiteDisabled", "There is no website here."},
    kWrongVerb{405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb."},
    kBadPath{400, "InvalidUri", "The requested URI does not represent any resource on the server."},
    kBusy{503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request."},
    kInternal{500, "InternalError", "The server encountered an internal error. Please retry the request."};

std::string page_of(const Refusal& refusal, std::string_view request_id) {
  std::string html = "<!DOCTYPE html><html><head><title>";
  append_text(html, refusal.code);
  html += "</title></head><body><h1>";
  append_text(html, refusal.text);
  html += "</h1><ul><li>HttpStatusCode: ";
  append_decimal(html, static_cast<std::uint64_t>(refusal.status));
  html += "</li><li>ErrorCode: ";
  append_text(html, refusal.code);
  if (!request_id.empty()) html.append("</li><li>RequestId: ").append(request_id);
  return html += "</li></ul></body></html>";
}

void add_common(http::Response& response, const std::string& request_id) {
  response.add("Server", std::string(kServer));
  response.add("x-ms-request-id", request_id);
  response.add("x-ms-version", std::string(kVersionText));
}

Task<void> refuse(http::Exchange& exchange, const Refusal& refusal, const std::string& request_id) {
  http::Response response;
  response.status = refusal.status;
  response.add("Content-Type", "text/html");
  add_common(response, request_id);
  response.add("x-ms-error-code", std::string(refusal.code));
  if (refusal.status == 405) response.add("Allow", "GET,HEAD");
  const std::string body = page_of(refusal, request_id);
  const Bytes slice = as_bytes(body);
  (void)co_await exchange.respond(std::move(response), {&slice, 1});
}

Refusal refusal_of(const Error& error) {
  if (ops::reason_of(error) != ops::Reason::none) return kNotFound;
  return error.code == Code::overloaded || error.code == Code::unavailable || error.code == Code::exhausted ? kBusy : kInternal;
}

bool is_absent(const Error& error) {
  const ops::Reason reason = ops::reason_of(error);
  return reason == ops::Reason::blob_not_found || reason == ops::Reason::container_not_found ||
         reason == ops::Reason::container_being_deleted;
}

void add_headers(http::Response& response, const ops::BlobView& blob, bool whole) {
  const auto add_if = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) response.add(name, value);
  };
  add_if("Cache-Control", blob.headers.cache_control);
  add_if("Content-Type", blob.headers.type);
  add_if("Content-Encoding", blob.headers.encoding);
  add_if("Content-Language", blob.headers.language);
  add_if("Content-Disposition", blob.headers.disposition);
  if (whole && blob.headers.md5) response.add("Content-MD5", to_base64(*blob.headers.md5));
  std::string text;
  append_http_date(text, blob.last_modified);
  response.add("Last-Modified", std::move(text));
  response.add("Accept-Ranges", "bytes");
  text = "\"";
  append_etag(text, blob.etag);
  response.add("ETag", text += '"');
}

// What is left after the first part. An error now can only be told by cutting the connection.
Task<void> stream_rest(http::Exchange& exchange, ops::BlobReader& reader, std::uint64_t left) {
  while (left > 0) {
    const Result<Bytes> part = co_await reader.next();
    if (!part || part->empty() || part->size() > left) {
      log::error("read cut", {{"container", kContainer}, {"blob", reader.blob().name}});
      exchange.cut();
      co_return;
    }
    left -= part->size();
    const Bytes slice = *part;
    if (!co_await exchange.write({&slice, 1})) co_return;
  }
  (void)co_await exchange.finish();
}

std::string_view host_of(const http::Request& request) { return request.find("host").value_or(std::string_view()); }

struct Visit {
  std::string_view id, account;
  WallTime wall{};
  Duration took{};
};

// What the account's settings keep out (auth::check_connection): a site refuses nothing else for who asks, or how.
bool refused_by_rule(std::string_view code) {
  return code == "AccountRequiresHttps" || code == "TlsVersionNotPermitted" || code == "AuthorizationFailure";
}

// Anybody may ask for a page: who does is not known.
void record(events::EventSink& sink, const ops::Operations& operations, const ObservedExchange& observed, const Visit& visit) {
  const http::Request& request = observed.request();
  events::AccessEvent e;
  e.time = visit.wall;
  e.took = visit.took;
  e.service = "web";
  e.operation = request.method == "HEAD" ? "GetWebContentProperties" : "GetWebContent";
  e.category = "StorageRead";
  e.version = kVersionText;
  e.status = observed.status();
  e.error_code = observed.error_code();
  e.outcome = observed.was_cut() || e.status == 0 ? events::Outcome::cut
              : e.status < 400                    ? events::Outcome::allowed
              : refused_by_rule(e.error_code)     ? events::Outcome::denied
                                                  : events::Outcome::failed;
  e.credential = events::Credential::anonymous;
  e.account = visit.account;
  e.container = kContainer;
  const auto blob = auth::percent_decode(request.path.substr(std::min<std::size_t>(1, request.path.size())));
  if (blob) e.blob = *blob;
  e.host = host_of(request);
  e.path = request.path;
  e.query = request.query;
  e.encrypted = request.encrypted;
  e.tls_version = request.tls_version;
  e.caller_address = request.peer_address;
  e.caller_port = request.peer_port;
  e.request_id = visit.id;
  e.user_agent = request.find("user-agent").value_or(std::string_view());
  e.referrer = request.find("referer").value_or(std::string_view());
  e.response_bytes = observed.bytes_out();
  if (!visit.account.empty()) {
    const ops::ServedBy by = operations.served_by(visit.account, kContainer);
    e.container_key = by.container_key;
    e.root_key = by.root_key;
    e.root_key_version = by.root_key_version;
    if (e.status == 200 || e.status == 206) e.provider = by.provider;
  }
  sink.record(e);
}

}  // namespace

// What answers a request: a blob of the site, as itself or as the 404 document.
struct WebService::Page {
  std::unique_ptr<ops::BlobReader> reader;
  int status = 200;
};

std::string WebService::account_of(std::string_view host, bool named) const {
  const Options& options = options_.get();
  const std::string otherwise = named ? std::string() : options.account;
  if (options.hosts.empty() && options.domains.empty()) return otherwise;
  const std::string name = host_name(host);
  for (const auto& [known, account] : options.hosts)
    if (same_text(known, name)) return account;
  for (const std::string& domain : options.domains) {
    if (name.size() <= domain.size() + 1 || name[name.size() - domain.size() - 1] != '.') continue;
    if (!same_text(std::string_view(name).substr(name.size() - domain.size()), domain)) continue;
    if (std::string account = account_label(std::string_view(name).substr(0, name.size() - domain.size() - 1)); !account.empty())
      return account;
  }
  return otherwise;
}

// The blob of that name; for a folder, or where there is none, the index document; at last the 404 document, whole.
Task<Result<WebService::Page>> WebService::find(std::string account, std::string path, const HeaderIndex& headers) const {
  const auto known = operations_.account(account);
  const ops::AccountSettings::StaticWebsite& site = known->settings.website;
  const bool folder = path.empty() || path.ends_with('/');
  std::vector<std::string> names;
  if (!folder) names.push_back(path);
  if (!site.index_document.empty()) names.push_back(path + (folder ? "" : "/") + site.index_document);
  else if (folder && !site.default_index_document_path.empty()) names.push_back(site.default_index_document_path);
  auto conditions = parse_conditions(headers, kVersion, ConditionUse::read);
  ops::OpenBlob open{.range = parse_range(headers, kVersion)};
  if (conditions) open.conditions = std::move(*conditions);
  open.conditions.lease_id.reset();
  for (std::string& name : names) {
    auto reader = co_await operations_.open_blob({account, std::string(kContainer), std::move(name)}, open);
    if (reader) co_return Page{std::move(*reader), open.range ? 206 : 200};
    if (!is_absent(reader.error())) co_return fail(reader.error());
  }
  if (site.error_document_404_path.empty()) co_return ops::refuse(ops::Reason::blob_not_found);
  BASCULE_CO_ASSIGN(auto reader, co_await operations_.open_blob({account, std::string(kContainer), site.error_document_404_path}, {}));
  co_return Page{std::move(reader), 404};
}

Task<void> WebService::handle(http::Exchange& exchange) {
  const std::string id = ids_.next();
  const std::string account = account_of(host_of(exchange.request()));
  events::EventSink* const events = options_.get().events;
  events::EventSink* const sink = events && events->enabled() ? events : nullptr;
  if (!sink) co_return co_await answer(exchange, id, account);
  if (!sink->admit()) co_return co_await refuse(exchange, kBusy, id);
  ObservedExchange observed(exchange);
  const WallTime wall = clock_.wall();
  const Instant begun = clock_.now();
  co_await answer(observed, id, account);
  record(*sink, operations_, observed, {.id = id, .account = account, .wall = wall, .took = clock_.now() - begun});
}

Task<void> WebService::answer(http::Exchange& exchange, const std::string& id, const std::string& account) {
  const http::Request& request = exchange.request();
  const bool head = request.method == "HEAD";
  if (!head && request.method != "GET") co_return co_await refuse(exchange, kWrongVerb, id);
  const auto known = operations_.account(account);
  if (!known || !known->settings.website.enabled) co_return co_await refuse(exchange, kNoSite, id);
  if (auth::has_rules(known->settings)) {
    auth::AuthRequest asked;
    asked.tls = request.encrypted;
    asked.tls_version = request.tls_version;
    asked.peer_address = request.peer_address;
    if (const auto failure = auth::check_connection(asked, known->settings))
      co_return co_await refuse(exchange, {failure->status, failure->code, failure->message}, id);
  }
  auto path = auth::percent_decode(request.path.substr(std::min<std::size_t>(1, request.path.size())));
  if (!request.path.starts_with('/') || !path || !valid_utf8(*path) || path->find('\0') != std::string::npos)
    co_return co_await refuse(exchange, kBadPath, id);

  const HeaderIndex headers(request);
  auto page = co_await find(account, std::move(*path), headers);
  http::Response response;
  if (!page) {
    const ops::Reason reason = ops::reason_of(page.error());
    if (reason == ops::Reason::not_modified || reason == ops::Reason::condition_not_met) {
      response.status = reason == ops::Reason::not_modified ? 304 : 412;
      add_common(response, id);
      response.add("x-ms-error-code", "ConditionNotMet");
    } else if (reason == ops::Reason::invalid_range) {
      response.status = 416;
      response.add("Content-Range", "bytes */" + page.error().message);
      add_common(response, id);
      response.add("x-ms-error-code", "InvalidRange");
    } else {
      co_return co_await refuse(exchange, refusal_of(page.error()), id);
    }
    (void)co_await exchange.respond(std::move(response), {});
    co_return;
  }
  ops::BlobReader& reader = *page->reader;
  const std::uint64_t length = reader.length_bytes();
  Bytes first;
  if (!head && length > 0) {  // verified before the head goes out, so that damage is answered cleanly
    const Result<Bytes> part = co_await reader.next();
    if (!part || part->empty() || part->size() > length) co_return co_await refuse(exchange, kInternal, id);
    first = *part;
  }
  response.status = page->status;
  add_headers(response, reader.blob(), page->status == 200);
  if (page->status == 206)
    response.add("Content-Range", "bytes " + decimal(reader.first_byte()) + "-" +
                                      decimal(reader.first_byte() + length - 1) + "/" +
                                      decimal(reader.blob().size_bytes));
  add_common(response, id);
  if (page->status == 404) response.add("x-ms-error-code", std::string(kNotFound.code));
  if (!co_await exchange.start(std::move(response), length)) co_return;
  if (!first.empty() && !co_await exchange.write({&first, 1})) co_return;
  if (head) (void)co_await exchange.finish();
  else co_await stream_rest(exchange, reader, length - first.size());
}

Task<void> HostSplit::handle(http::Exchange& exchange) {
  return web_.account_of(host_of(exchange.request()), true).empty() ? storage_.handle(exchange) : web_.handle(exchange);
}

http::Response refuse_unread(int status, std::string_view why, std::string& body) {
  body = page_of({status, "InvalidInput", why}, "");
  http::Response response;
  response.status = status;
  response.add("Content-Type", "text/html");
  response.add("Server", std::string(kServer));
  return response;
}

}  // namespace bascule::api::web
