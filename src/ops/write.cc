// Put Blob, and how any body becomes placed pieces: it streams once through the sealer and the digests while it is in
// cache; a finished piece joins an extent; only then is anything committed.
#include <algorithm>
#include <deque>

#include "base/crc64.h"
#include "base/digest.h"
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/manifest.h"
#include "ops/md5_line.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;

struct Digests {
  std::optional<Md5> md5;
  std::optional<Md5Line::Place> place;   // where there is an MD5
  std::uint64_t crc64 = 0;
};

namespace {

constexpr std::uint32_t kMiB = 1024 * 1024;
static_assert(extent::kMinPressurePieceBytes == kMiB && extent::kMaxPieceBytes == 8 * kMiB);

constexpr std::size_t kWindowBytes = 64 * 1024;            // see seal_piece()
constexpr std::size_t kWindowedBytes = 8 * kWindowBytes;   // beside so much the window's memory does not count

// How much of a body goes into its next piece: all of a small rest, else as much as memory allows, but never so little
// that the body would need more than `max_pieces`.
std::uint32_t next_piece_bytes(std::uint64_t rest, std::uint64_t length, std::uint64_t max_pieces, bool pressure) {
  const std::uint64_t least = max_pieces ? (length + max_pieces - 1) / max_pieces : 0;
  std::uint32_t size = kMiB;
  while (size < extent::kMaxPieceBytes && (!pressure || size < least)) size *= 2;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(rest, size));
}

// A piece being placed while the next one is read.
struct Placing {
  NewPiece piece;
  Completion<Result<extent::Placed>> done;
};
Task<void> place(extent::Packer& packer, extent::Buffer sealed, Placing& into) {
  into.done.set(co_await packer.add(std::move(sealed)));
}

Result<void> check_digests(const BodySpec& spec, Ingested& in, Digests& digests) {
  in.crc64 = digests.crc64;
  if (digests.md5) in.md5 = digests.md5->finish();
  if (spec.expected_md5 && *spec.expected_md5 != *in.md5) return refuse(Reason::md5_mismatch, to_base64(*in.md5));
  if (spec.expected_crc64 && *spec.expected_crc64 != in.crc64)
    return refuse(Reason::crc64_mismatch, to_base64(std::as_bytes(std::span(&in.crc64, 1))));
  return {};
}

}  // namespace

// Reads `size` bytes of `body` into sealed form. What is small is read into the place where it is sealed; larger bodies
// come through a window that stays in the processor's cache, so that calls are few. Either way sealing is what moves a
// byte: none is copied in user space.
Task<Result<NewPiece>> Service::seal_piece(Container container, extent::Buffer& sealed, std::uint32_t size,
                                           BodySource& body, Digests& digests) {
  NewPiece piece;
  piece.piece.id = extent::PieceId{parts_.catalog.ids().next()};
  piece.piece.size_bytes = size;
  parts_.random.fill(piece.piece.salt);
  const auto cipher = crypto::PieceCipher::derive(
      *container->key, piece.piece.salt, crypto::piece_context(container->cid, extent::to_id16(piece.piece.id)));
  piece.piece.commitment = cipher.commitment();
  crypto::PieceSealer sealer(cipher, sealed.bytes());
  const auto window = size >= kWindowedBytes ? std::make_unique_for_overwrite<std::byte[]>(kWindowBytes) : nullptr;
  while (sealer.plain_bytes() < size) {
    MutableBytes room = window ? MutableBytes(window.get(), kWindowBytes) : sealer.next_plain();
    room = room.first(std::min<std::size_t>(room.size(), size - sealer.plain_bytes()));
    std::size_t got = 0;  // gathered before it is hashed and sealed: fewer, larger steps
    while (got < room.size()) {
      BASCULE_CO_ASSIGN(const std::size_t n, co_await body.read(room.subspan(got)));
      if (n == 0) co_return refuse(Reason::body_incomplete);
      got += n;
    }
    if (digests.md5) co_await digests.place->update(*digests.md5, room);
    digests.crc64 = crc64(room, digests.crc64);
    BASCULE_CO_TRY(sealer.update(room));
  }
  BASCULE_CO_TRY(sealer.finish());
  co_return piece;
}

Task<Result<Ingested>> Service::ingest(Container container, std::string account, BodySpec spec, BodySource& body,
                                       std::uint64_t max_pieces) {
  Ingested in;
  in.size_bytes = spec.length_bytes;
  Digests digests;
  if (spec.want_md5 || spec.expected_md5) {
    digests.md5.emplace();
    digests.place.emplace(co_await this_executor());
  }
  extent::Packer& packer = this->packer(account);
  std::deque<Placing> placing;
  Result<void> outcome;
  for (std::uint64_t done = 0; done < spec.length_bytes && outcome;) {
    const std::uint64_t rest = spec.length_bytes - done;
    const std::uint32_t size = next_piece_bytes(rest, spec.length_bytes, max_pieces, rest > kMiB && parts_.memory.under_pressure());
    auto sealed = co_await parts_.memory.acquire(crypto::sealed_size(size));
    if (!sealed) { outcome = fail(sealed.error()); break; }
    auto piece = co_await seal_piece(container, *sealed, size, body, digests);
    if (!piece) { outcome = fail(piece.error()); break; }
    done += size;
    if (done == spec.length_bytes) {  // before the last bytes are placed: a wrong digest places nothing more
      outcome = check_digests(spec, in, digests);
      if (!outcome) break;
    }
    Placing& p = placing.emplace_back();
    p.piece = *piece;
    if (done == spec.length_bytes && placing.size() == 1) co_await place(packer, std::move(*sealed), p);
    else spawn(co_await this_executor(), place(packer, std::move(*sealed), p));
  }
  if (spec.length_bytes == 0) outcome = check_digests(spec, in, digests);
  for (Placing& p : placing) {  // all of them, also after an error: they refer to this frame
    auto placed = co_await p.done.wait();
    if (!placed) {
      if (outcome) outcome = fail(placed.error());
      continue;
    }
    p.piece.piece.extent = placed->extent->id;
    p.piece.piece.offset = placed->offset;
    p.piece.extent = std::move(placed->extent);
    in.pieces.push_back(std::move(p.piece));
  }
  if (!outcome) {
    if (!in.pieces.empty()) co_await abandon(container, std::move(in.pieces));
    co_return fail(outcome.error());
  }
  // A client that sends more than it announced is the HTTP layer's business; here the announced length is the body.
  co_return in;
}

Task<Result<Written>> Service::put_blob(BlobRef ref, PutBlob put, BodySource& body) {
  const ContainerRef container_ref{ref.account, ref.container};
  BASCULE_CO_ASSIGN(auto container, co_await resolve(container_ref));
  const std::string head_key = keys::head(container->cid, ref.blob), upload_key = keys::upload(container->cid, ref.blob);
  HistoryRule rule = history_rule(ref.account);
  const auto check = [&](const Head& old) -> Result<void> {
    BASCULE_TRY(check_type(old, BlobType::block));
    const catalog::HeadRecord* there = ops::there(old, now());
    const Lease lease = lease_of(there);
    BASCULE_TRY(check_writable(there));
    BASCULE_TRY(check_lease_write(lease, put.conditions.lease_id, now()));
    if (there) BASCULE_TRY(check_replaceable(*there, now()));
    const bool holds = put.conditions.lease_id && view(lease, now()).locked();
    BASCULE_TRY(check_write(put.conditions, stamp(there), holds));
    return check_replace(*container, old, BlobType::block, rule);
  };
  // A write that is refused anyway should not be read to its end first.
  std::uint64_t read_at = parts_.catalog.moment();
  BASCULE_CO_ASSIGN(auto old, co_await parts_.catalog.get<catalog::HeadRecord>(head_key));
  BASCULE_CO_TRY(check(old));

  BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, ref.account, put.conditions.encryption));
  BASCULE_CO_ASSIGN(auto in, co_await ingest(sealed.container, ref.account, put.body, body, 0));
  catalog::HeadRecord head;
  head.size_bytes = in.size_bytes;
  set_headers(head, put.headers);
  if (!head.content_md5) head.content_md5 = in.md5;
  set_metadata(head, std::move(put.metadata), sealed, parts_.random);
  head.tier = put.tier;
  if (put.copy) {
    if (put.copy->id.empty()) put.copy->id = new_guid(parts_.random);
    head.copy = catalog::CopyRecord{put.copy->id, put.copy->source_url, "success", in.size_bytes, in.size_bytes, {}};
  }
  set_tags(head, std::move(put.tags));

  ManifestWriter manifest(parts_.catalog, container_ref, container, true);
  Result<void> outcome;
  for (std::size_t i = 0; outcome && i < in.pieces.size(); ++i) {
    outcome = co_await manifest.add({.piece = in.pieces[i].piece}, in.pieces[i].extent);
    if (!outcome) co_await abandon(container, {in.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1, in.pieces.end()});
  }
  Turns::Turn turn;
  for (int attempt = 0; outcome; ++attempt) {
    outcome = co_await turns_.take(turn, head_key, attempt > 0);
    if (!outcome) break;
    catalog::Transaction t;
    auto made = co_await manifest.finish(t);
    if (!made) { outcome = fail(made.error()); break; }
    head.manifest = std::move(*made);
    if (attempt > 0 || turn) {  // what was read before the body is not what is there now
      auto again = co_await resolve_again(container_ref, container);
      if (!again) { outcome = fail(again.error()); break; }
      container = std::move(*again);
      read_at = parts_.catalog.moment();
      auto reread = co_await parts_.catalog.get<catalog::HeadRecord>(head_key);
      if (!reread) { outcome = fail(reread.error()); break; }
      old = std::move(*reread);
    }
    auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(upload_key);
    if (!upload) { outcome = fail(upload.error()); break; }
    rule = history_rule(ref.account);
    outcome = check(old);
    if (!outcome) break;
    const WallTime at = now();
    begin_state(head, old, at);
    if (!head.tier.empty()) head.tier_changed = at;
    if (head.copy) head.copy->completed = at;
    stamp_imported(head, put.imported);
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    outcome = succeed(t, {.container = *container, .head_key = head_key, .blob = ref.blob, .rule = rule, .keep = put.keep, .version = put.imported.version, .read_at = read_at},
                      old, head);
    if (!outcome) break;
    if (*upload) {  // Put Blob discards the blob's uncommitted blocks
      t.require(upload_key, (*upload)->version);
      t.remove(upload_key);
      drop_upload(t, container->cid, ref.blob, (*upload)->record.epoch, {});
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) {
      Written written{head.etag, head.last_modified, in.md5, in.crc64, {}, sealed.scope(), catalog::version_of(head)};
      if (put.copy) written.copy_id = put.copy->id;
      co_return written;
    }
    // What became of a commit is unknown only when the engine has stopped; then the next start finds the truth.
    outcome = evaluate_again(done.error(), attempt);
  }
  co_await manifest.give_up();
  co_return fail(outcome.error());
}

}  // namespace bascule::ops
