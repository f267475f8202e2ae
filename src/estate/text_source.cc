#include "estate/text_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/time.h"

namespace bascule::estate {
namespace {

constexpr std::size_t kBlock = 256 << 10;

Error io_error(const std::string& what) {
  const Code code = errno == ENOENT ? Code::not_found : errno == EACCES ? Code::permission_denied : Code::unavailable;
  return {code, 0, what + ": " + std::strerror(errno)};
}

void append_utf8(std::string& to, std::uint32_t c) {
  if (c < 0x80) {
    to += static_cast<char>(c);
  } else if (c < 0x800) {
    to += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
  } else if (c < 0x10000) {
    to += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
  } else {
    to += {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3f)), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
           static_cast<char>(0x80 | (c & 0x3f))};
  }
}

// Windows-1252, 0x80 to 0x9f; the others are what they are in Latin-1. 0 = not assigned.
constexpr std::array<std::uint16_t, 32> kWindows = {
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
    0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};

// How long the UTF-8 sequence at the beginning is; 0 = none, -1 = it may go on behind the end.
int sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  const int length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  for (int i = 1; i < length; ++i) {
    if (static_cast<std::size_t>(i) == text.size()) return -1;
    const unsigned char c = at(i);
    if ((c & 0xc0) != 0x80) return 0;
    if (i == 1 && ((first == 0xe0 && c < 0xa0) || (first == 0xed && c > 0x9f) || (first == 0xf0 && c < 0x90) || (first == 0xf4 && c > 0x8f))) return 0;
  }
  return length;
}

// How many bytes from the beginning are ASCII.
std::size_t ascii_run(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + i, 8);
    if (eight & 0x8080808080808080ULL) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

// Standard input, so that it can be read twice.
Result<int> copy_standard_input() {
  const char* folder = std::getenv("TMPDIR");
  std::string place = std::string(folder ? folder : "/tmp") + "/bascule-assess-XXXXXX";
  const int to = ::mkostemp(place.data(), O_CLOEXEC);
  if (to < 0) return fail(io_error("a temporary file for standard input"));
  ::unlink(place.c_str());
  std::string block(kBlock, '\0');
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    bool good = got >= 0;
    for (ssize_t done = 0; good && done < got;) {
      const ssize_t put = ::write(to, block.data() + done, static_cast<std::size_t>(got - done));
      good = put >= 0 || errno == EINTR;
      done += std::max<ssize_t>(put, 0);
    }
    if (good && got > 0) continue;
    if (good && ::lseek(to, 0, SEEK_SET) == 0) return to;
    const Error error = io_error("standard input");
    ::close(to);
    return fail(error);
  }
}

}  // namespace

TextSource::TextSource(TextSource&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), bytes_(std::move(other.bytes_)), at_hand_(other.at_hand_), size_(other.size_), date_(std::move(other.date_)) {}

TextSource::~TextSource() {
  if (handle_ >= 0) ::close(handle_);
}

Result<TextSource> TextSource::open(const std::string& file) {
  TextSource source;
  if (file == "-") {
    BASCULE_ASSIGN(source.handle_, copy_standard_input());
  } else {
    source.handle_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (source.handle_ < 0) return fail(io_error(file));
  }
  struct stat status {};
  if (::fstat(source.handle_, &status) != 0) return fail(io_error(file));
  if (!S_ISREG(status.st_mode)) return fail(Code::invalid_argument, file + ": neither a file nor a folder; a pipe can be given as -");
  source.size_ = static_cast<std::uint64_t>(status.st_size);
  source.date_ = format_iso8601_seconds(WallTime(std::chrono::duration_cast<Ticks>(std::chrono::seconds(status.st_mtime)))).substr(0, 10);
  return source;
}

TextSource TextSource::of(std::string bytes, std::string date) {
  TextSource source;
  source.at_hand_ = true;
  source.size_ = bytes.size();
  source.bytes_ = std::move(bytes);
  source.date_ = std::move(date);
  return source;
}

Result<void> TextSource::rewind() {
  if (!at_hand_ && ::lseek(handle_, 0, SEEK_SET) != 0) return fail(io_error("reading again"));
  read_ = foreign_ = first_foreign_line_ = 0;
  lines_ = 1;
  begun_ = ended_ = false;
  raw_.clear();
  text_.clear();
  return {};
}

// More bytes at the end of raw_; 0 at the end.
Result<std::size_t> TextSource::fill() {
  if (at_hand_) {
    const std::string_view part = std::string_view(bytes_).substr(read_, kBlock);
    raw_.append(part);
    read_ += part.size();
    return part.size();
  }
  const std::size_t had = raw_.size();
  raw_.resize(had + kBlock);
  ssize_t got;
  do got = ::read(handle_, raw_.data() + had, kBlock);
  while (got < 0 && errno == EINTR);
  raw_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) return fail(io_error("reading"));
  read_ += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

Result<void> TextSource::recognise() {
  begun_ = true;
  encoding_ = Encoding::utf8;
  if (begins(raw_, "\x1f\x8b")) return fail(Code::invalid_argument, "this is a gzip file: unpack it first (gunzip)");
  if (begins(raw_, "PK\x03\x04")) return fail(Code::invalid_argument, "this is a ZIP file or an Excel workbook: unpack it, or save the sheet as CSV");
  if (begins(raw_, "PAR1")) return fail(Code::invalid_argument, "this is a Parquet file: export as CSV");
  if (begins(raw_, "\xef\xbb\xbf")) {
    raw_.erase(0, 3);
  } else if (begins(raw_, "\xff\xfe")) {
    encoding_ = Encoding::utf16_le;
    raw_.erase(0, 2);
  } else if (begins(raw_, "\xfe\xff")) {
    encoding_ = Encoding::utf16_be;
    raw_.erase(0, 2);
  } else if (raw_.size() >= 4 && raw_[0] != 0 && raw_[1] == 0 && raw_[3] == 0) {
    encoding_ = Encoding::utf16_le;
  } else if (raw_.size() >= 4 && raw_[0] == 0 && raw_[1] != 0 && raw_[2] == 0) {
    encoding_ = Encoding::utf16_be;
  } else if (const std::size_t nul = std::string_view(raw_).substr(0, 4096).find('\0'); nul != std::string_view::npos) {
    return fail(Code::invalid_argument, "byte " + std::to_string(nul) + " is zero: this is no text file");
  }
  return {};
}

void TextSource::foreign(unsigned char byte) {
  if (foreign_++ == 0)
    first_foreign_line_ = lines_ + static_cast<std::uint64_t>(std::count(text_.begin(), text_.end(), '\n'));
  const std::uint32_t c = byte < 0x80 || byte >= 0xa0 ? byte : kWindows[byte - 0x80];
  append_utf8(text_, c == 0 ? 0xfffd : c);
}

void TextSource::to_utf8(std::string_view bytes, bool last) {
  while (!bytes.empty()) {
    const std::size_t plain = ascii_run(bytes);
    text_.append(bytes.substr(0, plain));
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    const int length = sequence(bytes);
    if (length < 0 && !last) break;
    if (length > 0) {
      text_.append(bytes.substr(0, static_cast<std::size_t>(length)));
      bytes.remove_prefix(static_cast<std::size_t>(length));
    } else {
      foreign(static_cast<unsigned char>(bytes[0]));
      bytes.remove_prefix(1);
    }
  }
  raw_.erase(0, raw_.size() - bytes.size());
}

void TextSource::from_utf16(std::string_view bytes, bool last) {
  const auto unit = [&](std::size_t i) -> std::uint32_t {
    const auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    return encoding_ == Encoding::utf16_le ? a | b << 8 : a << 8 | b;
  };
  std::size_t at = 0;
  for (; at + 2 <= bytes.size(); at += 2) {
    const std::uint32_t c = unit(at);
    if (c < 0xd800 || c > 0xdfff) {
      append_utf8(text_, c);
    } else if (c < 0xdc00 && at + 4 <= bytes.size() && unit(at + 2) >= 0xdc00 && unit(at + 2) <= 0xdfff) {
      append_utf8(text_, 0x10000 + ((c - 0xd800) << 10) + (unit(at + 2) - 0xdc00));
      at += 2;
    } else if (c < 0xdc00 && at + 4 > bytes.size() && !last) {
      break;
    } else {
      ++foreign_;
      append_utf8(text_, 0xfffd);
    }
  }
  raw_.erase(0, last ? raw_.size() : at);
}

Result<std::string_view> TextSource::next() {
  lines_ += static_cast<std::uint64_t>(std::count(text_.begin(), text_.end(), '\n'));
  text_.clear();
  while (text_.empty() && !ended_) {
    BASCULE_ASSIGN(const std::size_t got, fill());
    if (!begun_) BASCULE_TRY(recognise());
    ended_ = got == 0;
    if (encoding_ == Encoding::utf8) to_utf8(raw_, ended_);
    else from_utf16(raw_, ended_);
  }
  return std::string_view(text_);
}

}  // namespace bascule::estate
