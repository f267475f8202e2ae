#include "catalog/lifecycle.h"

#include "catalog/record_parts.h"

namespace bascule::catalog {

std::string encode(const LifecycleRecord& l) {
  return framed(128 + l.policy.size(), [&](Writer& w) {
    w.text(l.policy);
    put(w, l.set);
    put(w, l.started);
    put(w, l.finished);
    w.fixed32(l.claimed_by);
    for (const std::string* text : {&l.container, &l.next, &l.name}) w.text(*text);
    for (const std::uint64_t count : {l.past, l.looked, l.deleted, l.moved, l.refused, l.failed}) w.varint(count);
  });
}

template <> Result<LifecycleRecord> decode(std::string_view bytes) {
  return unframed<LifecycleRecord>(bytes, "lifecycle", [](Reader& r, LifecycleRecord& l) {
    l.policy = r.text();
    l.set = get_time(r);
    l.started = get_time(r);
    l.finished = get_time(r);
    l.claimed_by = r.fixed32();
    for (std::string* text : {&l.container, &l.next, &l.name}) *text = r.text();
    for (std::uint64_t* count : {&l.past, &l.looked, &l.deleted, &l.moved, &l.refused, &l.failed}) *count = r.varint();
  });
}

}  // namespace bascule::catalog
