// The folder itself, without coroutines: every function blocks and runs on a worker, but for read_cached().
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "provider/folder/file_cache.h"
#include "provider/folder/folder_provider.h"

namespace bascule::provider {

// Any thread.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> open(FolderOptions options);
  explicit Folder(FolderOptions options) : options_(std::move(options)), files_(options_.max_open_files) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();  // waits for prepare(), removes what was prepared and not put

  std::string_view name() const { return options_.name; }
  Result<void> put(const std::string& name, Slices content);
  Result<void> get(const std::string& name, std::uint64_t offset, MutableBytes into);
  // Never waits for the disk; false: use get().
  bool read_cached(std::string_view name, std::uint64_t offset, MutableBytes into);
  Result<std::uint64_t> size(const std::string& name);
  Result<void> remove(const std::string& name);
  Result<Listing> list(const std::string& prefix, const std::string& after, std::size_t limit);

  // Takes those names that there is room for; unless there are none, prepare() is then called once to create their files.
  std::vector<std::string> reserve_names(std::span<const std::string> names);
  void prepare(const std::vector<std::string>& names);

  std::unexpected<Error> trouble(int error, std::string_view doing) const;
  std::unexpected<Error> trouble(Code code, std::string_view what) const;

 private:
  class Writing;  // marks a name as being put
  struct Prepared { FileRef file; };  // null while its file is being created
  struct Ahead {  // the names that follow a page that was just listed
    std::string prefix, after;
    std::vector<std::string> names;  // descending: the next is at the back
    bool all = false;                // nothing comes behind them
  };

  Result<FileRef> open_to_read(const std::string& name);
  Result<void> write(const std::string& name, Slices content, const FileRef& file, bool entry_is_durable);
  FileRef take_prepared(const std::string& name);
  Result<void> check_space(std::uint64_t bytes) const;
  Result<Ahead> names_after(const std::string& prefix, const std::string& after) const;
  void remove_leftover(const std::string& name);

  const FolderOptions options_;
  std::uint64_t reserve_bytes_ = 0;
  int shards_fd_ = -1;
  FileCache files_;

  std::mutex mutex_;                             // guards what follows
  std::map<std::string, Prepared, std::less<>> prepared_;
  std::set<std::string, std::less<>> writing_;
  Ahead ahead_;
  int preparing_ = 0;                            // calls of prepare() to come or under way
  std::condition_variable prepared_all_;
};

}  // namespace bascule::provider
