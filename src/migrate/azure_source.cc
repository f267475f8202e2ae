#include "migrate/azure_source.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "base/digest.h"
#include "http/url.h"
#include "migrate/advice.h"
#include "migrate/azure_xml.h"

namespace bascule::migrate {
namespace {

constexpr std::size_t kListBytes = 64u << 20;       // 5,000 blobs with 8 KiB of metadata each, and their markup
constexpr std::uint64_t kHashedBytes = 4u << 20;    // the most that x-ms-range-get-content-md5 allows
constexpr std::size_t kTagBytes = 1u << 20;
constexpr std::size_t kBlockListBytes = 16u << 20;  // 50,000 blocks

// What an account may be asked to include depends on its kind and on the SAS: what it refuses is left away.
struct Include {
  std::string_view words;
  bool tags, history;   // what of it is asked for
};
constexpr std::array<Include, 6> kIncludes = {{
    {"metadata,snapshots,uncommittedblobs,versions,deleted,tags,immutabilitypolicy,legalhold", true, true},
    {"metadata,snapshots,uncommittedblobs,versions,deleted,tags", true, true},
    {"metadata,snapshots,uncommittedblobs,versions,deleted", false, true},
    {"metadata,snapshots,uncommittedblobs,deleted", false, true},
    {"metadata,snapshots,uncommittedblobs", false, false},
    {"metadata", false, false}}};

std::string container_path(std::string_view container) { return "/" + http::percent_encode(container, "$"); }
std::string blob_path(std::string_view container, std::string_view blob) {
  return container_path(container) + "/" + http::percent_encode_path(blob);
}

ops::Metadata metadata_of(const AzureAnswer& answer) {
  constexpr std::string_view kPrefix = "x-ms-meta-";
  ops::Metadata metadata;
  for (const http::Header& header : answer.headers)
    if (header.name.size() > kPrefix.size() && http::same_name(std::string_view(header.name).substr(0, kPrefix.size()), kPrefix))
      metadata.emplace_back(header.name.substr(kPrefix.size()), header.value);
  return metadata;
}

// The state's part of a query, with what follows it.
std::string query_of(const SourceState& state, std::string_view rest = {}) {
  std::string query;
  if (!state.snapshot.empty()) query = "snapshot=" + http::percent_encode(state.snapshot);
  else if (!state.version_id.empty()) query = "versionid=" + http::percent_encode(state.version_id);
  if (!query.empty() && !rest.empty()) query += '&';
  return query.append(rest);
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

WallTime date_of(const std::string& text) { return parse_http_date(text).value_or(WallTime()); }

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

struct BlobRange {
  std::string path, query, etag;
  std::uint64_t offset = 0, length_bytes = 0;
};

Task<Result<std::unique_ptr<http::ClientResponse>>> request(AzureClient& azure, BlobRange range, bool with_md5) {
  AzureCall call{.path = std::move(range.path), .query = std::move(range.query)};
  call.headers.push_back({"If-Match", std::move(range.etag)});
  call.headers.push_back({"x-ms-range", fmt::format("bytes={}-{}", range.offset, range.offset + range.length_bytes - 1)});
  if (with_md5) call.headers.push_back({"x-ms-range-get-content-md5", "true"});
  BASCULE_CO_ASSIGN(auto response, co_await azure.stream(std::move(call)));
  if (response->content_length() && *response->content_length() != range.length_bytes)
    co_return fail(Code::conflict, "the source sent another length than asked for");
  co_return response;
}

// Reads parts of the size that Azure hashes on demand, each compared before any of it is given out.
class ProvenReader final : public SourceReader {
 public:
  ProvenReader(AzureClient& azure, BlobRange range) : azure_(azure), rest_(std::move(range)) {}

  Task<Result<std::size_t>> read(MutableBytes into) override {
    if (at_ == part_.size() && rest_.length_bytes > 0) { BASCULE_CO_TRY(co_await next_part()); }
    const std::size_t count = std::min(into.size(), part_.size() - at_);
    std::memcpy(into.data(), part_.data() + at_, count);
    at_ += count;
    co_return count;
  }

 private:
  Task<Result<void>> next_part() {
    BlobRange range = rest_;
    range.length_bytes = std::min(range.length_bytes, kHashedBytes);
    const std::uint64_t size = range.length_bytes;
    BASCULE_CO_ASSIGN(auto response, co_await request(azure_, std::move(range), true));
    const auto told = md5_of(response->header("content-md5").value_or(""));
    BASCULE_CO_ASSIGN(part_, co_await response->read_all(size));
    at_ = 0;
    if (part_.size() != size) co_return fail(Code::unavailable, "the source sent another length than asked for");
    if (told && Md5::of(as_bytes(part_)) != *told)
      co_return fail(Code::unavailable, "the content is changed on the way here: it is not what the source says it sent");
    rest_.offset += size;
    rest_.length_bytes -= size;
    co_return Result<void>{};
  }

  AzureClient& azure_;
  BlobRange rest_;
  std::string part_;
  std::size_t at_ = 0;
};

class AzureSource final : public Source {
 public:
  AzureSource(Connection connection, http::Client& client, Clock& clock, Random& random)
      : azure_(std::move(connection), client, clock, random), clock_(clock) {}

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
    auto answer = co_await azure_.fetch({.path = "/", .query = query}, kListBytes);
    if (!answer) co_return fail(advise(std::move(answer.error())));
    co_return parse_container_list(std::move(answer->body));
  }

  Task<Result<SourceContainer>> container(std::string name) override {
    auto answer = co_await azure_.fetch({.path = container_path(name), .query = "restype=container"}, kListBytes);
    if (!answer) co_return fail(advise(std::move(answer.error())));
    SourceContainer container;
    container.name = name;
    container.metadata = metadata_of(*answer);
    container.public_access = access_of(answer->header("x-ms-blob-public-access"));
    container.leased = answer->header("x-ms-lease-status") == "locked";
    container.immutable = answer->header("x-ms-has-immutability-policy") == "true";
    container.legal_hold = answer->header("x-ms-has-legal-hold") == "true";
    container.version_immutability = answer->header("x-ms-immutable-storage-with-versioning-enabled") == "true";
    if (std::string scope = answer->header("x-ms-default-encryption-scope"); scope != "$account-encryption-key")
      container.default_encryption_scope = std::move(scope);
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
    constexpr std::size_t kLast = kIncludes.size() - 1;
    for (std::size_t step = everything ? include_step_ : kLast;; ++step) {
      const Include& include = kIncludes[step];
      std::string query = fmt::format("restype=container&comp=list&maxresults=5000&include={}", include.words);
      if (!marker.empty()) query += "&marker=" + http::percent_encode(marker);
      auto answer = co_await azure_.fetch({.path = container_path(container), .query = std::move(query)}, kListBytes);
      if (answer) {
        if (everything) include_step_ = step;
        auto page = parse_blob_list(std::move(answer->body), include.words.contains("versions"));
        if (page && everything) {
          page->tags_seen = include.tags || !tags_denied_;
          page->history_seen = include.history && !history_denied_;
        }
        co_return page;
      }
      const Code code = answer.error().code;
      const bool refused = code == Code::invalid_argument || code == Code::unsupported || code == Code::permission_denied;
      if (!refused || step == kLast) co_return fail(advise(std::move(answer.error())));
      // Denied is what another credential could see; what the source does not know at all it does not have.
      if (code == Code::permission_denied) {
        tags_denied_ = tags_denied_ || include.tags != kIncludes[step + 1].tags;
        history_denied_ = history_denied_ || !include.tags;
      }
    }
  }

  Task<Result<SourceBlob>> head(SourceState state) override {
    const std::string path = blob_path(state.container, state.blob);
    BASCULE_CO_ASSIGN(const AzureAnswer answer, co_await azure_.fetch({.method = "HEAD", .path = path, .query = query_of(state)}, kListBytes));
    SourceBlob out;
    out.name = state.blob;
    out.snapshot = state.snapshot;
    out.version_id = answer.header("x-ms-version-id");
    out.is_current = state.version_id.empty();
    if (!out.is_current) out.version_id = state.version_id;
    out.etag = answer.header("etag");
    const std::string type = answer.header("x-ms-blob-type");
    out.type = type == "AppendBlob" ? ops::BlobType::append : type == "PageBlob" ? ops::BlobType::page : ops::BlobType::block;
    out.size_bytes = number_of(answer.header("content-length"));
    out.headers.type = answer.header("content-type");
    out.headers.encoding = answer.header("content-encoding");
    out.headers.language = answer.header("content-language");
    out.headers.cache_control = answer.header("cache-control");
    out.headers.disposition = answer.header("content-disposition");
    out.headers.md5 = md5_of(answer.header("content-md5"));
    out.metadata = metadata_of(answer);
    if (answer.header("x-ms-access-tier-inferred") != "true") out.tier = answer.header("x-ms-access-tier");
    out.created = date_of(answer.header("x-ms-creation-time"));
    out.last_modified = date_of(answer.header("last-modified"));
    out.tier_changed = date_of(answer.header("x-ms-access-tier-change-time"));
    out.expires = date_of(answer.header("x-ms-expiry-time"));
    out.sealed = answer.header("x-ms-blob-sealed") == "true";
    out.committed_blocks = static_cast<std::uint32_t>(number_of(answer.header("x-ms-blob-committed-block-count")));
    out.sequence_number = number_of(answer.header("x-ms-blob-sequence-number"));
    if (const WallTime until = date_of(answer.header("x-ms-immutability-policy-until-date")); until != WallTime())
      out.keep.policy = ops::KeepUntil{until, http::same_name(answer.header("x-ms-immutability-policy-mode"), "locked")};
    out.keep.legal_hold = answer.header("x-ms-legal-hold") == "true";
    out.tag_count = static_cast<int>(number_of(answer.header("x-ms-tag-count")));
    if (out.tag_count > 0) {
      auto tags = co_await azure_.fetch({.path = path, .query = query_of(state, "comp=tags")}, kTagBytes);
      if (tags) { BASCULE_CO_ASSIGN(out.tags, parse_tags(std::move(tags->body))); }
      else if (tags.error().code != Code::permission_denied) co_return fail(std::move(tags.error()));
    }
    co_return out;
  }

  Task<Result<SourceBlockList>> block_list(SourceState state) override {
    const bool past = !state.snapshot.empty() || !state.version_id.empty();
    auto answer = co_await azure_.fetch({.path = blob_path(state.container, state.blob),
                                         .query = query_of(state, past ? "comp=blocklist&blocklisttype=committed" : "comp=blocklist&blocklisttype=all")},
                                        kBlockListBytes);
    // A past state whose list a source does not give comes over as one content.
    if (!answer && past && (answer.error().code == Code::invalid_argument || answer.error().code == Code::unsupported)) co_return SourceBlockList{};
    if (!answer) co_return fail(std::move(answer.error()));
    if (const std::string found = answer->header("etag"); !found.empty() && found != state.etag)
      co_return fail(Code::conflict, "the blob changed at the source");
    co_return parse_block_list(std::move(answer->body));
  }

  Task<Result<fetch::PageList>> page_ranges(SourceState state, std::string marker) override {
    std::string query = query_of(state, "comp=pagelist");
    if (!marker.empty()) query += "&marker=" + http::percent_encode(marker);
    AzureCall call{.path = blob_path(state.container, state.blob), .query = std::move(query)};
    call.headers.push_back({"If-Match", std::move(state.etag)});
    BASCULE_CO_ASSIGN(AzureAnswer answer, co_await azure_.fetch(std::move(call), kListBytes));
    co_return fetch::parse_page_list(std::move(answer.body));
  }

  Task<Result<std::unique_ptr<SourceReader>>> open(SourceState state, std::uint64_t offset, std::uint64_t length_bytes,
                                                   bool proven) override {
    BlobRange range{blob_path(state.container, state.blob), query_of(state), std::move(state.etag), offset, length_bytes};
    if (proven) co_return std::make_unique<ProvenReader>(azure_, std::move(range));
    BASCULE_CO_ASSIGN(auto response, co_await request(azure_, std::move(range), false));
    co_return std::make_unique<AzureReader>(std::move(response), length_bytes);
  }

 private:
  Error advise(Error error) const { return with_advice(std::move(error), azure_.connection(), clock_.wall()); }

  AzureClient azure_;
  Clock& clock_;
  std::size_t include_step_ = 0;
  bool tags_denied_ = false, history_denied_ = false;
};

}  // namespace

std::unique_ptr<Source> make_azure_source(Connection connection, http::Client& client, Clock& clock, Random& random) {
  return std::make_unique<AzureSource>(std::move(connection), client, clock, random);
}

}  // namespace bascule::migrate
