// Reading a backup: its runs laid one over the other, in the order of the keys; and everything that can be known of it by
// reading it to its end.
#pragma once
#include <atomic>
#include <functional>
#include <optional>
#include <set>

#include "backup/place.h"
#include "catalog/value_seal.h"
#include "crypto/extent_name.h"
#include "crypto/keyring.h"
#include "runtime/workers.h"
#include "store/store.h"

namespace bascule::backup {

// What stands in [begin, end) when all runs are laid over one another. One coroutine; the place outlives it, and so does the
// manifest. Memory: one segment of each run.
class Stack {
 public:
  Stack(Place& place, const Manifest& manifest, std::string begin, std::string end);   // end "": to the last key
  ~Stack();
  // Nothing at the end. Errors: corrupt, with the object; the place's. The entry is good until the next call.
  Task<Result<const store::Entry*>> next();
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Layer;
  Task<Result<void>> advance(Layer& layer);
  Task<Result<void>> load(Layer& layer);

  Place& place_;
  const std::string begin_, end_;
  std::vector<std::unique_ptr<Layer>> layers_;   // the lowest first
  bool begun_ = false;
  store::Entry entry_;
  std::uint64_t bytes_read_ = 0;
};

struct ReadOptions {
  ReadBack::Extents extents = ReadBack::Extents::none;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::uint64_t records, std::uint64_t bytes_read)> progress;   // now and then
  // Each record as the store has it; an error ends the reading.
  std::function<Task<Result<void>>(const store::Entry& entry)> each;
};

struct ReadReport {
  std::uint64_t records = 0, bytes_read = 0;
  std::uint64_t containers = 0, blobs = 0, past_states = 0, extents = 0, extent_bytes = 0;
  std::uint64_t kept_containers = 0, kept_states = 0;    // under retention or legal holds
  std::uint64_t looked = 0, missing = 0, missing_bytes = 0;   // extents at the provider, with options.extents
  std::uint64_t keys_looked = 0, keys_missing = 0;       // of containers
  std::vector<std::string> missing_names;                // the first ten
  std::uint32_t last_session = 0;
  std::string backups_record, restored_record;           // `M` `backups`, `M` `restored`; "" = not there
};

// What holds the content.
struct Content {
  provider::Provider& provider;
  crypto::Keyring& keyring;
  const crypto::ExtentNamer& namer;
  Clock& clock;
  Random& random;
};

// All of it: authenticates every byte, opens and decodes every record, and compares what stands with the manifest; with
// options.extents, looks whether the extents and containers' keys that it names are there. Errors: corrupt, where anything of the
// backup is not what was written. What is missing at the provider is in the report.
Task<Result<ReadReport>> read(Place& place, const Listed& backup, Content content, ReadOptions options);

}  // namespace bascule::backup
