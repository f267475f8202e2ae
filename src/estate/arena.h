// Memory for one JSON record after the other: given out from blocks, taken back all at once, the first block kept.
// (Boost 1.81's monotonic_resource gives out nothing any more once it has been released.)
#pragma once
#include <algorithm>
#include <boost/json/memory_resource.hpp>
#include <cstddef>
#include <memory>
#include <vector>

namespace bascule::estate {

class Arena final : public boost::json::memory_resource {
 public:
  // Everything given out is void after it.
  void release() {
    if (blocks_.size() > 1) blocks_.resize(1);
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlock = 64 << 10;
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  void* do_allocate(std::size_t size, std::size_t alignment) override {
    used_ = (used_ + alignment - 1) / alignment * alignment;
    if (blocks_.empty() || used_ + size > blocks_.back().size) {
      const std::size_t wanted = std::max(size, blocks_.empty() ? kBlock : std::min(blocks_.back().size * 2, kBlock * 64));
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(wanted), wanted});
      used_ = 0;
    }
    void* at = blocks_.back().bytes.get() + used_;
    used_ += size;
    return at;
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override { return this == &other; }

  std::vector<Block> blocks_;
  std::size_t used_ = 0;
};

}  // namespace bascule::estate

template <> struct boost::json::is_deallocate_trivial<bascule::estate::Arena> {
  static constexpr bool value = true;
};
