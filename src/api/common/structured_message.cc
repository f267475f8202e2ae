#include "api/common/structured_message.h"

#include <algorithm>

#include "api/common/text.h"
#include "base/crc64.h"

namespace bascule::api {
namespace {

constexpr std::uint64_t kMostSegments = 65535;
constexpr std::uint16_t kCrcFlag = 1;

template <class T> void append(std::string& to, T value) {
  char bytes[sizeof value];
  store_le(bytes, value);
  to.append(bytes, sizeof bytes);
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::invalid_argument, "structured message: " + std::string(what));
}

}  // namespace

bool is_structured_crc64(std::string_view header) {
  std::string plain;
  for (char c : header)
    if (c != ' ' && c != '\t') plain += c;
  return same_text(plain, "XSM/1.0;properties=crc64");
}

std::size_t StructuredReader::framing_bytes() const {
  switch (field_) {
    case Field::header: return kStructuredHeaderBytes;
    case Field::segment: return kStructuredSegmentBytes;
    case Field::segment_crc:
    case Field::trailer: return kStructuredCrcBytes;
    case Field::content:
    case Field::end: return 0;
  }
  return 0;
}

Result<void> StructuredReader::framing(Bytes bytes) {
  if (bytes.size() != framing_bytes()) return malformed("it ends early");
  switch (field_) {
    case Field::header: return header(bytes);
    case Field::segment: return segment(bytes);
    case Field::segment_crc:
      BASCULE_TRY(crc(bytes, segment_crc_));
      total_crc_ = crc64_combine(total_crc_, segment_crc_, segment_bytes_);
      field_ = number_ == segments_ ? Field::trailer : Field::segment;
      return {};
    case Field::trailer:
      BASCULE_TRY(crc(bytes, total_crc_));
      field_ = Field::end;
      return {};
    case Field::content:
    case Field::end: break;
  }
  return malformed("content where framing is expected");
}

// The announced lengths and the number of segments fix the length of the framing: what follows cannot be longer or shorter.
Result<void> StructuredReader::header(Bytes bytes) {
  if (bytes[0] != std::byte{1}) return malformed("its version is not 1");
  if (load_le<std::uint64_t>(&bytes[1]) != message_bytes_) return malformed("its length is not the announced one");
  if (load_le<std::uint16_t>(&bytes[9]) != kCrcFlag) return malformed("its flags are not those announced");
  segments_ = load_le<std::uint16_t>(&bytes[11]);
  if (segments_ == 0) return malformed("it has no segment");
  const std::uint64_t framing =
      kStructuredHeaderBytes + segments_ * (kStructuredSegmentBytes + kStructuredCrcBytes) + kStructuredCrcBytes;
  if (message_bytes_ < framing || message_bytes_ - framing != content_left_)
    return malformed("its content is not as long as announced");
  field_ = Field::segment;
  return {};
}

Result<void> StructuredReader::segment(Bytes bytes) {
  if (load_le<std::uint16_t>(bytes.data()) != ++number_) return malformed("its segments are out of order");
  segment_bytes_ = segment_left_ = load_le<std::uint64_t>(&bytes[2]);
  if (segment_bytes_ > content_left_ || (number_ == segments_ && segment_bytes_ != content_left_))
    return malformed("its segments are not as long as announced");
  content_left_ -= segment_bytes_;
  segment_crc_ = 0;
  field_ = segment_left_ ? Field::content : Field::segment_crc;
  return {};
}

Result<void> StructuredReader::crc(Bytes bytes, std::uint64_t computed) {
  declared_ = load_le<std::uint64_t>(bytes.data());
  computed_ = computed;
  if (declared_ != computed_) return fail(Code::refused, "structured message: a CRC64 differs");
  return {};
}

void StructuredReader::content(Bytes bytes) {
  segment_crc_ = crc64(bytes, segment_crc_);
  segment_left_ -= bytes.size();
  if (segment_left_ == 0) field_ = Field::segment_crc;
}

StructuredWriter::StructuredWriter(std::uint64_t content_bytes, std::uint64_t segment_bytes)
    : content_bytes_(content_bytes), content_left_(content_bytes) {
  // Longer segments where there would be more than the header can count.
  segment_bytes_ = std::max(segment_bytes, (content_bytes + kMostSegments - 1) / kMostSegments);
  segments_ = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (content_bytes + segment_bytes_ - 1) / segment_bytes_));
  framing_.push_back(1);
  append(framing_, message_bytes());
  append(framing_, kCrcFlag);
  append(framing_, static_cast<std::uint16_t>(segments_));
  begin_segment();
}

std::uint64_t StructuredWriter::message_bytes() const {
  return kStructuredHeaderBytes + segments_ * (kStructuredSegmentBytes + kStructuredCrcBytes) + content_bytes_ + kStructuredCrcBytes;
}

void StructuredWriter::begin_segment() {
  this_segment_ = segment_left_ = std::min(segment_bytes_, content_left_);
  content_left_ -= this_segment_;
  segment_crc_ = 0;
  append(framing_, static_cast<std::uint16_t>(++number_));
  append(framing_, this_segment_);
  if (segment_left_ == 0) end_segment();  // there is no content at all
}

void StructuredWriter::content(Bytes bytes) {
  segment_crc_ = crc64(bytes, segment_crc_);
  segment_left_ -= bytes.size();
  if (segment_left_ == 0 && !bytes.empty()) end_segment();
}

void StructuredWriter::end_segment() {
  append(framing_, segment_crc_);
  total_crc_ = crc64_combine(total_crc_, segment_crc_, this_segment_);
  if (number_ == segments_) append(framing_, total_crc_);
  else begin_segment();
}

}  // namespace bascule::api
