// Blob Batch: what is cut, what each part is allowed, how the answers look.
#include "api/blob/batch.h"
#include "api/blob/test_support.h"
#include "api/common/multipart.h"

namespace bascule::api::blob {
namespace {

class BatchTest : public ServiceTest {
 protected:
  // One part, signed for itself unless `sign` is false. `line` is "DELETE /cont/b".
  std::string part(const std::string& line, int id, Headers headers = {}, bool sign = true) {
    const std::size_t space = line.find(' ');
    const std::string method = line.substr(0, space), target = line.substr(space + 1);
    if (sign) {
      headers.push_back({"Content-Length", "0"});
      headers.push_back({"x-ms-date", format_http_date(system_clock().wall())});
      const std::size_t mark = target.find('?');
      const auth::Query query = mark == std::string::npos ? auth::Query{} : *auth::parse_query(target.substr(mark + 1));
      std::vector<http::HeaderView> views;
      for (const http::Header& header : headers) views.push_back({header.name, header.value});
      const HmacSha256Key key(as_bytes(ops.known->keys[0]));
      const std::string path = target.substr(0, mark);
      headers.push_back({"Authorization", auth::sign_shared_key({method, path, &query, views, ops.known->name, version}, key)});
    }
    std::string text = "--bb\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: " +
                       std::to_string(id) + "\r\n\r\n" + line + " HTTP/1.1\r\n";
    for (const http::Header& header : headers) text += header.name + ": " + header.value + "\r\n";
    return text + "\r\n";
  }
  FakeExchange submit(const std::string& parts, const std::string& line = "POST /?comp=batch") {
    return ask(line, {{"Content-Type", "multipart/mixed; boundary=bb"}}, parts + "--bb--\r\n");
  }
  struct Answered {
    std::string id, text;
  };
  static std::vector<Answered> answers(const FakeExchange& answer) {
    const auto boundary = multipart_boundary(answer.header("Content-Type"));
    EXPECT_TRUE(boundary);
    const auto parts = split_multipart(answer.answer_body, boundary.value_or("?"), {});
    EXPECT_TRUE(parts);
    std::vector<Answered> all;
    if (parts)
      for (const BodyPart& one : *parts) all.push_back({std::string(one.get("Content-ID")), std::string(one.content)});
    return all;
  }
};

TEST_F(BatchTest, DeletesAndTellsEachOnItsOwn) {
  add_blob("a", "1");
  add_blob("c d", "2");
  const auto answer = submit(part("DELETE /cont/a", 0) + part("DELETE /cont/absent", 1) + part("DELETE /cont/c%20d", 2));
  EXPECT_EQ(answer.status(), 202);
  EXPECT_TRUE(answer.chunked);
  EXPECT_TRUE(answer.answer_body.ends_with("--"));
  const auto parts = answers(answer);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_TRUE(parts[0].text.starts_with("HTTP/1.1 202 Accepted\r\nx-ms-delete-type-permanent: true\r\nx-ms-request-id: "));
  EXPECT_TRUE(parts[0].text.ends_with("Server: Windows-Azure-Blob/1.0\r\n"));
  EXPECT_TRUE(parts[1].text.starts_with("HTTP/1.1 404 The specified blob does not exist.\r\nx-ms-error-code: BlobNotFound\r\n"));
  EXPECT_NE(parts[1].text.find("</Error>"), std::string::npos);
  EXPECT_EQ(parts[2].id, "2");
  EXPECT_TRUE(ops.blobs.empty());
}

TEST_F(BatchTest, EachPartIsAuthorisedOnItsOwn) {
  add_blob("a", "1");
  add_blob("b", "2");
  auto forged = part("DELETE /cont/b", 1);
  forged.replace(forged.find("/cont/b"), 7, "/cont/a");
  const auto parts = answers(submit(part("DELETE /cont/a", 0, {}, false) + forged));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_TRUE(parts[0].text.starts_with("HTTP/1.1 401 ")) << parts[0].text;
  EXPECT_TRUE(parts[1].text.starts_with("HTTP/1.1 403 ")) << parts[1].text;
  EXPECT_EQ(ops.blobs.size(), 2U);
}

TEST_F(BatchTest, WhatIsWrongWithTheWholeIsOnePartWithoutAnId) {
  add_blob("a", "1");
  const auto fails = [&](const std::string& body, const std::string& code, const std::string& line = "POST /?comp=batch") {
    const auto answer = submit(body, line);
    EXPECT_EQ(answer.status(), 202) << code;
    const auto parts = answers(answer);
    ASSERT_EQ(parts.size(), 1U) << code;
    EXPECT_EQ(parts[0].id, "");
    EXPECT_NE(parts[0].text.find("x-ms-error-code: " + code + "\r\n"), std::string::npos) << parts[0].text;
  };
  fails("", "InvalidInput");
  fails(part("GET /cont/a", 0), "InvalidInput");
  fails(part("DELETE /cont?restype=container", 0), "InvalidInput");
  fails(part("PUT /cont/a?comp=metadata", 0), "InvalidInput");
  fails(part("DELETE /cont/a", 0) + part("PUT /cont/a?comp=tier", 1, {{"x-ms-access-tier", "Cool"}}),
        "AllBatchSubRequestsShouldBeSameApi");
  fails(part("DELETE /cont/a", 0) + part("DELETE /other/a", 1), "InvalidInput", "POST /cont?restype=container&comp=batch");
  std::string many;
  for (int i = 0; i < 257; ++i) many += part("DELETE /cont/absent", i, {}, false);
  fails(many, "ExceedsMaxBatchRequestCount");
  EXPECT_EQ(ops.blobs.size(), 1U);
}

TEST_F(BatchTest, TheWholeRequestIsRefusedBeforeItsPartsAreSeen) {
  EXPECT_EQ(ask("POST /?comp=batch", {{"Content-Type", "application/xml"}}, "x").code(), "InvalidHeaderValue");
  EXPECT_EQ(ask("POST /?comp=batch", {}, "x").code(), "MissingRequiredHeader");
  const auto large = ask("POST /?comp=batch", {{"Content-Type", "multipart/mixed; boundary=bb"}},
                         std::string(kMaxBatchBytes + 1, 'x'));
  EXPECT_EQ(large.status(), 413);
  EXPECT_EQ(ask("POST /?comp=batch", {{"Content-Type", "multipart/mixed; boundary=bb"}}, "x", false).status(), 401);
}

TEST_F(BatchTest, AContainersBatchInPathStyle) {
  host_ = "127.0.0.1:10000";
  add_blob("a", "1");
  add_blob("b", "2");
  // With the account's segment, as most clients write it, and without.
  const auto parts = answers(submit(part("DELETE /acct/cont/a", 0) + part("DELETE /cont/b", 1),
                                    "POST /acct/cont?restype=container&comp=batch"));
  ASSERT_EQ(parts.size(), 2U);
  for (const Answered& one : parts) EXPECT_TRUE(one.text.starts_with("HTTP/1.1 202 ")) << one.text;
  EXPECT_TRUE(ops.blobs.empty());
  // The whole account's, as the JavaScript SDK asks for it in path style.
  add_blob("a", "1");
  EXPECT_EQ(answers(submit(part("DELETE /acct/cont/a", 0), "POST /acct?restype=container&comp=batch")).size(), 1U);
  EXPECT_TRUE(ops.blobs.empty());
}

TEST_F(BatchTest, APartHasNoVersionOfItsOwn) {
  add_blob("a", "1");
  const auto parts = answers(submit(part("DELETE /cont/a", 0, {{"x-ms-version", "2012-02-12"}})));
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].id, "0");
  EXPECT_TRUE(parts[0].text.starts_with("HTTP/1.1 202 ")) << parts[0].text;
  EXPECT_NE(parts[0].text.find("x-ms-version: " + version), std::string::npos) << parts[0].text;
}

}  // namespace
}  // namespace bascule::api::blob
