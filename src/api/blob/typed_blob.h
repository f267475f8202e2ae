// What append and page blobs share: creating them (Put Blob without content), and the hashes of what is written to them.
#pragma once
#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"

namespace bascule::api::blob {

// Creates the blob that `create` begins to describe, from the headers that both types take.
Task<Answer> create_typed(Call& call, ops::CreateBlob create);

// What a body must be, and what is computed of it for the answer: its MD5 where one was sent (before 2019-02-02 always),
// else its CRC64.
void expect_hashes(const Call& call, const DeclaredHashes& declared, ops::BodySpec& body);
void add_body_md5(Reply& reply, const Call& call, const DeclaredHashes& declared, const ops::Written& written);
void add_body_crc64(Reply& reply, const Call& call, const DeclaredHashes& declared, const ops::Written& written);

// Append Block, of a body or from a URL: what the headers say of it, and the longest block that the version may append.
Parsed<ops::AppendBlock> parse_append(const Call& call);
std::uint64_t most_appended(Version version);

// Range or x-ms-range of a write to a page blob: whole pages.
struct Pages { std::uint64_t first = 0, length = 0; };
Parsed<Pages> pages_of(const Call& call);
// x-ms-if-sequence-number-*
Parsed<ops::SequenceConditions> sequence_conditions(const HeaderIndex& headers);

}  // namespace bascule::api::blob
