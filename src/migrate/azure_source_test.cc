#include "migrate/azure_source.h"

#include <gtest/gtest.h>

#include <deque>

#include "auth/shared_key.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "migrate/advice.h"
#include "migrate/azure_xml.h"
#include "runtime/sim.h"

namespace bascule::migrate {
namespace {

struct Canned {
  int status = 200;
  std::vector<http::Header> headers;
  std::string body;
  std::optional<Error> error;
};

class CannedResponse final : public http::ClientResponse {
 public:
  explicit CannedResponse(Canned canned) : canned_(std::move(canned)) {}
  int status() const override { return canned_.status; }
  std::optional<std::string_view> header(std::string_view name) const override {
    for (const http::Header& header : canned_.headers)
      if (http::same_name(header.name, name)) return header.value;
    return std::nullopt;
  }
  const std::vector<http::Header>& headers() const override { return canned_.headers; }
  std::optional<std::uint64_t> content_length() const override { return canned_.body.size(); }
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t count = std::min(into.size(), canned_.body.size() - at_);
    std::memcpy(into.data(), canned_.body.data() + at_, count);
    at_ += count;
    co_return count;
  }

 private:
  Canned canned_;
  std::size_t at_ = 0;
};

class CannedClient final : public http::Client {
 public:
  std::deque<Canned> answers;
  std::vector<http::ClientRequest> requests;
  std::vector<Instant> times;
  Clock* clock = nullptr;
  Task<Result<std::unique_ptr<http::ClientResponse>>> send(const http::Origin&, http::ClientRequest request) override {
    requests.push_back(std::move(request));
    times.push_back(clock->now());
    if (answers.empty()) co_return fail(Code::internal, "no more answers");
    Canned next = std::move(answers.front());
    answers.pop_front();
    if (next.error) co_return fail(*next.error);
    co_return std::make_unique<CannedResponse>(std::move(next));
  }
};

class AzureSourceTest : public ::testing::Test {
 protected:
  AzureSourceTest() { client_.clock = &clock_; }
  void connect(const char* text) {
    source_ = make_azure_source(parse_connection(text).value(), client_, clock_, random_);
  }
  template <class T> T run(Task<T> task) { return run_simulated(loop_, clock_, std::move(task)); }
  static std::string header(const http::ClientRequest& request, std::string_view name) {
    for (const http::Header& h : request.headers)
      if (http::same_name(h.name, name)) return h.value;
    return "";
  }

  Loop loop_;
  SimClock clock_;
  SeededRandom random_{3};
  CannedClient client_;
  std::unique_ptr<Source> source_;
};

constexpr char kKeyed[] = "BlobEndpoint=http://127.0.0.1:10000/acme;AccountName=acme;AccountKey=a2V5";

TEST_F(AzureSourceTest, ListsBlobs) {
  connect(kKeyed);
  client_.answers.push_back(
      {.body = "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"x\" "
               "ContainerName=\"c\"><Blobs>"
               "<Blob><Name> a&amp;b </Name><Snapshot>2026-01-01T00:00:00.0000000Z</Snapshot><Properties><Etag>0x1</Etag>"
               "<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
               "<Blob><Name Encoded=\"true\">d%EF%BF%BF%2F</Name><VersionId>V2</VersionId><IsCurrentVersion>true"
               "</IsCurrentVersion><Properties><Etag>0x2</Etag><Content-Length>12345678901</Content-Length><Content-Type>"
               "text/plain</Content-Type><Content-Encoding /><Content-MD5>AAECAwQFBgcICQoLDA0ODw==</Content-MD5>"
               "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"
               "<LeaseStatus>locked</LeaseStatus><TagCount>2</TagCount></Properties><Metadata><K>v 1</K><e /></Metadata>"
               "<OrMetadata /></Blob>"
               "<Blob><Name>old</Name><VersionId>V1</VersionId><Properties><Etag>\"0x3\"</Etag><BlobType>AppendBlob"
               "</BlobType></Properties></Blob>"
               "<Blob><Name>un</Name><Properties><Content-Length>0</Content-Length><BlobType>BlockBlob</BlobType>"
               "<AccessTier>Cool</AccessTier></Properties></Blob>"
               "</Blobs><NextMarker>2!m</NextMarker></EnumerationResults>"});
  const auto page = run(source_->list_blobs("c", "m/1", true));
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->next, "2!m");
  ASSERT_EQ(page->items.size(), 4u);
  const auto& items = page->items;
  EXPECT_EQ(items[0].name, " a&b ");
  EXPECT_FALSE(items[0].snapshot.empty());
  EXPECT_EQ(items[1].name, "d\xEF\xBF\xBF/");
  EXPECT_EQ(items[1].etag, "\"0x2\"");
  EXPECT_EQ(items[1].size_bytes, 12'345'678'901u);
  EXPECT_EQ(items[1].tier, "");
  EXPECT_TRUE(items[1].is_current);
  EXPECT_TRUE(items[1].leased);
  EXPECT_EQ(items[1].tag_count, 2);
  EXPECT_EQ(items[1].metadata, (ops::Metadata{{"K", "v 1"}, {"e", ""}}));
  ASSERT_TRUE(items[1].headers.md5);
  EXPECT_EQ((*items[1].headers.md5)[15], std::byte{15});
  EXPECT_FALSE(items[2].is_current);
  EXPECT_EQ(items[2].type, ops::BlobType::append);
  EXPECT_FALSE(items[3].committed);
  EXPECT_EQ(client_.requests[0].target,
            "/acme/c?restype=container&comp=list&maxresults=5000&include=metadata,snapshots,uncommittedblobs,versions,deleted,tags,"
            "immutabilitypolicy,legalhold&marker=m%2F1");
}

TEST_F(AzureSourceTest, AsksForLessWhereMoreIsRefused) {
  connect(kKeyed);
  const std::string empty = "<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>";
  client_.answers = {{.status = 403}, {.status = 400}, {.body = empty}, {.body = empty},
                     {.status = 400}, {.status = 400}, {.body = empty}, {.body = empty}};
  EXPECT_TRUE(run(source_->list_blobs("c", "", true))->history_seen);
  EXPECT_TRUE(run(source_->list_blobs("c", "", true))->history_seen);
  EXPECT_TRUE(client_.requests[3].target.ends_with("include=metadata,snapshots,uncommittedblobs,versions,deleted"));
  EXPECT_FALSE(run(source_->list_blobs("c", "", true))->history_seen);
  EXPECT_TRUE(client_.requests[6].target.ends_with("include=metadata,snapshots,uncommittedblobs"));
  EXPECT_TRUE(run(source_->list_blobs("c", "", false))->history_seen);
}

// What is denied may be there; what the source does not know is not.
TEST_F(AzureSourceTest, WhatIsDeniedIsToldFromWhatIsNotKnown) {
  const std::string empty = "<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>";
  connect(kKeyed);
  client_.answers = {{.status = 400}, {.status = 400}, {.body = empty}};
  auto page = run(source_->list_blobs("c", "", true));
  EXPECT_TRUE(page->tags_seen);
  EXPECT_TRUE(page->history_seen);
  connect(kKeyed);
  client_.answers = {{.status = 403}, {.status = 403}, {.body = empty}};
  page = run(source_->list_blobs("c", "", true));
  EXPECT_FALSE(page->tags_seen);
  EXPECT_TRUE(page->history_seen);
  connect(kKeyed);
  client_.answers = {{.status = 403}, {.status = 403}, {.status = 403}, {.body = empty}};
  page = run(source_->list_blobs("c", "", true));
  EXPECT_FALSE(page->tags_seen);
  EXPECT_FALSE(page->history_seen);
}

TEST_F(AzureSourceTest, StatesOfThePast) {
  connect(kKeyed);
  client_.answers = {
      {.body = "<EnumerationResults><Blobs>"
               "<Blob><Name>p</Name><VersionId>2026-01-01T00:00:00.1000000Z</VersionId><Properties><Etag>0x1</Etag><Content-Length>1024"
               "</Content-Length><BlobType>PageBlob</BlobType><x-ms-blob-sequence-number>7</x-ms-blob-sequence-number>"
               "<Creation-Time>Thu, 01 Jan 2026 00:00:00 GMT</Creation-Time><Last-Modified>Fri, 02 Jan 2026 00:00:00 GMT</Last-Modified>"
               "<Expiry-Time>Sat, 02 Jan 2027 00:00:00 GMT</Expiry-Time></Properties>"
               "<Tags><TagSet><Tag><Key>b</Key><Value>2</Value></Tag><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tags></Blob>"
               "</Blobs><NextMarker /></EnumerationResults>"},
      {.body = "<PageList><PageRange><Start>0</Start><End>511</End></PageRange><PageRange><Start>1024</Start><End>2047</End></PageRange>"
               "<NextMarker>m</NextMarker></PageList>"},
      {.headers = {{"ETag", "\"0x1\""}, {"x-ms-blob-type", "AppendBlob"}, {"x-ms-blob-committed-block-count", "3"},
                   {"x-ms-blob-sealed", "true"}, {"x-ms-tag-count", "1"}}},
      {.body = "<Tags><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tags>"},
      {.status = 400},
      {.body = "x"},
  };
  const auto page = run(source_->list_blobs("c", "", true));
  ASSERT_TRUE(page) << page.error().message;
  const SourceBlob& blob = page->items.at(0);
  EXPECT_TRUE(blob.is_version());
  EXPECT_EQ(blob.sequence_number, 7u);
  EXPECT_EQ(blob.tags, (ops::Tags{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(format_iso8601_seconds(blob.created), "2026-01-01T00:00:00Z");
  EXPECT_EQ(format_iso8601_seconds(blob.last_modified), "2026-01-02T00:00:00Z");
  EXPECT_EQ(format_iso8601_seconds(blob.expires), "2027-01-02T00:00:00Z");
  const SourceState state = state_of("c", blob);
  const auto ranges = run(source_->page_ranges(state, ""));
  ASSERT_TRUE(ranges) << ranges.error().message;
  EXPECT_EQ(ranges->ranges, (std::vector<ops::PageRange>{{0, 511}, {1024, 2047}}));
  EXPECT_EQ(ranges->next, "m");
  EXPECT_EQ(client_.requests[1].target, "/acme/c/p?versionid=2026-01-01T00%3A00%3A00.1000000Z&comp=pagelist");
  EXPECT_EQ(header(client_.requests[1], "If-Match"), "\"0x1\"");
  const auto head = run(source_->head({.container = "c", .blob = "a", .snapshot = "2026-01-01T00:00:00.2000000Z"}));
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->committed_blocks, 3u);
  EXPECT_TRUE(head->sealed);
  EXPECT_EQ(head->tags, (ops::Tags{{"k", "v"}}));
  EXPECT_EQ(client_.requests[2].target, "/acme/c/a?snapshot=2026-01-01T00%3A00%3A00.2000000Z");
  EXPECT_TRUE(run(source_->block_list(state))->committed.empty());   // a list that is not given: one content
  ASSERT_TRUE(run(source_->open(state, 0, 1, false)));
  EXPECT_EQ(client_.requests[5].target, "/acme/c/p?versionid=2026-01-01T00%3A00%3A00.1000000Z");
}

TEST_F(AzureSourceTest, ContainersPoliciesAndBlocks) {
  connect(kKeyed);
  client_.answers = {
      {.body = "<EnumerationResults><Containers><Container><Name>one</Name><Properties><PublicAccess>blob</PublicAccess>"
               "<LeaseStatus>locked</LeaseStatus></Properties><Metadata><a>b</a></Metadata></Container></Containers>"
               "<NextMarker/></EnumerationResults>"},
      {.headers = {{"x-ms-blob-public-access", "container"}},
       .body = "<SignedIdentifiers><SignedIdentifier><Id>p1</Id><AccessPolicy><Start>2026-01-01T00:00:00.0000000Z</Start>"
               "<Permission>rl</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"},
      {.headers = {{"ETag", "\"0x1\""}},
       .body = "<BlockList><CommittedBlocks><Block><Name>YQ==</Name><Size>3</Size></Block></CommittedBlocks>"
               "<UncommittedBlocks><Block><Name>Yg==</Name><Size>9</Size></Block></UncommittedBlocks></BlockList>"},
      {.headers = {{"ETag", "\"0x2\""}}, .body = "<BlockList><CommittedBlocks /></BlockList>"},
  };
  const auto containers = run(source_->list_containers(""));
  ASSERT_TRUE(containers);
  EXPECT_EQ(containers->items.at(0).public_access, ops::PublicAccess::blob);
  EXPECT_TRUE(containers->items[0].leased);
  const auto access = run(source_->container_access("one"));
  ASSERT_TRUE(access);
  EXPECT_TRUE(access->known);
  EXPECT_EQ(access->public_access, ops::PublicAccess::container);
  EXPECT_EQ(access->policies.at(0).permission, "rl");
  EXPECT_TRUE(access->policies[0].start);
  const auto blocks = run(source_->block_list({.container = "one", .blob = "b", .etag = "\"0x1\""}));
  ASSERT_TRUE(blocks);
  EXPECT_EQ(blocks->committed.at(0).id, "a");
  EXPECT_EQ(blocks->committed[0].size_bytes, 3u);
  EXPECT_EQ(blocks->uncommitted, 1u);
  EXPECT_EQ(run(source_->block_list({.container = "one", .blob = "b", .etag = "\"0x1\""})).error().code, Code::conflict);
}

TEST_F(AzureSourceTest, SignsWithTheKey) {
  connect(kKeyed);
  client_.answers.push_back({.body = "hello"});
  auto reader = run(source_->open({.container = "c", .blob = "a b/ü?%", .etag = "\"0x1\""}, 5, 5, false));
  ASSERT_TRUE(reader);
  const http::ClientRequest& request = client_.requests[0];
  EXPECT_EQ(request.target, "/acme/c/a%20b/%C3%BC%3F%25");
  EXPECT_EQ(header(request, "x-ms-range"), "bytes=5-9");
  EXPECT_EQ(header(request, "If-Match"), "\"0x1\"");
  EXPECT_TRUE(header(request, "Authorization").starts_with("SharedKey acme:"));
  char buffer[10];
  EXPECT_EQ(run((*reader)->read(std::as_writable_bytes(std::span(buffer)))), 5u);
  EXPECT_EQ(run((*reader)->read(std::as_writable_bytes(std::span(buffer)))), 0u);
}

TEST_F(AzureSourceTest, ContentInDoubtIsComparedWithTheSourcesOwnHashes) {
  connect(kKeyed);
  const std::string right = "hello";
  const auto md5 = to_base64(Md5::of(as_bytes(right)));
  client_.answers = {{.headers = {{"Content-MD5", md5}}, .body = right}, {.headers = {{"Content-MD5", md5}}, .body = "hellO"},
                     {.body = "hellO"}};
  std::string buffer(10, '\0');
  EXPECT_EQ(run((*run(source_->open({.container = "c", .blob = "b", .etag = "\"1\""}, 0, 5, true)))->read(as_writable(buffer))), 5u);
  EXPECT_EQ(header(client_.requests[0], "x-ms-range-get-content-md5"), "true");
  const auto wrong = run((*run(source_->open({.container = "c", .blob = "b", .etag = "\"1\""}, 0, 5, true)))->read(as_writable(buffer)));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::unavailable);
  EXPECT_TRUE(wrong.error().message.contains("on the way"));
  // A source that hashes nothing proves nothing.
  EXPECT_EQ(run((*run(source_->open({.container = "c", .blob = "b", .etag = "\"1\""}, 0, 5, true)))->read(as_writable(buffer))), 5u);
}

TEST_F(AzureSourceTest, APauseIsForAllCalls) {
  connect(kKeyed);
  client_.answers = {{.status = 503, .headers = {{"Retry-After", "30"}}}, {.status = 403}, {.body = ""}};
  EXPECT_FALSE(run(source_->head({.container = "c", .blob = "b"})));
  EXPECT_TRUE(run(source_->head({.container = "c", .blob = "b"})));
  EXPECT_GE(client_.times[1] - client_.times[0], std::chrono::seconds(30));
  EXPECT_LE(client_.times[1] - client_.times[0], std::chrono::seconds(31));
}

TEST_F(AzureSourceTest, ASourceThatNeverAnsweredIsGivenUpSooner) {
  connect(kKeyed);
  for (int i = 0; i < 20; ++i) client_.answers.push_back({.error = Error{Code::unavailable, 0, "refused"}});
  const auto list = run(source_->list_containers(""));
  ASSERT_FALSE(list);
  EXPECT_EQ(client_.requests.size(), 3u);
  EXPECT_TRUE(list.error().message.contains("is the account's name right")) << list.error().message;
}

TEST(Advice, NamesWhatToDo) {
  const WallTime now = *parse_iso8601("2026-11-22T12:00:00Z");
  const auto said = [&](const char* sas, Code code = Code::permission_denied) {
    Connection connection;
    connection.account = "acme";
    if (sas) connection.sas = sas; else connection.key = "secret key";
    return with_advice(Error{code, 0, "the source answered 403"}, connection, now).message;
  };
  EXPECT_TRUE(said("sv=1&se=2026-11-22T11%3A59%3A59Z&sig=SECRET").contains("expired on 2026-11-22T11:59:59Z"));
  EXPECT_TRUE(said("st=2027-01-01&se=2027-02-01&sig=SECRET").contains("valid only from 2027-01-01"));
  EXPECT_TRUE(said("se=2027-01-01&sp=r&sig=SECRET").contains("rights 'r'"));
  EXPECT_TRUE(said("se=2027-01-01&sp=rl&ss=q&srt=sco&sig=SECRET").contains("ss=b"));
  EXPECT_TRUE(said("se=2027-01-01&sp=rl&ss=b&srt=o&sig=SECRET").contains("srt=sco"));
  EXPECT_TRUE(said("se=2027-01-01&sp=rl&sr=c&sig=SECRET").contains("copied whole"));
  EXPECT_TRUE(said(nullptr).contains("AccountKey"));
  EXPECT_TRUE(said(nullptr, Code::unavailable).contains("reachable"));
  for (const char* sas : {"se=2020-01-01&sig=SECRET", "sp=r&sig=SECRET"}) EXPECT_FALSE(said(sas).contains("SECRET"));
}

TEST_F(AzureSourceTest, SasGoesAlongAndReadsNoPolicies) {
  connect("https://acme.blob.core.windows.net/pics?sv=2020-12-06&sig=a%3D");
  client_.answers = {{.body = ""}, {.headers = {{"x-ms-blob-type", "BlockBlob"}, {"Content-Length", "7"}, {"x-ms-meta-A", "b"}}}};
  EXPECT_FALSE(run(source_->container_access("pics"))->known);
  EXPECT_TRUE(client_.requests.empty());
  run(source_->list_blobs("pics", "", false));
  EXPECT_TRUE(client_.requests[0].target.ends_with("&include=metadata&sv=2020-12-06&sig=a%3D"));
  EXPECT_EQ(header(client_.requests[0], "Authorization"), "");
  const auto head = run(source_->head({.container = "pics", .blob = "x"}));
  EXPECT_EQ(client_.requests[1].target, "/pics/x?sv=2020-12-06&sig=a%3D");
  EXPECT_EQ(head->size_bytes, 7u);
  EXPECT_EQ(head->metadata, (ops::Metadata{{"A", "b"}}));
}

TEST_F(AzureSourceTest, ThrottlingIsRespected) {
  connect(kKeyed);
  client_.answers = {{.status = 503, .headers = {{"Retry-After", "30"}}},
                     {.status = 429},
                     {.error = Error{Code::unavailable, 0, "reset"}},
                     {.status = 500},
                     {.headers = {{"x-ms-blob-type", "BlockBlob"}}}};
  EXPECT_TRUE(run(source_->head({.container = "c", .blob = "b"})));
  ASSERT_EQ(client_.times.size(), 5u);
  EXPECT_GE(client_.times[1] - client_.times[0], std::chrono::seconds(30));
  for (std::size_t i = 2; i < 5; ++i) {
    EXPECT_GE(client_.times[i] - client_.times[i - 1], std::chrono::milliseconds(100));
    EXPECT_LE(client_.times[i] - client_.times[i - 1], std::chrono::seconds(2));
  }
}

TEST_F(AzureSourceTest, GivesUpInTheEnd) {
  connect(kKeyed);
  for (int i = 0; i < 20; ++i) client_.answers.push_back({.status = 503, .headers = {{"x-ms-error-code", "ServerBusy"}}});
  const auto head = run(source_->head({.container = "c", .blob = "b"}));
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Code::overloaded);
  EXPECT_EQ(client_.requests.size(), 8u);
}

TEST_F(AzureSourceTest, ErrorsAreToldApart) {
  connect(kKeyed);
  const struct {
    int status;
    Code code;
  } cases[] = {{404, Code::not_found},          {412, Code::conflict},    {403, Code::permission_denied},
               {401, Code::permission_denied},  {409, Code::unsupported}, {400, Code::invalid_argument},
               {501, Code::unsupported}};
  for (const auto& c : cases) {
    client_.answers = {{.status = c.status,
                        .headers = {{"x-ms-error-code", "TheCode"}},
                        .body = "<Error><Code>TheCode</Code><Message>Because.\nRequestId:1</Message>"
                                "<AuthenticationErrorDetail>sig SECRET</AuthenticationErrorDetail></Error>"}};
    const auto opened = run(source_->open({.container = "c", .blob = "b", .etag = "\"1\""}, 0, 1, false));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, c.code) << c.status;
    EXPECT_EQ(opened.error().message, "the source answered " + std::to_string(c.status) + " TheCode: Because.");
  }
}

TEST_F(AzureSourceTest, AnswersThatAreNoLists) {
  for (const char* body : {"", "<html>", "<Other/>", "<EnumerationResults><Blobs>",
                           "<EnumerationResults><Blobs><Blob><Name/></Blob></Blobs></EnumerationResults>"}) {
    const auto page = parse_blob_list(body, false);
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().code, Code::unavailable);
  }
}

// The two halves of Shared Key agree: what the source signs, the server's check accepts.
TEST_F(AzureSourceTest, TheServerAcceptsItsSignatures) {
  connect(kKeyed);
  client_.answers.push_back({.body = "<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>"});
  run(source_->list_blobs("c", "a&b", false));
  const http::ClientRequest& request = client_.requests[0];
  std::vector<http::HeaderView> headers;
  for (const http::Header& h : request.headers) headers.push_back({h.name, h.value});
  const std::size_t mark = request.target.find('?');
  const auth::Query query = auth::parse_query(std::string_view(request.target).substr(mark + 1)).value();
  auth::AuthRequest view;
  view.method = "GET";
  view.raw_path = std::string_view(request.target).substr(0, mark);
  view.query = &query;
  view.headers = headers;
  view.account = "acme";
  view.version = "2021-12-02";
  const auto account = std::make_shared<ops::Account>(ops::Account{"acme", {"key", ""}});
  EXPECT_FALSE(auth::verify_shared_key(view, header(request, "Authorization"), account, clock_.wall()));
}

}  // namespace
}  // namespace bascule::migrate
