#include "http/chunk_decoder.h"

namespace bascule::http {
namespace {

constexpr std::size_t kSizeDigits = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

}  // namespace

std::size_t ChunkDecoder::feed(std::string_view text) {
  std::size_t used = 0;
  while (used < text.size() && state_ == State::framing) take(text[used++]);
  return used;
}

void ChunkDecoder::take(char c) {
  switch (step_) {
    case Step::first_digit:
      size_ = 0;
      digits_ = 0;
      skipped_ = 0;
      step_ = Step::digits;
      [[fallthrough]];
    case Step::digits:
      if (const int value = hex_value(c); value >= 0) {
        if (++digits_ > kSizeDigits) return fail();
        size_ = size_ << 4 | static_cast<std::uint64_t>(value);
      } else if (digits_ > 0 && c == '\r') {
        step_ = Step::size_lf;
      } else if (digits_ > 0 && (c == ';' || c == ' ' || c == '\t')) {
        step_ = Step::extension;
      } else {
        return fail();
      }
      return;
    case Step::extension:
      if (c == '\r') step_ = Step::size_lf;
      else if (is_control(c) || ++skipped_ > kExtensionBytes) return fail();
      return;
    case Step::size_lf:
      if (c != '\n') return fail();
      if (size_ == 0) {
        skipped_ = 0;
        step_ = Step::trailer_start;
      } else {
        state_ = State::data;
      }
      return;
    case Step::data_cr:
      if (c != '\r') return fail();
      step_ = Step::data_lf;
      return;
    case Step::data_lf:
      if (c != '\n') return fail();
      step_ = Step::first_digit;
      return;
    case Step::trailer_start:
      step_ = c == '\r' ? Step::end_lf : Step::trailer;
      if (c != '\r' && is_control(c)) return fail();
      return;
    case Step::trailer:
      if (c == '\r') step_ = Step::trailer_lf;
      else if (is_control(c) || ++skipped_ > kTrailerBytes) return fail();
      return;
    case Step::trailer_lf:
      if (c != '\n') return fail();
      step_ = Step::trailer_start;
      return;
    case Step::end_lf:
      if (c != '\n') return fail();
      state_ = State::done;
      return;
  }
}

}  // namespace bascule::http
