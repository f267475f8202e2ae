// Where the uploads of one loop hash side by side: MD5 cannot be hurried for one body, but what several have ready at the
// same time goes through vector registers together (Md5::update_all).
#pragma once
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "base/digest.h"
#include "runtime/completion.h"

namespace bascule::ops {

// One per loop, made when it is first asked for, gone with the loop. Its loop's thread only.
class Md5Line final : public boost::asio::execution_context::service {
 public:
  inline static boost::asio::execution_context::id id;
  explicit Md5Line(boost::asio::execution_context& loop) : service(loop) {}
  static Md5Line& of(const Executor& executor) { return boost::asio::use_service<Md5Line>(executor.context()); }

  // An upload that hashes. Ends when it is destroyed.
  class [[nodiscard]] Place {
   public:
    Place() = default;
    explicit Place(Executor executor) : line_(&of(executor)), executor_(executor) { ++line_->uploads_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (line_) --line_->uploads_;
    }
    // `bytes` stay until it returns. Alone on the loop, or with little: at once. Else whoever is ready on the loop joins.
    Task<void> update(Md5& md5, Bytes bytes) {
      if (line_->uploads_ < 2 || bytes.size() < kLeastBytes) {
        md5.update(bytes);
        co_return;
      }
      Completion<bool> done;
      line_->waiting_.push_back({{&md5, bytes}, &done});
      if (line_->waiting_.size() == 1) boost::asio::post(*executor_, [line = line_] { line->hash(); });
      co_await done.wait();
    }

   private:
    Md5Line* line_ = nullptr;
    std::optional<Executor> executor_;
  };

 private:
  static constexpr std::size_t kLeastBytes = 2048;

  struct Waiting {
    Md5::Update update;
    Completion<bool>* done;
  };
  void shutdown() override { waiting_.clear(); }
  void hash() {
    std::vector<Md5::Update> updates;
    updates.reserve(waiting_.size());
    for (const auto& w : waiting_) updates.push_back(w.update);
    Md5::update_all(updates);
    for (const auto& w : std::exchange(waiting_, {})) w.done->set(true);
  }

  std::size_t uploads_ = 0;
  std::vector<Waiting> waiting_;
};

}  // namespace bascule::ops
