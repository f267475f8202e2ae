#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "events/target.h"

namespace bascule::events {
namespace {

namespace fs = std::filesystem;

constexpr auto kPause = std::chrono::minutes(1);   // after a rotation that failed

std::string because(const std::string& what, const std::string& path, int error) {
  return "cannot " + what + " " + path + ": " + std::strerror(error);
}

// 20240517T095940.800Z: names that sort by time.
std::string stamp_of(WallTime time) {
  std::string text;
  for (const char c : format_iso8601(time).substr(0, 23))
    if (c != '-' && c != ':') text += c;
  return text + "Z";
}

class FileTarget final : public Target {
 public:
  FileTarget(FileOptions options) : options_(std::move(options)) {}
  ~FileTarget() override { close(); }

  std::string_view name() const override { return "file"; }
  const std::string& trouble() const override { return trouble_; }
  std::string done() override { return std::exchange(done_, {}); }

  Result<void> open(WallTime now) {
    const int fd = ::open(options_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd < 0) {
      const int error = errno;
      const Code code = error == ENOENT ? Code::not_found : error == ELOOP ? Code::invalid_argument : Code::permission_denied;
      return fail(code, because("open", options_.path, error));
    }
    struct stat about{};
    if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
      ::close(fd);
      return fail(Code::invalid_argument, options_.path + " is not a file");
    }
    if (about.st_uid == ::geteuid() && (about.st_mode & 0777) != 0640) ::fchmod(fd, 0640);
    if (::geteuid() == 0 && about.st_size == 0) give_to_folders_owner(fd);
    close();
    fd_ = fd;
    size_ = static_cast<std::uint64_t>(about.st_size);
    begun_ = size_ == 0 ? now : begin_of(fd, now);
    if (size_ != 0) end_torn_line();
    else if (options_.sync) sync_folder();
    return {};
  }

  std::size_t write(std::string_view lines, WallTime now) override {
    if (fd_ >= 0 && removed()) {   // moved away it is somebody's still, and SIGHUP comes; removed it is nobody's
      close();
      done_ = options_.path + " was removed, and is made anew";
    }
    if (fd_ < 0) {
      if (auto opened = open(now); !opened) {
        trouble_ = opened.error().message;
        return 0;
      }
    }
    if (due(lines.size(), now)) rotate(now);
    std::size_t done = 0;
    while (done < lines.size()) {
      const ssize_t wrote = ::write(fd_, lines.data() + done, lines.size() - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) {
        trouble_ = because("write to", options_.path, wrote < 0 ? errno : ENOSPC);
        done = cut_back(lines, done);
        break;
      }
      done += static_cast<std::size_t>(wrote);
    }
    if (done != 0) size_ += done;
    if (done == lines.size() && options_.sync && ::fdatasync(fd_) != 0) {
      trouble_ = because("sync", options_.path, errno);
      // Whether it is there is not known: written once more it may stand there twice, which (Run, Stream, Sequence) tells.
      return 0;
    }
    return done;
  }

 private:
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  bool removed() const {
    struct stat about{};
    return ::fstat(fd_, &about) == 0 && about.st_nlink == 0;
  }

  std::string folder() const {
    const std::string parent = fs::path(options_.path).parent_path().string();
    return parent.empty() ? "." : parent;
  }

  // That it is there at all outlives a power failure, too.
  void sync_folder() const {
    const int fd = ::open(folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    ::fsync(fd);
    ::close(fd);
  }

  void give_to_folders_owner(int fd) {
    struct stat about{};
    if (::stat(folder().c_str(), &about) == 0 && about.st_uid != 0) {
      [[maybe_unused]] const int ignored = ::fchown(fd, about.st_uid, about.st_gid);
    }
  }

  // When it was made, as far as the file system knows.
  static WallTime begin_of(int fd, WallTime now) {
    struct statx about{};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &about) != 0 || (about.stx_mask & STATX_BTIME) == 0) return now;
    return WallTime(std::chrono::duration_cast<Ticks>(std::chrono::seconds(about.stx_btime.tv_sec)));
  }

  // A crash in the middle of a write leaves half a line: ours begin on one of their own.
  void end_torn_line() {
    const int reader = ::open(options_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char last = '\n';
    if (reader >= 0) {
      if (::pread(reader, &last, 1, static_cast<off_t>(size_ - 1)) != 1) last = '\n';
      ::close(reader);
    }
    if (last != '\n' && ::write(fd_, "\n", 1) == 1) ++size_;
  }

  // After half a write: only whole lines stay. `done` bytes of `lines` were written. Another's lines behind ours (who else may
  // write here is not ours to say) are never cut: then the half line stays, and is ended.
  std::size_t cut_back(std::string_view lines, std::size_t done) {
    const std::size_t end = lines.substr(0, done).rfind('\n');
    const std::size_t whole = end == std::string_view::npos ? 0 : end + 1;
    if (whole == done) return done;
    const off_t reached = ::lseek(fd_, 0, SEEK_CUR);
    struct stat about{};
    const bool ours = reached >= 0 && ::fstat(fd_, &about) == 0 && about.st_size == reached;
    if (!ours || ::ftruncate(fd_, reached - static_cast<off_t>(done - whole)) != 0) close();   // opened anew, and the line ended, next time
    return whole;
  }

  bool due(std::size_t coming, WallTime now) const {
    if (size_ == 0 || now < not_before_) return false;
    if (options_.rotate_bytes != 0 && size_ + coming > options_.rotate_bytes) return true;
    return options_.rotate_age.count() != 0 && now - begun_ >= options_.rotate_age;
  }

  // What cannot be rotated is written on; the reason is said.
  void rotate(WallTime now) {
    std::string away;
    if (options_.sync) ::fdatasync(fd_);
    int linked = -1;
    for (int i = 0; i < 1000 && linked != 0; ++i) {   // several within a millisecond
      away = options_.path + "." + stamp_of(now + std::chrono::milliseconds(i));
      linked = ::link(options_.path.c_str(), away.c_str());
      if (linked != 0 && errno != EEXIST) break;
    }
    const bool gone = linked != 0 && errno == ENOENT;   // by somebody else, or by us when no new one could be made
    if (!gone && (linked != 0 || ::unlink(options_.path.c_str()) != 0)) {
      done_ = because("rotate", options_.path, errno);
      not_before_ = now + kPause;
      return;
    }
    if (auto opened = open(now); !opened) {   // the old file stays open, under its new name
      done_ = opened.error().message;
      not_before_ = now + kPause;
      return;
    }
    if (gone) return;
    done_ = "rotated to " + away;
    remove_oldest();
  }

  void remove_oldest() {
    if (options_.keep == 0) return;
    const fs::path path(options_.path);
    const std::string prefix = path.filename().string() + ".";
    std::vector<std::string> old;
    std::error_code error;
    for (fs::directory_iterator at(folder(), error), end; !error && at != end; at.increment(error)) {
      const std::string found = at->path().filename().string();
      if (found.size() == prefix.size() + 20 && found.starts_with(prefix) && found[prefix.size() + 8] == 'T' && found.ends_with("Z"))
        old.push_back(at->path().string());
    }
    std::ranges::sort(old);
    for (std::size_t i = 0; i + options_.keep < old.size(); ++i) fs::remove(old[i], error);
  }

  const FileOptions options_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  WallTime begun_{}, not_before_{};
  std::string trouble_, done_;
};

}  // namespace

Result<std::unique_ptr<Target>> open_file_target(const FileOptions& options, WallTime now) {
  auto target = std::make_unique<FileTarget>(options);
  BASCULE_TRY(target->open(now));
  return std::unique_ptr<Target>(std::move(target));
}

}  // namespace bascule::events
