// Page blobs: Put Blob (creating one), Put Page (update and clear), Set Blob Properties (size and sequence number), Get
// Page Ranges, its difference to a snapshot too.
#include <algorithm>

#include "api/blob/call.h"
#include "api/blob/copy_source.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/incoming_body.h"
#include "api/blob/list_parameters.h"
#include "api/blob/page_list.h"
#include "api/blob/reply.h"
#include "api/blob/typed_blob.h"
#include "api/common/ranges.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

constexpr std::uint64_t kMostPut = 4 * 1024 * 1024;
constexpr std::size_t kMostRanges = 10'000;             // in one answer
constexpr std::size_t kMostRangesUnpaged = 1'000'000;   // to versions that cannot ask for the rest

bool on_pages(std::uint64_t bytes) { return bytes % ops::kPageBytes == 0; }

// x-ms-blob-content-length: whole pages, at most 8 TiB.
Parsed<std::optional<std::uint64_t>> blob_size(const HeaderIndex& headers) {
  BASCULE_ASSIGN(const auto size, parse_count(headers, H::blob_content_length));
  if (size && (!on_pages(*size) || *size > ops::kMostPageBlobBytes))
    return bad_header(name(H::blob_content_length), headers.get(H::blob_content_length));
  return size;
}

Parsed<> parse_sequence_action(const HeaderIndex& headers, ops::SetPageProperties& set) {
  using Action = ops::SetPageProperties::Action;
  const auto text = headers.find(H::sequence_number_action);
  BASCULE_ASSIGN(const auto number, parse_count(headers, H::blob_sequence_number));
  if (!text) {
    if (number) return missing_header(name(H::sequence_number_action));
    return {};
  }
  if (same_text(*text, "max")) set.action = Action::max;
  else if (same_text(*text, "update")) set.action = Action::update;
  else if (same_text(*text, "increment")) set.action = Action::increment;
  else return bad_header(name(H::sequence_number_action), *text);
  if (set.action == Action::increment) {
    if (number) return bad_header(name(H::blob_sequence_number), headers.get(H::blob_sequence_number));
    return {};
  }
  if (!number) return missing_header(name(H::blob_sequence_number));
  set.sequence_number = *number;
  return {};
}

bool names_content_headers(const HeaderIndex& headers) {
  constexpr H kContent[] = {H::blob_content_type, H::blob_content_encoding, H::blob_content_language,
                            H::blob_content_md5, H::blob_cache_control, H::blob_content_disposition};
  return std::ranges::any_of(kContent, [&headers](H header) { return headers.has(header); });
}

Parsed<std::size_t> most_ranges(const Call& call) {
  if (call.version < since::kPagedRanges) return kMostRangesUnpaged;
  return max_results(call.target, kMostRanges);
}

// Which snapshot a difference begins at: by its time, or, as managed disks are asked, by its URL, which must be of the same
// blob. Versions before each know nothing of it.
Parsed<std::optional<WallTime>> previous_snapshot(const Call& call) {
  const std::string* text = call.version < since::kPageDifferences ? nullptr : call.target.find("prevsnapshot");
  const bool by_url = call.version >= since::kPreviousSnapshotUrls && call.headers.has(H::previous_snapshot_url);
  std::optional<WallTime> previous;
  if (text) {
    previous = parse_iso8601(*text);
    if (!previous) return bad_query("prevsnapshot", *text);
  }
  if (by_url) {
    constexpr H kHeader = H::previous_snapshot_url;
    BASCULE_ASSIGN(const CopySource url, parse_copy_source(call.headers.get(kHeader), call.headers.get(H::host), call.version,
                                                           call.service.domains(), call.ops(), kHeader));
    const Target& named = url.target;
    const std::string* snapshot = url.ours ? named.find("snapshot") : nullptr;
    const bool same = snapshot && named.account == call.target.account && named.container == call.target.container &&
                      named.blob == call.target.blob;
    const auto time = same ? parse_iso8601(*snapshot) : std::nullopt;
    if (!time || text) return bad_header(name(kHeader), url.url_without_query);
    previous = time;
  }
  return previous;
}

Parsed<std::uint64_t> start_of(const Call& call) {
  const std::string* marker = call.version < since::kPagedRanges ? nullptr : call.target.find("marker");
  if (!marker || marker->empty()) return 0;
  const auto start = parse_page_marker(*marker);
  if (!start) return bad_query("marker", *marker);
  return *start;
}

}  // namespace

Parsed<Pages> pages_of(const Call& call) {
  const std::string_view text = call.headers.has(H::ms_range) ? call.headers.get(H::ms_range) : call.headers.get(H::range);
  if (text.empty()) return missing_header("Range");
  const auto range = parse_byte_range(text, call.version);
  if (!range || !range->last || !on_pages(range->first) || !on_pages(*range->last + 1)) return bad_header("Range", text);
  return Pages{range->first, *range->last - range->first + 1};
}

Parsed<ops::SequenceConditions> sequence_conditions(const HeaderIndex& headers) {
  ops::SequenceConditions c;
  BASCULE_ASSIGN(c.at_most, parse_count(headers, H::sequence_at_most));
  BASCULE_ASSIGN(c.below, parse_count(headers, H::sequence_below));
  BASCULE_ASSIGN(c.equal, parse_count(headers, H::sequence_equal));
  return c;
}

Task<Answer> create_page_blob(Call& call) {
  BASCULE_CO_TRY(require_page_version(call));
  const HeaderIndex& headers = call.headers;
  ops::CreateBlob create{.type = ops::BlobType::page};
  BASCULE_CO_ASSIGN(const auto size, blob_size(headers));
  if (!size) co_return missing_header(name(H::blob_content_length));
  create.size_bytes = *size;
  BASCULE_CO_ASSIGN(const auto sequence, parse_count(headers, H::blob_sequence_number));
  create.sequence_number = sequence.value_or(0);
  // Tiers of page blobs (P4 to P80) are those of premium accounts.
  if (headers.has(H::access_tier)) {
    const std::string_view tier = headers.get(H::access_tier);
    if (tier.size() >= 2 && (tier[0] == 'P' || tier[0] == 'p') && parse_integer(tier.substr(1)))
      co_return refuse(Fault::blob_access_tier_not_supported);
    co_return bad_header(name(H::access_tier), tier);
  }
  co_return co_await create_typed(call, std::move(create));
}

// Put Page: an update or, without a body, a clear.
Task<Answer> put_page(Call& call) {
  BASCULE_CO_TRY(require_page_version(call));
  const HeaderIndex& headers = call.headers;
  const auto action = headers.find(H::page_write);
  if (!action) co_return missing_header(name(H::page_write));
  ops::PutPages put;
  put.clear = same_text(*action, "clear");
  if (!put.clear && !same_text(*action, "update")) co_return bad_header(name(H::page_write), *action);
  BASCULE_CO_ASSIGN(const Pages pages, pages_of(call));
  put.first = pages.first;
  put.length_bytes = pages.length;
  BASCULE_CO_ASSIGN(put.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.conditions.encryption = asked;
  BASCULE_CO_ASSIGN(put.sequence, sequence_conditions(headers));
  IncomingBody body(call);
  BASCULE_CO_TRY(body.prepare(kMostPut));
  put.body.length_bytes = body.length_bytes();
  if (put.body.length_bytes != (put.clear ? 0 : put.length_bytes))
    co_return bad_header("Content-Length", decimal(put.body.length_bytes));
  const DeclaredHashes& declared = body.declared();
  if (!put.clear) expect_hashes(call, declared, put.body);
  const bool clear = put.clear;

  const Result<ops::PagesWritten> done = co_await call.ops().put_pages(call.blob(), std::move(put), body);
  if (!done) co_return refuse(body.problem(done.error()));
  Reply reply(call, 201);
  if (!clear) add_body_md5(reply, call, declared, done->written);
  reply.modified(done->written.last_modified, done->written.etag);
  reply.common();
  if (!clear) {
    add_written_encryption(reply, asked, done->written.encryption_scope, call.version);
    add_body_crc64(reply, call, declared, done->written);
  }
  reply.add("x-ms-blob-sequence-number", decimal(done->sequence_number));
  body.acknowledge(reply);
  co_return co_await reply.send();
}

Task<Answer> set_page_properties(Call& call) {
  const HeaderIndex& headers = call.headers;
  ops::SetPageProperties set;
  BASCULE_CO_ASSIGN(set.size_bytes, blob_size(headers));
  BASCULE_CO_TRY(parse_sequence_action(headers, set));
  BASCULE_CO_ASSIGN(set.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  if (names_content_headers(headers)) { BASCULE_CO_ASSIGN(set.headers, content_headers(headers, false)); }
  const Result<ops::PagesWritten> done = co_await call.ops().set_page_properties(call.blob(), std::move(set));
  if (!done && ops::reason_of(done.error()) == ops::Reason::blob_type_mismatch) {   // AZURE-DETAILS 35
    const H header = headers.has(H::blob_content_length)      ? H::blob_content_length
                     : headers.has(H::sequence_number_action) ? H::sequence_number_action
                                                              : H::blob_sequence_number;
    co_return bad_header(name(header), headers.get(header));
  }
  if (!done) co_return refuse(done.error());
  Reply reply(call, 200);
  reply.modified(done->written.last_modified, done->written.etag);
  reply.common();
  reply.add("x-ms-blob-sequence-number", decimal(done->sequence_number));
  co_return co_await reply.send();
}

Task<Answer> get_page_ranges(Call& call) {
  BASCULE_CO_TRY(require_page_version(call));
  ops::GetPageRanges get;
  get.range = parse_range(call.headers, call.version);
  BASCULE_CO_ASSIGN(get.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(get.limit, most_ranges(call));
  BASCULE_CO_ASSIGN(get.start, start_of(call));
  BASCULE_CO_ASSIGN(get.previous, previous_snapshot(call));
  BASCULE_CO_ASSIGN(const ops::PageRanges ranges, co_await call.ops().get_page_ranges(call.blob(), std::move(get)));
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.modified(ranges.blob.last_modified, ranges.blob.etag);
  reply.common();
  reply.add("x-ms-blob-content-length", decimal(ranges.blob.size_bytes));
  co_return co_await reply.send_xml(page_list_xml(ranges));
}

}  // namespace bascule::api::blob
