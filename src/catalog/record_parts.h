// How the parts that several records share are written. Internal to catalog/.
#pragma once
#include "catalog/codec.h"
#include "extent/piece.h"

namespace bascule::catalog {

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

}  // namespace bascule::catalog
