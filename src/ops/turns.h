// Turns at a key. Writers of one key commit optimistically; once two have met, the loser lines up, and whoever comes while
// there is a line lines up behind. So each gets through in the order in which they came, however many they are, and a key
// that nobody fights for costs a look at a counter.
#pragma once
#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

#include "runtime/completion.h"

namespace bascule::ops {

class Turns {
 public:
  static constexpr std::size_t kMostInLine = 10'000;   // at one key

  // Ends when it is destroyed: then the next in the line has it. Empty where nobody has met.
  class [[nodiscard]] Turn {
   public:
    Turn() = default;
    Turn(Turns* turns, std::string key) : turns_(turns), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&& other) noexcept {
      if (this != &other) {
        end();
        turns_ = std::exchange(other.turns_, nullptr);
        key_ = std::move(other.key_);
      }
      return *this;
    }
    ~Turn() { end(); }
    explicit operator bool() const { return turns_ != nullptr; }

   private:
    void end() {
      if (turns_) std::exchange(turns_, nullptr)->pass_on(key_);
    }
    Turns* turns_ = nullptr;
    std::string key_;
  };

  // Into `turn`, which stays as it is where it is one already. `met`: the caller has met another writer at this key. Any
  // loop; nobody may wait here with a turn at another key unless all do so in the order of the keys. Errors: overloaded (too
  // many wait).
  Task<Result<void>> take(Turn& turn, std::string key, bool met) {
    if (turn || (!met && lines_count_.load(std::memory_order_relaxed) == 0)) co_return Result<void>{};
    Completion<bool> mine;
    {
      std::lock_guard lock(mutex_);
      const auto line = lines_.find(key);
      if (line == lines_.end()) {
        if (!met) co_return Result<void>{};
        lines_.try_emplace(key);
        lines_count_.store(lines_.size(), std::memory_order_relaxed);
        turn = Turn(this, std::move(key));
        co_return Result<void>{};
      }
      if (line->second.size() >= kMostInLine) co_return fail(Code::overloaded, "too many writers wait for one blob");
      line->second.push_back(&mine);
    }
    co_await mine.wait();
    turn = Turn(this, std::move(key));
    co_return Result<void>{};
  }

 private:
  void pass_on(const std::string& key) {
    Completion<bool>* next = nullptr;
    {
      std::lock_guard lock(mutex_);
      const auto line = lines_.find(key);
      if (!line->second.empty()) {
        next = line->second.front();
        line->second.pop_front();
      } else {
        lines_.erase(line);
        lines_count_.store(lines_.size(), std::memory_order_relaxed);
      }
    }
    if (next) next->set(true);
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::deque<Completion<bool>*>> lines_;   // a key is here while somebody has its turn
  std::atomic<std::size_t> lines_count_{0};
};

}  // namespace bascule::ops
