// A vector that grows by blocks, so that growing never holds two copies: a million rows are a third of the memory they may take.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

namespace bascule::estate {

template <class T, std::size_t kBlock = 8192> class Blocks {
 public:
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return blocks_[i / kBlock][i % kBlock]; }
  const T& operator[](std::size_t i) const { return blocks_[i / kBlock][i % kBlock]; }
  T& push_back(T value) {
    if (size_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<T[]>(kBlock));
    T& place = (*this)[size_++];
    place = std::move(value);
    return place;
  }
  void clear() {
    blocks_.clear();
    size_ = 0;
  }

 private:
  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace bascule::estate
