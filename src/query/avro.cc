#include "query/avro.h"

namespace bascule::query {
namespace {

constexpr std::string_view kSchema =
    R"([{"type":"record","name":"com.microsoft.azure.storage.queryBlobContents.resultData","fields":[)"
    R"({"name":"data","type":"bytes"}]},)"
    R"({"type":"record","name":"com.microsoft.azure.storage.queryBlobContents.error","fields":[)"
    R"({"name":"fatal","type":"boolean"},{"name":"name","type":"string"},{"name":"description","type":"string"},)"
    R"({"name":"position","type":"long"}]},)"
    R"({"type":"record","name":"com.microsoft.azure.storage.queryBlobContents.progress","fields":[)"
    R"({"name":"bytesScanned","type":"long"},{"name":"totalBytes","type":"long"}]},)"
    R"({"type":"record","name":"com.microsoft.azure.storage.queryBlobContents.end","fields":[)"
    R"({"name":"totalBytes","type":"long"}]}])";
enum Branch : std::uint8_t { kData, kError, kProgress, kEnd };   // of the union, in its order

// A long: zigzag, seven bits a byte, the lowest first.
void put(std::string& out, std::uint64_t number) {
  for (number <<= 1; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}
void put(std::string& out, std::string_view text) {
  put(out, std::uint64_t{text.size()});
  out += text;
}
std::string begun(Branch branch) {
  std::string record;
  put(record, std::uint64_t{branch});
  return record;
}

}  // namespace

void AvroWriter::head(std::string& out) const {
  out += "Obj\x01";
  put(out, std::uint64_t{2});   // entries of the metadata
  put(out, "avro.codec");
  put(out, "null");
  put(out, "avro.schema");
  put(out, kSchema);
  put(out, std::uint64_t{0});
  out.append(mark_.data(), mark_.size());
}

void AvroWriter::block(std::string_view record, std::string& out) const {
  put(out, std::uint64_t{1});
  put(out, record);
  out.append(mark_.data(), mark_.size());
}

void AvroWriter::data(std::string_view content, std::string& out) const {
  std::string record = begun(kData);
  put(record, content);
  block(record, out);
}

void AvroWriter::error(bool fatal, std::string_view name, std::string_view description, std::uint64_t position, std::string& out) const {
  std::string record = begun(kError);
  record += static_cast<char>(fatal);
  put(record, name);
  put(record, description);
  put(record, position);
  block(record, out);
}

void AvroWriter::progress(std::uint64_t scanned_bytes, std::uint64_t total_bytes, std::string& out) const {
  std::string record = begun(kProgress);
  put(record, scanned_bytes);
  put(record, total_bytes);
  block(record, out);
}

void AvroWriter::end(std::uint64_t total_bytes, std::string& out) const {
  std::string record = begun(kEnd);
  put(record, total_bytes);
  block(record, out);
}

}  // namespace bascule::query
