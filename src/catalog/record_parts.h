// How records are framed, and how the parts that several of them share are written. For catalog/ and backup/.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "catalog/codec.h"
#include "catalog/records.h"
#include "extent/piece.h"

namespace bascule::catalog {

constexpr std::uint8_t kFormat = 1;   // of nearly all records

template <class F> std::string framed(std::size_t reserve, F body, std::uint8_t format = kFormat) {
  std::string out;
  out.reserve(reserve);
  Writer w(out);
  w.u8(format);
  body(w);
  return out;
}

// The body reads into a fresh T; a foreign format, a short or an over-long record is corrupt.
template <class T, class F>
Result<T> unframed(std::string_view bytes, const char* kind, F body, std::uint8_t format = kFormat) {
  Reader r(bytes);
  const std::uint8_t found = r.u8();
  if (!r.ok() || found != format) return fail(Code::corrupt, std::string(kind) + " record of an unknown format");
  T value;
  body(r, value);
  if (!r.done()) return fail(Code::corrupt, std::string(kind) + " record is damaged");
  return value;
}

inline void put(Writer& w, WallTime t) { w.signed64(t.time_since_epoch().count()); }
inline WallTime get_time(Reader& r) { return WallTime(Ticks(r.signed64())); }

inline void put_id(Writer& w, const extent::UniqueId& id) {
  char b[16];
  id.write(b);
  w.raw(as_bytes({b, 16}));
}
template <class Id> Id get_id(Reader& r) {
  char b[16] = {};
  r.raw({reinterpret_cast<std::byte*>(b), 16});
  return Id{extent::UniqueId::read(b)};
}

inline constexpr std::size_t kPieceBytes = 16 + 16 + 4 + 4 + 24 + 32;
inline void put_piece(Writer& w, const extent::Piece& p) {
  put_id(w, p.extent);
  put_id(w, p.id);
  w.fixed32(p.offset);
  w.fixed32(p.size_bytes);
  w.raw(p.salt);
  w.raw(p.commitment);
}
inline extent::Piece get_piece(Reader& r) {
  extent::Piece p;
  p.extent = get_id<extent::ExtentId>(r);
  p.id = get_id<extent::PieceId>(r);
  p.offset = r.fixed32();
  p.size_bytes = r.fixed32();
  r.raw(p.salt);
  r.raw(p.commitment);
  return p;
}

void put(Writer& w, const Metadata& metadata);
Metadata get_metadata(Reader& r);
void put(Writer& w, const std::optional<LeaseRecord>& lease);   // a kind of 0 says that there is none
std::optional<LeaseRecord> get_lease(Reader& r);
void put(Writer& w, const std::vector<extent::Piece>& pieces);
std::vector<extent::Piece> get_pieces(Reader& r);
void put(Writer& w, const std::vector<ManifestEntry>& entries);
std::vector<ManifestEntry> get_entries(Reader& r);
void put(Writer& w, const Manifest& m);
Manifest get_manifest(Reader& r);
void put(Writer& w, const EncryptionRecord& e);
EncryptionRecord get_encryption(Reader& r);

// Fields that few records have: a tag, and the field's bytes as a text, in the order of the tags. A field that is not set
// is not there; a tag that is not known is refused, so that an older program never drops what a newer one wrote.
class ExtrasWriter {
 public:
  // `body` writes the field.
  template <class F> void field(std::uint8_t tag, F body) {
    std::string bytes;
    Writer w(bytes);
    body(w);
    ++count_;
    Writer all(fields_);
    all.u8(tag);
    all.text(bytes);
  }
  void finish(Writer& w) const {
    w.varint(count_);
    w.raw(as_bytes(fields_));
  }
  bool empty() const { return count_ == 0; }

 private:
  std::string fields_;
  std::size_t count_ = 0;
};

// `field(tag, reader)`: whether the tag is known; it reads the whole field.
template <class F> void get_extras(Reader& r, F field) {
  int last = -1;
  for (std::uint64_t n = r.count(2); n > 0 && r.ok(); --n) {
    const std::uint8_t tag = r.u8();
    Reader one(r.text());
    if (!r.ok() || tag <= last || !field(tag, one) || !one.done()) return r.refuse();
    last = tag;
  }
}

}  // namespace bascule::catalog
