#include "provider/folder/file.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bascule::provider {
namespace {

constexpr std::size_t kMaxSlicesAtOnce = 256;  // well below the kernel's IOV_MAX, and small enough for the stack
// One call's bytes. A write of megabytes makes the page cache take folios as large, which are seldom at hand: on ext4 of
// Linux 6.18, 3.7 s of CPU a GiB in calls of 8 MiB, 1.7 in calls of this size.
constexpr std::size_t kWriteBytes = 128 * 1024;

}  // namespace

// Reads need not be dated (a file of another owner says no, and is dated).
File::File(int fd) : fd_(fd) { ::fcntl(fd_, F_SETFL, O_NOATIME); }
File::~File() { ::close(fd_); }

int write_all(int fd, Slices content) {
  off_t offset = 0;
  std::size_t index = 0, skip = 0;  // the first slice with bytes left, and how many of its bytes are written
  while (index < content.size()) {
    iovec vectors[kMaxSlicesAtOnce];
    int count = 0;
    std::size_t bytes = 0;
    for (std::size_t i = index; i < content.size() && count < static_cast<int>(kMaxSlicesAtOnce); ++i) {
      const std::size_t done = i == index ? skip : 0;
      if (content[i].size() == done) continue;
      vectors[count].iov_base = const_cast<std::byte*>(content[i].data() + done);
      vectors[count].iov_len = std::min(content[i].size() - done, kWriteBytes - bytes);
      bytes += vectors[count++].iov_len;
      if (bytes == kWriteBytes) break;
    }
    if (count == 0) return 0;
    const ssize_t wrote = ::pwritev(fd, vectors, count, offset);
    if (wrote < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (wrote == 0) return ENOSPC;
    offset += wrote;
    for (auto left = static_cast<std::size_t>(wrote); left > 0 && index < content.size();) {
      const std::size_t rest = content[index].size() - skip;
      if (left < rest) {
        skip += left;
        break;
      }
      left -= rest;
      ++index;
      skip = 0;
    }
  }
  return 0;
}

std::ptrdiff_t read_all(int fd, std::uint64_t offset, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<std::ptrdiff_t>(done);
}

}  // namespace bascule::provider
