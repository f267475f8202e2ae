#include "api/blob/source.h"

#include <algorithm>
#include <cstring>

#include "api/blob/encryption.h"
#include "api/blob/errors.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "auth/account_rules.h"
#include "base/log.h"
#include "ops/reason.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kMostUrlBytes = 2 * 1024;   // "Copy Blob": a URL of up to 2 KiB
constexpr std::string_view kUnverified = "Could not verify the copy source within the specified time.";

// "Bearer …", or nothing. Its value is never repeated.
Parsed<std::string_view> source_authorization(const Call& call) {
  const auto text = call.headers.find(H::copy_source_authorization);
  if (!text || call.version < since::kSourceTokens) return std::string_view();
  if (text->size() > 7 && same_text(text->substr(0, 7), "Bearer ")) return *text;
  return refuse({Fault::invalid_header_value, {{"HeaderName", std::string(name(H::copy_source_authorization))}}});
}

ops::RemoteConditions remote_conditions(const HeaderIndex& headers) {
  const auto text = [&](H header) { return std::string(headers.get(header)); };
  return {text(H::source_if_match), text(H::source_if_none_match), text(H::source_if_modified_since),
          text(H::source_if_unmodified_since), text(H::source_if_tags)};
}

// Of a source elsewhere. Which of the ways it could not be reached in is for the log alone: the answer must not tell a
// client what there is in the networks around this server.
Problem unreachable(const Call& call, const CopySource& source, const Error& error) {
  log::warn("copy source out of reach", {{"request_id", call.request_id}, {"source", source.url_without_query},
                                         {"error", error.message}, {"kind", name(error.code)}});
  if (error.code == Code::invalid_argument) return std::move(bad_header(name(H::copy_source), source.url_without_query).error());
  return source_problem(call, error.code == Code::timeout ? 500 : answer_of(Fault::cannot_verify_copy_source).status,
                        "CannotVerifyCopySource", kUnverified);
}

Problem refused_elsewhere(const Call& call, const ops::RemoteHead& head) {
  if (head.status == 412 || head.status == 304) return Fault::source_condition_not_met;
  if (head.status == 416) return Fault::invalid_range;
  // Redirects, and what else makes no sense as an answer to a GET, are not followed.
  const int status = head.status >= 400 && head.status < 600 ? head.status : 409;
  return source_problem(call, status, head.error_code.empty() ? "CannotVerifyCopySource" : head.error_code,
                        head.error_message.empty() ? kUnverified : head.error_message);
}

// Of a source of ours: nobody has done anything then, which the record says.
Problem denied_source(Call& call, const auth::AuthFailure& failure) {
  call.denied = true;
  call.denied_for = failure.reason;
  return source_problem(call, failure.status, failure.code, failure.message);
}

Task<Parsed<std::unique_ptr<Source>>> open_ours(Call& call, const CopySource& named, const SourceUse& use) {
  BASCULE_CO_TRY(co_await authorise_source(call, named.target, use.own_key));
  if (use.tags) BASCULE_CO_TRY(co_await authorise_source(call, named.target, use.own_key, auth::Operation::get_blob_tags));
  const Target& at = named.target;
  BASCULE_CO_ASSIGN(const ops::At state, parse_at(at));
  ops::OpenBlob open{.range = use.range};
  BASCULE_CO_ASSIGN(open.conditions, parse_source_conditions(call.headers));
  BASCULE_CO_ASSIGN(open.conditions.encryption.key, source_key(call));
  auto reader = co_await call.ops().open_blob({at.account, at.container, at.blob, state}, std::move(open));
  if (!reader) co_return refuse(source_error(call, std::move(reader).error()));
  const ops::BlobView& blob = (*reader)->blob();
  const std::uint64_t length = (*reader)->length_bytes(), size = blob.size_bytes;
  ops::ContentHeaders headers = blob.headers;
  ops::Metadata metadata = blob.metadata;
  ops::Tags tags = blob.tags;
  const ops::ETag etag = blob.etag;
  auto source = std::make_unique<Source>(std::move(*reader));
  source->length_bytes = length;
  source->size_bytes = size;
  source->headers = std::move(headers);
  source->metadata = std::move(metadata);
  source->tags = std::move(tags);
  source->etag = etag_text(call, etag);
  co_return source;
}

Task<Parsed<std::unique_ptr<Source>>> open_elsewhere(Call& call, const CopySource& named, const SourceUse& use) {
  ops::Remote* remote = call.service.options().remote;
  if (!remote) co_return refuse(Fault::cannot_verify_copy_source);
  ops::RemoteQuery query{.url = std::string(call.headers.get(H::copy_source)), .range = use.range,
                         .conditions = remote_conditions(call.headers)};
  BASCULE_CO_ASSIGN(query.authorization, source_authorization(call));
  BASCULE_CO_ASSIGN(const auto key, source_key(call));
  if (key) {
    query.key = call.headers.get(H::source_encryption_key);
    query.key_sha256 = call.headers.get(H::source_encryption_key_sha256);
    query.key_algorithm = call.headers.get(H::source_encryption_algorithm);
  }
  auto opened = co_await remote->open(std::move(query));
  if (!opened) co_return refuse(unreachable(call, named, opened.error()));
  const ops::RemoteHead& head = (*opened)->head();
  if (!head.good()) co_return refuse(refused_elsewhere(call, head));
  // A server that does not know ranges sends everything: no part can be taken out of that but the first.
  if (use.range && head.status == 200 && use.range->first != 0) co_return refuse(Fault::invalid_range);
  if (!head.length_bytes)
    co_return refuse(source_problem(call, 409, "CannotVerifyCopySource", "The copy source does not say how long it is."));
  std::uint64_t length = *head.length_bytes;
  if (use.range && use.range->last) length = std::min(length, *use.range->last - use.range->first + 1);
  ops::ContentHeaders headers = head.headers;
  ops::Metadata metadata = acceptable_metadata(head.metadata);
  std::string etag = head.etag, type = head.blob_type;
  const std::uint64_t size = head.size_bytes.value_or(length), number = head.sequence_number, blocks = head.committed_blocks;
  const bool sealed = head.sealed;
  auto source = std::make_unique<Source>(std::move(*opened));
  source->length_bytes = length;
  source->size_bytes = size;
  source->headers = std::move(headers);
  source->metadata = std::move(metadata);
  source->etag = std::move(etag);
  source->blob_type = std::move(type);
  source->sequence_number = number;
  source->committed_blocks = blocks;
  source->sealed = sealed;
  co_return source;
}

}  // namespace

Task<Result<std::size_t>> Source::read(MutableBytes into) {
  into = into.first(std::min<std::uint64_t>(into.size(), length_bytes - given_));
  if (into.empty()) co_return 0;
  std::size_t got = 0;
  if (ours_) {
    if (rest_.empty()) {
      auto next = co_await ours_->next();
      if (!next) co_return fail(std::move(next).error());
      rest_ = *next;
    }
    got = std::min(into.size(), rest_.size());
    std::memcpy(into.data(), rest_.data(), got);
    rest_ = rest_.subspan(got);
  } else {
    auto read = co_await other_->read(into);
    failed_ = !read || *read == 0;
    if (!read) co_return fail(std::move(read).error());
    got = *read;
  }
  given_ += got;
  co_return got;
}

Problem source_problem(const Call& call, int status, std::string_view code, std::string_view text) {
  Problem problem(Fault::cannot_verify_copy_source);
  problem.status = status;
  problem.text = text;
  if (call.version >= since::kCopySourceErrors) {
    const std::string number = decimal(static_cast<std::uint64_t>(status));
    problem.headers.push_back({"x-ms-copy-source-error-code", std::string(code)});
    problem.headers.push_back({"x-ms-copy-source-status-code", number});
    problem.extras = {{"CopySourceStatusCode", number},
                      {"CopySourceErrorCode", std::string(code)},
                      {"CopySourceErrorMessage", std::string(text)}};
  }
  return problem;
}

Problem source_error(const Call& call, Error error) {
  Fault missing = Fault::none;
  switch (ops::reason_of(error)) {
    case ops::Reason::source_not_found:
    case ops::Reason::blob_not_found: missing = Fault::blob_not_found; break;
    case ops::Reason::source_container_not_found:
    case ops::Reason::container_not_found: missing = Fault::container_not_found; break;
    case ops::Reason::condition_not_met:
    case ops::Reason::not_modified: return Fault::source_condition_not_met;
    default: return error;
  }
  if (call.version < since::kCopySourceErrors) return missing;
  const ErrorAnswer answer = answer_of(missing);
  return source_problem(call, answer.status, answer.code, answer.text);
}

Problem unless_source_failed(const Call& call, const Source& source, Problem problem) {
  if (!source.failed()) return problem;
  log::warn("copy source broke off", {{"request_id", call.request_id}, {"source", source.url_without_query},
                                      {"error", problem.error ? std::string_view(problem.error->message) : std::string_view()}});
  return source_problem(call, 500, "CannotVerifyCopySource", kUnverified);
}

Parsed<CopySource> read_copy_source(const Call& call) {
  const std::string_view text = call.headers.get(H::copy_source);
  if (text.size() > kMostUrlBytes) return bad_header(name(H::copy_source), text.substr(0, text.find('?')));
  return parse_copy_source(text, call.headers.get(H::host), call.version, call.service.domains(), call.ops());
}

// The caller's own Shared Key reads the whole account, his token what his roles let it, where the operation lets them;
// otherwise the source's URL must carry its own permission, or the source be public.
Task<Answer> authorise_source(Call& call, const Target& source, bool own_key, auth::Operation operation) {
  BASCULE_CO_ASSIGN(const std::string_view authorization, source_authorization(call));
  const auth::Principal& principal = call.authorised.principal;
  const bool signed_source = source.find("sig") != nullptr || !authorization.empty();
  if (own_key && !signed_source && principal.kind == auth::PrincipalKind::shared_key && principal.account &&
      principal.account->name == source.account)
    co_return Answer();
  auth::AuthRequest request = auth_request(call, source);
  const http::HeaderView header{"Authorization", authorization};
  if (!authorization.empty()) request.headers = {&header, 1};
  request.method = "GET";
  if (own_key && !signed_source && principal.kind == auth::PrincipalKind::bearer && principal.account->name == source.account) {
    auto own = auth::authorise_identity(request, operation, call.ops(), principal.identity);
    if (own) co_return Answer();
    co_return refuse(denied_source(call, own.error()));
  }
  // A source is asked for without the challenge of the caller's version (AZURE-ANSWERS 8).
  const auto account = signed_source ? nullptr : call.ops().account(source.account);
  if (const auto closed = account ? auth::check_anonymous(account->settings, {}) : std::nullopt)
    co_return refuse(denied_source(call, *closed));
  const auth::Decision decision = co_await auth::authorise(request, operation, call.ops(), call.now(),
                                                           call.service.options().authentication);
  if (decision) co_return Answer();
  co_return refuse(denied_source(call, decision.error()));
}

Task<Parsed<std::unique_ptr<Source>>> open_source(Call& call, SourceUse use) {
  BASCULE_CO_ASSIGN(const CopySource named, read_copy_source(call));
  auto opened = named.ours ? co_await open_ours(call, named, use) : co_await open_elsewhere(call, named, use);
  if (opened) (*opened)->url_without_query = named.url_without_query;
  co_return opened;
}

}  // namespace bascule::api::blob
