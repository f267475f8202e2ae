#include "migrate/done_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/digest.h"

namespace bascule::migrate {
namespace {

constexpr std::string_view kMagic = "BSCMIGR1";
constexpr std::size_t kHeaderBytes = kMagic.size() + sizeof(Sha256Value);

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int code = errno;
  return fail(code == ENOSPC ? Code::exhausted : Code::internal,
              fmt::format("cannot {} {}: {}", what, path, std::strerror(code)));
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> write_and_sync(int file, std::string text) {
  if (!write_all(file, text) || ::fdatasync(file) != 0) return failed("write", "the migration's log");
  return {};
}

void hash_field(Sha256& hash, std::string_view field) {
  const std::uint64_t size = field.size();
  hash.update(std::as_bytes(std::span(&size, 1)));
  hash.update(as_bytes(field));
}

}  // namespace

DoneKey done_key(std::string_view container, std::uint64_t container_life, const SourceBlob& blob) {
  Sha256 hash;
  hash_field(hash, container);
  hash_field(hash, blob.name);
  hash_field(hash, blob.etag);
  const std::uint64_t numbers[2] = {container_life, blob.size_bytes};
  hash.update(std::as_bytes(std::span(numbers)));
  const Sha256Value value = hash.finish();
  DoneKey key;
  std::memcpy(key.data(), value.data(), key.size());
  return key;
}

Result<std::unique_ptr<DoneLog>> DoneLog::open(std::string directory, std::string_view source_identity) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(Code::internal, fmt::format("cannot make {}: {}", directory, error.message()));
  const Sha256Value hash = Sha256::of(as_bytes(source_identity));
  const std::string path = directory + "/" + to_hex(Bytes(hash).first(8)) + ".done";
  std::unique_ptr<DoneLog> log(new DoneLog);
  BASCULE_TRY(log->load(path, source_identity));
  return log;
}

Result<void> DoneLog::load(const std::string& path, std::string_view source_identity) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) return failed("open", path);
  const Sha256Value hash = Sha256::of(as_bytes(source_identity));
  const std::string header = std::string(kMagic) + std::string(as_text(hash));
  struct stat info{};
  if (::fstat(file_, &info) != 0) return failed("read", path);
  auto size = static_cast<std::size_t>(info.st_size);
  if (size < kHeaderBytes) {  // new, or killed before its first record
    if (::ftruncate(file_, 0) != 0 || !write_all(file_, header) || ::fdatasync(file_) != 0) return failed("write", path);
    return {};
  }
  std::string found(kHeaderBytes, '\0');
  if (::pread(file_, found.data(), found.size(), 0) != static_cast<ssize_t>(found.size())) return failed("read", path);
  if (found != header) return fail(Code::corrupt, fmt::format("{} is not this migration's log; move it away", path));

  former_count_ = (size - kHeaderBytes) / sizeof(DoneKey);
  size = kHeaderBytes + former_count_ * sizeof(DoneKey);  // without a torn record
  if (::ftruncate(file_, static_cast<off_t>(size)) != 0 || ::lseek(file_, 0, SEEK_END) < 0) return failed("write", path);
  if (former_count_ == 0) return {};

  // A copy to sort: file-backed, so that the kernel may write it out when memory is short.
  const std::string sorted_path = path + ".sorted";
  const int sorted = ::open(sorted_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (sorted < 0) return failed("make", sorted_path);
  ::unlink(sorted_path.c_str());
  former_bytes_ = former_count_ * sizeof(DoneKey);
  void* mapped = MAP_FAILED;
  // posix_fallocate: a full disk must show here, not as SIGBUS in the middle of sorting.
  if ((errno = ::posix_fallocate(sorted, 0, static_cast<off_t>(former_bytes_))) == 0)
    mapped = ::mmap(nullptr, former_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, sorted, 0);
  ::close(sorted);
  if (mapped == MAP_FAILED) return failed("map", sorted_path);
  auto* keys = static_cast<DoneKey*>(mapped);
  former_ = keys;
  std::size_t at = 0;
  while (at < former_bytes_) {
    const ssize_t read = ::pread(file_, static_cast<char*>(mapped) + at, former_bytes_ - at,
                                 static_cast<off_t>(kHeaderBytes + at));
    if (read <= 0) return failed("read", path);
    at += static_cast<std::size_t>(read);
  }
  std::sort(keys, keys + former_count_);
  return {};
}

DoneLog::~DoneLog() {
  if (former_) ::munmap(const_cast<DoneKey*>(former_), former_bytes_);
  if (file_ >= 0) ::close(file_);
}

bool DoneLog::contains(const DoneKey& key) const { return std::binary_search(former_, former_ + former_count_, key); }

void DoneLog::add(const DoneKey& key) { pending_.append(as_text(key)); }

Task<Result<void>> DoneLog::flush(Workers& workers) {
  if (pending_.empty()) co_return Result<void>{};
  std::string batch = std::exchange(pending_, {});
  const int file = file_;
  auto job = [file, batch = std::move(batch)]() mutable { return write_and_sync(file, std::move(batch)); };
  co_return co_await offload(workers, std::move(job));
}

}  // namespace bascule::migrate
