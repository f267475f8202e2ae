// The byte forms inside catalog records: little-endian fixed integers, LEB128 varints, length-prefixed bytes.
// docs/formats/catalog.md specifies them. Reader never reads past its input and never throws.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace bascule::catalog {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void u8(std::uint8_t v) { out_.push_back(static_cast<char>(v)); }
  void fixed32(std::uint32_t v) { char b[4]; store_le(b, v); out_.append(b, 4); }
  void fixed64(std::uint64_t v) { char b[8]; store_le(b, v); out_.append(b, 8); }
  void varint(std::uint64_t v) {
    while (v >= 0x80) { u8(static_cast<std::uint8_t>(v) | 0x80); v >>= 7; }
    u8(static_cast<std::uint8_t>(v));
  }
  void signed64(std::int64_t v) { fixed64(static_cast<std::uint64_t>(v)); }
  void raw(Bytes b) { out_.append(reinterpret_cast<const char*>(b.data()), b.size()); }
  void text(std::string_view s) { varint(s.size()); out_.append(s); }

 private:
  std::string& out_;
};

// After any failed read ok() is false and every later read gives zero or nothing.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return take(1) ? static_cast<std::uint8_t>(in_[pos_ - 1]) : 0; }
  std::uint32_t fixed32() { return take(4) ? load_le<std::uint32_t>(in_.data() + pos_ - 4) : 0; }
  std::uint64_t fixed64() { return take(8) ? load_le<std::uint64_t>(in_.data() + pos_ - 8) : 0; }
  std::int64_t signed64() { return static_cast<std::int64_t>(fixed64()); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = u8();
      if (!ok_) return 0;
      if (shift == 63 && b > 1) break;
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (!(b & 0x80)) {
        if (b == 0 && shift > 0) break;  // one encoding per number: no padding
        return v;
      }
    }
    ok_ = false;
    return 0;
  }
  void raw(MutableBytes out) {
    if (take(out.size())) std::memcpy(out.data(), in_.data() + pos_ - out.size(), out.size());
  }
  std::string_view text() {
    const std::uint64_t n = varint();
    return take(n) ? in_.substr(pos_ - n, n) : std::string_view{};
  }
  // A count of items that each take at least `least` bytes: an impossible one fails before anything is allocated.
  std::uint64_t count(std::size_t least) {
    const std::uint64_t n = varint();
    if (n > (in_.size() - pos_) / least) { ok_ = false; return 0; }
    return n;
  }
  // What was read cannot be: counts as a failed read.
  void refuse() { ok_ = false; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && pos_ == in_.size(); }
  bool at_end() const { return pos_ == in_.size(); }   // what an older program wrote may end here

 private:
  bool take(std::uint64_t n) {
    if (!ok_ || n > in_.size() - pos_) { ok_ = false; return false; }
    pos_ += n;
    return true;
  }
  std::string_view in_;
  std::size_t pos_ = 0;
  bool ok_ = true;
};

}  // namespace bascule::catalog
