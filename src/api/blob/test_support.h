// A service over FakeOperations, and requests to it: signed, without sockets.
#pragma once
#include <gtest/gtest.h>

#include "api/blob/fake_operations.h"
#include "api/blob/service.h"
#include "auth/shared_key.h"
#include "runtime/run.h"

namespace bascule::api::blob {

class FakeExchange final : public http::Exchange {
 public:
  http::Request sent;
  std::string body;
  std::size_t body_read = 0;
  bool client_gone = false;

  std::optional<http::Response> answered;
  std::optional<std::uint64_t> length;
  bool chunked = false, was_cut = false, finished = false;
  std::string answer_body;

  const http::Request& request() const override { return sent; }
  Task<Result<std::size_t>> read_body(MutableBytes into) override {
    if (client_gone) co_return fail(Code::cancelled, "the client has gone");
    const std::size_t size = std::min(into.size(), body.size() - body_read);
    std::memcpy(into.data(), body.data() + body_read, size);
    body_read += size;
    co_return size;
  }
  std::uint64_t body_bytes_read() const override { return body_read; }
  Task<Result<void>> respond(http::Response response, Slices slices) override {
    EXPECT_FALSE(answered);
    answered = std::move(response);
    length = total_size(slices);
    if (sent.method != "HEAD") append(slices);
    finished = true;
    co_return Result<void>();
  }
  Task<Result<void>> start(http::Response response, std::optional<std::uint64_t> size) override {
    EXPECT_FALSE(answered);
    answered = std::move(response);
    length = size;
    chunked = !size;
    co_return Result<void>();
  }
  Task<Result<void>> write(Slices slices) override {
    EXPECT_NE(sent.method, "HEAD");
    append(slices);
    co_return Result<void>();
  }
  Task<Result<void>> finish() override {
    finished = true;
    co_return Result<void>();
  }
  bool started() const override { return answered.has_value(); }
  void cut() override { was_cut = true; }

  int status() const { return answered ? answered->status : 0; }
  std::string header(std::string_view name) const {
    if (answered)
      for (const http::Header& h : answered->headers)
        if (http::same_name(h.name, name)) return h.value;
    return "(none)";
  }
  bool has(std::string_view name) const { return header(name) != "(none)"; }
  std::string code() const { return header("x-ms-error-code"); }
  bool says(std::string_view text) const { return answer_body.find(text) != std::string::npos; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    if (answered)
      for (const http::Header& h : answered->headers) all.push_back(h.name);
    return all;
  }

 private:
  void append(Slices slices) {
    for (const Bytes& slice : slices) answer_body.append(as_text(slice));
  }
};

using Headers = std::vector<http::Header>;
inline const Headers kBlockBlob = {{"x-ms-blob-type", "BlockBlob"}};

class ServiceTest : public testing::Test {
 protected:
  FakeOperations ops;
  Loop loop;
  Options options;
  std::string version = "2023-11-03";

  // "PUT /c/b?comp=metadata" at the account's host-style address, signed with Shared Key unless told otherwise.
  FakeExchange ask(const std::string& line, Headers headers = {}, std::string body = {}, bool sign = true) {
    FakeExchange exchange;
    exchange.body = std::move(body);
    ask(exchange, line, std::move(headers), sign);
    return exchange;
  }

  void ask(FakeExchange& exchange, const std::string& line, Headers headers = {}, bool sign = true) {
    const std::size_t space = line.find(' ');
    const std::string method = line.substr(0, space), target = line.substr(space + 1);
    http::Request& request = exchange.sent;
    const bool writes = method == "PUT" || method == "POST";
    if (writes) request.content_length = exchange.body.size();
    headers.push_back({"Host", host_});
    if (writes) headers.push_back({"Content-Length", std::to_string(exchange.body.size())});
    if (sign) {
      const HmacSha256Key key(as_bytes(ops.known->keys[0]));
      auth::sign_shared_key(method, target, ops.known->name, key, version, system_clock().wall(),
                            request.content_length, headers);
    } else {
      headers.push_back({"x-ms-version", version});
    }
    request.method = method;
    request.target = target;
    const std::size_t question = target.find('?');
    request.path = std::string_view(target).substr(0, question);
    if (question != std::string::npos) request.query = std::string_view(target).substr(question + 1);
    for (const http::Header& header : headers) request.headers.push_back({header.name, header.value});
    BlobService service(ops, system_clock(), system_random(), options);
    run(loop, service.handle(exchange));
    EXPECT_TRUE(exchange.was_cut || exchange.finished);
    request = http::Request();  // its views end here
    request.method = method == "HEAD" ? "HEAD" : "";
  }

  void add_blob(const std::string& name, std::string content) {
    ops.containers.try_emplace("cont", ops::ContainerView{.name = "cont", .etag = 5});
    auto& blob = ops.blobs["cont/" + name];
    blob.view = {.name = name, .size_bytes = content.size(), .etag = 0x8DCB2E5A3F6C1D0};
    blob.view.headers = {.type = "text/plain", .md5 = Md5::of(as_bytes(content))};
    blob.content = std::move(content);
  }

  std::string host_ = "acct.blob.example.org";
};

}  // namespace bascule::api::blob
