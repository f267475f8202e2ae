#include "fetch/http_remote.h"

#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "fetch/page_list.h"
#include "http/client.h"
#include "http/url.h"

namespace bascule::fetch {
namespace {

// What asks for no more than is understood here: an Azure account answers in this version's form.
constexpr std::string_view kVersion = "2021-12-02";
constexpr std::string_view kMetadataPrefix = "x-ms-meta-";
constexpr std::size_t kPageListBytes = 16 * 1024 * 1024;   // a source that is deaf to maxresults tells all at once
constexpr std::string_view kMostRanges = "5000";
constexpr std::size_t kErrorBytes = 16 * 1024, kMostErrorText = 300;
constexpr std::size_t kConnections = 64;   // to one host, of one loop

std::string between(std::string_view text, std::string_view open, std::string_view close) {
  const std::size_t start = text.find(open);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + open.size());
  const std::size_t end = text.find(close);
  return end == std::string_view::npos ? std::string() : std::string(text.substr(0, std::min(end, kMostErrorText)));
}

// One line of plain text: it goes into our own answers.
std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void take_md5(std::string_view text, std::optional<ops::Md5Value>& into) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != sizeof(ops::Md5Value)) return;
  std::memcpy(into.emplace().data(), bytes->data(), bytes->size());
}

ops::RemoteHead head_of(const http::ClientResponse& response) {
  ops::RemoteHead head;
  head.status = response.status();
  head.length_bytes = response.content_length();
  const auto text = [&](std::string_view name) { return std::string(response.header(name).value_or("")); };
  head.error_code = first_line(text("x-ms-error-code"));
  head.etag = text("ETag");
  if (const auto date = response.header("Last-Modified")) head.last_modified = parse_http_date(*date);
  head.headers = {text("Content-Type"), text("Content-Encoding"), text("Content-Language"), text("Cache-Control"),
                  text("Content-Disposition"), {}};
  head.blob_type = text("x-ms-blob-type");
  head.sequence_number = number(text("x-ms-blob-sequence-number")).value_or(0);
  head.committed_blocks = number(text("x-ms-blob-committed-block-count")).value_or(0);
  head.sealed = text("x-ms-blob-sealed") == "true";
  if (head.status == 206) {
    const std::string range = text("Content-Range");   // bytes 0-9/100
    head.size_bytes = number(std::string_view(range).substr(std::min(range.size(), range.rfind('/') + 1)));
    take_md5(text("x-ms-blob-content-md5"), head.headers.md5);
  } else {
    head.size_bytes = head.length_bytes;
    take_md5(text("Content-MD5"), head.headers.md5);
  }
  for (const http::Header& header : response.headers()) {
    if (header.name.size() > kMetadataPrefix.size() &&
        http::same_name(std::string_view(header.name).substr(0, kMetadataPrefix.size()), kMetadataPrefix))
      head.metadata.emplace_back(header.name.substr(kMetadataPrefix.size()), header.value);
  }
  return head;
}

class HttpContent final : public ops::RemoteContent {
 public:
  HttpContent(std::unique_ptr<http::ClientResponse> response, ops::RemoteHead head)
      : response_(std::move(response)), head_(std::move(head)) {}
  const ops::RemoteHead& head() const override { return head_; }
  Task<Result<std::size_t>> read(MutableBytes into) override { return response_->read(into); }

 private:
  const std::unique_ptr<http::ClientResponse> response_;
  const ops::RemoteHead head_;
};

void add(std::vector<http::Header>& headers, std::string_view name, std::string value) {
  if (!value.empty()) headers.push_back({std::string(name), std::move(value)});
}

class HttpRemote final : public ops::Remote {
 public:
  HttpRemote(RemoteOptions options, Clock& clock)
      : allow_plain_http_(options.allow_plain_http),
        client_(http::make_client({.permit = make_guard(std::move(options.allowed)),
                                   .ca_file = std::move(options.ca_file),
                                   .connections_per_origin = kConnections,
                                   .connect_timeout = options.connect_timeout,
                                   .stall_timeout = options.stall_timeout},
                                  clock)) {}

  Task<Result<std::unique_ptr<ops::RemoteContent>>> open(ops::RemoteQuery query) override {
    BASCULE_CO_ASSIGN(auto response, co_await ask(std::move(query), {}));
    BASCULE_CO_ASSIGN(auto head, co_await told(*response));
    co_return std::make_unique<HttpContent>(std::move(response), std::move(head));
  }

  Task<Result<ops::RemotePages>> page_ranges(ops::RemoteQuery query, std::string former) override {
    std::string more = "comp=pagelist&maxresults=" + std::string(kMostRanges);
    if (!former.empty()) more += "&prevsnapshot=" + http::percent_encode(former);
    BASCULE_CO_ASSIGN(const auto response, co_await ask(std::move(query), std::move(more)));
    ops::RemotePages pages;
    BASCULE_CO_ASSIGN(pages.head, co_await told(*response));
    if (!pages.head.good()) co_return pages;
    pages.head.size_bytes = number(response->header("x-ms-blob-content-length").value_or(""));
    BASCULE_CO_ASSIGN(std::string body, co_await response->read_all(kPageListBytes));
    BASCULE_CO_ASSIGN(PageList list, parse_page_list(std::move(body)));
    pages.ranges = std::move(list.ranges);
    pages.complete = list.next.empty();
    co_return pages;
  }

 private:
  // `more`: of the URL's query.
  Task<Result<std::unique_ptr<http::ClientResponse>>> ask(ops::RemoteQuery query, std::string more) {
    BASCULE_CO_ASSIGN(const http::Url url, http::parse_url(query.url));
    if (!url.origin.tls && !allow_plain_http_)
      co_return fail(Code::unsupported, "plain http is not allowed for copy sources (copy.allow_plain_http)");
    http::ClientRequest request;
    request.method = query.head_only ? "HEAD" : "GET";
    request.target = url.target();
    if (!more.empty()) request.target += (request.target.contains('?') ? "&" : "?") + more;
    add(request.headers, "x-ms-version", std::string(kVersion));
    add(request.headers, "Authorization", std::move(query.authorization));
    if (!query.key.empty()) {
      if (!url.origin.tls) co_return fail(Code::unsupported, "a key is not sent over plain http");
      add(request.headers, "x-ms-encryption-key", std::move(query.key));
      add(request.headers, "x-ms-encryption-key-sha256", std::move(query.key_sha256));
      add(request.headers, "x-ms-encryption-algorithm", std::move(query.key_algorithm));
    }
    if (query.range) {
      add(request.headers, "Range", "bytes=" + std::to_string(query.range->first) + "-" +
                                        (query.range->last ? std::to_string(*query.range->last) : ""));
    }
    add(request.headers, "If-Match", std::move(query.conditions.if_match));
    add(request.headers, "If-None-Match", std::move(query.conditions.if_none_match));
    add(request.headers, "If-Modified-Since", std::move(query.conditions.if_modified_since));
    add(request.headers, "If-Unmodified-Since", std::move(query.conditions.if_unmodified_since));
    add(request.headers, "x-ms-if-tags", std::move(query.conditions.if_tags));
    co_return co_await client_->send(url.origin, std::move(request));
  }

  // The head, with a refusal's words.
  static Task<Result<ops::RemoteHead>> told(http::ClientResponse& response) {
    ops::RemoteHead head = head_of(response);
    if (!head.good()) {
      if (const auto body = co_await response.read_all(kErrorBytes)) {
        head.error_message = first_line(between(*body, "<Message>", "</Message>"));
        if (head.error_code.empty()) head.error_code = first_line(between(*body, "<Code>", "</Code>"));
      }
    }
    co_return head;
  }

  const bool allow_plain_http_;
  const std::unique_ptr<http::Client> client_;
};

}  // namespace

std::unique_ptr<ops::Remote> make_http_remote(RemoteOptions options, Clock& clock) {
  return std::make_unique<HttpRemote>(std::move(options), clock);
}

}  // namespace bascule::fetch
