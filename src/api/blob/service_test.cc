// Whole requests: the way through authentication, routing and handlers, and the form of answers.
#include "api/blob/test_support.h"

namespace bascule::api::blob {
namespace {

using Names = std::vector<std::string>;

TEST_F(ServiceTest, PutBlobAnswersInTheServicesOrder) {
  const auto answer = ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"x-ms-client-request-id", "mine"},
                                          {"x-ms-meta-Up", "v"}, {"Content-Type", "text/css"}}, "hello");
  EXPECT_EQ(answer.status(), 201);
  EXPECT_EQ(answer.names(), (Names{"Content-MD5", "Last-Modified", "ETag", "Server", "x-ms-request-id",
                                   "x-ms-client-request-id", "x-ms-version", "x-ms-content-crc64",
                                   "x-ms-request-server-encrypted"}));
  EXPECT_EQ(answer.header("ETag"), "\"0xCD\"");
  EXPECT_EQ(answer.header("x-ms-version"), version);
  EXPECT_EQ(ops.blobs["cont/b"].content, "hello");
  EXPECT_EQ(ops.last_put.headers.type, "text/css");
  EXPECT_EQ(ops.last_put.metadata, (ops::Metadata{{"Up", "v"}}));
}

TEST_F(ServiceTest, OldVersionsHaveTheirOwnForm) {
  version = "2009-09-19";
  const auto put = ask("PUT /cont/b", kBlockBlob, "hello");
  EXPECT_EQ(put.header("ETag"), "0xCD");
  EXPECT_FALSE(put.has("x-ms-content-crc64"));
  EXPECT_FALSE(put.has("x-ms-request-server-encrypted"));
  const auto get = ask("GET /cont/b");
  for (const char* later : {"Accept-Ranges", "x-ms-creation-time", "x-ms-lease-state", "x-ms-server-encrypted"})
    EXPECT_FALSE(get.has(later)) << later;
  EXPECT_EQ(get.header("x-ms-lease-status"), "unlocked");
  const auto missing = ask("GET /cont/absent");
  EXPECT_EQ(missing.status(), 404);
  EXPECT_FALSE(missing.has("x-ms-error-code"));
  EXPECT_TRUE(missing.says("<Code>BlobNotFound</Code>"));
}

TEST_F(ServiceTest, GetAndHead) {
  add_blob("b", "0123456789");
  ops.blobs["cont/b"].view.metadata = {{"Up", "v"}};
  const auto get = ask("GET /cont/b");
  EXPECT_EQ(get.status(), 200);
  EXPECT_EQ(get.answer_body, "0123456789");
  EXPECT_EQ(get.names(), (Names{"Content-Type", "Content-MD5", "Last-Modified", "Accept-Ranges", "ETag", "Server",
                                "x-ms-request-id", "x-ms-version", "x-ms-meta-Up", "x-ms-creation-time",
                                "x-ms-lease-status", "x-ms-lease-state", "x-ms-blob-type", "x-ms-server-encrypted"}));
  const auto head = ask("HEAD /cont/b");
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.length, 10U);
  EXPECT_EQ(head.answer_body, "");
  EXPECT_EQ(head.header("x-ms-access-tier"), "Hot");
  EXPECT_EQ(head.header("x-ms-access-tier-inferred"), "true");
}

TEST_F(ServiceTest, Ranges) {
  add_blob("b", "0123456789");
  const auto part = ask("GET /cont/b", {{"Range", "bytes=0-1"}, {"x-ms-range", "bytes=4-100"}});
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.answer_body, "456789");
  EXPECT_EQ(part.header("Content-Range"), "bytes 4-9/10");
  EXPECT_FALSE(part.has("Content-MD5"));
  EXPECT_EQ(part.header("x-ms-blob-content-md5"), to_base64(Md5::of(as_bytes("0123456789"))));
  const auto hashed = ask("GET /cont/b", {{"x-ms-range", "bytes=1-2"}, {"x-ms-range-get-content-md5", "true"}});
  EXPECT_EQ(hashed.header("Content-MD5"), to_base64(Md5::of(as_bytes("12"))));
  const auto crc = ask("GET /cont/b", {{"x-ms-range", "bytes=1-2"}, {"x-ms-range-get-content-crc64", "true"}});
  EXPECT_TRUE(crc.has("x-ms-content-crc64"));
  const auto both = ask("GET /cont/b", {{"x-ms-range", "bytes=1-2"}, {"x-ms-range-get-content-crc64", "true"},
                                        {"x-ms-range-get-content-md5", "true"}});
  EXPECT_EQ(both.status(), 400);
  EXPECT_EQ(ask("GET /cont/b", {{"x-ms-range-get-content-md5", "true"}}).code(), "InvalidHeaderValue");
  const auto beyond = ask("GET /cont/b", {{"Range", "bytes=10-"}});
  EXPECT_EQ(beyond.status(), 416);
  EXPECT_EQ(beyond.header("Content-Range"), "bytes */10");
}

TEST_F(ServiceTest, ADamagedFirstPartIsACleanErrorALaterOneCuts) {
  add_blob("b", std::string(100, 'x'));
  ops.part_bytes = 30;
  ops.damaged_part = 0;
  const auto first = ask("GET /cont/b");
  EXPECT_EQ(first.status(), 500);
  EXPECT_EQ(first.code(), "InternalError");
  EXPECT_FALSE(first.says("xxx"));
  EXPECT_FALSE(first.says("damaged"));  // what happened inside is for the log
  ops.damaged_part = 2;
  const auto later = ask("GET /cont/b");
  EXPECT_EQ(later.status(), 200);
  EXPECT_TRUE(later.was_cut);
  EXPECT_EQ(later.answer_body.size(), 60U);
  ops.damaged_part.reset();
  EXPECT_EQ(ask("GET /cont/b").answer_body.size(), 100U);
}

TEST_F(ServiceTest, ErrorsHaveTheServicesForm) {
  add_blob("b", "x");
  const auto missing = ask("GET /cont/absent", {{"x-ms-client-request-id", "mine"}});
  EXPECT_EQ(missing.names(), (Names{"Content-Type", "Server", "x-ms-request-id", "x-ms-client-request-id",
                                    "x-ms-version", "x-ms-error-code"}));
  EXPECT_TRUE(missing.answer_body.starts_with(
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobNotFound</Code>"
      "<Message>The specified blob does not exist.\nRequestId:" + missing.header("x-ms-request-id") + "\nTime:"));
  EXPECT_EQ(missing.answered->reason, "The specified blob does not exist.");
  const auto head = ask("HEAD /cont/absent");
  EXPECT_EQ(head.status(), 404);
  EXPECT_TRUE(head.chunked);
  EXPECT_EQ(head.code(), "BlobNotFound");
  EXPECT_FALSE(head.has("Content-Type"));
  ops.error = Error{Code::refused, static_cast<std::uint16_t>(ops::Reason::not_modified), ""};
  const auto unmodified = ask("GET /cont/b", {{"If-None-Match", "\"0x1\""}});
  EXPECT_EQ(unmodified.status(), 304);
  EXPECT_EQ(unmodified.code(), "ConditionNotMet");
  EXPECT_FALSE(unmodified.has("ETag"));
  EXPECT_EQ(unmodified.answer_body, "");
}

TEST_F(ServiceTest, ClientRequestIdIsEchoedUpTo1024Characters) {
  EXPECT_TRUE(ask("GET /cont/b", {{"x-ms-client-request-id", std::string(1024, 'i')}}).has("x-ms-client-request-id"));
  EXPECT_FALSE(ask("GET /cont/b", {{"x-ms-client-request-id", std::string(1025, 'i')}}).has("x-ms-client-request-id"));
}

TEST_F(ServiceTest, HashesThatDoNotFit) {
  const std::string said = to_base64(Md5::of(as_bytes("other"))), computed = to_base64(Md5::of(as_bytes("hello")));
  ops.error = Error{Code::refused, static_cast<std::uint16_t>(ops::Reason::md5_mismatch), computed};
  const auto mismatch = ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"Content-MD5", said}}, "hello");
  EXPECT_EQ(mismatch.code(), "Md5Mismatch");
  EXPECT_TRUE(mismatch.says("</Message><UserSpecifiedMd5>" + said + "</UserSpecifiedMd5><ServerCalculatedMd5>" + computed +
                            "</ServerCalculatedMd5></Error>"));
  ops.error.reset();
  EXPECT_EQ(ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"Content-MD5", "AAAA"}}, "hello").code(), "InvalidMd5");
  const auto both = ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"Content-MD5", said},
                                        {"x-ms-content-crc64", "AAAAAAAAAAA="}}, "hello");
  EXPECT_EQ(both.code(), "BothCrc64AndMd5HeaderPresent");
}

TEST_F(ServiceTest, BodiesAreBoundedByVersionBeforeTheyAreRead) {
  version = "2015-04-05";
  FakeExchange exchange;
  exchange.body = std::string((64 << 20) + 1, 'x');
  ask(exchange, "PUT /cont/b", kBlockBlob);
  EXPECT_EQ(exchange.status(), 413);
  EXPECT_TRUE(exchange.says("<Code>RequestBodyTooLarge</Code>"));
  EXPECT_TRUE(exchange.says("<MaxLimit>67108864</MaxLimit>"));
  EXPECT_EQ(exchange.body_read, 0U);
}

TEST_F(ServiceTest, PutBlock) {
  const auto block = ask("PUT /cont/b?comp=block&blockid=AAAA", {}, "one");
  EXPECT_EQ(block.names(), (Names{"Server", "x-ms-request-id", "x-ms-version", "x-ms-content-crc64",
                                  "x-ms-request-server-encrypted"}));
  EXPECT_FALSE(ops.last_block.body.want_md5);
  EXPECT_EQ(ops.last_block.block_id, std::string(3, '\0'));
  const std::string md5 = to_base64(Md5::of(as_bytes("one")));
  const auto with_md5 = ask("PUT /cont/b?comp=block&blockid=AAAA", {{"Content-MD5", md5}}, "one");
  EXPECT_EQ(with_md5.header("Content-MD5"), md5);
  EXPECT_FALSE(with_md5.has("x-ms-content-crc64"));
  version = "2026-10-06";
  EXPECT_TRUE(ask("PUT /cont/b?comp=block&blockid=AAAA", {{"Content-MD5", md5}}, "one").has("x-ms-content-crc64"));
  version = "2018-03-28";
  const auto old = ask("PUT /cont/b?comp=block&blockid=AAAA", {}, "one");
  EXPECT_TRUE(old.has("Content-MD5"));
  EXPECT_FALSE(old.has("x-ms-content-crc64"));
  const auto bad = ask("PUT /cont/b?comp=block&blockid=no!base64", {}, "one");
  EXPECT_EQ(bad.code(), "InvalidQueryParameterValue");
  EXPECT_TRUE(bad.says("<QueryParameterName>blockid</QueryParameterName>"));
  EXPECT_TRUE(bad.says("<Reason>Not a valid base64 string.</Reason>"));
  const auto empty = ask("PUT /cont/b?comp=block&blockid=AAAA", {}, "");
  EXPECT_EQ(empty.code(), "InvalidHeaderValue");
  EXPECT_TRUE(empty.says("<HeaderName>Content-Length</HeaderName><HeaderValue>0</HeaderValue>"));
}

TEST_F(ServiceTest, PutBlockListKeepsTheOrder) {
  const std::string document = "<?xml version=\"1.0\"?><BlockList><Latest>AAAA</Latest><Committed>BBBB</Committed>"
                               "<Uncommitted>AAAA</Uncommitted></BlockList>";
  const auto answer = ask("PUT /cont/b?comp=blocklist", {{"x-ms-blob-content-type", "a/b"}}, document);
  EXPECT_EQ(answer.status(), 201);
  using From = ops::BlockListEntry::From;
  ASSERT_EQ(ops.last_list.blocks.size(), 3U);
  EXPECT_EQ(ops.last_list.blocks[0].from, From::latest);
  EXPECT_EQ(ops.last_list.blocks[1].from, From::committed);
  EXPECT_EQ(ops.last_list.blocks[2].from, From::uncommitted);
  EXPECT_EQ(ops.last_list.blocks[0].block_id, ops.last_list.blocks[2].block_id);
  EXPECT_EQ(ops.last_list.headers.type, "a/b");
  EXPECT_FALSE(answer.has("Content-MD5"));
  EXPECT_TRUE(answer.has("x-ms-content-crc64"));
  const auto damaged = ask("PUT /cont/b?comp=blocklist", {{"Content-MD5", to_base64(Md5::of(as_bytes("no")))}}, document);
  EXPECT_EQ(damaged.code(), "Md5Mismatch");
}

TEST_F(ServiceTest, FeaturesNotThereYetAreRefusedNotIgnored) {
  struct { const char *name, *value; } features[] = {{"x-ms-seal-blob", "true"}, {"x-ms-expiry-time", "5"}};
  for (const auto& feature : features) {
    const auto answer = ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {feature.name, feature.value}}, "x");
    EXPECT_EQ(answer.code(), "UnsupportedHeader") << feature.name;
    EXPECT_TRUE(answer.says(feature.name));
    EXPECT_TRUE(ops.blobs.empty());
  }
  EXPECT_EQ(ask("PUT /cont/b?comp=blocklist", {{"x-ms-structured-body", "XSM/1.0; properties=crc64"}}, "x").code(), "UnsupportedHeader");
  EXPECT_EQ(ask("PUT /cont/b?comp=metadata", {{"x-ms-legal-hold", "true"}}).code(), "UnsupportedHeader");
  EXPECT_EQ(ask("PUT /cont/b?comp=page", {{"x-ms-immutability-policy-mode", "Locked"}}).code(), "UnsupportedHeader");
  const auto secret = ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"x-ms-encryption-key", "c2VjcmV0"}}, "x");
  EXPECT_EQ(secret.code(), "InvalidHeaderValue");   // over plain HTTP
  EXPECT_FALSE(secret.says("c2VjcmV0"));
  EXPECT_EQ(ask("PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"x-ms-legal-hold", "false"}}, "x").status(), 201);
}

TEST_F(ServiceTest, Routing) {
  add_blob("b", "x");
  struct { const char* line; Headers headers; int status; const char* code; } cases[] = {
      {"PUT /cont/b", {}, 400, "MissingRequiredHeader"},
      {"PUT /cont/b", {{"x-ms-blob-type", "Elephant"}}, 400, "InvalidHeaderValue"},
      {"PUT /cont/b", {{"x-ms-blob-type", "PageBlob"}}, 400, "MissingRequiredHeader"},
      {"PUT /cont/b", {{"x-ms-blob-type", "BlockBlob"}, {"x-ms-copy-source", "https://x/y/z"}}, 404, "CannotVerifyCopySource"},
      {"PUT /cont/b?comp=nonsense", {}, 400, "InvalidQueryParameterValue"},
      {"POST /cont/b?comp=metadata", {}, 405, "UnsupportedHttpVerb"},
      {"PATCH /cont/b", {}, 400, "InvalidHttpVerb"},
      {"PUT /cont?restype=container&comp=nonsense", {}, 400, "InvalidQueryParameterValue"},
      {"PUT /?restype=container", {}, 400, "InvalidQueryParameterValue"},
      {"GET /cont?restype=share", {}, 404, "BlobNotFound"},  // a blob of the root container
      {"GET /cont/b?snapshot=yesterday", {}, 400, "InvalidQueryParameterValue"},
      {"PUT /cont/b?comp=metadata&snapshot=2024-01-01T00:00:00.0000000Z", {}, 400, "InvalidQueryParameterValue"},
      {"GET /?comp=list&include=everything", {}, 400, "InvalidQueryParameterValue"},
      {"GET /cont?restype=container&comp=list&maxresults=0", {}, 400, "OutOfRangeQueryParameterValue"},
      {"GET /cont?restype=container&comp=list&marker=mine", {}, 400, "InvalidQueryParameterValue"},
      {"GET /Cont?restype=container", {}, 400, "InvalidResourceName"},
      {"GET /ab?restype=container", {}, 400, "OutOfRangeInput"},
      {"GET /cont/%zz", {}, 400, "InvalidUri"},
      {"GET /cont/a%00b", {}, 400, "InvalidUri"},
      {"GET /cont/a%FFb", {}, 400, "InvalidUri"},
  };
  for (const auto& one : cases) {
    const auto answer = ask(one.line, one.headers);
    EXPECT_EQ(answer.status(), one.status) << one.line;
    EXPECT_EQ(answer.code(), one.code) << one.line;
  }
  EXPECT_EQ(ask("POST /cont/b?comp=metadata").header("Allow"), "GET,HEAD,PUT");
  EXPECT_EQ(ops.blobs.size(), 1U);
}

TEST_F(ServiceTest, LengthIsRequired) {
  FakeExchange exchange;
  const std::string target = "/cont/b";
  exchange.sent.method = "PUT";
  exchange.sent.path = target;
  exchange.sent.headers = {{"Host", "acct.blob.example.org"}, {"x-ms-version", "2023-11-03"},
                           {"x-ms-blob-type", "BlockBlob"}};
  BlobService service(ops, system_clock(), system_random(), options);
  run(loop, service.handle(exchange));
  EXPECT_EQ(exchange.status(), 411);
  EXPECT_EQ(exchange.code(), "MissingContentLengthHeader");
}

TEST_F(ServiceTest, VersionsThatAreNone) {
  version = "2023-99-99";
  const auto answer = ask("GET /cont/b", {}, {}, false);
  EXPECT_EQ(answer.status(), 400);
  EXPECT_TRUE(answer.says("<HeaderName>x-ms-version</HeaderName><HeaderValue>2023-99-99</HeaderValue>"));
  EXPECT_FALSE(answer.has("x-ms-version"));
  EXPECT_FALSE(answer.has("x-ms-error-code"));
}

TEST_F(ServiceTest, WithoutCredentials) {
  add_blob("b", "x");
  const auto answer = ask("GET /cont/b", {}, {}, false);
  EXPECT_EQ(answer.status(), 401);
  EXPECT_EQ(answer.code(), "NoAuthenticationInformation");
  EXPECT_TRUE(answer.header("WWW-Authenticate").starts_with("Bearer authorization_uri=https://"));
  ops.containers["cont"].public_access = ops::PublicAccess::blob;
  EXPECT_EQ(ask("GET /cont/b", {}, {}, false).answer_body, "x");
  EXPECT_EQ(ask("OPTIONS /cont/b", {{"Origin", "https://a"}, {"Access-Control-Request-Method", "GET"}}, {}, false).code(),
            "CorsPreflightFailure");
}

TEST_F(ServiceTest, Leases) {
  const auto acquired = ask("PUT /cont/b?comp=lease", {{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "15"}});
  EXPECT_EQ(acquired.status(), 201);
  EXPECT_TRUE(acquired.has("x-ms-lease-id"));
  EXPECT_FALSE(acquired.has("x-ms-request-server-encrypted"));
  EXPECT_EQ(ops.last_lease.duration_seconds, 15);
  const auto broken = ask("PUT /cont/b?comp=lease", {{"x-ms-lease-action", "break"}, {"x-ms-lease-break-period", "10"}});
  EXPECT_EQ(broken.status(), 202);
  EXPECT_EQ(broken.header("x-ms-lease-time"), "5");
  EXPECT_FALSE(broken.has("x-ms-lease-id"));
  const auto released = ask("PUT /cont/b?comp=lease", {{"x-ms-lease-action", "release"},
                                                       {"x-ms-lease-id", "11111111-1111-1111-1111-111111111111"}});
  EXPECT_EQ(released.status(), 200);
  EXPECT_FALSE(released.has("x-ms-lease-id"));
  struct { Headers headers; const char* code; } bad[] = {
      {{}, "MissingRequiredHeader"},
      {{{"x-ms-lease-action", "borrow"}}, "InvalidHeaderValue"},
      {{{"x-ms-lease-action", "acquire"}}, "MissingRequiredHeader"},
      {{{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "14"}}, "InvalidHeaderValue"},
      {{{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "many"}}, "InvalidHeaderValue"},
      {{{"x-ms-lease-action", "break"}, {"x-ms-lease-break-period", "61"}}, "InvalidHeaderValue"},
      {{{"x-ms-lease-action", "renew"}}, "MissingRequiredHeader"},
      {{{"x-ms-lease-action", "change"}, {"x-ms-lease-id", "11111111-1111-1111-1111-111111111111"}},
       "MissingRequiredHeader"}};
  for (const auto& one : bad) EXPECT_EQ(ask("PUT /cont/b?comp=lease", one.headers).code(), one.code);
}

TEST_F(ServiceTest, CopySources) {
  add_blob("b", "x");
  const auto copy = ask("PUT /cont/copy", {{"x-ms-copy-source", "http://acct.blob.example.org/cont/a%20b?sig=x"}});
  EXPECT_EQ(copy.status(), 403);  // a signature that is none
  EXPECT_EQ(copy.code(), "CannotVerifyCopySource");
  const auto own = ask("PUT /cont/copy", {{"x-ms-copy-source", "https://acct.blob.example.org/cont/a%20b"}});
  EXPECT_EQ(own.status(), 202);
  EXPECT_EQ(own.header("x-ms-copy-status"), "success");
  EXPECT_EQ(ops.last_source.blob, "a b");
  EXPECT_EQ(ops.last_copy.source_url, "https://acct.blob.example.org/cont/a%20b");
  EXPECT_FALSE(ops.last_copy.metadata);
  EXPECT_EQ(ask("PUT /cont/copy", {{"x-ms-copy-source", "mine"}}).code(), "InvalidHeaderValue");
  EXPECT_EQ(ask("PUT /cont/copy", {{"x-ms-copy-source", "https://elsewhere.example.com/cont/b"}}).code(), "CannotVerifyCopySource");
  EXPECT_EQ(ask("PUT /cont/copy", {{"x-ms-copy-source", "http://10.0.0.1:10000/acct/cont/b"}}).code(), "CannotVerifyCopySource");
  ops.error = Error{Code::refused, static_cast<std::uint16_t>(ops::Reason::source_not_found), ""};
  const auto missing = ask("PUT /cont/copy", {{"x-ms-copy-source", "https://acct.blob.example.org/cont/no"}});
  EXPECT_EQ(missing.status(), 404);
  EXPECT_EQ(missing.code(), "BlobNotFound");
  version = "2024-08-04";
  const auto newer = ask("PUT /cont/copy", {{"x-ms-copy-source", "https://acct.blob.example.org/cont/no"}});
  EXPECT_EQ(newer.status(), 404);
  EXPECT_EQ(newer.code(), "CannotVerifyCopySource");
  EXPECT_EQ(newer.header("x-ms-copy-source-error-code"), "BlobNotFound");
  EXPECT_TRUE(newer.says("<CopySourceStatusCode>404</CopySourceStatusCode>"));
}

TEST_F(ServiceTest, AccessPoliciesComeBackNormalised) {
  ops.containers["cont"] = {.name = "cont", .etag = 5};
  const auto set = ask("PUT /cont?restype=container&comp=acl", {},
                       "<SignedIdentifiers><SignedIdentifier><Id>one</Id><AccessPolicy><Permission>rwdl</Permission>"
                       "<Start>2024-01-02T03:04:39Z</Start></AccessPolicy></SignedIdentifier></SignedIdentifiers>");
  EXPECT_EQ(set.status(), 200);
  const auto get = ask("GET /cont?restype=container&comp=acl");
  EXPECT_TRUE(get.says("<SignedIdentifier><Id>one</Id><AccessPolicy><Start>2024-01-02T03:04:39.0000000Z</Start>"
                       "<Permission>rwdl</Permission></AccessPolicy></SignedIdentifier>"));
  EXPECT_TRUE(get.chunked);
  std::string six = "<SignedIdentifiers>";
  for (char c = 'a'; c < 'g'; ++c) six += std::string("<SignedIdentifier><Id>") + c + "</Id></SignedIdentifier>";
  EXPECT_EQ(ask("PUT /cont?restype=container&comp=acl", {}, six + "</SignedIdentifiers>").code(), "InvalidXmlDocument");
  EXPECT_EQ(ask("PUT /cont?restype=container&comp=acl", {},
                "<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Permission>rz</Permission></AccessPolicy>"
                "</SignedIdentifier></SignedIdentifiers>").code(),
            "InvalidXmlDocument");
}

TEST_F(ServiceTest, AClientThatHasGoneIsCut) {
  FakeExchange exchange;
  exchange.body = "hello";
  exchange.client_gone = true;
  ask(exchange, "PUT /cont/b", kBlockBlob);
  EXPECT_TRUE(exchange.was_cut);
  EXPECT_FALSE(exchange.answered);
}

TEST_F(ServiceTest, WhatIsBusyOrBroken) {
  add_blob("b", "x");
  struct { Code code; int status; const char* said; } cases[] = {
      {Code::overloaded, 503, "ServerBusy"}, {Code::exhausted, 503, "ServerBusy"}, {Code::unavailable, 503, "ServerBusy"},
      {Code::timeout, 500, "OperationTimedOut"}, {Code::corrupt, 500, "InternalError"},
      {Code::permission_denied, 500, "InternalError"}, {Code::internal, 500, "InternalError"}};
  for (const auto& one : cases) {
    ops.error = Error{one.code, 0, "inside"};
    const auto answer = ask("GET /cont/b");
    EXPECT_EQ(answer.status(), one.status);
    EXPECT_EQ(answer.code(), one.said);
    EXPECT_FALSE(answer.says("inside"));
  }
}

TEST_F(ServiceTest, PathStyleAndRootContainer) {
  add_blob("b", "x");
  ops.blobs["$root/lone"].content = "root";
  EXPECT_EQ(ask("GET /lone").answer_body, "root");
  host_ = "127.0.0.1:10000";
  EXPECT_EQ(ask("GET /acct/cont/b").answer_body, "x");
  EXPECT_EQ(ask("GET /acct/lone").answer_body, "root");
  EXPECT_EQ(ask("GET /nobody/cont/b").status() / 100, 4);
  EXPECT_EQ(ask("GET /acct-secondary/cont/b").answer_body, "x");
  EXPECT_EQ(ask("DELETE /acct-secondary/cont/b").code(), "InsufficientAccountPermissions");
  EXPECT_TRUE(ops.blobs.contains("cont/b"));
}

TEST_F(ServiceTest, ConfiguredDomainsAloneAreAnswered) {
  add_blob("b", "x");
  options.domains.names = {"blob.example.org"};
  EXPECT_EQ(ask("GET /cont/b").answer_body, "x");
  host_ = "acct.blob.elsewhere.org";
  EXPECT_EQ(ask("GET /cont/b").code(), "InvalidUri");
  host_ = "localhost:10000";
  EXPECT_EQ(ask("GET /acct/cont/b").answer_body, "x");
}

TEST(RefuseUnread, HasTheServicesForm) {
  std::string body;
  const http::Response response = refuse_unread(431, "too <large>", body);
  EXPECT_EQ(response.status, 431);
  EXPECT_NE(body.find("<Message>too &lt;large&gt;</Message>"), std::string::npos);
}

}  // namespace
}  // namespace bascule::api::blob
