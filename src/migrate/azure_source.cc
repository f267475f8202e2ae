#include "migrate/azure_source.h"

#include <fmt/format.h>

#include <charconv>

#include "base/bytes.h"
#include "http/url.h"
#include "migrate/azure_xml.h"

namespace bascule::migrate {
namespace {

constexpr std::size_t kListBytes = 64u << 20;       // 5,000 blobs with 8 KiB of metadata each, and their markup
constexpr std::size_t kBlockListBytes = 16u << 20;  // 50,000 blocks

std::string container_path(std::string_view container) { return "/" + http::percent_encode(container, "$"); }
std::string blob_path(std::string_view container, std::string_view blob) {
  return container_path(container) + "/" + http::percent_encode_path(blob);
}

std::optional<ops::Md5Value> md5_of(std::string_view base64) {
  const auto raw = from_base64(base64);
  ops::Md5Value value;
  if (!raw || raw->size() != value.size()) return std::nullopt;
  std::memcpy(value.data(), raw->data(), value.size());
  return value;
}

ops::Metadata metadata_of(const AzureAnswer& answer) {
  constexpr std::string_view kPrefix = "x-ms-meta-";
  ops::Metadata metadata;
  for (const http::Header& header : answer.headers)
    if (header.name.size() > kPrefix.size() && http::same_name(std::string_view(header.name).substr(0, kPrefix.size()), kPrefix))
      metadata.emplace_back(header.name.substr(kPrefix.size()), header.value);
  return metadata;
}

ops::PublicAccess access_of(std::string_view text) {
  return text == "container" ? ops::PublicAccess::container : text == "blob" ? ops::PublicAccess::blob : ops::PublicAccess::none;
}

class AzureReader final : public SourceReader {
 public:
  AzureReader(std::unique_ptr<http::ClientResponse> response, std::uint64_t length_bytes)
      : response_(std::move(response)), left_(length_bytes) {}

  Task<Result<std::size_t>> read(MutableBytes into) override {
    auto count = co_await response_->read(into);
    if (!count) co_return count;
    if (*count > left_ || (*count == 0 && left_ > 0))
      co_return fail(Code::unavailable, "the source sent another length than asked for");
    left_ -= *count;
    co_return count;
  }

 private:
  std::unique_ptr<http::ClientResponse> response_;
  std::uint64_t left_;
};

class AzureSource final : public Source {
 public:
  AzureSource(Connection connection, http::Client& client, Clock& clock, Random& random)
      : azure_(std::move(connection), client, clock, random) {}

  std::string describe() const override { return azure_.connection().describe(); }
  std::string identity() const override {
    const Connection& c = azure_.connection();
    return fmt::format("azure {}:{}{} {}", c.origin.host, c.origin.port, c.base_path, c.account);
  }

  Task<Result<SourceContainerPage>> list_containers(std::string marker) override {
    if (const std::string& only = azure_.connection().container; !only.empty()) {
      // A container's SAS lists and reads the blobs, but mostly not the container's own properties.
      auto found = co_await container(only);
      if (!found && found.error().code != Code::permission_denied) co_return fail(std::move(found.error()));
      SourceContainerPage page;
      page.items.push_back(found ? std::move(*found) : SourceContainer{.name = only});
      co_return page;
    }
    std::string query = "comp=list&include=metadata";
    if (!marker.empty()) query += "&marker=" + http::percent_encode(marker);
    BASCULE_CO_ASSIGN(AzureAnswer answer, co_await azure_.fetch({.path = "/", .query = query}, kListBytes));
    co_return parse_container_list(std::move(answer.body));
  }

  Task<Result<SourceContainer>> container(std::string name) override {
    BASCULE_CO_ASSIGN(const AzureAnswer answer,
                      co_await azure_.fetch({.path = container_path(name), .query = "restype=container"}, kListBytes));
    SourceContainer container;
    container.name = name;
    container.metadata = metadata_of(answer);
    container.public_access = access_of(answer.header("x-ms-blob-public-access"));
    container.leased = answer.header("x-ms-lease-status") == "locked";
    container.immutable = answer.header("x-ms-has-immutability-policy") == "true";
    container.legal_hold = answer.header("x-ms-has-legal-hold") == "true";
    co_return container;
  }

  Task<Result<SourceAccess>> container_access(std::string name) override {
    if (!azure_.connection().key) co_return SourceAccess{};  // no SAS may read them
    auto answer = co_await azure_.fetch({.path = container_path(name), .query = "restype=container&comp=acl"}, kListBytes);
    if (!answer) co_return fail(std::move(answer.error()));
    SourceAccess access;
    access.known = true;
    access.public_access = access_of(answer->header("x-ms-blob-public-access"));
    BASCULE_CO_ASSIGN(access.policies, parse_policies(std::move(answer->body)));
    co_return access;
  }

  Task<Result<SourceBlobPage>> list_blobs(std::string container, std::string marker, bool everything) override {
    // What an account may be asked to include depends on its kind and on the SAS: what it refuses is left away.
    static constexpr std::string_view kIncludes[] = {"metadata,snapshots,uncommittedblobs,versions",
                                                     "metadata,snapshots,uncommittedblobs", "metadata"};
    for (;;) {
      const std::string_view include = everything ? kIncludes[refused_includes_] : kIncludes[2];
      std::string query = fmt::format("restype=container&comp=list&maxresults=5000&include={}", include);
      if (!marker.empty()) query += "&marker=" + http::percent_encode(marker);
      auto answer = co_await azure_.fetch({.path = container_path(container), .query = std::move(query)}, kListBytes);
      if (answer) co_return parse_blob_list(std::move(answer->body), include.contains("versions"));
      const Code code = answer.error().code;
      const bool refused = code == Code::invalid_argument || code == Code::unsupported || code == Code::permission_denied;
      if (!refused || !everything || include == kIncludes[2]) co_return fail(std::move(answer.error()));
      ++refused_includes_;
    }
  }

  Task<Result<SourceBlob>> head(std::string container, std::string blob) override {
    BASCULE_CO_ASSIGN(const AzureAnswer answer,
                      co_await azure_.fetch({.method = "HEAD", .path = blob_path(container, blob)}, kListBytes));
    SourceBlob out;
    out.name = blob;
    out.etag = answer.header("etag");
    const std::string type = answer.header("x-ms-blob-type"), length = answer.header("content-length");
    out.type = type == "AppendBlob" ? ops::BlobType::append : type == "PageBlob" ? ops::BlobType::page : ops::BlobType::block;
    std::from_chars(length.data(), length.data() + length.size(), out.size_bytes);
    out.headers.type = answer.header("content-type");
    out.headers.encoding = answer.header("content-encoding");
    out.headers.language = answer.header("content-language");
    out.headers.cache_control = answer.header("cache-control");
    out.headers.disposition = answer.header("content-disposition");
    out.headers.md5 = md5_of(answer.header("content-md5"));
    out.metadata = metadata_of(answer);
    if (answer.header("x-ms-access-tier-inferred") != "true") out.tier = answer.header("x-ms-access-tier");
    co_return out;
  }

  Task<Result<std::vector<SourceBlock>>> block_list(std::string container, std::string blob, std::string etag) override {
    BASCULE_CO_ASSIGN(AzureAnswer answer,
                      co_await azure_.fetch({.path = blob_path(container, blob),
                                             .query = "comp=blocklist&blocklisttype=committed"},
                                            kBlockListBytes));
    if (const std::string found = answer.header("etag"); !found.empty() && found != etag)
      co_return fail(Code::conflict, "the blob changed at the source");
    co_return parse_committed_blocks(std::move(answer.body));
  }

  Task<Result<std::unique_ptr<SourceReader>>> open(std::string container, std::string blob, std::string etag,
                                                   std::uint64_t offset, std::uint64_t length_bytes) override {
    AzureCall call{.path = blob_path(container, blob)};
    call.headers.push_back({"If-Match", std::move(etag)});
    call.headers.push_back({"x-ms-range", fmt::format("bytes={}-{}", offset, offset + length_bytes - 1)});
    BASCULE_CO_ASSIGN(auto response, co_await azure_.stream(std::move(call)));
    if (response->content_length() && *response->content_length() != length_bytes)
      co_return fail(Code::conflict, "the source sent another length than asked for");
    co_return std::make_unique<AzureReader>(std::move(response), length_bytes);
  }

 private:
  AzureClient azure_;
  std::size_t refused_includes_ = 0;
};

}  // namespace

std::unique_ptr<Source> make_azure_source(Connection connection, http::Client& client, Clock& clock, Random& random) {
  return std::make_unique<AzureSource>(std::move(connection), client, clock, random);
}

}  // namespace bascule::migrate
