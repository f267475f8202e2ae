// Get Blob, Get Blob Properties, Get Blob Metadata.
#include <algorithm>

#include "api/blob/blob_headers.h"
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/incoming_body.h"
#include "api/blob/reply.h"
#include "api/common/ranges.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "base/crc64.h"
#include "base/digest.h"
#include "base/log.h"

namespace bascule::api::blob {
namespace {

constexpr std::uint64_t kMaxHashedRange = 4 * 1024 * 1024;

struct RangeHashes {
  bool md5 = false, crc64 = false;
  bool any() const { return md5 || crc64; }
};

// x-ms-range-get-content-md5 / -crc64: only with a range, only one of them.
Parsed<RangeHashes> parse_range_hashes(const Call& call, bool ranged) {
  RangeHashes wanted;
  for (H header : {H::range_get_content_md5, H::range_get_content_crc64}) {
    const std::string_view value = call.headers.get(header);
    if (value.empty() || same_text(value, "false")) continue;
    if (!same_text(value, "true") || !ranged) return bad_header(name(header), value);
    (header == H::range_get_content_md5 ? wanted.md5 : wanted.crc64) = true;
  }
  if (wanted.md5 && wanted.crc64) return refuse(Fault::both_crc64_and_md5_range_header_present);
  return wanted;
}

Parsed<> check_hashed_length(const Call& call, const RangeHashes& wanted, std::uint64_t length) {
  if (!wanted.any() || length <= kMaxHashedRange) return {};
  const H header = wanted.md5 ? H::range_get_content_md5 : H::range_get_content_crc64;
  return bad_header(name(header), call.headers.get(header));
}

std::string content_range(std::uint64_t first, std::uint64_t length, std::uint64_t size) {
  return "bytes " + decimal(first) + "-" + decimal(first + length - 1) + "/" + decimal(size);
}

// A range of at most 4 MiB, whole: its hash stands before it.
Task<Parsed<std::string>> read_all(ops::BlobReader& reader) {
  std::string content;
  content.reserve(reader.length_bytes());
  while (content.size() < reader.length_bytes()) {
    BASCULE_CO_ASSIGN(const Bytes part, co_await reader.next());
    if (part.empty()) co_return refuse(Error{Code::internal, 0, "a read ended before its announced length"});
    content.append(as_text(part));
  }
  co_return std::move(content);
}

struct GetForm {
  bool ranged = false;
  std::optional<ops::Md5Value> range_md5;
  std::optional<std::uint64_t> range_crc64;
  bool structured = false;
};

http::Response get_response(Call& call, const ops::BlobReader& reader, const GetForm& form) {
  const ops::BlobView& blob = reader.blob();
  Reply reply(call, form.ranged ? 206 : 200);
  add_content_headers(reply, call, blob, form.ranged ? form.range_md5 : blob.headers.md5);
  if (form.ranged) reply.add("Content-Range", content_range(reader.first_byte(), reader.length_bytes(), blob.size_bytes));
  reply.add("Last-Modified", http_date(blob.last_modified));
  if (call.version >= since::kAcceptRanges) reply.add("Accept-Ranges", "bytes");
  reply.add("ETag", etag_text(call, blob.etag));
  reply.common();
  if (form.range_crc64) reply.crc64(*form.range_crc64);
  if (form.structured) {
    reply.add("x-ms-structured-body", std::string(call.headers.get(H::structured_body)));
    reply.add("x-ms-structured-content-length", decimal(reader.length_bytes()));
  }
  add_properties(reply, call, blob, {.ranged = form.ranged});
  return std::move(reply.response());
}

void log_cut(const Call& call, const Result<Bytes>& part) {
  log::error("read cut", {{"request_id", call.request_id},
                          {"account", call.target.account},
                          {"container", call.target.container},
                          {"blob", call.target.blob},
                          {"error", part ? std::string_view("wrong length") : std::string_view(part.error().message)}});
}

// The rest of a blob after its first part. An error now can only be told by cutting the connection.
Task<void> stream_rest(Call& call, ops::BlobReader& reader, std::uint64_t left) {
  while (left > 0) {
    const Result<Bytes> part = co_await reader.next();
    if (!part || part->empty() || part->size() > left) {
      log_cut(call, part);
      call.exchange.cut();
      co_return;
    }
    left -= part->size();
    const Bytes slice = *part;
    if (!co_await call.exchange.write({&slice, 1})) co_return;
  }
  (void)co_await call.exchange.finish();
}

// One part of the content with the framing that stands before its stretches.
Task<bool> write_structured(Call& call, StructuredWriter& message, Bytes part) {
  do {
    const std::string framing = message.take_framing();
    const Bytes stretch = part.first(static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), message.room())));
    message.content(stretch);
    part = part.subspan(stretch.size());
    const Bytes slices[] = {as_bytes(framing), stretch};
    if (!co_await call.exchange.write(slices)) co_return false;
  } while (!part.empty());
  co_return true;
}

Task<void> send_structured(Call& call, http::Response response, ops::BlobReader& reader, Bytes part) {
  std::uint64_t left = reader.length_bytes();
  StructuredWriter message(left);
  if (!co_await call.exchange.start(std::move(response), message.message_bytes())) co_return;
  while (true) {
    if (!co_await write_structured(call, message, part)) co_return;
    left -= part.size();
    if (left == 0) break;
    const Result<Bytes> next = co_await reader.next();
    if (!next || next->empty() || next->size() > left) {
      log_cut(call, next);
      call.exchange.cut();
      co_return;
    }
    part = *next;
  }
  const std::string trailer = message.take_framing();
  const Bytes slice = as_bytes(trailer);
  if (!trailer.empty() && !co_await call.exchange.write({&slice, 1})) co_return;
  (void)co_await call.exchange.finish();
}

}  // namespace

// The first part is read and verified before the head goes out, so that a damaged blob answers with a clean error.
Task<Answer> get_blob(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::read));
  BASCULE_CO_ASSIGN(conditions.encryption, asked_encryption(call, KeyUse::read));
  const std::optional<ops::ByteRange> range = parse_range(call.headers, call.version);
  BASCULE_CO_ASSIGN(const RangeHashes wanted, parse_range_hashes(call, range.has_value()));
  BASCULE_CO_ASSIGN(const bool structured, wants_structured(call));
  if (structured && wanted.any())
    co_return bad_header(name(H::structured_body), call.headers.get(H::structured_body));
  BASCULE_CO_ASSIGN(const std::unique_ptr<ops::BlobReader> reader,
                    co_await call.ops().open_blob(call.blob(), {range, std::move(conditions)}));
  const std::uint64_t length = reader->length_bytes();
  BASCULE_CO_TRY(check_hashed_length(call, wanted, length));

  GetForm form{.ranged = range.has_value(), .structured = structured};
  std::string whole;
  Bytes first;
  if (wanted.any()) {
    BASCULE_CO_ASSIGN(whole, co_await read_all(*reader));
    first = as_bytes(whole);
    if (wanted.md5) form.range_md5 = Md5::of(first);
    else form.range_crc64 = crc64(first);
  } else if (length > 0) {
    BASCULE_CO_ASSIGN(first, co_await reader->next());
    if (first.empty() || first.size() > length) co_return refuse(Error{Code::internal, 0, "a read gave a wrong length"});
  }
  http::Response response = get_response(call, *reader, form);
  if (structured) {
    co_await send_structured(call, std::move(response), *reader, first);
    co_return Answer();
  }
  if (first.size() == length) {
    (void)co_await call.exchange.respond(std::move(response), {&first, 1});
    co_return Answer();
  }
  if (!co_await call.exchange.start(std::move(response), length)) co_return Answer();
  if (!co_await call.exchange.write({&first, 1})) co_return Answer();
  co_await stream_rest(call, *reader, length - first.size());
  co_return Answer();
}

Task<Answer> head_blob(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::read));
  BASCULE_CO_ASSIGN(conditions.encryption, asked_encryption(call, KeyUse::read));
  BASCULE_CO_ASSIGN(const ops::BlobView blob, co_await call.ops().head_blob(call.blob(), std::move(conditions)));
  Reply reply(call, 200);
  add_content_headers(reply, call, blob, blob.headers.md5);
  reply.add("Last-Modified", http_date(blob.last_modified));
  if (call.version >= since::kAcceptRanges) reply.add("Accept-Ranges", "bytes");
  reply.add("ETag", etag_text(call, blob.etag));
  reply.common();
  add_properties(reply, call, blob, {.head = true});
  if (co_await call.exchange.start(std::move(reply.response()), blob.size_bytes)) (void)co_await call.exchange.finish();
  co_return Answer();
}

Task<Answer> get_blob_metadata(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(conditions.encryption, asked_encryption(call, KeyUse::read));
  BASCULE_CO_ASSIGN(const ops::BlobView blob, co_await call.ops().head_blob(call.blob(), std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(blob.last_modified, blob.etag);
  reply.common();
  reply.metadata(blob.metadata);
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
