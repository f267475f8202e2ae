#include "api/blob/incoming_body.h"

#include <algorithm>
#include <array>

#include "api/common/since.h"
#include "api/common/text.h"
#include "ops/reason.h"

namespace bascule::api::blob {
Parsed<bool> wants_structured(const Call& call) {
  const auto form = call.headers.find(H::structured_body);
  if (!form) return false;
  if (call.version < since::kStructuredBodies) return refuse(Fault::feature_version_mismatch);
  if (!is_structured_crc64(*form)) return bad_header(name(H::structured_body), *form);
  return true;
}

Parsed<> IncomingBody::prepare(std::uint64_t limit_bytes) {
  BASCULE_ASSIGN(const bool structured, wants_structured(call_));
  if (!structured) {
    if (const auto length = call_.headers.find(H::structured_content_length))
      return bad_header(name(H::structured_content_length), *length);
    BASCULE_ASSIGN(length_bytes_, body_length(call_, limit_bytes));
    BASCULE_ASSIGN(declared_, declared_hashes(call_.headers));
    return {};
  }
  for (H hash : {H::content_md5, H::content_crc64})
    if (const auto value = call_.headers.find(hash)) return bad_header(name(hash), *value);
  const auto text = call_.headers.find(H::structured_content_length);
  if (!text) return missing_header(name(H::structured_content_length));
  const auto length = parse_integer(*text);
  if (!length || *length < 0) return bad_header(name(H::structured_content_length), *text);
  length_bytes_ = static_cast<std::uint64_t>(*length);
  if (length_bytes_ > limit_bytes) return refuse({Fault::request_body_too_large, {{"MaxLimit", decimal(limit_bytes)}}});
  BASCULE_ASSIGN(const std::uint64_t message, body_length(call_, limit_bytes + kStructuredMostFraming));
  message_.emplace(message, length_bytes_);
  return {};
}

// All framing up to the next content, or to the message's end: a use case asks for no more once it has the content.
Task<Result<void>> IncomingBody::read_framing() {
  std::array<std::byte, kStructuredHeaderBytes> field;
  while (const std::size_t size = message_->framing_bytes()) {
    std::size_t filled = 0;
    while (filled < size) {
      BASCULE_CO_ASSIGN(const std::size_t got,
                        co_await call_.exchange.read_body(MutableBytes(field).subspan(filled, size - filled)));
      if (got == 0) co_return fail(Code::invalid_argument, "structured message: it ends early");
      filled += got;
    }
    const auto taken = message_->framing(Bytes(field).first(size));
    if (!taken && taken.error().code == Code::refused)
      co_return ops::refuse(ops::Reason::crc64_mismatch, crc64_text(message_->computed()));
    BASCULE_CO_TRY(taken);
  }
  co_return Result<void>();
}

Task<Result<std::size_t>> IncomingBody::read(MutableBytes into) {
  if (!message_) co_return co_await call_.exchange.read_body(into);
  BASCULE_CO_TRY(co_await read_framing());
  if (message_->done()) co_return std::size_t{0};
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), message_->content_bytes()));
  BASCULE_CO_ASSIGN(const std::size_t got, co_await call_.exchange.read_body(into.first(most)));
  if (got == 0) co_return got;
  message_->content(into.first(got));
  if (message_->content_bytes() == 0) BASCULE_CO_TRY(co_await read_framing());
  co_return got;
}

Problem IncomingBody::problem(Error error) const {
  if (message_ && ops::reason_of(error) == ops::Reason::crc64_mismatch)
    return {Fault::crc64_mismatch,
            {{"UserSpecifiedCrc", crc64_text(message_->declared())}, {"ServerCalculatedCrc", error.message}}};
  return with_hashes(std::move(error), declared_);
}

void IncomingBody::acknowledge(Reply& reply) const {
  if (message_) reply.add("x-ms-structured-body", std::string(call_.headers.get(H::structured_body)));
}

}  // namespace bascule::api::blob
