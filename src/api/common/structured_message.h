// Structured messages, version 1: content in segments, each followed by its CRC64, the whole by its own. Source:
// "Structured Body format" in Microsoft's documentation. All integers are little endian:
//   header   u8 version (1), u64 length of the whole message, u16 flags (1: CRC64), u16 number of segments (at least 1)
//   segment  u16 number from 1, u64 length of its content, the content, u64 CRC64 of it
//   trailer  u64 CRC64 of all content
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace bascule::api {

inline constexpr std::string_view kStructuredCrc64 = "XSM/1.0; properties=crc64";
inline constexpr std::size_t kStructuredHeaderBytes = 13, kStructuredSegmentBytes = 10, kStructuredCrcBytes = 8;
inline constexpr std::uint64_t kStructuredSegment = 4 * 1024 * 1024;  // what we write: as the service and its clients do

// True for the one kind of message there is, spaces and case aside.
bool is_structured_crc64(std::string_view header);

// How much longer than its content the longest acceptable message may be.
inline constexpr std::uint64_t kStructuredMostFraming =
    kStructuredHeaderBytes + 65535ULL * (kStructuredSegmentBytes + kStructuredCrcBytes) + kStructuredCrcBytes;

// Follows a message as it arrives. The caller alternates: framing_bytes() of framing, given whole to framing(), then
// content_bytes() of content, in whatever stretches, given to content(); until done().
class StructuredReader {
 public:
  // The lengths that the request's head announces: both must be those of the message.
  StructuredReader(std::uint64_t message_bytes, std::uint64_t content_bytes)
      : message_bytes_(message_bytes), content_left_(content_bytes) {}

  std::size_t framing_bytes() const;           // 0: content comes next, or nothing
  std::uint64_t content_bytes() const { return field_ == Field::content ? segment_left_ : 0; }
  bool done() const { return field_ == Field::end; }

  // Errors: invalid_argument: this is no such message. refused: a CRC64 differs, and declared() and computed() say how.
  Result<void> framing(Bytes bytes);
  void content(Bytes bytes);                   // at most content_bytes()
  std::uint64_t declared() const { return declared_; }
  std::uint64_t computed() const { return computed_; }

 private:
  enum class Field : std::uint8_t { header, segment, content, segment_crc, trailer, end };
  Result<void> header(Bytes bytes);
  Result<void> segment(Bytes bytes);
  Result<void> crc(Bytes bytes, std::uint64_t computed);

  std::uint64_t message_bytes_, content_left_;
  Field field_ = Field::header;
  std::uint32_t segments_ = 0, number_ = 0;
  std::uint64_t segment_left_ = 0, segment_bytes_ = 0;
  std::uint64_t segment_crc_ = 0, total_crc_ = 0;
  std::uint64_t declared_ = 0, computed_ = 0;
};

// Writes a message around content as it is sent.
class StructuredWriter {
 public:
  explicit StructuredWriter(std::uint64_t content_bytes, std::uint64_t segment_bytes = kStructuredSegment);
  std::uint64_t message_bytes() const;
  // Framing to be sent before anything else; empty where content comes next.
  std::string take_framing() { return std::exchange(framing_, {}); }
  std::uint64_t room() const { return segment_left_; }  // content up to the next framing
  void content(Bytes bytes);                            // at most room()

 private:
  void begin_segment();
  void end_segment();

  std::uint64_t content_bytes_, segment_bytes_, content_left_;
  std::uint32_t segments_, number_ = 0;
  std::uint64_t segment_left_ = 0, this_segment_ = 0;
  std::uint64_t segment_crc_ = 0, total_crc_ = 0;
  std::string framing_;
};

}  // namespace bascule::api
