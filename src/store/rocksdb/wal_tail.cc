#include "store/rocksdb/wal_tail.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bascule::store {
namespace {

constexpr std::size_t kBlockBytes = 32 * 1024;
constexpr std::size_t kHeaderBytes = 7;
enum : std::uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// CRC-32C of type and payload, masked as RocksDB stores it.
std::uint32_t masked_crc(std::string_view type_and_payload) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(type_and_payload.data(), type_and_payload.size());
  const std::uint32_t c = crc.checksum();
  return ((c >> 15) | (c << 17)) + 0xa282ead8u;
}

// The record at the start of `block`'s rest: its length with header, 0 if there is no sound one.
std::size_t sound_record(std::string_view rest, std::uint8_t& type) {
  if (rest.size() < kHeaderBytes) return 0;
  type = static_cast<std::uint8_t>(rest[6]);
  const std::size_t length = load_le<std::uint16_t>(rest.data() + 4);
  if (type < kFull || type > kLast || kHeaderBytes + length > rest.size()) return 0;
  if (masked_crc(rest.substr(6, 1 + length)) != load_le<std::uint32_t>(rest.data())) return 0;
  return kHeaderBytes + length;
}

struct Finding {
  bool bad = false;          // a place that is no sound record and not the end
  bool batch_after = false;  // behind it begins a batch
  bool any_batch = false;
};

// After a bad place lengths mean nothing: every offset may begin a record. Sealed values hold no such pattern by chance.
bool batch_begins_in(std::string_view block) {
  std::uint8_t type = kZero;
  for (std::size_t at = 0; at + kHeaderBytes <= block.size(); ++at) {
    const auto candidate = static_cast<std::uint8_t>(block[at + 6]);
    if ((candidate == kFull || candidate == kFirst) && sound_record(block.substr(at), type) != 0) return true;
  }
  return false;
}

Finding inspect_log(std::string_view log) {
  Finding finding;
  std::uint8_t before = kLast;  // the type of the record before: what may follow depends on it
  for (std::size_t start = 0; start < log.size(); start += kBlockBytes) {
    const std::string_view block = log.substr(start, kBlockBytes);
    std::size_t at = 0;
    while (!finding.bad && at + kHeaderBytes <= block.size()) {
      std::uint8_t type = kZero;
      const std::size_t length = sound_record(block.substr(at), type);
      const bool inside = before == kFirst || before == kMiddle;
      const bool continues = type == kMiddle || type == kLast;
      if (length == 0 || inside != continues) {
        finding.bad = true;
        break;
      }
      finding.any_batch = true;
      before = type;
      at += length;
    }
    if (finding.bad && batch_begins_in(block.substr(std::min(at, block.size())))) {
      finding.batch_after = true;
      return finding;
    }
  }
  return finding;
}

Result<std::string> read_whole(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return fail(Code::unavailable, "store: cannot read " + file.string());
  std::string content(static_cast<std::size_t>(in.tellg()), '\0');
  in.seekg(0).read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!in) return fail(Code::unavailable, "store: cannot read " + file.string());
  return content;
}

}  // namespace

Result<WalState> inspect_wal(const std::string& path) {
  std::vector<std::filesystem::path> logs;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(path, error)) {
    if (item.path().extension() == ".log") logs.push_back(item.path());
  }
  if (error) return fail(Code::unavailable, "store: cannot list " + path + ": " + error.message());
  std::ranges::sort(logs);  // numbers of fixed width
  bool torn = false;
  for (const auto& log : logs) {
    BASCULE_ASSIGN(const std::string content, read_whole(log));
    const Finding finding = inspect_log(content);
    if (torn && finding.any_batch) return WalState::damaged;  // a later log has batches: the tear was acknowledged
    if (finding.batch_after) return WalState::damaged;
    torn = torn || finding.bad;
  }
  return torn ? WalState::torn_tail : WalState::whole;
}

}  // namespace bascule::store
