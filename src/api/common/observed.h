// Stands between a service and the connection and notes what the answer was, for the record of who did what. No allocation.
#pragma once
#include <algorithm>
#include <array>
#include <cstring>

#include "http/message.h"

namespace bascule::api {

// A short text, kept when the answer that it stood in is gone; a longer one is cut.
template <std::size_t N> class Kept {
 public:
  void set(std::string_view text) {
    size_ = std::min(text.size(), N);
    std::memcpy(text_.data(), text.data(), size_);
  }
  std::string_view get() const { return {text_.data(), size_}; }

 private:
  std::array<char, N> text_;
  std::size_t size_ = 0;
};

class ObservedExchange final : public http::Exchange {
 public:
  explicit ObservedExchange(http::Exchange& inner) : inner_(inner) {}

  const http::Request& request() const override { return inner_.request(); }
  Task<Result<std::size_t>> read_body(MutableBytes into) override { return inner_.read_body(into); }
  std::uint64_t body_bytes_read() const override { return inner_.body_bytes_read(); }
  Task<Result<void>> respond(http::Response response, Slices body) override {
    note(response);
    if (request().method != "HEAD") bytes_out_ = total_size(body);
    return inner_.respond(std::move(response), body);
  }
  Task<Result<void>> start(http::Response response, std::optional<std::uint64_t> length) override {
    note(response);
    return inner_.start(std::move(response), length);
  }
  Task<Result<void>> write(Slices slices) override {
    bytes_out_ += total_size(slices);
    return inner_.write(slices);
  }
  Task<Result<void>> finish() override { return inner_.finish(); }
  bool started() const override { return inner_.started(); }
  void cut() override {
    was_cut_ = true;
    inner_.cut();
  }

  int status() const { return status_; }         // 0: nothing was answered
  bool was_cut() const { return was_cut_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  std::string_view error_code() const { return error_code_.get(); }
  std::string_view encryption_scope() const { return scope_.get(); }
  std::string_view customer_key_sha256() const { return key_.get(); }

 private:
  void note(const http::Response& response) {
    status_ = response.status;
    for (const http::Header& header : response.headers) {
      if (header.name.size() == 15 && http::same_name(header.name, "x-ms-error-code")) error_code_.set(header.value);
      else if (header.name.size() == 21 && http::same_name(header.name, "x-ms-encryption-scope")) scope_.set(header.value);
      else if (header.name.size() == 26 && http::same_name(header.name, "x-ms-encryption-key-sha256")) key_.set(header.value);
    }
  }

  http::Exchange& inner_;
  int status_ = 0;
  bool was_cut_ = false;
  std::uint64_t bytes_out_ = 0;
  Kept<96> error_code_;
  Kept<64> scope_;
  Kept<48> key_;
};

}  // namespace bascule::api
