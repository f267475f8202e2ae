// How a pending copy reads a source that lies elsewhere: of the state that it was begun with, or not at all.
#pragma once
#include <atomic>
#include <memory>

#include "catalog/copy_job.h"
#include "ops/remote.h"

namespace bascule::ops {

// What a source that cannot be read any more leaves in x-ms-copy-status-description: the copy has failed (invalid_argument).
std::unexpected<Error> source_failed(int status, std::string_view code);

// What a job asks its source.
RemoteQuery source_query(const catalog::CopyJobRecord& job, std::optional<ByteRange> range);
// Is this an answer of the state that the job was begun with? unavailable: it may answer later.
Result<void> check_source(const RemoteHead& head, const catalog::CopyJobRecord& job);
// The source's content from the range's first byte on, where the other side is deaf to ranges too. Nothing: all of it.
Task<Result<std::unique_ptr<RemoteContent>>> open_source(Remote& remote, catalog::CopyJobRecord job, std::optional<ByteRange> range);

// Lets a copy end early where the process is about to. Both are the caller's.
class StoppableBody final : public BodySource {
 public:
  StoppableBody(BodySource& inner, const std::atomic<bool>& stop) : inner_(inner), stop_(stop) {}
  Task<Result<std::size_t>> read(MutableBytes into) override {
    if (stop_) co_return fail(Code::cancelled, "stopping");
    co_return co_await inner_.read(into);
  }

 private:
  BodySource& inner_;
  const std::atomic<bool>& stop_;
};

}  // namespace bascule::ops
