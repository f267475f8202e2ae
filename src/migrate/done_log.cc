#include "migrate/done_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/crc64.h"
#include "base/digest.h"

namespace bascule::migrate {
namespace {

constexpr std::string_view kMagic = "BSCMIGR2";
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

Result<void> write_and_sync(int file, std::string_view text) {
  if (!write_all(file, text) || ::fdatasync(file) != 0) return failed("write", "the migration's log");
  return {};
}

std::uint32_t check_of(const std::byte* record) {
  return static_cast<std::uint32_t>(crc64({record, DoneLog::kRecordBytes - sizeof(std::uint32_t)}));
}

bool is_whole(const std::byte* record) {
  std::uint32_t check = 0;
  std::memcpy(&check, record + DoneLog::kRecordBytes - sizeof check, sizeof check);
  return check == check_of(record);
}

DoneRecord decode(const std::byte* record) {
  DoneRecord out;
  std::uint32_t flags = 0;
  std::memcpy(out.key.data(), record, 16);
  std::memcpy(&out.target_state, record + 16, 8);
  std::memcpy(&flags, record + 24, 4);
  out.uncommitted_blocks = (flags & 1) != 0;
  return out;
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
  if (!blob.snapshot.empty()) hash_field(hash, "snapshot " + blob.snapshot);
  if (blob.is_version()) hash_field(hash, "past");
  if (!blob.version_id.empty()) hash_field(hash, "version " + blob.version_id);
  if (!blob.tier.empty()) hash_field(hash, "tier " + blob.tier);
  for (const auto& [key, value] : blob.tags) {
    hash_field(hash, "tag " + key);
    hash_field(hash, value);
  }
  if (blob.expires != WallTime()) hash_field(hash, "ends " + std::to_string(blob.expires.time_since_epoch().count()));
  const Sha256Value value = hash.finish();
  DoneKey key;
  std::memcpy(key.data(), value.data(), key.size());
  return key;
}

DoneKey done_key_as_current(std::string_view container, std::uint64_t container_life, const SourceBlob& blob) {
  SourceBlob current = blob;
  current.is_current = true;
  return done_key(container, container_life, current);
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
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) return failed("open", path);
  const Sha256Value hash = Sha256::of(as_bytes(source_identity));
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0)
    return fail(Code::conflict, "another migration from this source is under way here; wait until it has ended");
  const std::string header = std::string(kMagic) + std::string(as_text(hash));
  struct stat info{};
  if (::fstat(file_, &info) != 0) return failed("read", path);
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size < kHeaderBytes) {  // new, or killed before its first record
    if (::ftruncate(file_, 0) != 0 || !write_all(file_, header) || ::fdatasync(file_) != 0) return failed("write", path);
    return {};
  }
  std::string found(kHeaderBytes, '\0');
  if (::pread(file_, found.data(), found.size(), 0) != static_cast<ssize_t>(found.size())) return failed("read", path);
  if (found != header)
    return fail(Code::corrupt, fmt::format("{} is not this migration's log, or is damaged; move it away, and everything is carried again", path));

  const std::size_t count = (size - kHeaderBytes) / kRecordBytes;
  if (kHeaderBytes + count * kRecordBytes != size) ++damaged_count_;  // a torn record
  if (::ftruncate(file_, static_cast<off_t>(kHeaderBytes + count * kRecordBytes)) != 0) return failed("write", path);
  return count == 0 ? Result<void>{} : sort_former(path, count);
}

// A copy to sort: file-backed, so that the kernel may write it out when memory is short.
Result<void> DoneLog::sort_former(const std::string& path, std::size_t count) {
  const std::string sorted_path = path + ".sorted";
  const int sorted = ::open(sorted_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (sorted < 0) return failed("make", sorted_path);
  ::unlink(sorted_path.c_str());
  former_bytes_ = count * kRecordBytes;
  void* mapped = MAP_FAILED;
  // posix_fallocate: a full disk must show here, not as SIGBUS in the middle of sorting.
  errno = ::posix_fallocate(sorted, 0, static_cast<off_t>(former_bytes_));
  if (errno == 0) mapped = ::mmap(nullptr, former_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, sorted, 0);
  ::close(sorted);
  if (mapped == MAP_FAILED) return failed("map", sorted_path);
  former_ = static_cast<Raw*>(mapped);
  for (std::size_t at = 0; at < former_bytes_;) {
    const ssize_t read = ::pread(file_, static_cast<char*>(mapped) + at, former_bytes_ - at,
                                 static_cast<off_t>(kHeaderBytes + at));
    if (read <= 0) return failed("read", path);
    at += static_cast<std::size_t>(read);
  }
  Raw* const whole = std::remove_if(former_, former_ + count, [](const Raw& record) { return !is_whole(record.data()); });
  former_count_ = static_cast<std::size_t>(whole - former_);
  damaged_count_ += count - former_count_;
  // By key, and then by the target's state, which grows: the last one is the newest.
  std::sort(former_, whole, [](const Raw& a, const Raw& b) {
    const int order = std::memcmp(a.data(), b.data(), sizeof(DoneKey));
    return order != 0 ? order < 0 : decode(a.data()).target_state < decode(b.data()).target_state;
  });
  return {};
}

DoneLog::~DoneLog() {
  if (former_) ::munmap(former_, former_bytes_);
  if (file_ >= 0) ::close(file_);
}

std::optional<DoneRecord> DoneLog::find(const DoneKey& key) const {
  const Raw *const begin = former_, *const end = former_ + former_count_;
  const Raw* const after = std::upper_bound(begin, end, key, [](const DoneKey& wanted, const Raw& record) {
    return std::memcmp(wanted.data(), record.data(), wanted.size()) < 0;
  });
  if (after == begin) return std::nullopt;
  const DoneRecord record = decode((after - 1)->data());
  return record.key == key ? std::optional(record) : std::nullopt;
}

void DoneLog::add(const DoneRecord& record) {
  Raw raw;
  const std::uint32_t flags = record.uncommitted_blocks ? 1 : 0;
  std::memcpy(raw.data(), record.key.data(), 16);
  std::memcpy(raw.data() + 16, &record.target_state, 8);
  std::memcpy(raw.data() + 24, &flags, 4);
  const std::uint32_t check = check_of(raw.data());
  std::memcpy(raw.data() + 28, &check, 4);
  pending_.append(as_text(raw));
}

Task<Result<void>> DoneLog::flush(Workers& workers) {
  if (pending_.empty()) co_return Result<void>{};
  std::string batch = std::exchange(pending_, {});
  const int file = file_;
  auto job = [file, batch = std::move(batch)] { return write_and_sync(file, batch); };
  co_return co_await offload(workers, std::move(job));
}

}  // namespace bascule::migrate
