// For this folder's tests: an identity provider that answers from a script, and requests without a connection.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <deque>

#include "api/identity/provider.h"
#include "http/message.h"
#include "runtime/sim.h"

namespace bascule::api::identity::testing {

inline constexpr std::string_view kIssuer = "https://idp.example/realms/acme";

class FakeResponse final : public http::ClientResponse {
 public:
  FakeResponse(int status, std::string body) : status_(status), body_(std::move(body)) {}
  int status() const override { return status_; }
  std::optional<std::string_view> header(std::string_view) const override { return std::nullopt; }
  const std::vector<http::Header>& headers() const override { return headers_; }
  std::optional<std::uint64_t> content_length() const override { return body_.size(); }
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t n = std::min(into.size(), body_.size() - at_);
    std::memcpy(into.data(), body_.data() + at_, n);
    at_ += n;
    co_return n;
  }

 private:
  int status_;
  std::string body_;
  std::size_t at_ = 0;
  std::vector<http::Header> headers_;
};

// Discovery answers by itself; each token request takes the next answer of the script and waits `takes` first.
class FakeProvider final : public http::Client {
 public:
  explicit FakeProvider(Clock& clock) : clock_(clock) {}
  struct Scripted {
    int status = 200;
    std::string body = R"({"access_token":"T","expires_in":600,"token_type":"Bearer"})";
  };
  std::deque<Scripted> script;
  std::vector<std::string> asked;        // the forms
  std::vector<std::string> basic;        // Authorization headers
  std::string issuer{kIssuer};           // as its document says
  int documents = 0;
  bool away = false;
  Duration takes = std::chrono::milliseconds(50);

  Task<Result<std::unique_ptr<http::ClientResponse>>> send(const http::Origin& origin, http::ClientRequest request) override {
    EXPECT_TRUE(origin.tls);
    return answer(std::move(request));
  }

 private:
  Task<Result<std::unique_ptr<http::ClientResponse>>> answer(http::ClientRequest request) {
    std::string form;
    for (const Bytes part : request.body) form.append(reinterpret_cast<const char*>(part.data()), part.size());
    co_await clock_.sleep_for(takes);
    if (away) co_return fail(Code::unavailable, "nobody there");
    if (request.target.ends_with("openid-configuration")) {
      ++documents;
      co_return std::make_unique<FakeResponse>(200, R"({"issuer":")" + issuer + R"(","token_endpoint":"https://idp.example/token","jwks_uri":"https://idp.example/keys"})");
    }
    EXPECT_EQ(request.target, "/token");
    asked.push_back(std::move(form));
    for (const http::Header& header : request.headers)
      if (header.name == "Authorization") basic.push_back(header.value);
    Scripted next;
    if (!script.empty()) {
      next = std::move(script.front());
      script.pop_front();
    }
    co_return std::make_unique<FakeResponse>(next.status, std::move(next.body));
  }

  Clock& clock_;
};

class FakeExchange final : public http::Exchange {
 public:
  FakeExchange(std::string method, std::string target, std::vector<http::Header> headers = {}, std::string body = {})
      : method_(std::move(method)), target_(std::move(target)), headers_(std::move(headers)), body_(std::move(body)) {
    request_.method = method_;
    request_.target = target_;
    const std::size_t mark = std::min(target_.find('?'), target_.size());
    request_.path = std::string_view(target_).substr(0, mark);
    if (mark < target_.size()) request_.query = std::string_view(target_).substr(mark + 1);
    for (const http::Header& header : headers_) request_.headers.push_back({header.name, header.value});
    request_.peer_address = "127.0.0.1";
    request_.encrypted = true;
  }
  const http::Request& request() const override { return request_; }
  Task<Result<std::size_t>> read_body(MutableBytes into) override {
    const std::size_t n = std::min(into.size(), body_.size() - at_);
    std::memcpy(into.data(), body_.data() + at_, n);
    at_ += n;
    co_return n;
  }
  std::uint64_t body_bytes_read() const override { return at_; }
  Task<Result<void>> respond(http::Response response, Slices body) override {
    status = response.status;
    for (const Bytes part : body) text.append(reinterpret_cast<const char*>(part.data()), part.size());
    co_return Result<void>();
  }
  Task<Result<void>> start(http::Response, std::optional<std::uint64_t>) override { co_return fail(Code::internal, "not expected"); }
  Task<Result<void>> write(Slices) override { co_return fail(Code::internal, "not expected"); }
  Task<Result<void>> finish() override { co_return fail(Code::internal, "not expected"); }
  bool started() const override { return status != 0; }
  void cut() override { was_cut = true; }

  // A member of the answer, as text.
  std::string at(const char* name) const {
    boost::system::error_code bad;
    const boost::json::value value = boost::json::parse(text, bad);
    const boost::json::value* found = bad || !value.is_object() ? nullptr : value.get_object().if_contains(name);
    if (!found) return "";
    return found->is_string() ? std::string(found->get_string().c_str()) : boost::json::serialize(*found);
  }
  int status = 0;
  std::string text;
  bool was_cut = false;

 private:
  const std::string method_, target_;
  const std::vector<http::Header> headers_;
  const std::string body_;
  http::Request request_;
  std::size_t at_ = 0;
};

inline SecretReader says(std::string text) {
  return [text]() -> Result<std::string> { return text; };
}

}  // namespace bascule::api::identity::testing
