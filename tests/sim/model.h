// What the protocol promises, as far as the simulator checks it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/clock.h"

namespace bascule::sim {

// A blob that one client has to itself: after every answer its state is known exactly.
struct OwnBlob {
  bool exists = false;
  std::string content, etag, metadata;                 // metadata: the value of "k"; "" = none
  std::optional<std::string> lease;                    // an infinite one
  std::vector<std::pair<std::string, std::string>> blocks;   // committed: id, content
  std::map<std::string, std::string> uncommitted;
  std::string scope, blocks_scope;                     // encryption scopes: of the blob, of its uncommitted blocks
  bool operator==(const OwnBlob&) const = default;
};

// A blob that everybody writes: each write has a value of its own, and a read must give one that was current at some
// instant while it ran.
class SharedBlob {
 public:
  static constexpr const char* kAbsent = "";
  SharedBlob() { writes_.push_back({kAbsent, Instant::min(), Instant::min(), false}); }

  std::size_t begin(std::string value, Instant now) {
    writes_.push_back({std::move(value), now, Instant::max(), false});
    return writes_.size() - 1;
  }
  void done(std::size_t write, Instant now) { writes_[write].end = now; }
  void refused(std::size_t write) { writes_[write].refused = true; }   // it had no effect

  bool may_read(const std::string& value, Instant from, Instant to) const {
    for (const Write& w : writes_) {
      if (w.refused || w.value != value || w.start > to) continue;
      bool overwritten = false;   // by one that began after it had ended, and had ended before the read began
      for (const Write& later : writes_) overwritten |= !later.refused && w.end < later.start && later.end < from;
      if (!overwritten) return true;
    }
    return false;
  }
  // A write under If-Match succeeded: no other may have replaced that same state.
  bool consume(const std::string& etag) { return consumed_.insert(etag).second; }

 private:
  struct Write {
    std::string value;
    Instant start, end;
    bool refused;
  };
  std::vector<Write> writes_;
  std::set<std::string> consumed_;
};

}  // namespace bascule::sim
