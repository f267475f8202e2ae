// A file system in memory that knows which of its state a power cut would leave: the rule by which forgetfs forgets.
//
// Strict rules, weaker than any real file system's promises:
//  - a file's bytes and size survive once fsync or fdatasync of that file has returned (or the write was O_DSYNC);
//  - a directory's entries (creations, removals, renames) survive once fsync of that directory has returned;
//  - a rename is one step: it survives whole with an fsync of the directory it leads to, and not before;
//  - with EntryRule::with_file an fsync of a file also keeps the entries that lead to it, as ext4 and XFS do;
//  - nothing else (close, sync_file_range, syncfs, time) makes anything durable.
// Modes, owners and times are not forgotten.
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace forgetfs {

using InodeId = std::uint64_t;
constexpr InodeId kRoot = 1;

enum class EntryRule : std::uint8_t { strict, with_file };

// What a power cut leaves of the writes that no fsync had covered.
enum class Survival : std::uint8_t {
  none,    // all are lost
  some,    // each is kept or lost on its own, and kept ones may be torn at sectors: reordering
  prefix,  // a random moment since the last fsync, per file and directory
  all,     // everything: like killing the process
  any,     // one of the above, drawn from the seed
};

// Not thread-safe: the caller holds a lock.
class Model {
 public:
  explicit Model(EntryRule rule = EntryRule::strict) : rule_(rule) { clear(); }

  // --- reading; negative results are -errno ---
  bool knows(InodeId id) const { return inodes_.contains(id); }
  struct stat attributes(InodeId id) const;
  InodeId lookup(InodeId directory, const std::string& name) const;  // 0: not there
  std::int64_t read(InodeId file, std::uint64_t offset, char* into, std::size_t size) const;
  std::vector<std::pair<std::string, InodeId>> entries(InodeId directory) const;
  std::string target(InodeId link) const;
  std::string path(InodeId id) const;  // without a leading '/'; of its latest name
  bool is_directory(InodeId id) const;

  // --- changing; 0 or an id, or -errno ---
  std::int64_t create(InodeId directory, const std::string& name, mode_t mode, std::string_view link_target = {});
  int link(InodeId file, InodeId directory, const std::string& name);
  int unlink(InodeId directory, const std::string& name);
  int rmdir(InodeId directory, const std::string& name);
  int rename(InodeId from, const std::string& name, InodeId to, const std::string& new_name, unsigned flags);
  std::int64_t write(InodeId file, std::uint64_t offset, std::string_view bytes);
  int resize(InodeId file, std::uint64_t size);
  void set_attributes(InodeId id, const struct stat& from, bool mode, bool owner, bool times);
  // A pinned inode stays while it has no name (the kernel knows it, somebody has it open). Unknown ids are ignored.
  void pin(InodeId id);
  void unpin(InodeId id, std::uint64_t times);

  // --- making durable ---
  // Changes up to now; give it to sync() later to model an fsync that takes time.
  std::uint64_t watermark() const { return sequence_; }
  void sync(InodeId id, std::uint64_t up_to);

  // Cuts the power: what survives becomes the state, under new inode ids (the root keeps its own).
  void cut(Survival survival, std::uint64_t seed);

  // --- the folder that holds the state while nobody mounts it ---
  void load(const std::string& folder);
  void save(const std::string& folder) const;

  std::uint64_t unsynced_changes() const;
  std::uint64_t bytes() const;

 private:
  // How to take one change of a file's content back. Kept until an fsync covers it.
  struct Undo {
    std::uint64_t sequence;
    std::uint64_t offset;
    std::uint64_t length;    // of the write; 0 for a change of size alone
    std::uint64_t old_size;
    std::uint64_t new_size;
    std::string old_bytes;   // what the write replaced (up to the old size), or what a shrinking cut off
  };
  using Place = std::pair<InodeId, std::string>;  // directory, name
  struct Dirty {             // an entry whose durable state may differ from the present one
    std::uint64_t sequence = 0;
    std::vector<Place> sources;  // renames led here: these places become durable together with this one
    InodeId moved_to = 0;        // the entry left by a rename to that directory: durable only with its other end
  };
  struct Inode {
    struct stat attributes {};
    std::string content;     // of a file or symbolic link
    std::vector<Undo> undo;
    std::map<std::string, InodeId> now, durable;  // of a directory
    std::map<std::string, Dirty> dirty;
    Place place{0, ""};      // its latest name, for path()
    std::uint64_t names = 0; // entries, present and durable ones, that lead here
    std::uint64_t pins = 0;
  };

  void clear();
  Inode& make(mode_t mode, InodeId id);
  Inode* find(InodeId id);
  const Inode* find(InodeId id) const;
  Dirty& change_entry(InodeId directory, const std::string& name, InodeId target);  // target 0: removes it
  void point(std::map<std::string, InodeId>& entries, const std::string& name, InodeId target);
  void release(InodeId id);  // frees it where nothing leads to it any more
  void sync_entry(const Place& place);
  void sync_directory(InodeId id, std::uint64_t up_to);
  void sync_content(Inode& inode, std::uint64_t up_to);
  void cut_content(Inode& inode, Survival survival, std::uint64_t limit, std::mt19937_64& random);
  void cut_entries(Survival survival, std::uint64_t limit, std::mt19937_64& random);
  void keep_reachable();
  void save_directory(const Inode& directory, const std::string& folder, std::map<InodeId, std::string>& saved) const;
  void load_directory(InodeId directory, const std::string& folder, std::map<std::pair<dev_t, ino_t>, InodeId>& seen);

  EntryRule rule_;
  std::unordered_map<InodeId, Inode> inodes_;
  InodeId next_ = kRoot + 1;
  std::uint64_t sequence_ = 0;
};

}  // namespace forgetfs
