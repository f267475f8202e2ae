#include "catalog/spans.h"

#include <algorithm>

#include "catalog/record_parts.h"

namespace bascule::catalog {
namespace {

constexpr std::uint8_t kWriteFormat = 1, kPageFormat = 2;
constexpr std::uint8_t kClear = 1;
constexpr std::size_t kLeastSpanBytes = 4;

std::string encode(std::uint8_t format, const std::vector<Span>& spans) {
  return framed(16 + spans.size() * 128, [&](Writer& w) {
    w.varint(spans.size());
    for (const Span& s : spans) {
      w.varint(s.offset);
      w.varint(s.length);
      w.varint(s.birth);
      w.u8(s.clear ? kClear : 0);
      if (s.clear) continue;
      w.varint(s.skip);
      put_piece(w, s.piece);
    }
  }, format);
}

Result<std::vector<Span>> decode(std::uint8_t format, std::string_view bytes, const char* kind) {
  return unframed<std::vector<Span>>(bytes, kind, [](Reader& r, std::vector<Span>& spans) {
    spans.resize(r.count(kLeastSpanBytes));
    for (Span& s : spans) {
      s.offset = r.varint();
      s.length = r.varint();
      s.birth = r.varint();
      const std::uint8_t flags = r.u8();
      s.clear = flags & kClear;
      if (!s.clear) {
        const std::uint64_t skip = r.varint();
        s.skip = static_cast<std::uint32_t>(skip);
        s.piece = get_piece(r);
        if (skip > s.piece.size_bytes || s.length > s.piece.size_bytes - skip || skip > s.offset) r.refuse();
      }
      if (flags > kClear || s.length == 0 || s.end() < s.offset) r.refuse();
      if (!r.ok()) break;
    }
  }, format);
}

}  // namespace

Span clipped(Span span, std::uint64_t from, std::uint64_t to) {
  if (span.offset < from) {
    const std::uint64_t cut = from - span.offset;
    span.offset += cut;
    span.length -= cut;
    if (!span.clear) span.skip += static_cast<std::uint32_t>(cut);
  }
  span.length = std::min(span.end(), to) - span.offset;
  return span;
}

std::string encode_write(const std::vector<Span>& spans) { return encode(kWriteFormat, spans); }
std::string encode_span_page(const std::vector<Span>& spans) { return encode(kPageFormat, spans); }
Result<std::vector<Span>> decode_write(std::string_view bytes) { return decode(kWriteFormat, bytes, "write"); }
Result<std::vector<Span>> decode_span_page(std::string_view bytes) { return decode(kPageFormat, bytes, "page of spans"); }
bool is_span_page(std::string_view bytes) { return !bytes.empty() && static_cast<std::uint8_t>(bytes[0]) == kPageFormat; }

std::size_t encoded_size(const Span& span) { return span.clear ? 31 : 36 + kPieceBytes; }

}  // namespace bascule::catalog
