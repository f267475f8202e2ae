// Reads a blob's content run by run: from a nearby provider one at a time into its own buffers, from a remote one with
// some ahead. What the runs are is the derived reader's: a block blob's manifest (read.cc), spans (span_reader.cc).
#pragma once
#include <algorithm>
#include <deque>

#include "extent/reader.h"
#include "ops/service.h"

namespace bascule::ops {

// One stretch of one piece: what is asked of the provider in one go. Or zeros, where nothing was ever written.
struct Run {
  extent::Piece piece;
  crypto::ChunkRun chunks;
  std::uint32_t skip = 0;     // bytes of the run's plaintext before the range
  std::uint32_t take = 0;     // bytes of the range; 0: the end
  bool zeros = false;
};

class RunReader : public BlobReader {
 public:
  RunReader(const Service& service, Container container, BlobView view, std::uint64_t first, std::uint64_t length,
            std::shared_ptr<void> token)
      : service_(service), container_(std::move(container)), position_(first), end_(first + length), view_(std::move(view)),
        first_(first), length_(length), token_(std::move(token)),
        reader_(service.parts().provider, service.parts().namer, service.ciphers(), container_->key, container_->cid) {}

  const BlobView& blob() const override { return view_; }
  std::uint64_t first_byte() const override { return first_; }
  std::uint64_t length_bytes() const override { return length_; }
  Task<Result<Bytes>> next() override {
    return service_.options().read_ahead == 0 ? next_direct() : next_ahead();
  }

 protected:
  static constexpr std::uint32_t kMostZeros = 64 * 1024;   // in one run

  virtual Task<Result<Run>> next_run() = 0;
  // The run of at most `most` bytes from `offset` in a piece.
  Run run_of(const extent::Piece& piece, std::uint64_t offset, std::uint64_t most) const {
    const std::uint64_t want = std::min<std::uint64_t>(
        {most, piece.size_bytes - offset, service_.options().read_run_bytes - offset % crypto::kChunkBytes});
    Run run{piece, crypto::chunks_of(piece.size_bytes, offset, want)};
    run.skip = static_cast<std::uint32_t>(offset - run.chunks.plain_offset);
    run.take = static_cast<std::uint32_t>(want);
    return run;
  }

  const Service& service_;
  const Container container_;
  std::uint64_t position_;
  const std::uint64_t end_;

 private:
  struct Buffer {
    std::unique_ptr<std::byte[]> sealed, plain;
    std::size_t capacity = 0;
    MutableBytes sealed_bytes(const crypto::ChunkRun& c) const { return {sealed.get(), c.sealed_bytes}; }
    MutableBytes plain_bytes(const crypto::ChunkRun& c) const {
      return {plain ? plain.get() : sealed.get(), c.plain_bytes};  // a single chunk opens in its own place
    }
    void reserve(const crypto::ChunkRun& c);
  };
  // A run that is fetched while earlier ones are being sent. Shared with the fetching task, which may outlive the reader.
  struct Fetch {
    Run run;
    Buffer buffer;
    Completion<Result<void>> done;
  };

  Task<Result<Bytes>> next_direct();
  Task<Result<Bytes>> next_ahead();
  static Task<void> fetch(const Service& service, Container container, std::shared_ptr<void> token, std::shared_ptr<Fetch> f);

  const BlobView view_;
  const std::uint64_t first_, length_;
  const std::shared_ptr<void> token_;
  extent::PieceReader reader_;
  Buffer buffer_;
  std::deque<std::shared_ptr<Fetch>> ahead_;
  std::shared_ptr<Fetch> current_;
};

}  // namespace bascule::ops
