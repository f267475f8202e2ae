// The listings' documents, element by element.
#include "api/blob/block_list.h"
#include "api/blob/list_xml.h"
#include "api/blob/test_support.h"

namespace bascule::api::blob {
namespace {

ops::BlobView view_of(std::string name) {
  ops::BlobView view;
  view.name = std::move(name);
  view.size_bytes = 3;
  view.etag = 0x8DCB2E5A3F6C1D0;
  view.created = view.last_modified = WallTime(std::chrono::seconds(784111777));
  view.headers.type = "text/plain";
  return view;
}

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

TEST(BlobList, ElementsInTheServicesOrder) {
  ops::BlobPage page;
  page.items.push_back({.is_prefix = true, .blob = view_of("a/")});
  page.items.push_back({.blob = view_of("b&c")});
  page.items.back().blob.metadata = {{"Up", "<v>"}};
  page.next = "next name";
  const std::string prefix = "p", marker;
  BlobListForm form{.version = Version(2023, 11, 3), .service_endpoint = "http://h/acct/", .container = "cont",
                    .echo = {.prefix = &prefix, .marker = &marker}, .metadata = true};
  const std::string date(kDate);
  EXPECT_EQ(blob_list_xml(page, form),
            "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>"
            "<EnumerationResults ServiceEndpoint=\"http://h/acct/\" ContainerName=\"cont\"><Prefix>p</Prefix><Marker />"
            "<Blobs><BlobPrefix><Name>a/</Name></BlobPrefix><Blob><Name>b&amp;c</Name><Properties><Creation-Time>" + date +
            "</Creation-Time><Last-Modified>" + date + "</Last-Modified><Etag>0x8DCB2E5A3F6C1D0</Etag>"
            "<Content-Length>3</Content-Length><Content-Type>text/plain</Content-Type><Content-Encoding />"
            "<Content-Language /><Content-CRC64 /><Content-MD5 /><Cache-Control /><Content-Disposition />"
            "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"
            "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted>"
            "</Properties><Metadata><Up>&lt;v&gt;</Up></Metadata><OrMetadata /></Blob></Blobs>"
            "<NextMarker>2!12!bmV4dCBuYW1l</NextMarker></EnumerationResults>");
}

TEST(BlobList, UncommittedBlobsAndOldForms) {
  ops::BlobPage page;
  page.items.push_back({.blob = view_of("u")});
  page.items.back().blob.committed = false;
  BlobListForm form{.version = Version(2021, 6, 8), .service_endpoint = "http://h/", .container = "cont"};
  EXPECT_NE(blob_list_xml(page, form).find(
                "<Blob><Name>u</Name><Properties><Content-Length>0</Content-Length><BlobType>BlockBlob</BlobType>"
                "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus>"
                "<LeaseState>available</LeaseState><ServerEncrypted>false</ServerEncrypted></Properties><OrMetadata />"),
            std::string::npos);
  page.items[0].blob = view_of("a b");
  form.version = Version(2009, 9, 19);
  const std::string old = blob_list_xml(page, form);
  EXPECT_NE(old.find("<EnumerationResults ContainerName=\"http://h/cont\">"), std::string::npos);
  EXPECT_NE(old.find("<Blob><Name>a b</Name><Url>http://h/cont/a%20b</Url><Properties><Last-Modified>"), std::string::npos);
  EXPECT_EQ(old.find("AccessTier"), std::string::npos);
  EXPECT_EQ(old.find("OrMetadata"), std::string::npos);
}

TEST(BlobList, Empty) {
  EXPECT_TRUE(blob_list_xml({}, {.version = Version(2023, 11, 3), .service_endpoint = "http://h/", .container = "c"})
                  .ends_with("<Blobs /><NextMarker /></EnumerationResults>"));
}

TEST(ContainerList, EtagsAreQuoted) {
  ops::ContainerPage page;
  page.items.push_back({.name = "one", .etag = 0xAB, .last_modified = WallTime(std::chrono::seconds(784111777)),
                        .public_access = ops::PublicAccess::blob});
  page.next = "two";
  const std::string xml = container_list_xml(page, {.version = Version(2023, 11, 3), .service_endpoint = "http://h/",
                                                    .account = "acct", .metadata = true});
  EXPECT_NE(xml.find("<EnumerationResults ServiceEndpoint=\"http://h/\"><Containers><Container><Name>one</Name><Properties>"
                     "<Last-Modified>" + std::string(kDate) + "</Last-Modified><Etag>\"0xAB\"</Etag>"
                     "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState><PublicAccess>blob</PublicAccess>"
                     "<DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope>"
                     "<DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride>"
                     "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>"
                     "<ImmutableStorageWithVersioningEnabled>false</ImmutableStorageWithVersioningEnabled></Properties>"
                     "<Metadata /></Container></Containers><NextMarker>/acct/two</NextMarker>"),
            std::string::npos)
      << xml;
}

TEST(Markers, RoundTripAndRefuseOthers) {
  for (std::string name : {"a", "été/rocket-\xF0\x9F\x9A\x80", "ab", "abc"})
    EXPECT_EQ(decode_marker(encode_marker(name)), name);
  for (const char* bad : {"", "name", "2!4!", "2!5!YWJj", "2!x!YWJj", "3!4!YWJj", "2!4!YW=j"})
    EXPECT_FALSE(decode_marker(bad)) << bad;
}

TEST(BlockLists, Refusals) {
  struct { std::string document; Fault fault; } cases[] = {
      {"<BlockList></BlockList>", Fault::none},
      {"<BlockList><Latest>AAAA</Latest></BlockList>", Fault::none},
      {"<Blocks/>", Fault::invalid_xml_document},
      {"<BlockList><Newest>AAAA</Newest></BlockList>", Fault::invalid_xml_document},
      {"<BlockList><Latest>!</Latest></BlockList>", Fault::invalid_block_id},
      {"<BlockList><Latest/></BlockList>", Fault::invalid_block_id},
      {"<BlockList><Latest>", Fault::invalid_xml_document}};
  for (const auto& one : cases) {
    const auto parsed = parse_block_list(one.document);
    EXPECT_EQ(parsed ? Fault::none : parsed.error().fault, one.fault) << one.document;
  }
  std::string many = "<BlockList>";
  for (std::size_t i = 0; i < kMaxBlocks; ++i) many += "<Latest>AAAA</Latest>";
  EXPECT_EQ(parse_block_list(many + "</BlockList>")->size(), kMaxBlocks);
  EXPECT_EQ(parse_block_list(many + "<Latest>AAAA</Latest></BlockList>").error().fault, Fault::block_list_too_long);
}

TEST(BlockLists, PartsOfTheAnswer) {
  ops::BlockList list;
  list.committed = {{.block_id = "one", .size_bytes = 3}};
  EXPECT_TRUE(block_list_xml(list, {}).ends_with(
      "<BlockList><CommittedBlocks><Block><Name>b25l</Name><Size>3</Size></Block></CommittedBlocks></BlockList>"));
  EXPECT_TRUE(block_list_xml(list, {.committed = true, .uncommitted = true})
                  .ends_with("</CommittedBlocks><UncommittedBlocks /></BlockList>"));
  EXPECT_TRUE(block_list_xml(list, {.committed = false, .uncommitted = true})
                  .ends_with("<BlockList><UncommittedBlocks /></BlockList>"));
}

TEST_F(ServiceTest, ListParameters) {
  ops.containers["cont"] = {.name = "cont"};
  const auto list = ask("GET /cont?restype=container&comp=list&prefix=a%2F&delimiter=%2F&maxresults=9999"
                        "&include=metadata,uncommittedblobs&marker=" + encode_marker("a/b"));
  EXPECT_EQ(list.status(), 200);
  EXPECT_TRUE(list.chunked);
  EXPECT_EQ(ops.last_blob_list.prefix, "a/");
  EXPECT_EQ(ops.last_blob_list.delimiter, "/");
  EXPECT_EQ(ops.last_blob_list.start, "a/b");
  EXPECT_EQ(ops.last_blob_list.limit, 5000U);
  EXPECT_TRUE(ops.last_blob_list.uncommitted);
  EXPECT_TRUE(list.says("<Prefix>a/</Prefix>"));
  EXPECT_TRUE(list.says("<MaxResults>9999</MaxResults><Delimiter>/</Delimiter><Blobs />"));
  version = "2020-10-02";
  EXPECT_EQ(ask("GET /cont?restype=container&comp=list&include=snapshots&delimiter=%2F").code(),
            "InvalidQueryParameterValue");
}

}  // namespace
}  // namespace bascule::api::blob
