// Checks that stand before operations: features that are not there yet are refused, never silently ignored where ignoring
// them would lose what the client asked for; bodies and their declared hashes are bounded and well formed.
#pragma once
#include "api/blob/call.h"
#include "ops/reason.h"

namespace bascule::api::blob {

// Headers of customer-provided keys, scopes, immutability, expiry, structured bodies: 400 UnsupportedHeader with
// the header's name (and value, unless it may be secret), but where `operation` takes it.
Parsed<> refuse_features(const Call& call, auth::Operation operation);

// ?snapshot= and ?versionid= into call.at; refused where the operation is not one that takes them, so that what was meant
// for a past state never reaches the base blob.
Parsed<> read_at(Call& call, auth::Operation operation);
// The same of an address that is known to be one that may have them (a copy's source).
Parsed<ops::At> parse_at(const Target& target);

// Every PUT and POST announces its length.
Parsed<> require_length(const http::Request& request);

// 413 with the limit where the body is longer.
Parsed<std::uint64_t> body_length(const Call& call, std::uint64_t limit_bytes);

// Content-MD5 and x-ms-content-crc64 of the request's body.
struct DeclaredHashes {
  std::optional<ops::Md5Value> md5;
  std::optional<std::uint64_t> crc64;
};
Parsed<DeclaredHashes> declared_hashes(const HeaderIndex& headers);

Parsed<ops::Md5Value> parse_md5(std::string_view text);

// x-ms-access-tier of a block blob in its canonical case; "" where not sent.
Parsed<std::string> parse_tier(const HeaderIndex& headers);

// What shows or sets tags needs the permission for tags (`t`) of a SAS beside the operation's own.
Parsed<> require_tag_permission(const Call& call);
// x-ms-copy-source-tag-option: whether it says COPY; x-ms-tags beside that is 409.
Parsed<bool> parse_tag_option(const Call& call);
// x-ms-tags of a write.
Parsed<ops::Tags> parse_tags(const Call& call);

// x-ms-immutability-policy-until-date and -mode; nothing where neither is sent. A mode alone is refused.
Parsed<std::optional<ops::KeepUntil>> parse_immutability(const HeaderIndex& headers);
// What a write says of keeping what it writes.
Parsed<ops::Keep> parse_keep(const HeaderIndex& headers);

// x-ms-rehydrate-priority: whether it says High.
Parsed<bool> parse_rehydrate_high(const HeaderIndex& headers);
Parsed<bool> parse_seal(const Call& call);   // x-ms-seal-blob, of a copy

// x-ms-blob-content-*: with `plain`, a missing one is taken from the header without prefix (Put Blob).
Parsed<ops::ContentHeaders> content_headers(const HeaderIndex& headers, bool plain);

// A header that is a number from 0 on, where sent.
Parsed<std::optional<std::uint64_t>> parse_count(const HeaderIndex& headers, H header);

// An operation of a type of blobs that the request's version does not know.
Parsed<> require_append_version(const Call& call);
Parsed<> require_page_version(const Call& call);

// The whole body, at most `limit_bytes`, its Content-MD5 and CRC64 checked.
Task<Parsed<std::string>> read_document(Call& call, std::size_t limit_bytes);

// A credential that may create but not overwrite: the commit itself decides whether the blob is there. No lease id goes
// with it, since a lease's holder overwrites in spite of "If-None-Match: *" (AZURE-ANSWERS 6).
void forbid_overwriting(const Call& call, ops::Conditions& conditions);

// What the client said against what was computed, in Md5Mismatch's and Crc64Mismatch's extra elements. `error` is a
// use case's; others pass unchanged.
Problem with_hashes(Error error, const DeclaredHashes& declared);

}  // namespace bascule::api::blob
