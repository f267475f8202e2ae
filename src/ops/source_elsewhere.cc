#include "ops/source_elsewhere.h"

#include <algorithm>

#include "base/bytes.h"

namespace bascule::ops {

using catalog::CopyJobRecord;

namespace {

bool weak(std::string_view etag) { return etag.starts_with("W/"); }

Task<Result<void>> skip(BodySource& body, std::uint64_t bytes) {
  std::string scratch(64 * 1024, '\0');
  while (bytes > 0) {
    BASCULE_CO_ASSIGN(const std::size_t got, co_await body.read(as_writable(scratch).first(std::min<std::uint64_t>(bytes, scratch.size()))));
    if (got == 0) co_return fail(Code::unavailable, "the source ends early");
    bytes -= got;
  }
  co_return Result<void>{};
}

}  // namespace

std::unexpected<Error> source_failed(int status, std::string_view code) {
  return fail(Code::invalid_argument, std::to_string(status) + " " + std::string(code) + " \"Copy failed when reading the source.\"");
}

RemoteQuery source_query(const CopyJobRecord& job, std::optional<ByteRange> range) {
  RemoteQuery query{.url = job.source_url, .range = range};
  if (!weak(job.source_etag)) query.conditions.if_match = job.source_etag;
  return query;
}

Result<void> check_source(const RemoteHead& head, const CopyJobRecord& job) {
  if (head.status == 412 || head.status == 416) return source_failed(412, "ConditionNotMet");
  if (head.status == 408 || head.status == 429 || head.status >= 500)
    return fail(Code::unavailable, "the source answers " + std::to_string(head.status));
  if (!head.good()) return source_failed(head.status, head.error_code.empty() ? "CannotVerifyCopySource" : head.error_code);
  if (head.size_bytes != job.total_bytes || (!job.source_etag.empty() && head.etag != job.source_etag))
    return source_failed(412, "ConditionNotMet");
  return {};
}

Task<Result<std::unique_ptr<RemoteContent>>> open_source(Remote& remote, CopyJobRecord job, std::optional<ByteRange> range) {
  BASCULE_CO_ASSIGN(auto content, co_await remote.open(source_query(job, range)));
  BASCULE_CO_TRY(check_source(content->head(), job));
  if (range && content->head().status == 200) BASCULE_CO_TRY(co_await skip(*content, range->first));
  co_return std::move(content);
}

}  // namespace bascule::ops
