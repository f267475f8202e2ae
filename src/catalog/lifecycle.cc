#include "catalog/lifecycle.h"

#include "catalog/codec.h"

namespace bascule::catalog {
namespace {

constexpr std::uint8_t kFormat = 1;

void put(Writer& w, WallTime t) { w.signed64(t.time_since_epoch().count()); }
WallTime get_time(Reader& r) { return WallTime(Ticks(r.signed64())); }

}  // namespace

std::string encode(const LifecycleRecord& l) {
  std::string out;
  out.reserve(128 + l.policy.size());
  Writer w(out);
  w.u8(kFormat);
  w.text(l.policy);
  put(w, l.set);
  put(w, l.started);
  put(w, l.finished);
  w.fixed32(l.claimed_by);
  for (const std::string* text : {&l.container, &l.next, &l.name}) w.text(*text);
  for (const std::uint64_t count : {l.past, l.looked, l.deleted, l.moved, l.refused, l.failed}) w.varint(count);
  return out;
}

template <> Result<LifecycleRecord> decode(std::string_view bytes) {
  Reader r(bytes);
  LifecycleRecord l;
  if (r.u8() != kFormat) return fail(Code::corrupt, "lifecycle record of an unknown format");
  l.policy = r.text();
  l.set = get_time(r);
  l.started = get_time(r);
  l.finished = get_time(r);
  l.claimed_by = r.fixed32();
  for (std::string* text : {&l.container, &l.next, &l.name}) *text = r.text();
  for (std::uint64_t* count : {&l.past, &l.looked, &l.deleted, &l.moved, &l.refused, &l.failed}) *count = r.varint();
  if (!r.done()) return fail(Code::corrupt, "lifecycle record is damaged");
  return l;
}

}  // namespace bascule::catalog
