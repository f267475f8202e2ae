// Writers of one append or page blob line up: whoever is first takes all who wait behind into one commit, in their order,
// and while it becomes durable the next gather. So many small writes of one blob cost few commits, and each still sees
// the head that the one before it left.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "catalog/catalog.h"
#include "ops/immutability.h"
#include "ops/lineage.h"
#include "runtime/completion.h"

namespace bascule::ops {

// One write, in the frame of the operation that waits for it.
struct SpanWrite {
  // Evaluates the write against the head and changes it; a refusal leaves the head as it was. Returns the spans that the
  // write makes (their birth is the line's to set); none: only the head changes. Called again after a conflict.
  std::function<Result<std::vector<catalog::Span>>(catalog::HeadRecord&)> apply;
  Touch touch = Touch::append;                                          // what it is to what may have to be kept
  std::vector<extent::Piece> pieces;                                    // that it placed
  std::vector<std::shared_ptr<const extent::PlacedExtent>> extents;     // to be named by the commit

  // The line's:
  enum class Turn : std::uint8_t { done, lead };
  Completion<Turn> turn;
  Result<void> outcome = fail(Code::internal, "a write was never looked at");
  std::vector<catalog::Span> spans;
  LineageId lineage;   // what they were written to
  std::size_t bytes() const {   // about what it takes of a commit
    std::size_t sum = 256 + pieces.size() * 140;
    for (const auto& extent : extents) sum += extent->record_value.size() + 64;
    return sum;
  }
};

class SpanLines {
 public:
  static constexpr std::size_t kMostInLine = 10'000;
  static constexpr std::size_t kMostTogether = 128, kMostBytesTogether = 384 * 1024;

  // Takes a place. True: lead at once. False: wait for `turn`. Errors: overloaded.
  Result<bool> enter(const std::string& key, SpanWrite& write) {
    std::lock_guard lock(mutex_);
    auto& line = lines_[key];
    if (line.size() >= kMostInLine) return fail(Code::overloaded, "too many writers wait for one blob");
    line.push_back(&write);
    return line.size() == 1;
  }
  // The leader's batch: itself, and who waits behind it. They stay in the line until leave().
  std::vector<SpanWrite*> gather(const std::string& key) {
    std::lock_guard lock(mutex_);
    std::vector<SpanWrite*> batch;
    std::size_t bytes = 0;
    for (SpanWrite* write : lines_[key]) {
      bytes += write->bytes();
      if (!batch.empty() && (batch.size() == kMostTogether || bytes > kMostBytesTogether)) break;
      batch.push_back(write);
    }
    return batch;
  }
  // The batch is settled: its other writers go on, and the next in the line leads.
  void leave(const std::string& key, const std::vector<SpanWrite*>& batch) {
    SpanWrite* next = nullptr;
    {
      std::lock_guard lock(mutex_);
      const auto line = lines_.find(key);
      line->second.erase(line->second.begin(), line->second.begin() + static_cast<std::ptrdiff_t>(batch.size()));
      if (line->second.empty()) lines_.erase(line);
      else next = line->second.front();
    }
    for (std::size_t i = 1; i < batch.size(); ++i) batch[i]->turn.set(SpanWrite::Turn::done);
    if (next) next->turn.set(SpanWrite::Turn::lead);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::deque<SpanWrite*>> lines_;   // the first of each leads
};

}  // namespace bascule::ops
