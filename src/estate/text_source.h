// An input file as UTF-8 text, in blocks. Files come from anybody: UTF-16, byte order marks and bytes of another encoding are
// told from the content and turned into UTF-8, and what cannot be text is refused with a word on what it is.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule::estate {

class TextSource {
 public:
  // `file` is a path; "-" is standard input, which is copied to an unnamed temporary file first so that it can be read twice.
  static Result<TextSource> open(const std::string& file);
  // The same for bytes at hand.
  static TextSource of(std::string bytes, std::string date);
  TextSource(TextSource&& other) noexcept;
  TextSource& operator=(TextSource&&) = delete;
  ~TextSource();

  // The next block; empty at the end. It lives until the next call. A pending sequence is never cut in two.
  Result<std::string_view> next();
  Result<void> rewind();

  std::uint64_t size_bytes() const { return size_; }
  std::uint64_t read_bytes() const { return read_; }
  std::string date() const { return date_; }            // of the file's last change, YYYY-MM-DD (UTC)
  // Bytes that were not UTF-8 and were read as Windows-1252, and where the first was.
  std::uint64_t foreign_bytes() const { return foreign_; }
  std::uint64_t first_foreign_line() const { return first_foreign_line_; }

 private:
  enum class Encoding : std::uint8_t { utf8, utf16_le, utf16_be };
  TextSource() = default;
  Result<std::size_t> fill();
  Result<void> recognise();
  void to_utf8(std::string_view bytes, bool last);
  void from_utf16(std::string_view bytes, bool last);
  void foreign(unsigned char byte);

  int handle_ = -1;
  std::string bytes_;     // instead of a file
  bool at_hand_ = false;
  std::uint64_t size_ = 0, read_ = 0, foreign_ = 0, first_foreign_line_ = 0, lines_ = 1;
  std::string date_;
  Encoding encoding_ = Encoding::utf8;
  bool begun_ = false, ended_ = false;
  std::string raw_;       // bytes of the file that are not yet text
  std::string text_;      // what next() shows
};

}  // namespace bascule::estate
