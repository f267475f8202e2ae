#include "catalog/record_parts.h"

namespace bascule::catalog {

void put(Writer& w, const Metadata& metadata) {
  w.varint(metadata.size());
  for (const auto& [name, value] : metadata) {
    w.text(name);
    w.text(value);
  }
}
Metadata get_metadata(Reader& r) {
  Metadata m(r.count(2));
  for (auto& [name, value] : m) {
    name = r.text();
    value = r.text();
  }
  return m;
}

void put(Writer& w, const std::optional<LeaseRecord>& lease) {
  w.u8(lease ? static_cast<std::uint8_t>(lease->kind) : 0);
  if (!lease) return;
  w.text(lease->id);
  w.fixed32(static_cast<std::uint32_t>(lease->duration_seconds));
  put(w, lease->until);
}
std::optional<LeaseRecord> get_lease(Reader& r) {
  LeaseRecord l;
  const std::uint8_t kind = r.u8();
  if (kind == 0) return std::nullopt;
  if (kind > static_cast<std::uint8_t>(LeaseRecord::Kind::broken)) {
    r.refuse();
    return std::nullopt;
  }
  l.kind = static_cast<LeaseRecord::Kind>(kind);
  l.id = r.text();
  l.duration_seconds = static_cast<std::int32_t>(r.fixed32());
  l.until = get_time(r);
  return l;
}

void put(Writer& w, const std::vector<extent::Piece>& pieces) {
  w.varint(pieces.size());
  for (const auto& p : pieces) put_piece(w, p);
}
std::vector<extent::Piece> get_pieces(Reader& r) {
  std::vector<extent::Piece> pieces(r.count(kPieceBytes));
  for (auto& p : pieces) p = get_piece(r);
  return pieces;
}

void put(Writer& w, const std::vector<ManifestEntry>& entries) {
  w.varint(entries.size());
  for (const auto& e : entries) {
    w.u8(e.starts_block);
    if (e.starts_block) w.text(e.block_id);
    put_piece(w, e.piece);
  }
}
std::vector<ManifestEntry> get_entries(Reader& r) {
  std::vector<ManifestEntry> entries(r.count(kPieceBytes + 1));
  for (auto& e : entries) {
    e.starts_block = r.u8() != 0;
    if (e.starts_block) e.block_id = r.text();
    e.piece = get_piece(r);
  }
  return entries;
}

void put(Writer& w, const Manifest& m) {
  w.u8(static_cast<std::uint8_t>((m.shared ? 1 : 0) | (m.paged ? 2 : 0) | (m.base ? 4 : 0) | (m.spans ? 8 : 0)));
  w.fixed64(m.id);
  w.fixed64(m.holder);
  if (m.base) w.fixed64(m.base);
  if (m.spans) w.varint(m.writes);
  put(w, m.entries);
}
Manifest get_manifest(Reader& r) {
  Manifest m;
  const std::uint8_t flags = r.u8();
  m.shared = flags & 1;
  m.paged = flags & 2;
  m.id = r.fixed64();
  m.holder = r.fixed64();
  if (flags & 4) m.base = r.fixed64();
  m.spans = flags & 8;
  if (m.spans) m.writes = r.varint();
  m.entries = get_entries(r);
  return m;
}

void put(Writer& w, const EncryptionRecord& e) {
  w.u8(static_cast<std::uint8_t>((e.key_sha256 ? 1 : 0) | (e.scope_id ? 2 : 0)));
  if (e.key_sha256) {
    w.raw(*e.key_sha256);
    w.text(e.sealed_metadata);
  }
  if (e.scope_id) {
    w.fixed64(e.scope_id);
    w.text(e.scope);
  }
}
EncryptionRecord get_encryption(Reader& r) {
  EncryptionRecord e;
  const std::uint8_t kind = r.u8();
  if (kind == 0 || kind > 3) r.refuse();
  if (kind & 1) {
    r.raw(e.key_sha256.emplace());
    e.sealed_metadata = r.text();
  }
  if (kind & 2) {
    e.scope_id = r.fixed64();
    e.scope = r.text();
  }
  return e;
}

}  // namespace bascule::catalog
