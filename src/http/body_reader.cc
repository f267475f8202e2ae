#include "http/body_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace bascule::http {
namespace {

constexpr std::size_t kDirectBytes = 4096;  // from here on a read of its own is cheaper than a copy

}  // namespace

void BodyReader::begin(Kind kind, std::uint64_t bytes) {
  kind_ = kind;
  remaining_ = kind == Kind::until_end ? std::numeric_limits<std::uint64_t>::max() : bytes;
  chunks_ = {};
  bytes_read_ = 0;
  done_ = kind == Kind::length && bytes == 0;
  failed_ = false;
}

std::unexpected<Error> BodyReader::fail_with(Error error) {
  failed_ = true;
  return fail(std::move(error));
}

void BodyReader::took(std::size_t bytes) {
  bytes_read_ += bytes;
  if (kind_ == Kind::until_end) return;
  remaining_ -= bytes;
  if (remaining_ != 0) return;
  if (kind_ == Kind::chunked) chunks_.data_taken();
  else done_ = true;
}

// More into the input; the peer's end is an error here.
Task<Result<std::size_t>> BodyReader::fill() {
  auto got = co_await input_.fill();
  if (got && *got == 0) co_return fail(cut_short_, "the connection ended inside a message body");
  co_return got;
}

// Reads framing until there is data or the end.
Task<Result<void>> BodyReader::next_chunk() {
  while (true) {
    input_.consume(chunks_.feed(input_.unread()));
    switch (chunks_.state()) {
      case ChunkDecoder::State::data:
        remaining_ = chunks_.data_size();
        co_return Result<void>();
      case ChunkDecoder::State::done:
        done_ = true;
        co_return Result<void>();
      case ChunkDecoder::State::bad:
        co_return fail(Code::invalid_argument, "the chunked framing of a message body is malformed");
      case ChunkDecoder::State::framing:
        BASCULE_CO_TRY(co_await fill());
    }
  }
}

Task<Result<std::size_t>> BodyReader::read(MutableBytes into) {
  if (failed_) co_return fail(cut_short_, "the message body has failed before");
  if (done_) co_return 0;
  if (into.empty()) co_return fail(Code::internal, "a body is read into an empty span");
  if (kind_ == Kind::chunked && remaining_ == 0) {
    if (auto ready = co_await next_chunk(); !ready) co_return fail_with(std::move(ready).error());
    if (done_) co_return 0;
  }
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), remaining_));
  if (input_.empty() && (want >= kDirectBytes || (kind_ == Kind::length && want == remaining_))) {
    auto got = co_await stream_.read_some(into.first(want));
    if (!got) co_return fail_with(std::move(got).error());
    if (*got != 0) {
      took(*got);
    } else if (kind_ == Kind::until_end) {
      done_ = true;
    } else {
      co_return fail_with({cut_short_, 0, "the connection ended inside a message body"});
    }
    co_return got;
  }
  if (input_.empty()) {
    auto got = co_await input_.fill();
    if (!got) co_return fail_with(std::move(got).error());
    if (*got == 0) {
      if (kind_ != Kind::until_end) co_return fail_with({cut_short_, 0, "the connection ended inside a message body"});
      done_ = true;
      co_return 0;
    }
  }
  const std::size_t bytes = std::min(want, input_.unread().size());
  std::memcpy(into.data(), input_.unread().data(), bytes);
  input_.consume(bytes);
  took(bytes);
  co_return bytes;
}

Task<bool> BodyReader::discard(std::uint64_t limit) {
  std::uint64_t discarded = 0;
  while (!done_ && !failed_) {
    if (kind_ == Kind::chunked && remaining_ == 0) {
      if (auto ready = co_await next_chunk(); !ready) failed_ = true;
      continue;
    }
    if (discarded > limit || (kind_ == Kind::length && remaining_ > limit - discarded)) co_return false;
    if (input_.empty() && !co_await fill()) {
      failed_ = true;
      break;
    }
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input_.unread().size()));
    input_.consume(bytes);
    took(bytes);
    discarded += bytes;
  }
  co_return done_;
}

}  // namespace bascule::http
