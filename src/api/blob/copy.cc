// Copy Blob among the accounts of this server, and Abort Copy.
#include "api/blob/call.h"
#include "api/blob/copy_source.h"
#include "api/blob/errors.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/request_id.h"
#include "api/common/text.h"
#include "ops/reason.h"

namespace bascule::api::blob {
namespace {

constexpr Version kSourceDetails(2024, 8, 4);  // from then on the source's own failure is told in full
constexpr Version kCopyIds(2012, 2, 12);       // before, a copy was done when it was answered, and answered 201
constexpr Version kPlainTarget(2026, 12, 6);   // from then on the target's conditions fail as those of other writes

// A source that cannot be read: the source's status and text under the copy's code (AZURE-ANSWERS 8).
Problem source_problem(const Call& call, int status, std::string_view code, std::string_view text) {
  Problem problem(Fault::cannot_verify_copy_source);
  problem.status = status;
  problem.text = text;
  if (call.version >= kSourceDetails) {
    problem.headers.push_back({"x-ms-copy-source-error-code", std::string(code)});
    problem.headers.push_back({"x-ms-copy-source-status-code", decimal(static_cast<std::uint64_t>(status))});
    problem.extras = {{"CopySourceStatusCode", decimal(static_cast<std::uint64_t>(status))},
                      {"CopySourceErrorCode", std::string(code)},
                      {"CopySourceErrorMessage", std::string(text)}};
  }
  return problem;
}

Problem missing_source(const Call& call, Fault fault) {
  if (call.version < kSourceDetails) return fault;
  const ErrorAnswer answer = answer_of(fault);
  return source_problem(call, answer.status, answer.code, answer.text);
}

// The caller's own Shared Key reads the whole account; otherwise the source's URL must carry its own permission, or the
// source be public.
Task<Answer> authorise_source(Call& call, const Target& source) {
  const bool signed_source = source.find("sig") != nullptr;
  const auth::Principal& principal = call.authorised.principal;
  if (!signed_source && principal.kind == auth::PrincipalKind::shared_key && principal.account &&
      principal.account->name == source.account)
    co_return Answer();
  auth::AuthRequest request;
  request.method = "GET";
  request.raw_path = source.raw_path;
  request.query = &source.query;
  request.account = source.account;
  request.container = source.container;
  request.blob = source.blob;
  request.path_style = source.path_style;
  request.version = call.version_text;
  request.tls = call.request.encrypted;
  request.peer_address = call.request.peer_address;
  const auth::Decision decision = co_await auth::authorise(request, auth::Operation::get_blob, call.ops(), call.now(),
                                                           call.service.options().authentication);
  if (decision) co_return Answer();
  const auth::AuthFailure& failure = decision.error();
  co_return refuse(source_problem(call, failure.status, failure.code, failure.message));
}

}  // namespace

Task<Answer> copy_blob(Call& call) {
  ops::CopyBlob copy;
  BASCULE_CO_ASSIGN(copy.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(copy.source_conditions, parse_source_conditions(call.headers));
  BASCULE_CO_ASSIGN(copy.tier, parse_tier(call.headers));
  if (call.headers.has_metadata()) {
    BASCULE_CO_ASSIGN(copy.metadata, parse_metadata(call.headers));
  }
  BASCULE_CO_ASSIGN(CopySource source,
                    parse_copy_source(call.headers.get(H::copy_source), call.headers.get(H::host), call.version,
                                      call.service.options().domains, call.ops()));
  if (!source.ours) co_return refuse(Fault::not_implemented);  // a copy from elsewhere, as a job: not there yet
  BASCULE_CO_TRY(co_await authorise_source(call, source.target));
  if (source.target.find("snapshot") || source.target.find("versionid"))
    co_return refuse(missing_source(call, Fault::blob_not_found));
  copy.source_url = source.url_without_query;
  forbid_overwriting(call, copy.conditions);

  ops::BlobRef from{source.target.account, source.target.container, source.target.blob};
  Result<ops::Copied> copied = co_await call.ops().copy_blob(call.blob(), std::move(from), std::move(copy));
  if (!copied) {
    const ops::Reason reason = ops::reason_of(copied.error());
    if (reason == ops::Reason::source_not_found) co_return refuse(missing_source(call, Fault::blob_not_found));
    if (reason == ops::Reason::source_container_not_found)
      co_return refuse(missing_source(call, Fault::container_not_found));
    const bool there = reason == ops::Reason::blob_exists || reason == ops::Reason::target_condition_not_met;
    if (call.authorised.create_only && there) co_return refuse(Fault::unauthorized_blob_overwrite);
    if (reason == ops::Reason::target_condition_not_met && call.version >= kPlainTarget)
      co_return refuse(Fault::condition_not_met);
    co_return refuse(std::move(copied).error());
  }
  Reply reply(call, call.version >= kCopyIds ? 202 : 201);
  reply.modified(copied->written.last_modified, copied->written.etag);
  reply.common();
  if (call.version >= kCopyIds) {
    reply.add("x-ms-copy-id", copied->copy_id);
    reply.add("x-ms-copy-status", copied->status);
  }
  co_return co_await reply.send();
}

// Copies among our accounts are complete when they are answered, so none is ever pending.
Task<Answer> abort_copy(Call& call) {
  const std::string_view action = call.headers.get(H::copy_action);
  if (!call.headers.has(H::copy_action)) co_return missing_header(name(H::copy_action));
  if (!same_text(action, "abort")) co_return bad_header(name(H::copy_action), action);
  const std::string_view id = call.target.get("copyid");
  if (!parse_guid(id)) co_return bad_query("copyid", id, "copyid needs to be valid Guid.");
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_TRY(co_await call.ops().head_blob(call.blob(), std::move(conditions)));
  co_return refuse(Fault::no_pending_copy_operation);
}

}  // namespace bascule::api::blob
