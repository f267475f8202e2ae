#include "backup/index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "catalog/codec.h"
#include "store/store.h"

namespace bascule::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "BKI1";
constexpr std::size_t kBuffer = 256 * 1024, kMostEntry = store::kMaxKeyBytes + 64;

std::string temporary(const std::string& path) { return path + ".new"; }

bool sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::fsync(fd) == 0;
  ::close(fd);
  return done;
}

}  // namespace

bool IndexReader::open(const std::string& path, const Id& backup) {
  file_.open(path, std::ios::binary);
  std::string head(kMagic.size() + backup.size(), '\0');
  if (!file_ || !file_.read(head.data(), static_cast<std::streamsize>(head.size()))) return false;
  return head == std::string(kMagic).append(as_text(backup));
}

// At least one entry's bytes, unless the file ends.
bool IndexReader::fill() {
  if (buffer_.size() - at_ >= kMostEntry || !file_) return at_ < buffer_.size();
  buffer_.erase(0, at_);
  at_ = 0;
  const std::size_t had = buffer_.size();
  buffer_.resize(had + kBuffer);
  file_.read(buffer_.data() + had, static_cast<std::streamsize>(kBuffer));
  buffer_.resize(had + static_cast<std::size_t>(file_.gcount()));
  return !buffer_.empty();
}

bool IndexReader::next() {
  if (broken_ || !fill()) return false;
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  catalog::Reader r(rest);
  const std::uint64_t shared = r.varint();
  const std::string_view tail = r.text();
  version_ = r.fixed64();
  const char* value_size = tail.data() + tail.size() + sizeof version_;
  const std::uint64_t value_bytes = r.varint();
  if (!r.ok() || shared > key_.size()) {
    broken_ = true;
    return false;
  }
  while (static_cast<unsigned char>(*value_size) & 0x80) ++value_size;
  at_ = static_cast<std::size_t>(value_size + 1 - buffer_.data());
  key_.resize(shared);
  key_.append(tail);
  digest_.add(key_, version_, value_bytes);
  return true;
}

bool IndexReader::finish(const Manifest& manifest) {
  return !broken_ && digest_.records() == manifest.records && digest_.bytes() == manifest.bytes && digest_.finish() == manifest.digest;
}

IndexWriter::IndexWriter(std::string path, const Id& backup) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(), error);
  file_.open(temporary(path_), std::ios::binary | std::ios::trunc);
  good_ = file_.is_open();
  buffer_ = std::string(kMagic).append(as_text(backup));
}

IndexWriter::~IndexWriter() {
  if (path_.empty()) return;
  file_.close();
  std::error_code error;
  fs::remove(temporary(path_), error);
}

void IndexWriter::add(std::string_view key, std::uint64_t version, std::size_t value_bytes) {
  if (!good_) return;
  std::size_t shared = 0;
  const std::size_t most = std::min(key.size(), last_key_.size());
  while (shared < most && key[shared] == last_key_[shared]) ++shared;
  catalog::Writer w(buffer_);
  w.varint(shared);
  w.text(key.substr(shared));
  w.fixed64(version);
  w.varint(value_bytes);
  last_key_ = key;
  if (buffer_.size() >= kBuffer) write();
}

void IndexWriter::write() {
  file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  good_ = file_.good();
  buffer_.clear();
}

bool IndexWriter::keep() {
  if (!good_) return false;
  write();
  file_.close();
  if (!good_ || file_.fail() || !sync(temporary(path_), O_RDONLY)) return false;
  std::error_code error;
  fs::rename(temporary(path_), path_, error);
  good_ = false;
  return !error && sync(fs::path(path_).parent_path().string(), O_RDONLY | O_DIRECTORY);
}

}  // namespace bascule::backup
