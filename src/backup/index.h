// What the last backup into a place held: its keys and versions, in a file beside the catalog, so that the next one need copy
// only what is different. A file that is not there, or not that backup's, or does not add up to its digest, costs a whole copy and
// nothing else. It is this machine's own and no interchange format:
//   "BKI1" id of the backup (16) (varint(shared) text(rest of the key) u64(version) varint(bytes of the value))*
#pragma once
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "backup/format.h"

namespace bascule::backup {

// Blocks on the disk.
class IndexReader {
 public:
  // False from open(): there is none of this backup.
  bool open(const std::string& path, const Id& backup);
  // False at the end, or where the file is no index: then finish() says so.
  bool next();
  const std::string& key() const { return key_; }
  std::uint64_t version() const { return version_; }
  // After the last: whether all of it was what the manifest says.
  bool finish(const Manifest& manifest);

 private:
  bool fill();

  std::ifstream file_;
  std::string buffer_, key_;
  std::size_t at_ = 0;
  std::uint64_t version_ = 0;
  bool broken_ = false;
  StateDigest digest_;
};

// Writes a new index under another name; keep() puts it in place, durably. Without keep() nothing stays. An error on the way (a
// full disk) only means that there will be none.
class IndexWriter {
 public:
  IndexWriter(std::string path, const Id& backup);
  ~IndexWriter();
  IndexWriter(const IndexWriter&) = delete;
  IndexWriter& operator=(const IndexWriter&) = delete;
  void add(std::string_view key, std::uint64_t version, std::size_t value_bytes);
  bool keep();

 private:
  void write();

  const std::string path_;
  std::ofstream file_;
  std::string buffer_, last_key_;
  bool good_ = false;
};

}  // namespace bascule::backup
