// The small records as bytes; heads: head_record.cc, and what they share: record_parts.cc.
#include "catalog/records.h"

#include "catalog/record_parts.h"

namespace bascule::catalog {
namespace {

constexpr std::uint8_t kContainerScope = 1, kContainerImmutability = 2;   // tags
constexpr std::uint8_t kUploadEncryption = 1;
constexpr std::uint8_t kContainerHasExtras = 128;   // beside the access
constexpr std::uint8_t kUploadHasExtras = 128;      // beside the length of block ids, at most 64

ExtrasWriter extras_of(const ContainerRecord& c) {
  ExtrasWriter fields;
  if (!c.extras->default_scope.empty())
    fields.field(kContainerScope, [&c](Writer& w) {
      w.text(c.extras->default_scope);
      w.u8(c.extras->deny_scope_override);
    });
  const ContainerImmutability& i = c.extras->immutability;
  if (i != ContainerImmutability())
    fields.field(kContainerImmutability, [&](Writer& w) {
      w.varint(i.days);
      w.u8(static_cast<std::uint8_t>((i.locked ? 1 : 0) | (i.versions ? 2 : 0)));
      w.u8(i.extensions);
      w.u8(static_cast<std::uint8_t>(i.appends));
      w.varint(i.holds.size());
      for (const auto& hold : i.holds) w.text(hold);
      if (i.versions) put(w, i.versions_since);
    });
  return fields;
}
bool read_extra(ContainerRecord& c, std::uint8_t tag, Reader& r) {
  if (tag == kContainerScope) {
    c.extras.made().default_scope = r.text();
    c.extras->deny_scope_override = r.u8() != 0;
    return true;
  }
  if (tag != kContainerImmutability) return false;
  ContainerImmutability& i = c.extras.made().immutability;
  i.days = static_cast<std::uint32_t>(r.varint());
  const std::uint8_t flags = r.u8();
  i.locked = flags & 1;
  i.versions = flags & 2;
  if (flags > 3) r.refuse();
  i.extensions = r.u8();
  const std::uint8_t appends = r.u8();
  if (appends > static_cast<std::uint8_t>(ContainerImmutability::Appends::all)) r.refuse();
  i.appends = static_cast<ContainerImmutability::Appends>(appends);
  i.holds.resize(r.count(1));
  for (auto& hold : i.holds) hold = r.text();
  if (i.versions) i.versions_since = get_time(r);
  return true;
}

}  // namespace

std::string encode(const AccountRecord& a) {
  return framed(160, [&](Writer& w) {
    w.text(a.keys[0]);
    w.text(a.keys[1]);
    w.u8(a.development);
    put(w, a.created);
  });
}
template <> Result<AccountRecord> decode(std::string_view b) {
  return unframed<AccountRecord>(b, "account", [](Reader& r, AccountRecord& a) {
    a.keys[0] = r.text();
    a.keys[1] = r.text();
    a.development = r.u8() != 0;
    a.created = get_time(r);
  });
}

std::string encode(const MappingRecord& m) {
  return framed(9, [&](Writer& w) { w.fixed64(m.cid); });
}
template <> Result<MappingRecord> decode(std::string_view b) {
  return unframed<MappingRecord>(b, "mapping", [](Reader& r, MappingRecord& m) { m.cid = r.fixed64(); });
}

std::string encode(const DeletedContainerRecord& d) {
  return framed(25, [&](Writer& w) {
    w.fixed64(d.cid);
    put(w, d.deleted);
    put(w, d.until);
  });
}
template <> Result<DeletedContainerRecord> decode(std::string_view b) {
  return unframed<DeletedContainerRecord>(b, "deleted container", [](Reader& r, DeletedContainerRecord& d) {
    d.cid = r.fixed64();
    d.deleted = get_time(r);
    d.until = get_time(r);
  });
}

std::string encode(const ContainerRecord& c) {
  return framed(128, [&](Writer& w) {
    w.fixed64(c.etag);
    put(w, c.last_modified);
    const ExtrasWriter extras = c.extras ? extras_of(c) : ExtrasWriter();
    w.u8(static_cast<std::uint8_t>(c.public_access | (extras.empty() ? 0 : kContainerHasExtras)));
    put(w, c.metadata);
    put(w, c.lease);
    w.varint(c.policies.size());
    for (const auto& p : c.policies) {
      w.text(p.id);
      w.text(p.start);
      w.text(p.expiry);
      w.u8(p.has_permission);
      w.text(p.permission);
    }
    if (!extras.empty()) extras.finish(w);
  });
}
template <> Result<ContainerRecord> decode(std::string_view b) {
  return unframed<ContainerRecord>(b, "container", [](Reader& r, ContainerRecord& c) {
    c.etag = r.fixed64();
    c.last_modified = get_time(r);
    const std::uint8_t access = r.u8();
    c.public_access = access & ~kContainerHasExtras;
    c.metadata = get_metadata(r);
    c.lease = get_lease(r);
    c.policies.resize(r.count(5));
    for (auto& p : c.policies) {
      p.id = r.text();
      p.start = r.text();
      p.expiry = r.text();
      p.has_permission = r.u8() != 0;
      p.permission = r.text();
    }
    if (access & kContainerHasExtras) get_extras(r, [&c](std::uint8_t tag, Reader& field) { return read_extra(c, tag, field); });
  });
}

std::string encode(const UploadRecord& u) {
  return framed(20, [&](Writer& w) {
    w.fixed64(u.epoch);
    w.u8(static_cast<std::uint8_t>(u.block_id_bytes | (u.encryption ? kUploadHasExtras : 0)));
    put(w, u.created);
    if (!u.encryption) return;
    ExtrasWriter fields;
    fields.field(kUploadEncryption, [&u](Writer& one) { put(one, *u.encryption); });
    fields.finish(w);
  });
}
template <> Result<UploadRecord> decode(std::string_view b) {
  return unframed<UploadRecord>(b, "upload", [](Reader& r, UploadRecord& u) {
    u.epoch = r.fixed64();
    const std::uint8_t length = r.u8();
    u.block_id_bytes = length & ~kUploadHasExtras;
    u.created = get_time(r);
    if (!(length & kUploadHasExtras)) return;
    get_extras(r, [&u](std::uint8_t tag, Reader& field) {
      if (tag != kUploadEncryption) return false;
      u.encryption = get_encryption(field);
      return true;
    });
    if (!u.encryption) r.refuse();   // nothing is written where there is no field
  });
}

std::string encode(const BlockRecord& k) {
  return framed(16 + k.pieces.size() * kPieceBytes, [&](Writer& w) {
    w.varint(k.size_bytes);
    put(w, k.pieces);
  });
}
template <> Result<BlockRecord> decode(std::string_view b) {
  return unframed<BlockRecord>(b, "block", [](Reader& r, BlockRecord& k) {
    k.size_bytes = r.varint();
    k.pieces = get_pieces(r);
  });
}

std::string encode(const ExtentRecord& e) {
  return framed(32 + e.unit_tags.size() * 16, [&](Writer& w) {
    w.fixed32(e.size_bytes);
    w.varint(e.provider);
    w.varint(e.policy_version);
    w.varint(e.unit_tags.size());
    for (const auto& tag : e.unit_tags) w.raw(tag);
    w.varint(e.forward.size());
    for (const auto& f : e.forward) {
      put_id(w, f.to);
      w.fixed32(f.from_offset);
      w.fixed32(f.length);
      w.fixed32(f.to_offset);
    }
    if (e.sources.empty()) return;
    w.varint(e.sources.size());
    for (const auto& id : e.sources) put_id(w, id);
  });
}
template <> Result<ExtentRecord> decode(std::string_view b) {
  return unframed<ExtentRecord>(b, "extent", [](Reader& r, ExtentRecord& e) {
    e.size_bytes = r.fixed32();
    e.provider = static_cast<std::uint32_t>(r.varint());
    e.policy_version = r.varint();
    e.unit_tags.resize(r.count(16));
    for (auto& tag : e.unit_tags) r.raw(tag);
    e.forward.resize(r.count(28));
    for (auto& f : e.forward) {
      f.to = get_id<extent::ExtentId>(r);
      f.from_offset = r.fixed32();
      f.length = r.fixed32();
      f.to_offset = r.fixed32();
    }
    if (r.at_end()) return;
    e.sources.resize(r.count(16));
    for (auto& id : e.sources) id = get_id<extent::ExtentId>(r);
    if (e.sources.empty()) r.refuse();   // then they are not written
  });
}

std::string encode(const SessionRecord& s) {
  return framed(64, [&](Writer& w) {
    w.u8(static_cast<std::uint8_t>((s.open ? 1 : 0) | (s.clean ? 2 : 0) | (s.settled ? 4 : 0)));
    w.fixed64(s.incarnation);
    put(w, s.started);
    put(w, s.closed);
    w.raw(s.salt);
  });
}
template <> Result<SessionRecord> decode(std::string_view b) {
  return unframed<SessionRecord>(b, "session", [](Reader& r, SessionRecord& s) {
    const std::uint8_t flags = r.u8();
    s.open = flags & 1;
    s.clean = flags & 2;
    s.settled = flags & 4;
    s.incarnation = r.fixed64();
    s.started = get_time(r);
    s.closed = get_time(r);
    r.raw(s.salt);
  });
}

std::string encode(const DropRecord& d) {
  return framed(64 + d.manifest.entries.size() * (kPieceBytes + 1), [&](Writer& w) {
    w.u8(static_cast<std::uint8_t>(d.kind));
    w.fixed64(d.cid);
    put(w, d.manifest);
    put(w, d.kept);
    w.text(d.blob);
    w.fixed64(d.epoch);
    put(w, d.pieces);
  });
}
template <> Result<DropRecord> decode(std::string_view b) {
  return unframed<DropRecord>(b, "drop", [](Reader& r, DropRecord& d) {
    const std::uint8_t kind = r.u8();
    if (kind < 1 || kind > static_cast<std::uint8_t>(DropRecord::Kind::pages)) return r.refuse();
    d.kind = static_cast<DropRecord::Kind>(kind);
    d.cid = r.fixed64();
    d.manifest = get_manifest(r);
    d.kept = get_manifest(r);
    d.blob = r.text();
    d.epoch = r.fixed64();
    d.pieces = get_pieces(r);
  });
}

std::string encode(const EndRecord& e) {
  return framed(16 + e.account.size() + e.container.size(), [&](Writer& w) {
    w.text(e.account);
    w.text(e.container);
  });
}
template <> Result<EndRecord> decode(std::string_view b) {
  return unframed<EndRecord>(b, "end", [](Reader& r, EndRecord& e) {
    e.account = r.text();
    e.container = r.text();
  });
}

std::string encode(const IntentRecord& i) {
  return framed(10, [&](Writer& w) {
    w.fixed64(i.cid);
    w.u8(static_cast<std::uint8_t>((i.owns_pieces ? 1 : 0) | (i.container_key ? 2 : 0) | (i.spans ? 4 : 0)));
  });
}
template <> Result<IntentRecord> decode(std::string_view b) {
  return unframed<IntentRecord>(b, "intent", [](Reader& r, IntentRecord& i) {
    i.cid = r.fixed64();
    const std::uint8_t flags = r.u8();
    i.owns_pieces = flags & 1;
    i.container_key = flags & 2;
    i.spans = flags & 4;
  });
}

std::string encode_page(const std::vector<ManifestEntry>& entries) {
  return framed(16 + entries.size() * (kPieceBytes + 1), [&](Writer& w) { put(w, entries); });
}
Result<std::vector<ManifestEntry>> decode_page(std::string_view b) {
  return unframed<std::vector<ManifestEntry>>(b, "manifest page", [](Reader& r, auto& e) { e = get_entries(r); });
}

std::string encode_total(std::uint64_t bytes) {
  return framed(9, [&](Writer& w) { w.fixed64(bytes); });
}
Result<std::uint64_t> decode_total(std::string_view b) {
  return unframed<std::uint64_t>(b, "total", [](Reader& r, std::uint64_t& v) { v = r.fixed64(); });
}

std::size_t encoded_size(const ManifestEntry& e) { return kPieceBytes + 1 + (e.starts_block ? e.block_id.size() + 1 : 0); }

}  // namespace bascule::catalog
