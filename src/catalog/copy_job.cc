#include "catalog/copy_job.h"

#include "catalog/record_parts.h"

namespace bascule::catalog {
namespace {
constexpr std::uint8_t kMostSourceKind = 2, kBegun = 1, kWholeSpans = 2;
}

std::string encode(const CopyJobRecord& j) {
  return framed(256 + j.source_url.size() + j.blob.size(), [&](Writer& w) {
    w.fixed64(j.cid);
    for (const std::string* text : {&j.account, &j.container, &j.blob, &j.copy_id, &j.source_url, &j.source_etag,
                                    &j.source_account, &j.source_container, &j.source_blob}) w.text(*text);
    w.u8(j.source_kind);
    put(w, j.source_time);
    w.fixed64(j.source_state);
    w.varint(j.total_bytes);
    w.fixed64(j.epoch);
    put(w, j.started);
    w.fixed32(j.claimed_by);
    if (!by_spans(j)) return;
    w.u8(static_cast<std::uint8_t>((j.begun ? kBegun : 0) | (j.whole_spans ? kWholeSpans : 0)));
    put(w, j.former);
    w.varint(j.done);
  });
}

template <> Result<CopyJobRecord> decode(std::string_view bytes) {
  return unframed<CopyJobRecord>(bytes, "copy job", [](Reader& r, CopyJobRecord& j) {
    j.cid = r.fixed64();
    for (std::string* text : {&j.account, &j.container, &j.blob, &j.copy_id, &j.source_url, &j.source_etag,
                              &j.source_account, &j.source_container, &j.source_blob}) *text = r.text();
    j.source_kind = r.u8();
    if (j.source_kind > kMostSourceKind) r.refuse();
    j.source_time = get_time(r);
    j.source_state = r.fixed64();
    j.total_bytes = r.varint();
    j.epoch = r.fixed64();
    j.started = get_time(r);
    j.claimed_by = r.fixed32();
    if (r.at_end()) return;
    const std::uint8_t flags = r.u8();
    if (flags & ~(kBegun | kWholeSpans)) r.refuse();
    j.begun = (flags & kBegun) != 0;
    j.whole_spans = (flags & kWholeSpans) != 0;
    j.incremental = !j.whole_spans;
    j.former = get_time(r);
    j.done = r.varint();
  });
}

}  // namespace bascule::catalog
