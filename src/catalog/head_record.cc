// HeadRecord as bytes: what every blob has, and what few have in tagged fields behind it.
#include "catalog/record_parts.h"

namespace bascule::catalog {
namespace {

enum HeadTag : std::uint8_t {
  kVersion = 1, kHistory = 2, kTags = 3, kAppend = 4, kPage = 5, kExpires = 6, kRehydration = 7, kHeadEncryption = 8, kImmutability = 9,
  kCopyDetails = 10, kLastAccess = 11, kIncremental = 12
};
constexpr std::uint8_t kHasMd5 = 1, kHasCopy = 4, kHasTier = 8, kHasHeaders = 16, kHasExtras = 32;

void put(Writer& w, const HistoryRecord& h) {
  w.u8(static_cast<std::uint8_t>(h.state));
  w.u8(static_cast<std::uint8_t>(h.kind));
  put(w, h.latest);
  w.varint(h.past);
  w.varint(h.snapshots);
  w.varint(h.versions);
  if (h.state != HistoryRecord::State::deleted) return;
  put(w, h.deleted);
  w.varint(h.retention_days);
}
void get(Reader& r, HistoryRecord& h) {
  const std::uint8_t state = r.u8(), kind = r.u8();
  if (state > static_cast<std::uint8_t>(HistoryRecord::State::tombstone) ||
      kind > static_cast<std::uint8_t>(HistoryRecord::Kind::version)) return r.refuse();
  h.state = static_cast<HistoryRecord::State>(state);
  h.kind = static_cast<HistoryRecord::Kind>(kind);
  h.latest = get_time(r);
  h.past = static_cast<std::uint32_t>(r.varint());
  h.snapshots = static_cast<std::uint32_t>(r.varint());
  h.versions = static_cast<std::uint32_t>(r.varint());
  if (h.state != HistoryRecord::State::deleted) return;
  h.deleted = get_time(r);
  h.retention_days = static_cast<std::uint32_t>(r.varint());
}

ExtrasWriter extras_of(const HeadRecord& h) {
  ExtrasWriter fields;
  const HeadExtras& x = *h.extras;
  if (x.version != WallTime()) fields.field(kVersion, [&](Writer& w) { put(w, x.version); });
  if (x.history != HistoryRecord()) fields.field(kHistory, [&](Writer& w) { put(w, x.history); });
  if (!x.tags.empty()) fields.field(kTags, [&](Writer& w) { put(w, x.tags); });
  if (x.append) {
    fields.field(kAppend, [&](Writer& w) {
      w.varint(x.append->committed_blocks);
      w.u8(x.append->sealed);
    });
  }
  if (x.page) fields.field(kPage, [&](Writer& w) { w.varint(x.page->sequence_number); });
  if (x.expires != WallTime()) fields.field(kExpires, [&](Writer& w) { put(w, x.expires); });
  if (!x.rehydration.tier.empty())
    fields.field(kRehydration, [&](Writer& w) {
      w.text(x.rehydration.tier);
      w.u8(x.rehydration.high);
      put(w, x.rehydration.due);
    });
  if (x.encryption) fields.field(kHeadEncryption, [&](Writer& w) { put(w, *x.encryption); });
  if (x.immutability != ImmutabilityRecord())
    fields.field(kImmutability, [&](Writer& w) {
      put(w, x.immutability.until);
      w.u8(static_cast<std::uint8_t>((x.immutability.locked ? 1 : 0) | (x.immutability.legal_hold ? 2 : 0)));
    });
  if (!x.copy_description.empty()) fields.field(kCopyDetails, [&](Writer& w) { w.text(x.copy_description); });
  if (x.last_access != WallTime()) fields.field(kLastAccess, [&](Writer& w) { put(w, x.last_access); });
  if (x.incremental)
    fields.field(kIncremental, [&](Writer& w) {
      w.text(x.incremental->source);
      put(w, x.incremental->copied);
      put(w, x.incremental->snapshot);
    });
  return fields;
}
bool read_extra(HeadRecord& h, std::uint8_t tag, Reader& r) {
  HeadExtras& x = h.extras.made();
  switch (tag) {
    case kVersion: x.version = get_time(r); return true;
    case kHistory: get(r, x.history); return true;
    case kTags: x.tags = get_metadata(r); return true;
    case kAppend:
      x.append.emplace().committed_blocks = static_cast<std::uint32_t>(r.varint());
      x.append->sealed = r.u8() != 0;
      return true;
    case kPage: x.page.emplace().sequence_number = r.varint(); return true;
    case kExpires: x.expires = get_time(r); return true;
    case kRehydration:
      x.rehydration.tier = r.text();
      x.rehydration.high = r.u8() != 0;
      x.rehydration.due = get_time(r);
      return true;
    case kImmutability: {
      x.immutability.until = get_time(r);
      const std::uint8_t flags = r.u8();
      x.immutability.locked = flags & 1;
      x.immutability.legal_hold = flags & 2;
      if (flags > 3) r.refuse();
      return true;
    }
    case kLastAccess: x.last_access = get_time(r); return true;
    case kHeadEncryption: x.encryption = get_encryption(r); return true;
    case kIncremental:
      x.incremental.emplace().source = r.text();
      x.incremental->copied = get_time(r);
      x.incremental->snapshot = get_time(r);
      return true;
    case kCopyDetails: x.copy_description = r.text(); return true;
    default: return false;
  }
}

}  // namespace

std::string encode(const HeadRecord& h) {
  return framed(192 + h.manifest.entries.size() * (kPieceBytes + 1), [&](Writer& w) {
    const bool headers = !(h.content_encoding.empty() && h.content_language.empty() && h.cache_control.empty() &&
                           h.content_disposition.empty());
    const ExtrasWriter extras = h.extras ? extras_of(h) : ExtrasWriter();
    w.u8(static_cast<std::uint8_t>((h.content_md5 ? kHasMd5 : 0) | (h.copy ? kHasCopy : 0) |
                                   (h.tier.empty() ? 0 : kHasTier) | (headers ? kHasHeaders : 0) |
                                   (extras.empty() ? 0 : kHasExtras)));
    w.u8(h.type);
    w.fixed64(h.etag);
    put(w, h.last_modified);
    put(w, h.created);
    w.varint(h.size_bytes);
    w.text(h.content_type);
    if (headers) {
      w.text(h.content_encoding);
      w.text(h.content_language);
      w.text(h.cache_control);
      w.text(h.content_disposition);
    }
    if (h.content_md5) w.raw(*h.content_md5);
    put(w, h.metadata);
    if (!h.tier.empty()) {
      w.text(h.tier);
      put(w, h.tier_changed);
    }
    put(w, h.lease);
    if (h.copy) {
      w.text(h.copy->id);
      w.text(h.copy->source);
      w.text(h.copy->status);
      w.varint(h.copy->copied);
      w.varint(h.copy->total);
      put(w, h.copy->completed);
    }
    put(w, h.manifest);
    if (!extras.empty()) extras.finish(w);
  });
}
template <> Result<HeadRecord> decode(std::string_view b) {
  return unframed<HeadRecord>(b, "blob", [](Reader& r, HeadRecord& h) {
    const std::uint8_t flags = r.u8();
    h.type = r.u8();
    h.etag = r.fixed64();
    h.last_modified = get_time(r);
    h.created = get_time(r);
    h.size_bytes = r.varint();
    h.content_type = r.text();
    if (flags & kHasHeaders) {
      h.content_encoding = r.text();
      h.content_language = r.text();
      h.cache_control = r.text();
      h.content_disposition = r.text();
    }
    if (flags & kHasMd5) r.raw(h.content_md5.emplace());
    h.metadata = get_metadata(r);
    if (flags & kHasTier) {
      h.tier = r.text();
      h.tier_changed = get_time(r);
    }
    h.lease = get_lease(r);
    if (flags & kHasCopy) {
      auto& c = h.copy.emplace();
      c.id = r.text();
      c.source = r.text();
      c.status = r.text();
      c.copied = r.varint();
      c.total = r.varint();
      c.completed = get_time(r);
    }
    h.manifest = get_manifest(r);
    if (flags & kHasExtras) get_extras(r, [&h](std::uint8_t tag, Reader& field) { return read_extra(h, tag, field); });
  });
}

}  // namespace bascule::catalog
