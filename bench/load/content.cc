#include "load/content.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "load/random.h"

namespace bench {
namespace {
constexpr std::uint64_t kPoolBytes = 4'194'319;  // the first prime above 4 MiB + 8
}  // namespace

Content::Content(std::uint64_t seed) : seed_(seed) {
  file_ = memfd_create("bench-content", MFD_CLOEXEC);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(kPoolBytes)) != 0) {
    std::perror("memfd_create");
    std::exit(2);
  }
  void* map = mmap(nullptr, kPoolBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file_, 0);
  if (map == MAP_FAILED) {
    std::perror("mmap");
    std::exit(2);
  }
  data_ = static_cast<char*>(map);
  Random random(seed);
  for (std::uint64_t at = 0; at < kPoolBytes; at += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(data_ + at, &word, std::min<std::uint64_t>(8, kPoolBytes - at));
  }
}

Content::~Content() {
  if (data_ != nullptr) munmap(data_, kPoolBytes);
  if (file_ >= 0) close(file_);
}

std::uint64_t Content::file_offset(std::uint64_t key, std::uint64_t position) const {
  return (mix(seed_ ^ (key + 1)) % kPoolBytes + position) % kPoolBytes;
}

std::span<const char> Content::at(std::uint64_t key, std::uint64_t position, std::uint64_t length) const {
  const std::uint64_t from = file_offset(key, position);
  return {data_ + from, static_cast<std::size_t>(std::min(length, kPoolBytes - from))};
}

bool Content::matches(std::uint64_t key, std::uint64_t position, std::span<const char> bytes) const {
  while (!bytes.empty()) {
    const std::span<const char> expected = at(key, position, bytes.size());
    if (std::memcmp(expected.data(), bytes.data(), expected.size()) != 0) return false;
    position += expected.size();
    bytes = bytes.subspan(expected.size());
  }
  return true;
}

}  // namespace bench
