#include "api/blob/guards.h"

#include <algorithm>
#include <array>

#include "api/blob/encryption.h"
#include "api/blob/errors.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/tags.h"
#include "api/common/text.h"
#include "base/bytes.h"
#include "base/crc64.h"
#include "base/digest.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kDocumentStep = 64 * 1024;

using Op = auth::Operation;

bool takes_expiry(Op o) { return o == Op::set_blob_expiry; }
bool takes_immutability(Op o) {
  return o == Op::put_blob || o == Op::put_block_list || o == Op::copy_blob || o == Op::create_append_blob || o == Op::create_page_blob ||
         o == Op::copy_blob_from_url || o == Op::put_blob_from_url || o == Op::set_immutability_policy;
}
bool takes_structured(Op o) {
  return o == Op::put_blob || o == Op::put_block || o == Op::append_block || o == Op::put_page || o == Op::get_blob;
}

// A source's token. Copy Blob says itself that it takes none.
bool takes_source_token(Op o) {
  return o == Op::put_blob_from_url || o == Op::put_block_from_url || o == Op::copy_blob_from_url ||
         o == Op::append_block_from_url || o == Op::put_page_from_url || o == Op::copy_blob;
}

bool takes_tier_times(Op o) { return o == Op::delete_blob || o == Op::delete_blob_version || o == Op::permanently_delete_blob; }

struct Feature {
  H header;
  bool secret = false;
  bool (*takes)(Op) = nullptr;  // null: no operation does yet
};
constexpr Feature kFeatures[] = {
    {H::encryption_key, true, takes_key}, {H::encryption_key_sha256, true, takes_key},
    {H::encryption_algorithm, false, takes_key}, {H::encryption_scope, false, takes_scope}, {H::source_encryption_key, true, takes_source_key},
    {H::source_encryption_key_sha256, true, takes_source_key}, {H::source_encryption_algorithm, false, takes_source_key},
    {H::immutability_policy_until_date, false, takes_immutability}, {H::immutability_policy_mode, false, takes_immutability},
    {H::expiry_option, false, takes_expiry}, {H::expiry_time, false, takes_expiry},
    {H::structured_body, false, takes_structured}, {H::structured_content_length, false, takes_structured},
    {H::copy_source_authorization, true, takes_source_token},
    {H::access_tier_if_modified_since, false, takes_tier_times}, {H::access_tier_if_unmodified_since, false, takes_tier_times},
};

std::unexpected<Problem> unsupported(H header, std::string_view value, bool secret) {
  Problem problem(Fault::unsupported_header, {{"HeaderName", std::string(name(header))}});
  if (!secret) problem.extras.push_back({"HeaderValue", std::string(value)});
  return refuse(std::move(problem));
}

bool is_false(std::string_view value) { return value.empty() || same_text(value, "false"); }

}  // namespace

Parsed<> refuse_features(const Call& call, Op operation) {
  const HeaderIndex& headers = call.headers;
  for (const Feature& feature : kFeatures)
    if (headers.has(feature.header) && !(feature.takes && feature.takes(operation)))
      return unsupported(feature.header, headers.get(feature.header), feature.secret);
  // Those with a value that says "as it is anyway".
  if (!is_false(headers.get(H::legal_hold)) && !takes_immutability(operation) && operation != Op::set_legal_hold)
    return unsupported(H::legal_hold, headers.get(H::legal_hold), false);
  if (!is_false(headers.get(H::seal_blob)) && operation != Op::copy_blob)
    return unsupported(H::seal_blob, headers.get(H::seal_blob), false);
  if (operation != Op::create_container)
    for (H header : {H::default_encryption_scope, H::deny_encryption_scope_override})
      if (headers.has(header)) return unsupported(header, headers.get(header), false);
  if (call.version < since::kTags)
    for (H header : {H::if_tags, H::source_if_tags, H::tags})
      if (headers.has(header)) return unsupported(header, headers.get(header), false);
  return {};
}

Parsed<> require_length(const http::Request& request) {
  if ((request.method == "PUT" || request.method == "POST") && !request.content_length)
    return refuse(Fault::missing_content_length_header);
  return {};
}

Parsed<std::uint64_t> body_length(const Call& call, std::uint64_t limit_bytes) {
  const std::uint64_t length = call.request.content_length.value_or(0);
  if (length > limit_bytes) return refuse({Fault::request_body_too_large, {{"MaxLimit", decimal(limit_bytes)}}});
  return length;
}

Parsed<ops::Md5Value> parse_md5(std::string_view text) {
  const auto bytes = from_base64(text);
  ops::Md5Value md5;
  if (!bytes || bytes->size() != md5.size()) return refuse(Fault::invalid_md5);
  std::memcpy(md5.data(), bytes->data(), md5.size());
  return md5;
}

Parsed<DeclaredHashes> declared_hashes(const HeaderIndex& headers) {
  DeclaredHashes declared;
  const auto md5 = headers.find(H::content_md5);
  const auto crc64 = headers.find(H::content_crc64);
  if (md5 && crc64) return refuse(Fault::both_crc64_and_md5_header_present);
  if (md5) {
    BASCULE_ASSIGN(declared.md5, parse_md5(*md5));
  }
  if (crc64) {
    const auto bytes = from_base64(*crc64);
    if (!bytes || bytes->size() != 8) return bad_header(name(H::content_crc64), *crc64);
    declared.crc64 = load_le<std::uint64_t>(bytes->data());
  }
  return declared;
}

Parsed<std::string> parse_tier(const HeaderIndex& headers) {
  const auto tier = headers.find(H::access_tier);
  if (!tier) return std::string();
  for (std::string_view known : {"Hot", "Cool", "Cold", "Archive"})
    if (same_text(*tier, known)) return std::string(known);
  return bad_header(name(H::access_tier), *tier);
}

Parsed<std::optional<ops::KeepUntil>> parse_immutability(const HeaderIndex& headers) {
  const auto until = headers.find(H::immutability_policy_until_date);
  const auto mode = headers.find(H::immutability_policy_mode);
  if (!until) {
    if (mode) return missing_header(name(H::immutability_policy_until_date));
    return std::optional<ops::KeepUntil>();
  }
  const auto at = parse_http_date(*until);
  if (!at) return bad_header(name(H::immutability_policy_until_date), *until);
  ops::KeepUntil set{.until = *at};
  if (mode && same_text(*mode, "Locked")) set.locked = true;
  else if (mode && !same_text(*mode, "Unlocked")) return bad_header(name(H::immutability_policy_mode), *mode);
  return std::optional(set);
}

Parsed<ops::Keep> parse_keep(const HeaderIndex& headers) {
  ops::Keep keep;
  BASCULE_ASSIGN(keep.policy, parse_immutability(headers));
  const std::string_view hold = headers.get(H::legal_hold);
  keep.legal_hold = same_text(hold, "true");
  if (!keep.legal_hold && !is_false(hold)) return bad_header(name(H::legal_hold), hold);
  return keep;
}

Parsed<bool> parse_seal(const Call& call) {
  const std::string_view seal = call.headers.get(H::seal_blob);
  if (is_false(seal)) return false;
  if (!same_text(seal, "true") || call.version < since::kSealing) return bad_header(name(H::seal_blob), seal);
  return true;
}

Parsed<bool> parse_rehydrate_high(const HeaderIndex& headers) {
  const auto priority = headers.find(H::rehydrate_priority);
  if (!priority || same_text(*priority, "Standard")) return false;
  if (same_text(*priority, "High")) return true;
  return bad_header(name(H::rehydrate_priority), *priority);
}

Parsed<> require_tag_permission(const Call& call) {
  const auth::Principal& principal = call.authorised.principal;
  if (principal.kind == auth::PrincipalKind::shared_key || principal.permissions.contains('t')) return {};
  return refuse(problem_of(auth::failures::permission_mismatch()));
}

Parsed<bool> parse_tag_option(const Call& call) {
  const auto option = call.headers.find(H::copy_source_tag_option);
  if (!option || same_text(*option, "REPLACE")) return false;
  if (!same_text(*option, "COPY")) return bad_header(name(H::copy_source_tag_option), *option);
  if (call.headers.has(H::tags)) return refuse(Fault::both_user_tags_and_source_tags);
  BASCULE_TRY(require_tag_permission(call));
  return true;
}

Parsed<ops::Tags> parse_tags(const Call& call) {
  if (call.headers.has(H::tags)) BASCULE_TRY(require_tag_permission(call));
  return parse_tags_header(call.headers);
}

Parsed<ops::ContentHeaders> content_headers(const HeaderIndex& headers, bool plain) {
  const auto value = [&](H prefixed, H bare) {
    const std::string_view own = headers.get(prefixed);
    return std::string(own.empty() && plain ? headers.get(bare) : own);
  };
  ops::ContentHeaders content;
  content.type = value(H::blob_content_type, H::content_type);
  content.encoding = value(H::blob_content_encoding, H::content_encoding);
  content.language = value(H::blob_content_language, H::content_language);
  content.cache_control = value(H::blob_cache_control, H::cache_control);
  content.disposition = headers.get(H::blob_content_disposition);
  if (const auto md5 = headers.find(H::blob_content_md5); md5 && !md5->empty()) {
    BASCULE_ASSIGN(content.md5, parse_md5(*md5));
  }
  return content;
}

Parsed<std::optional<std::uint64_t>> parse_count(const HeaderIndex& headers, H header) {
  const auto text = headers.find(header);
  if (!text) return std::nullopt;
  const auto value = parse_integer(*text);
  if (!value || *value < 0) return bad_header(name(header), *text);
  return static_cast<std::uint64_t>(*value);
}

Parsed<> require_append_version(const Call& call) {
  if (call.version < since::kAppendBlobs) return refuse(Fault::append_blob_needs_version);
  return {};
}
Parsed<> require_page_version(const Call& call) {
  if (call.version < since::kPageBlobs) return refuse(Fault::invalid_version_for_page_blob);
  return {};
}

Task<Parsed<std::string>> read_document(Call& call, std::size_t limit_bytes) {
  BASCULE_CO_ASSIGN(const std::uint64_t length, body_length(call, limit_bytes));
  BASCULE_CO_ASSIGN(const DeclaredHashes declared, declared_hashes(call.headers));
  std::string document;  // grows with what arrives: an announced length reserves nothing
  std::size_t filled = 0;
  while (filled < length) {
    if (filled == document.size()) document.resize(std::min<std::size_t>(length, filled + kDocumentStep));
    BASCULE_CO_ASSIGN(const std::size_t got, co_await call.exchange.read_body(as_writable(document).subspan(filled)));
    if (got == 0) co_return refuse(Error{Code::cancelled, 0, "the body ended early"});
    filled += got;
  }
  if (declared.md5) {
    const auto computed = Md5::of(as_bytes(document));
    if (computed != *declared.md5)
      co_return refuse({Fault::md5_mismatch,
                        {{"UserSpecifiedMd5", md5_text(*declared.md5)}, {"ServerCalculatedMd5", md5_text(computed)}}});
  }
  if (declared.crc64) {
    const std::uint64_t computed = crc64(as_bytes(document));
    if (computed != *declared.crc64)
      co_return refuse({Fault::crc64_mismatch,
                        {{"UserSpecifiedCrc", crc64_text(*declared.crc64)},
                         {"ServerCalculatedCrc", crc64_text(computed)}}});
  }
  co_return std::move(document);
}

void forbid_overwriting(const Call& call, ops::Conditions& conditions) {
  if (!call.authorised.create_only) return;
  conditions.if_none_match = ops::ETagSet{.any = true, .values = {}};
  conditions.lease_id.reset();
}

Problem with_hashes(Error error, const DeclaredHashes& declared) {
  const ops::Reason reason = ops::reason_of(error);
  if (reason == ops::Reason::md5_mismatch && declared.md5)
    return {Fault::md5_mismatch, {{"UserSpecifiedMd5", md5_text(*declared.md5)}, {"ServerCalculatedMd5", error.message}}};
  if (reason == ops::Reason::crc64_mismatch && declared.crc64)
    return {Fault::crc64_mismatch,
            {{"UserSpecifiedCrc", crc64_text(*declared.crc64)}, {"ServerCalculatedCrc", error.message}}};
  return error;
}

}  // namespace bascule::api::blob
