#include "catalog/copy_job.h"

#include "catalog/codec.h"

namespace bascule::catalog {
namespace {
constexpr std::uint8_t kFormat = 1, kMostSourceKind = 2;
}

std::string encode(const CopyJobRecord& j) {
  std::string out;
  out.reserve(256 + j.source_url.size() + j.blob.size());
  Writer w(out);
  w.u8(kFormat);
  w.fixed64(j.cid);
  for (const std::string* text : {&j.account, &j.container, &j.blob, &j.copy_id, &j.source_url, &j.source_etag,
                                  &j.source_account, &j.source_container, &j.source_blob}) w.text(*text);
  w.u8(j.source_kind);
  w.signed64(j.source_time.time_since_epoch().count());
  w.fixed64(j.source_state);
  w.varint(j.total_bytes);
  w.fixed64(j.epoch);
  w.signed64(j.started.time_since_epoch().count());
  w.fixed32(j.claimed_by);
  return out;
}

template <> Result<CopyJobRecord> decode(std::string_view bytes) {
  Reader r(bytes);
  CopyJobRecord j;
  if (r.u8() != kFormat) return fail(Code::corrupt, "copy job record of an unknown format");
  j.cid = r.fixed64();
  for (std::string* text : {&j.account, &j.container, &j.blob, &j.copy_id, &j.source_url, &j.source_etag,
                            &j.source_account, &j.source_container, &j.source_blob}) *text = r.text();
  j.source_kind = r.u8();
  j.source_time = WallTime(Ticks(r.signed64()));
  j.source_state = r.fixed64();
  j.total_bytes = r.varint();
  j.epoch = r.fixed64();
  j.started = WallTime(Ticks(r.signed64()));
  j.claimed_by = r.fixed32();
  if (!r.done() || j.source_kind > kMostSourceKind) return fail(Code::corrupt, "copy job record is damaged");
  return j;
}

}  // namespace bascule::catalog
