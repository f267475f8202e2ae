// The answer's container: an Avro object container file (Avro 1.8 specification, Object Container Files) of four kinds of
// records, no codec, one record a block. Source of the records: "Query Blob Contents", response body.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bascule::query {

class AvroWriter {
 public:
  using Mark = std::array<char, 16>;   // what stands between blocks
  explicit AvroWriter(const Mark& mark) : mark_(mark) {}

  // Each appends to `out`; the head is the first.
  void head(std::string& out) const;
  void data(std::string_view content, std::string& out) const;
  void error(bool fatal, std::string_view name, std::string_view description, std::uint64_t position, std::string& out) const;
  void progress(std::uint64_t scanned_bytes, std::uint64_t total_bytes, std::string& out) const;
  void end(std::uint64_t total_bytes, std::string& out) const;

 private:
  void block(std::string_view record, std::string& out) const;
  const Mark mark_;
};

}  // namespace bascule::query
