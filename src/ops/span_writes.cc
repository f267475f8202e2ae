// Append and page blobs: how a write becomes spans, and the operations that are made of it. A write's pieces are placed
// first; then it joins its blob's line (span_line.h), where its conditions are evaluated against the head in the order of
// the line, and one commit writes the head, each write's record and the extents.
#include <algorithm>

#include "ops/encryption.h"
#include "ops/fold.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::AppendState;
using catalog::HeadRecord;
using catalog::Span;

namespace {

constexpr std::size_t kFoldAfter = 8192;         // writes: the more come together, the fewer pages are written for each
constexpr std::size_t kMostExtentsNamed = 32;    // in the commit of one write; more are named before

// What every write of such a blob is asked first.
Result<void> check_span_write(const HeadRecord& head, BlobType type, const Conditions& conditions, WallTime now) {
  if (head.type != static_cast<std::uint8_t>(type)) return refuse(Reason::blob_type_mismatch);
  BASCULE_TRY(check_writable(&head));
  BASCULE_TRY(check_lease_write(head.lease, conditions.lease_id, now));
  return check_change(conditions, stamp(head));
}

AppendState& append_of(HeadRecord& head) {
  auto& append = head.extras.made().append;
  return append ? *append : append.emplace();
}
std::uint64_t& sequence_number_of(HeadRecord& head) {
  auto& page = head.extras.made().page;
  return (page ? *page : page.emplace()).sequence_number;
}

// The pieces of a body that lands at `offset`.
std::vector<Span> spans_at(const std::vector<extent::Piece>& pieces, std::uint64_t offset) {
  std::vector<Span> spans;
  for (const auto& piece : pieces) {
    spans.push_back({.offset = offset, .length = piece.size_bytes, .piece = piece});
    offset += piece.size_bytes;
  }
  return spans;
}

Result<void> check_sequence(const SequenceConditions& c, std::uint64_t number) {
  if ((c.at_most && number > *c.at_most) || (c.below && number >= *c.below) || (c.equal && number != *c.equal))
    return refuse(Reason::sequence_number_mismatch);
  return {};
}

Result<std::uint64_t> changed_sequence(const SetPageProperties& set, std::uint64_t number) {
  switch (set.action) {
    case SetPageProperties::Action::keep: return number;
    case SetPageProperties::Action::max: return std::max(number, set.sequence_number);
    case SetPageProperties::Action::update: return set.sequence_number;
    case SetPageProperties::Action::increment:
      if (number >= kMostSequenceNumber) return refuse(Reason::sequence_number_overflow);
      return number + 1;
  }
  return fail(Code::internal, "unknown sequence number action");
}

// What a write's pieces are sealed under must still be what the blob is under when they are committed.
struct SealedUnder {
  std::optional<catalog::EncryptionRecord> record;
  bool placed = false;
  std::string scope() const { return record ? record->scope : std::string(); }
};
Result<void> check_sealed(const HeadRecord& head, const AskedEncryption& asked, SealedUnder& under) {
  const catalog::EncryptionRecord* used = encryption_of(head);
  BASCULE_TRY(check_encryption(used, asked));
  auto record = used ? std::optional(*used) : std::nullopt;
  if (under.placed) return check_same_keys(record, under.record);
  under.record = std::move(record);
  return {};
}

}  // namespace

void Service::begin_spans(HeadRecord& head) {
  head.manifest = {};
  head.manifest.id = head.manifest.holder = parts_.catalog.next_version();
  head.manifest.spans = true;
}

Task<Result<void>> Service::write_spans(BlobRef ref, Container container, SpanWrite& write) {
  const std::string key = keys::head(container->cid, ref.blob);
  BASCULE_CO_ASSIGN(bool leads, span_lines_.enter(key, write));
  if (!leads) leads = co_await write.turn.wait() == SpanWrite::Turn::lead;
  if (leads) {
    auto batch = span_lines_.gather(key);
    co_await commit_spans(ref, container, key, batch);
    span_lines_.leave(key, batch);
  }
  co_return std::move(write.outcome);
}

Task<void> Service::commit_spans(BlobRef ref, Container container, std::string head_key, std::vector<SpanWrite*> batch) {
  const ContainerRef container_ref{ref.account, ref.container};
  const auto settle_all = [&batch](const Error& error) {
    for (SpanWrite* write : batch) write->outcome = fail(error);
  };
  Turns::Turn turn;
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    if (attempt) {
      auto again = co_await resolve_again(container_ref, container);
      if (!again) co_return settle_all(again.error());
      container = std::move(*again);
    }
    if (auto taken = co_await turns_.take(turn, head_key, attempt > 0); !taken) co_return settle_all(taken.error());
    const std::uint64_t read_at = parts_.catalog.moment();
    auto found = co_await parts_.catalog.get<HeadRecord>(head_key);
    if (!found) co_return settle_all(found.error());
    if (!there(*found, now())) co_return settle_all(refuse(Reason::blob_not_found).error());
    HeadRecord& head = (*found)->record;
    const LineageId lineage{container->cid, head.manifest.id};
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    t.require(head_key, (*found)->version, read_at);
    std::vector<SpanWrite*> applied;
    for (SpanWrite* write : batch) {
      if (auto free = check_kept(*container, head, write->touch); !free) {
        write->outcome = fail(free.error());
        continue;
      }
      auto spans = write->apply(head);
      if (!spans) {
        write->outcome = fail(spans.error());
        continue;
      }
      applied.push_back(write);
      date_write(*container, head);
      write->spans = std::move(*spans);
      for (const auto& extent : write->extents) t.name(*extent);
      if (write->spans.empty()) continue;
      const std::uint64_t birth = ++head.manifest.writes;
      for (Span& span : write->spans) span.birth = birth;
      write->lineage = lineage;
      t.put(keys::write(lineage.cid, lineage.manifest, birth), catalog::encode_write(write->spans));
    }
    if (applied.empty()) co_return;
    t.put(head_key, encode(head));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (!done && done.error().code == Code::conflict) continue;
    const auto known = lineages_.of(lineage);
    for (SpanWrite* write : applied) {
      write->outcome = done;
      if (done && !write->spans.empty()) known->wrote(write->spans.front().birth, write->spans);
    }
    co_return;
  }
  settle_all(Error{Code::overloaded, 0, "too many writers change this blob"});
}

Task<Result<void>> Service::place_spans(Container container, std::string account, BodySpec spec, BodySource& body,
                                        SpanWrite& write, Written& written) {
  BASCULE_CO_ASSIGN(auto in, co_await ingest(container, std::move(account), spec, body, 0));
  written.md5 = in.md5;
  written.crc64 = in.crc64;
  for (const auto& p : in.pieces) {
    write.pieces.push_back(p.piece);
    if (write.extents.empty() || write.extents.back() != p.extent) write.extents.push_back(p.extent);
  }
  if (write.extents.size() > kMostExtentsNamed) {
    auto named = co_await parts_.catalog.name_extents(write.extents);
    if (!named) {
      co_await abandon(container, std::move(in.pieces));
      co_return fail(named.error());
    }
    write.extents.clear();
  }
  co_return Result<void>{};
}

// What is refused anyway should not be read to its end first.
Task<Result<void>> Service::try_spans(BlobRef ref, Container container, SpanWrite& write) {
  BASCULE_CO_ASSIGN(const auto head, co_await parts_.catalog.head(keys::head(container->cid, ref.blob)));
  if (!there(head, now())) co_return refuse(Reason::blob_not_found);
  BASCULE_CO_TRY(check_kept(*container, head->record, write.touch));
  HeadRecord trial = head->record;
  BASCULE_CO_TRY(write.apply(trial));
  co_return Result<void>{};
}

Task<Result<void>> Service::finish_spans(BlobRef ref, Container container, SpanWrite& write) {
  auto done = co_await write_spans(std::move(ref), container, write);
  if (!done) {
    co_await abandon_spans(std::move(container), write);
    co_return done;
  }
  if (!write.spans.empty()) co_await fold_when_due(write.lineage, write.spans.front().birth);
  co_return Result<void>{};
}

// The state's new ETag and time, which the answer tells.
void Service::stamp_write(HeadRecord& head, Written& written) {
  written.etag = head.etag = new_etag(head.etag);
  written.last_modified = head.last_modified = whole_second(head.last_modified);
  head.lease = after_write(head.lease, now());
}

Task<void> Service::abandon_spans(Container container, SpanWrite& write) {
  std::vector<NewPiece> pieces;
  for (const auto& piece : write.pieces) {
    const auto extent = std::ranges::find_if(write.extents, [&](const auto& e) { return e->id == piece.extent; });
    pieces.push_back({piece, extent == write.extents.end() ? nullptr : *extent});
  }
  if (!pieces.empty()) co_await abandon(std::move(container), std::move(pieces));
}

// The writer that makes it so many folds before it answers: others go on meanwhile, and what waits stays bounded.
Task<void> Service::fold_when_due(LineageId id, std::uint64_t writes) {
  const auto lineage = lineages_.of(id);
  if (!lineage->begin_fold(kFoldAfter)) co_return;
  const auto guard = co_await claim(parts_.catalog, id);
  if (!guard || *guard == 0) co_return lineage->fold_failed();   // gone meanwhile
  auto at = co_await holders(parts_.catalog, id);
  if (!at) co_return lineage->fold_failed();
  const auto done = co_await fold(parts_.catalog, {.id = id, .holders = std::move(*at), .through = writes}, *guard);
  if (done) lineage->folded(writes);
  else lineage->fold_failed();   // what came of it stands; the rest waits for the next
}

Task<Result<void>> Service::fold_blob(BlobRef ref) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  BASCULE_CO_ASSIGN(auto head, co_await parts_.catalog.get<HeadRecord>(keys::head(container->cid, ref.blob)));
  if (!head || !head->record.manifest.spans) co_return Result<void>{};
  const LineageId id{container->cid, head->record.manifest.id};
  BASCULE_CO_ASSIGN(const std::uint64_t guard, co_await claim(parts_.catalog, id));
  if (guard == 0) co_return Result<void>{};
  BASCULE_CO_ASSIGN(auto at, co_await holders(parts_.catalog, id));
  const std::uint64_t writes = head->record.manifest.writes;
  BASCULE_CO_TRY(co_await fold(parts_.catalog, {.id = id, .holders = std::move(at), .through = writes}, guard));
  lineages_.of(id)->folded(writes);
  co_return Result<void>{};
}

Task<Result<Appended>> Service::append_block(BlobRef ref, AppendBlock append, BodySource& body) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  Appended result;
  SpanWrite write;
  SealedUnder under;
  write.apply = [&](HeadRecord& head) -> Result<std::vector<Span>> {
    BASCULE_TRY(check_span_write(head, BlobType::append, append.conditions, now()));
    BASCULE_TRY(check_sealed(head, append.conditions.encryption, under));
    if (append_of(head).sealed) return refuse(Reason::blob_sealed);
    if (append.position && *append.position != head.size_bytes) return refuse(Reason::append_position_mismatch);
    if (append.max_size_bytes && head.size_bytes + append.body.length_bytes > *append.max_size_bytes)
      return refuse(Reason::max_size_exceeded);
    if (append_of(head).committed_blocks >= kMostAppendBlocks) return refuse(Reason::committed_blocks_exceeded);
    result.offset = head.size_bytes;
    result.committed_blocks = ++append_of(head).committed_blocks;
    head.size_bytes += append.body.length_bytes;
    stamp_write(head, result.written);
    return spans_at(write.pieces, result.offset);
  };
  BASCULE_CO_TRY(co_await try_spans(ref, container, write));
  under.placed = true;
  result.written.encryption_scope = under.scope();
  BASCULE_CO_ASSIGN(auto sealing, co_await keyed(container, ref.account, under.record, append.conditions.encryption));
  BASCULE_CO_TRY(co_await place_spans(std::move(sealing), ref.account, append.body, body, write, result.written));
  BASCULE_CO_TRY(co_await finish_spans(std::move(ref), std::move(container), write));
  co_return result;
}

Task<Result<Written>> Service::seal_blob(BlobRef ref, Conditions conditions, std::optional<std::uint64_t> position) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  Written result;
  SpanWrite write;
  write.apply = [&](HeadRecord& head) -> Result<std::vector<Span>> {
    BASCULE_TRY(check_span_write(head, BlobType::append, conditions, now()));
    if (position && *position != head.size_bytes) return refuse(Reason::append_position_mismatch);
    append_of(head).sealed = true;
    stamp_write(head, result);
    return std::vector<Span>{};
  };
  BASCULE_CO_TRY(co_await write_spans(std::move(ref), std::move(container), write));
  co_return result;
}

Task<Result<PagesWritten>> Service::put_pages(BlobRef ref, PutPages put, BodySource& body) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  PagesWritten result;
  SpanWrite write;
  write.touch = Touch::pages;
  SealedUnder under;
  write.apply = [&](HeadRecord& head) -> Result<std::vector<Span>> {
    BASCULE_TRY(check_span_write(head, BlobType::page, put.conditions, now()));
    if (!put.clear) BASCULE_TRY(check_sealed(head, put.conditions.encryption, under));
    BASCULE_TRY(check_sequence(put.sequence, sequence_number_of(head)));
    if (put.first >= head.size_bytes || put.length_bytes > head.size_bytes - put.first) return refuse(Reason::invalid_page_range);
    result.sequence_number = sequence_number_of(head);
    stamp_write(head, result.written);
    if (put.clear) return std::vector{Span{.offset = put.first, .length = put.length_bytes, .clear = true}};
    return spans_at(write.pieces, put.first);
  };
  BASCULE_CO_TRY(co_await try_spans(ref, container, write));
  if (!put.clear) {
    under.placed = true;
    result.written.encryption_scope = under.scope();
    BASCULE_CO_ASSIGN(auto sealing, co_await keyed(container, ref.account, under.record, put.conditions.encryption));
    BASCULE_CO_TRY(co_await place_spans(std::move(sealing), ref.account, put.body, body, write, result.written));
  }
  BASCULE_CO_TRY(co_await finish_spans(std::move(ref), std::move(container), write));
  co_return result;
}

Task<Result<PagesWritten>> Service::set_page_properties(BlobRef ref, SetPageProperties set) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  PagesWritten result;
  SpanWrite write;
  write.touch = set.size_bytes ? Touch::pages : Touch::properties;
  write.apply = [&](HeadRecord& head) -> Result<std::vector<Span>> {
    BASCULE_TRY(check_span_write(head, BlobType::page, set.conditions, now()));
    BASCULE_ASSIGN(const std::uint64_t number, changed_sequence(set, sequence_number_of(head)));
    sequence_number_of(head) = result.sequence_number = number;
    std::vector<Span> spans;
    if (set.size_bytes) {
      // What is beyond the new end must be zeros should the blob grow again.
      if (*set.size_bytes < head.size_bytes)
        spans.push_back({.offset = *set.size_bytes, .length = head.size_bytes - *set.size_bytes, .clear = true});
      head.size_bytes = *set.size_bytes;
    }
    if (set.headers) {
      set_headers(head, *set.headers);
      head.copy.reset();   // AZURE-DETAILS 43
    }
    stamp_write(head, result.written);
    return spans;
  };
  BASCULE_CO_TRY(co_await write_spans(std::move(ref), std::move(container), write));
  co_return result;
}

Task<Result<Written>> Service::create_blob(BlobRef ref, CreateBlob create) {
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    const std::string head_key = keys::head(container->cid, ref.blob), upload_key = keys::upload(container->cid, ref.blob);
    BASCULE_CO_ASSIGN(auto old, co_await parts_.catalog.get<HeadRecord>(head_key));
    BASCULE_CO_ASSIGN(auto upload, co_await parts_.catalog.get<catalog::UploadRecord>(upload_key));
    BASCULE_CO_TRY(check_type(old, create.type));
    const HeadRecord* there = ops::there(old, now());
    BASCULE_CO_TRY(check_writable(there));
    const Lease lease = lease_of(there);
    BASCULE_CO_TRY(check_lease_write(lease, create.conditions.lease_id, now()));
    const bool leased = create.conditions.lease_id && view(lease, now()).locked();
    BASCULE_CO_TRY(check_write(create.conditions, stamp(there), leased));
    const HistoryRule rule = history_rule(ref.account);
    BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, ref.account, create.conditions.encryption));
    const WallTime at = now();
    HeadRecord head;
    head.type = static_cast<std::uint8_t>(create.type);
    head.size_bytes = create.size_bytes;
    set_headers(head, create.headers);
    set_metadata(head, create.metadata, sealed, parts_.random);
    head.tier = create.tier;
    set_tags(head, create.tags);
    if (!head.tier.empty()) head.tier_changed = at;
    if (create.type == BlobType::append) append_of(head) = {};
    else sequence_number_of(head) = create.sequence_number;
    begin_spans(head);
    begin_state(head, old, at);
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    BASCULE_CO_TRY(succeed(t, {.container = *container, .head_key = head_key, .blob = ref.blob, .rule = rule, .keep = create.keep}, old, head));
    put_guard(t, {container->cid, head.manifest.id});
    if (upload) {
      t.require(upload_key, upload->version);
      t.remove(upload_key);
      drop_upload(t, container->cid, ref.blob, upload->record.epoch, {});
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Written{head.etag, head.last_modified, {}, {}, {}, sealed.scope(), catalog::version_of(head)};
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

}  // namespace bascule::ops
