// FolderProvider: objects as files of one flat directory, `shards/`, of a local file system.
//
// A file is written in place. Names that were announced exist beforehand as empty files whose directory entries are
// synced, so that their put costs pwritev and fdatasync alone; an object is never empty, hence an empty file is no object
// and get(), size() and list() pass over it. A put that a crash cuts short may leave a file of any length with any
// content: it shows in size() and list(), and a range of it may be read, which its checksums then refuse. Nothing names
// such a file (the catalog records an object only after its put returned), so it is garbage for the collector.
#pragma once
#include <memory>
#include <string>

#include "provider/provider.h"
#include "runtime/workers.h"

namespace bascule::provider {

struct FolderOptions {
  std::string name = "folder";
  std::string path;                  // created if it is not there
  std::size_t max_open_files = 512;  // kept open for reading
  std::size_t max_prepared = 256;    // announced files kept open for writing; further announcements are ignored
  // put() is refused (`exhausted`) while it would leave less than this on the file system, so that the catalog, which
  // may share it, can still record deletions. 0: an eighth of the file system, at most 256 MiB.
  std::uint64_t reserve_bytes = 0;
};

// Holds the folder exclusively until it is destroyed. Blocks; call it before the loops run. `workers` and `clock` outlive
// the provider, and no call may be running when it is destroyed. A call that has reached a worker runs to its end: a
// deadline is looked at before, not during, since a system call cannot be taken back.
// Errors: unavailable ("another process holds ..."), permission_denied, exhausted, invalid_argument.
Result<std::unique_ptr<Provider>> open_folder(FolderOptions options, Workers& workers, Clock& clock = system_clock());

}  // namespace bascule::provider
