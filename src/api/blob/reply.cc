#include "api/blob/reply.h"

#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {
constexpr std::string_view kServer = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0";
constexpr std::size_t kMaxClientRequestId = 1024;  // longer ones are not echoed (AZURE-DETAILS 5)
}  // namespace

std::string etag_text(const Call& call, ops::ETag etag) {
  const bool quoted = call.version >= since::kQuotedEtags;
  std::string text;
  text.reserve(20);
  if (quoted) text += '"';
  append_etag(text, etag);
  if (quoted) text += '"';
  return text;
}

std::string http_date(WallTime t) {
  std::string text;
  text.reserve(29);
  append_http_date(text, t);
  return text;
}

std::string md5_text(const ops::Md5Value& md5) { return to_base64(md5); }

std::string crc64_text(std::uint64_t crc64) {
  std::array<std::byte, 8> bytes;
  store_le(bytes.data(), crc64);
  return to_base64(bytes);
}

void add_common_headers(http::Response& response, const Call& call) {
  response.add("Server", std::string(kServer));
  response.add("x-ms-request-id", call.request_id);
  const std::string_view client_id = call.headers.get(H::client_request_id);
  if (!client_id.empty() && client_id.size() <= kMaxClientRequestId)
    response.add("x-ms-client-request-id", std::string(client_id));
  if (!call.version_text.empty()) response.add("x-ms-version", call.version_text);
}

Reply::Reply(Call& call, int status) : call_(call) {
  response_.status = status;
  response_.headers.reserve(24);
}

void Reply::modified(WallTime last_modified, ops::ETag etag) {
  add("Last-Modified", http_date(last_modified));
  add("ETag", etag_text(call_, etag));
}

void Reply::common() { add_common_headers(response_, call_); }

void Reply::request_encrypted() {
  if (call_.version >= since::kServerEncrypted) add("x-ms-request-server-encrypted", "true");
}

void Reply::version_id(WallTime version) {
  if (version != WallTime() && call_.version >= since::kVersioning) add("x-ms-version-id", format_iso8601(version));
}

void Reply::crc64(std::uint64_t value) { add("x-ms-content-crc64", crc64_text(value)); }

void Reply::metadata(const ops::Metadata& metadata) {
  for (const auto& [name, value] : metadata) add("x-ms-meta-" + name, value);
}

// What goes wrong while sending ends the connection, which its owner sees to; nobody is left to be answered.
Task<Answer> Reply::send() {
  (void)co_await call_.exchange.respond(std::move(response_), {});
  co_return Answer();
}

Task<Answer> Reply::send_xml(std::string body) {
  if (!co_await call_.exchange.start(std::move(response_), std::nullopt)) co_return Answer();
  if (!call_.head()) {
    const Bytes slice = as_bytes(body);
    if (!co_await call_.exchange.write({&slice, 1})) co_return Answer();
  }
  (void)co_await call_.exchange.finish();
  co_return Answer();
}

}  // namespace bascule::api::blob
