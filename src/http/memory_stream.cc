#include "http/memory_stream.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "runtime/completion.h"

namespace bascule::http {
namespace {

enum class Wake { changed, timeout };

// Where one coroutine waits for a change.
class Waiter {
 public:
  Task<Wake> wait() {
    Completion<Wake> done;
    waiting_ = &done;
    const Wake wake = co_await done.wait();
    co_return wake;
  }
  void wake(Wake why) {
    if (auto* waiting = std::exchange(waiting_, nullptr)) waiting->set(why);
  }
  bool waiting() const { return waiting_ != nullptr; }

 private:
  Completion<Wake>* waiting_ = nullptr;
};

// One direction.
struct Channel {
  std::string bytes;
  std::size_t begin = 0;
  std::optional<std::uint64_t> cut_after;
  bool ended = false;        // the sender sends no more
  bool reader_gone = false;  // the next byte sent resets the connection
  Waiter reader;
  Waiter writer;

  std::size_t size() const { return bytes.size() - begin; }
  void drop() {
    bytes.clear();
    begin = 0;
  }
  void changed() {
    reader.wake(Wake::changed);
    writer.wake(Wake::changed);
  }
};

struct Pipe {
  explicit Pipe(Clock& c, PipeOptions o) : clock(c), options(std::move(o)) {}
  Clock& clock;
  PipeOptions options;
  Channel channels[2];  // [0]: from the first end to the second
  bool reset = false;

  // Of a reset by a planted fault the bytes before it still arrive; one by an end that is gone takes them along.
  void cut(bool keep_bytes) {
    reset = true;
    if (!keep_bytes) {
      for (Channel& channel : channels) channel.drop();
    }
    for (Channel& channel : channels) channel.changed();
  }
};

// One end's deadline, watched by a task of its own that sleeps on: moving the deadline away costs nothing.
struct Deadline {
  Instant when = kNoDeadline;
  Instant watched = kNoDeadline;
  Waiter* reader = nullptr;
  Waiter* writer = nullptr;
  std::shared_ptr<Pipe> pipe;
  bool closed = false;
};

Task<void> watch(std::shared_ptr<Deadline> deadline, Instant until) {
  Clock& clock = deadline->pipe->clock;
  while (!deadline->closed) {
    co_await clock.sleep_until(until);
    if (deadline->closed || deadline->watched != until) co_return;  // an earlier deadline has a watcher of its own
    if (deadline->when == kNoDeadline) break;
    if (deadline->when <= clock.now()) {
      deadline->watched = kNoDeadline;
      deadline->reader->wake(Wake::timeout);
      deadline->writer->wake(Wake::timeout);
      co_return;
    }
    until = deadline->watched = deadline->when;
  }
  deadline->watched = kNoDeadline;
}

class MemoryStream final : public ByteStream {
 public:
  MemoryStream(std::shared_ptr<Pipe> pipe, int end)
      : pipe_(std::move(pipe)), out_(pipe_->channels[end]), in_(pipe_->channels[1 - end]),
        deadline_(std::make_shared<Deadline>()) {
    deadline_->reader = &in_.reader;
    deadline_->writer = &out_.writer;
    deadline_->pipe = pipe_;
  }

  ~MemoryStream() override {
    deadline_->closed = true;
    if (pipe_->reset) return;
    if (in_.size() != 0) {
      pipe_->cut(false);
      return;
    }
    out_.ended = true;
    in_.reader_gone = true;
    in_.changed();
    out_.changed();
  }

  Task<Result<std::size_t>> read_some(MutableBytes into) override {
    if (auto ready = co_await wait_for_input(); !ready) co_return fail(std::move(ready).error());
    const std::size_t bytes = std::min(into.size(), in_.size());
    std::memcpy(into.data(), in_.bytes.data() + in_.begin, bytes);
    in_.begin += bytes;
    if (in_.size() == 0) in_.drop();
    in_.writer.wake(Wake::changed);
    co_return bytes;
  }

  Task<Result<void>> wait_readable() override { return wait_for_input(); }

  Task<Result<void>> write_all(Slices slices) override {
    for (std::size_t i = 0; i < slices.size(); ++i) {
      Bytes rest = slices[i];
      while (!rest.empty()) {
        if (aborted_) co_return fail(Code::cancelled, "the connection was aborted");
        if (pipe_->reset) co_return fail(Code::unavailable, "the connection was reset");
        if (out_.ended) co_return fail(Code::unavailable, "the connection is closed for sending");
        if (out_.reader_gone) {
          pipe_->cut(false);
          continue;
        }
        const std::size_t room = pipe_->options.capacity_bytes - std::min(out_.size(), pipe_->options.capacity_bytes);
        if (room == 0) {
          if (!co_await wait(out_.writer)) co_return fail(Code::timeout, "nothing could be sent for too long");
          continue;
        }
        rest = rest.subspan(put(rest.first(std::min(rest.size(), room))));
      }
    }
    co_return Result<void>();
  }

  void set_deadline(Instant when) override {
    deadline_->when = when;
  }

  Task<void> shutdown_write() override {
    out_.ended = true;
    out_.changed();
    co_return;
  }

  void abort() override {
    aborted_ = true;
    pipe_->cut(false);
  }

  bool encrypted() const override { return pipe_->options.encrypted; }
  std::string_view peer_address() const override { return pipe_->options.peer_address; }

 private:
  // True at a change, false at the deadline.
  Task<bool> wait(Waiter& waiter) {
    if (deadline_->when <= pipe_->clock.now()) co_return false;
    if (deadline_->when < deadline_->watched) {
      deadline_->watched = deadline_->when;
      spawn(co_await this_executor(), watch(deadline_, deadline_->when));
    }
    co_return co_await waiter.wait() == Wake::changed;
  }

  Task<Result<void>> wait_for_input() {
    while (in_.size() == 0) {
      if (aborted_) co_return fail(Code::cancelled, "the connection was aborted");
      if (pipe_->reset) co_return fail(Code::unavailable, "the connection was reset");
      if (in_.ended) co_return Result<void>();
      if (!co_await wait(in_.reader)) co_return fail(Code::timeout, "nothing came in for too long");
    }
    co_return Result<void>();
  }

  std::size_t put(Bytes bytes) {
    std::size_t count = bytes.size();
    if (out_.cut_after) {
      count = static_cast<std::size_t>(std::min<std::uint64_t>(count, *out_.cut_after));
      *out_.cut_after -= count;
    }
    out_.bytes.append(as_text(bytes.first(count)));
    out_.reader.wake(Wake::changed);
    if (out_.cut_after && *out_.cut_after == 0) pipe_->cut(true);
    return count;
  }

  const std::shared_ptr<Pipe> pipe_;
  Channel& out_;
  Channel& in_;
  const std::shared_ptr<Deadline> deadline_;
  bool aborted_ = false;
};

}  // namespace

std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> make_memory_pipe(Clock& clock,
                                                                                     PipeOptions options) {
  auto pipe = std::make_shared<Pipe>(clock, std::move(options));
  pipe->channels[0].cut_after = pipe->options.cut_first_to_second;
  pipe->channels[1].cut_after = pipe->options.cut_second_to_first;
  return {std::make_unique<MemoryStream>(pipe, 0), std::make_unique<MemoryStream>(pipe, 1)};
}

}  // namespace bascule::http
