#include "provider/folder/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "provider/object_name.h"

namespace bascule::provider {
namespace {

constexpr std::size_t kNamesAhead = 65'536;  // kept from one pass over the directory for the pages that follow

// Opens only what needs no disk access; -1 otherwise.
int open_cached(int directory, const char* name) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_CACHED;
  return static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof how));
}

}  // namespace

// One call at a time writes a name: the failure of one must not remove what another made whole.
class Folder::Writing {
 public:
  Writing(Folder& folder, const std::string& name) : folder_(folder), name_(name) {
    const std::lock_guard lock(folder_.mutex_);
    alone_ = folder_.writing_.insert(name).second;
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  ~Writing() {
    if (!alone_) return;
    const std::lock_guard lock(folder_.mutex_);
    folder_.writing_.erase(name_);
  }
  bool alone() const { return alone_; }

 private:
  Folder& folder_;
  const std::string& name_;
  bool alone_ = false;
};

std::unexpected<Error> Folder::trouble(Code code, std::string_view what) const {
  return fail(code, "provider '" + options_.name + "', folder " + options_.path + ": " + std::string(what));
}

std::unexpected<Error> Folder::trouble(int error, std::string_view doing) const {
  const std::string what = "cannot " + std::string(doing) + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOSPC: case EDQUOT: return trouble(Code::exhausted, what + "; make space or enlarge the disk");
    case EACCES: case EPERM: case EROFS:
      return trouble(Code::permission_denied, what + "; the folder must be writable for this user");
    case EMFILE: case ENFILE: case ENOMEM: return trouble(Code::overloaded, what + "; raise the limit of open files");
    default: return trouble(Code::unavailable, what);
  }
}

Result<std::unique_ptr<Folder>> Folder::open(FolderOptions options) {
  auto folder = std::make_unique<Folder>(std::move(options));
  const std::filesystem::path shards = std::filesystem::path(folder->options_.path) / "shards";
  std::error_code error;
  std::filesystem::create_directories(shards, error);
  if (error) return folder->trouble(error.value(), "create it");
  folder->shards_fd_ = ::open(shards.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder->shards_fd_ < 0) return folder->trouble(errno, "open it");
  if (::flock(folder->shards_fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return folder->trouble(Code::unavailable, "another process holds it: stop that one first");
    return folder->trouble(errno, "lock it");
  }
  // `shards` and the folder itself may be new: their entries must last as the objects in them do.
  for (const auto& directory : {shards.parent_path(), shards.parent_path() / ".."}) {
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) continue;  // a parent that may not be read: it was there before us
    const bool synced = ::fsync(fd) == 0;
    const int reason = errno;
    ::close(fd);
    if (!synced && reason != EINVAL && reason != EROFS) return folder->trouble(reason, "sync it");
  }
  struct statvfs fs{};
  if (::fstatvfs(folder->shards_fd_, &fs) != 0) return folder->trouble(errno, "ask for its space");
  folder->reserve_bytes_ = folder->options_.reserve_bytes != 0
                               ? folder->options_.reserve_bytes
                               : std::min<std::uint64_t>(std::uint64_t{fs.f_blocks} * fs.f_frsize / 8, 256u << 20);
  return folder;
}

Folder::~Folder() {
  if (shards_fd_ < 0) return;
  std::unique_lock lock(mutex_);
  prepared_all_.wait(lock, [this] { return preparing_ == 0; });
  for (const auto& [name, prepared] : prepared_) ::unlinkat(shards_fd_, name.c_str(), 0);
  ::close(shards_fd_);
}

Result<void> Folder::check_space(std::uint64_t bytes) const {
  struct statvfs fs{};
  if (::fstatvfs(shards_fd_, &fs) != 0) return trouble(errno, "ask for its space");
  if (std::uint64_t{fs.f_bavail} * fs.f_frsize >= reserve_bytes_ + bytes) return {};
  return trouble(Code::exhausted, "the disk is nearly full; make space or enlarge it");
}

std::vector<std::string> Folder::reserve_names(std::span<const std::string> names) {
  std::vector<std::string> taken;
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    if (prepared_.size() >= options_.max_prepared) break;
    if (is_object_name(name) && !writing_.contains(name) && prepared_.emplace(name, Prepared{}).second) {
      taken.push_back(name);
    }
  }
  if (!taken.empty()) ++preparing_;
  return taken;
}

void Folder::prepare(const std::vector<std::string>& names) {
  std::vector<std::pair<const std::string*, FileRef>> created;
  for (const std::string& name : names) {
    const int fd = ::openat(shards_fd_, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) created.emplace_back(&name, std::make_shared<File>(fd));
  }
  const bool durable = !created.empty() && ::fsync(shards_fd_) == 0;
  const std::lock_guard lock(mutex_);
  for (const std::string& name : names) {
    const auto at = prepared_.find(name);
    if (at == prepared_.end()) continue;  // put in the meantime, by itself
    const auto made = std::ranges::find(created, &name, [](const auto& item) { return item.first; });
    if (durable && made != created.end()) {
      at->second.file = made->second;
    } else {
      if (made != created.end()) ::unlinkat(shards_fd_, name.c_str(), 0);
      prepared_.erase(at);
    }
  }
  if (--preparing_ == 0) prepared_all_.notify_all();
}

FileRef Folder::take_prepared(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto at = prepared_.find(name);
  if (at == prepared_.end()) return nullptr;
  FileRef file = std::move(at->second.file);
  prepared_.erase(at);
  return file;
}

Result<void> Folder::put(const std::string& name, Slices content) {
  const Writing writing(*this, name);
  if (!writing.alone()) return trouble(Code::unavailable, "object '" + name + "' is being written by another call");
  FileRef file = take_prepared(name);
  const bool prepared = file != nullptr;
  if (const auto space = check_space(total_size(content)); !space) {
    if (prepared) ::unlinkat(shards_fd_, name.c_str(), 0);
    return space;
  }
  if (!prepared) {
    const int fd = ::openat(shards_fd_, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return trouble(errno, "create object '" + name + "'");
    file = std::make_shared<File>(fd);
  }
  return write(name, content, file, prepared);
}

// A repeated put writes the same bytes over themselves, so that readers never see the object shorter.
Result<void> Folder::write(const std::string& name, Slices content, const FileRef& file, bool entry_is_durable) {
  std::uint64_t size_before = 0;
  if (!entry_is_durable) {
    struct stat info{};
    if (::fstat(file->fd(), &info) != 0) return trouble(errno, "look at object '" + name + "'");
    size_before = static_cast<std::uint64_t>(info.st_size);
    if (size_before > total_size(content)) {
      return trouble(Code::internal, "object '" + name + "' is there with other content");
    }
  }
  int error = write_all(file->fd(), content);
  if (error == 0 && ::fdatasync(file->fd()) != 0) error = errno;  // covers the new length
  if (error == 0 && !entry_is_durable && ::fsync(shards_fd_) != 0) error = errno;
  if (error == 0) {
    files_.insert(name, file);  // what was just written is what is read next
    return {};
  }
  if (size_before < total_size(content)) {  // give the space back; an object that was whole before stays
    ::unlinkat(shards_fd_, name.c_str(), 0);
    files_.erase(name);
  }
  return trouble(error, "write object '" + name + "'");
}

Result<FileRef> Folder::open_to_read(const std::string& name) {
  if (auto file = files_.find(name)) return file;
  const int fd = ::openat(shards_fd_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    if (errno == ENOENT) return trouble(Code::not_found, "no object '" + name + "'");
    return trouble(errno, "open object '" + name + "'");
  }
  auto file = std::make_shared<const File>(fd);
  files_.insert(name, file);
  return file;
}

Result<void> Folder::get(const std::string& name, std::uint64_t offset, MutableBytes into) {
  BASCULE_ASSIGN(const FileRef file, open_to_read(name));
  const std::ptrdiff_t got = read_all(file->fd(), offset, into);
  if (got < 0) return trouble(errno, "read object '" + name + "'");
  if (static_cast<std::size_t>(got) == into.size() && got > 0) return {};
  struct stat info{};
  if (::fstat(file->fd(), &info) != 0) return trouble(errno, "look at object '" + name + "'");
  if (info.st_size == 0) {
    files_.erase(name);
    return trouble(Code::not_found, "no object '" + name + "'");
  }
  if (into.empty() && offset <= static_cast<std::uint64_t>(info.st_size)) return {};
  return trouble(Code::corrupt, "object '" + name + "' ends at byte " + std::to_string(info.st_size) + ", before byte " +
                                    std::to_string(offset + into.size()));
}

bool Folder::read_cached(std::string_view name, std::uint64_t offset, MutableBytes into) {
  if (into.empty()) return false;
  FileRef file = files_.find(name);
  if (!file) {
    const std::string owned(name);
    const int fd = open_cached(shards_fd_, owned.c_str());
    if (fd < 0) return false;
    file = std::make_shared<const File>(fd);
    files_.insert(name, file);
  }
  const iovec vector{into.data(), into.size()};
  const ssize_t got = ::preadv2(file->fd(), &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  return got == static_cast<ssize_t>(into.size());
}

Result<std::uint64_t> Folder::size(const std::string& name) {
  struct stat info{};
  if (::fstatat(shards_fd_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return trouble(Code::not_found, "no object '" + name + "'");
    return trouble(errno, "look at object '" + name + "'");
  }
  if (info.st_size == 0) return trouble(Code::not_found, "no object '" + name + "'");
  return static_cast<std::uint64_t>(info.st_size);
}

// The entry's removal is not synced: whoever removes an object has committed that nothing names it, and if a power cut
// brings the file back it is garbage that the next listing proposes again.
Result<void> Folder::remove(const std::string& name) {
  files_.erase(name);
  const bool gone = ::unlinkat(shards_fd_, name.c_str(), 0) == 0 || errno == ENOENT;
  const int error = errno;
  files_.erase(name);  // a reader may have put it back in between
  if (!gone) return trouble(error, "remove object '" + name + "'");
  return {};
}

// The kNamesAhead smallest names behind `after`: memory stays bounded however many files there are.
Result<Folder::Ahead> Folder::names_after(const std::string& prefix, const std::string& after) const {
  const int fd = ::openat(shards_fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return trouble(errno, "list it");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), &::closedir);
  if (!directory) {
    ::close(fd);
    return trouble(ENOMEM, "list it");
  }
  Ahead ahead{.prefix = prefix, .after = after, .names = {}, .all = true};
  std::vector<std::string>& names = ahead.names;  // a max-heap until the end
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view found = entry->d_name;
    if (found <= after || !found.starts_with(prefix) || !is_object_name(found)) continue;
    if (names.size() == kNamesAhead) {
      ahead.all = false;
      if (found >= names.front()) continue;
      std::ranges::pop_heap(names);
      names.pop_back();
    }
    names.emplace_back(found);
    std::ranges::push_heap(names);
    errno = 0;
  }
  if (errno != 0) return trouble(errno, "list it");
  std::ranges::sort(names, std::greater<>());
  return ahead;
}

Result<Listing> Folder::list(const std::string& prefix, const std::string& after, std::size_t limit) {
  Ahead ahead;
  {
    const std::lock_guard lock(mutex_);
    if (!after.empty() && ahead_.prefix == prefix && ahead_.after == after) ahead = std::exchange(ahead_, {});
  }
  Listing listing;
  std::string reached = after;
  bool known = !ahead.after.empty();
  while (listing.objects.size() < limit) {
    if (ahead.names.empty()) {
      if (known && ahead.all) break;
      BASCULE_ASSIGN(ahead, names_after(prefix, reached));
      known = true;
      if (ahead.names.empty()) break;
    }
    reached = std::move(ahead.names.back());
    ahead.names.pop_back();
    struct stat info{};
    if (::fstatat(shards_fd_, reached.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      return trouble(errno, "look at object '" + reached + "'");
    }
    if (!S_ISREG(info.st_mode)) continue;
    if (info.st_size == 0) remove_leftover(reached);
    else listing.objects.push_back({reached, static_cast<std::uint64_t>(info.st_size)});
  }
  listing.complete = ahead.names.empty() && known && ahead.all;
  if (!listing.complete && !ahead.names.empty()) {
    ahead.after = listing.objects.back().name;
    const std::lock_guard lock(mutex_);
    ahead_ = std::move(ahead);
  }
  return listing;
}

// An empty file that nobody here prepares or writes was prepared before a crash.
void Folder::remove_leftover(const std::string& name) {
  const std::lock_guard lock(mutex_);  // nobody can begin with this name meanwhile
  if (prepared_.contains(name) || writing_.contains(name)) return;
  struct stat info{};
  if (::fstatat(shards_fd_, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
      info.st_size == 0) {
    ::unlinkat(shards_fd_, name.c_str(), 0);
  }
}

}  // namespace bascule::provider
