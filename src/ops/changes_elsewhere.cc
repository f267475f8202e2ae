// Changes of a blob behind a URL: Get Page Ranges says which, and each is read as a range of the content.
#include <algorithm>

#include "ops/change_source.h"

namespace bascule::ops {

namespace {

class Elsewhere final : public ChangeSource {
 public:
  Elsewhere(Remote& remote, catalog::CopyJobRecord job, BlobType type) : remote_(remote), job_(std::move(job)), type_(type) {}

  // Once: afterwards every answer is of that state, or is refused.
  Task<Result<void>> look() override {
    if (head_) co_return Result<void>{};
    RemoteQuery query = source_query(job_, {});
    query.head_only = true;
    BASCULE_CO_ASSIGN(const auto answer, co_await remote_.open(std::move(query)));
    BASCULE_CO_TRY(check_source(answer->head(), job_));
    head_ = answer->head();
    co_return Result<void>{};
  }

  Task<Result<Changes>> next(std::uint64_t from) override {
    Changes changes{.end = from};
    if (type_ == BlobType::append) {
      changes.end = std::min(job_.total_bytes, from + kMostBytes);
      changes.written.push_back({from, changes.end - 1});
      changes.bytes = changes.end - from;
      co_return changes;
    }
    while (changes.end < job_.total_bytes && !changes.full()) {
      if (changes.end >= known_to_) BASCULE_CO_TRY(co_await list(changes.end));
      while (at_ < ranges_.size() && ranges_[at_].last < changes.end) ++at_;
      if (at_ == ranges_.size()) {
        changes.end = known_to_;
        continue;
      }
      const PageRange& range = ranges_[at_];
      ByteRange part{std::max(range.first, changes.end), range.last};
      if (!range.cleared) part.last = std::min(range.last, part.first + (kMostBytes - changes.bytes) - 1);
      (range.cleared ? changes.cleared : changes.written).push_back(part);
      if (!range.cleared) changes.bytes += *part.last - part.first + 1;
      changes.end = *part.last + 1;
    }
    co_return changes;
  }

  Task<Result<std::unique_ptr<BodySource>>> open(ByteRange range) override { co_return co_await open_source(remote_, job_, range); }

  Result<Properties> properties() const override {
    if (!head_) return fail(Code::internal, "a source was not looked at");
    return Properties{head_->headers, head_->metadata, catalog::PageState{head_->sequence_number}};
  }

 private:
  // The next ranges from `from` on.
  Task<Result<void>> list(std::uint64_t from) {
    const std::string former = job_.former == WallTime() ? std::string() : format_iso8601(job_.former);
    BASCULE_CO_ASSIGN(auto pages, co_await remote_.page_ranges(source_query(job_, ByteRange{from, job_.total_bytes - 1}), former));
    BASCULE_CO_TRY(check_source(pages.head, job_));
    for (const PageRange& range : pages.ranges)
      if (range.first % kPageBytes || (range.last + 1) % kPageBytes || range.last >= job_.total_bytes)
        co_return fail(Code::unavailable, "the source's list of page ranges makes no sense");
    if (!pages.complete && (pages.ranges.empty() || pages.ranges.back().last < from))
      co_return fail(Code::unavailable, "the source's list of page ranges does not go on");
    known_to_ = pages.complete ? job_.total_bytes : pages.ranges.back().last + 1;
    ranges_ = std::move(pages.ranges);
    at_ = 0;
    co_return Result<void>{};
  }

  Remote& remote_;
  const catalog::CopyJobRecord job_;
  const BlobType type_;
  std::optional<RemoteHead> head_;
  std::vector<PageRange> ranges_;
  std::size_t at_ = 0;               // the first that is not taken over
  std::uint64_t known_to_ = 0;
};

}  // namespace

std::unique_ptr<ChangeSource> changes_elsewhere(Remote& remote, catalog::CopyJobRecord job, BlobType type) {
  return std::make_unique<Elsewhere>(remote, std::move(job), type);
}

}  // namespace bascule::ops
