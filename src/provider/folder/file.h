// An open file that closes itself, and what an errno means to a provider.
#pragma once
#include <memory>

#include "provider/provider.h"

namespace bascule::provider {

class File {
 public:
  explicit File(int fd);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();
  int fd() const { return fd_; }

 private:
  const int fd_;
};
using FileRef = std::shared_ptr<const File>;  // closed when the last user lets go

// Writes all of `content` from offset 0. Returns 0 or an errno.
int write_all(int fd, Slices content);
// Reads until `into` is full or the file ends; how much, or -1 with errno set.
std::ptrdiff_t read_all(int fd, std::uint64_t offset, MutableBytes into);

}  // namespace bascule::provider
