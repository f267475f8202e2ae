#include "provider/folder/folder_provider.h"

#include "provider/folder/folder.h"
#include "provider/object_name.h"

namespace bascule::provider {
namespace {

class FolderProvider final : public Provider {
 public:
  FolderProvider(std::unique_ptr<Folder> folder, Workers& workers, Clock& clock)
      : folder_(std::move(folder)), workers_(workers), clock_(clock) {}

  std::string_view name() const override { return folder_->name(); }

  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override {
    BASCULE_CO_TRY(check_object_name(name));
    if (total_size(content) == 0) co_return fail(Code::invalid_argument, "provider: an object is never empty");
    co_return co_await offload(workers_, [&, this]() -> Result<void> {
      BASCULE_TRY(in_time(deadline));
      return folder_->put(name, content);
    });
  }

  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override {
    BASCULE_CO_TRY(check_object_name(name));
    co_return co_await offload(workers_, [&, this]() -> Result<void> {
      BASCULE_TRY(in_time(deadline));
      return folder_->get(name, offset, into);
    });
  }

  Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) override {
    BASCULE_TRY(check_object_name(name));
    return folder_->read_cached(name, offset, into);
  }

  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override {
    BASCULE_CO_TRY(check_object_name(name));
    co_return co_await offload(workers_, [&, this]() -> Result<std::uint64_t> {
      BASCULE_TRY(in_time(deadline));
      return folder_->size(name);
    });
  }

  Task<Result<void>> remove(std::string name, Instant deadline) override {
    BASCULE_CO_TRY(check_object_name(name));
    co_return co_await offload(workers_, [&, this]() -> Result<void> {
      BASCULE_TRY(in_time(deadline));
      return folder_->remove(name);
    });
  }

  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override {
    if (limit == 0) co_return fail(Code::invalid_argument, "provider: a listing's limit is 0");
    co_return co_await offload(workers_, [&, this]() -> Result<Listing> {
      BASCULE_TRY(in_time(deadline));
      return folder_->list(prefix, after, limit);
    });
  }

  void announce(std::span<const std::string> names) override {
    auto taken = folder_->reserve_names(names);
    if (taken.empty()) return;
    workers_.submit([folder = folder_.get(), list = std::move(taken)] { folder->prepare(list); });
  }

 private:
  Result<void> in_time(Instant deadline) const {
    if (clock_.now() < deadline) return {};
    return folder_->trouble(Code::timeout, "the disk is busy: the deadline passed before a worker was free");
  }

  const std::unique_ptr<Folder> folder_;  // waits for announcements under way when it ends
  Workers& workers_;
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Provider>> open_folder(FolderOptions options, Workers& workers, Clock& clock) {
  if (options.path.empty()) return fail(Code::invalid_argument, "provider '" + options.name + "': no path is given");
  BASCULE_ASSIGN(auto folder, Folder::open(std::move(options)));
  return std::make_unique<FolderProvider>(std::move(folder), workers, clock);
}

}  // namespace bascule::provider
