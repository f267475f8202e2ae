// What an append or page blob consists of: spans, each written by one write and never changed. A write is one small record
// (keys::write); what has gathered is folded into pages of the manifest (keys::page), each of which holds the spans of one
// stretch of the blob. docs/formats/catalog.md, "Append and page blobs".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extent/piece.h"

namespace bascule::catalog {

struct Span {
  std::uint64_t offset = 0, length = 0;   // in the blob; never empty
  std::uint64_t birth = 0;                // the write that made it: of two at one place the younger is what is there
  bool clear = false;                     // zeros: no piece
  std::uint32_t skip = 0;                 // where it begins in the piece
  extent::Piece piece;

  std::uint64_t end() const { return offset + length; }
  // Where the whole piece was written.
  std::uint64_t piece_begin() const { return offset - skip; }
  std::uint64_t piece_end() const { return piece_begin() + piece.size_bytes; }
};

// The part of a span in [from, to), which meets it.
Span clipped(Span span, std::uint64_t from, std::uint64_t to);

constexpr std::size_t kSpanPageBytes = 16 * 1024;     // a page of spans is divided when it has grown to half as much again
constexpr std::size_t kMostSpanPageBytes = 60 * 1024; // and refused where it cannot be

std::string encode_write(const std::vector<Span>& spans);
std::string encode_span_page(const std::vector<Span>& spans);
// Errors: corrupt.
Result<std::vector<Span>> decode_write(std::string_view bytes);
Result<std::vector<Span>> decode_span_page(std::string_view bytes);
// Is this a page of spans, and not one of a block blob's entries?
bool is_span_page(std::string_view bytes);
std::size_t encoded_size(const Span& span);   // an upper bound

}  // namespace bascule::catalog
