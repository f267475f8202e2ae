#include "forgetfs/fuse_operations.h"

#include <fcntl.h>
#include <linux/falloc.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace forgetfs {
namespace {

Disk& disk(fuse_req_t request) { return *static_cast<Disk*>(fuse_req_userdata(request)); }

void reply(fuse_req_t request, std::int64_t result) { fuse_reply_err(request, result < 0 ? static_cast<int>(-result) : 0); }

void initialise(void*, fuse_conn_info* connection) {
  connection->max_write = 1u << 20;
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_WRITEBACK_CACHE);
}

// Answers with an entry; the kernel then knows the inode until it forgets it.
std::int64_t fill_entry(Model& model, InodeId id, fuse_entry_param& entry) {
  model.pin(id);
  entry.ino = id;
  entry.attr = model.attributes(id);
  return 0;
}

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
  fuse_entry_param entry{};
  const std::int64_t result = disk(request).look([&](Model& model) -> std::int64_t {
    const InodeId id = model.lookup(parent, name);
    return id == 0 ? -ENOENT : fill_entry(model, id, entry);
  });
  if (result < 0) reply(request, result);
  else fuse_reply_entry(request, &entry);
}

void forget(fuse_req_t request, fuse_ino_t inode, std::uint64_t times) {
  disk(request).unpin(inode, times);
  fuse_reply_none(request);
}

void forget_many(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
  for (std::size_t i = 0; i < count; ++i) disk(request).unpin(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(request);
}

void get_attributes(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
  struct stat attributes {};
  const int result = disk(request).look([&](Model& model) {
    attributes = model.attributes(inode);
    return model.knows(inode) ? 0 : -EIO;
  });
  if (result < 0) reply(request, result);
  else fuse_reply_attr(request, &attributes, 0);
}

timespec present() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

void set_attributes(fuse_req_t request, fuse_ino_t inode, struct stat* wanted, int which, fuse_file_info* file) {
  const auto apply = [&](Model& model) {
    if (!model.knows(inode)) return -EIO;
    if ((which & FUSE_SET_ATTR_SIZE) != 0) {
      const int result = model.resize(inode, static_cast<std::uint64_t>(wanted->st_size));
      if (result < 0) return result;
    }
    struct stat merged = model.attributes(inode);
    if ((which & FUSE_SET_ATTR_MODE) != 0) merged.st_mode = wanted->st_mode;
    if ((which & FUSE_SET_ATTR_UID) != 0) merged.st_uid = wanted->st_uid;
    if ((which & FUSE_SET_ATTR_GID) != 0) merged.st_gid = wanted->st_gid;
    if ((which & FUSE_SET_ATTR_ATIME) != 0) merged.st_atim = wanted->st_atim;
    if ((which & FUSE_SET_ATTR_MTIME) != 0) merged.st_mtim = wanted->st_mtim;
    if ((which & FUSE_SET_ATTR_ATIME_NOW) != 0) merged.st_atim = present();
    if ((which & FUSE_SET_ATTR_MTIME_NOW) != 0) merged.st_mtim = present();
    const bool times = (which & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW)) != 0;
    model.set_attributes(inode, merged, (which & FUSE_SET_ATTR_MODE) != 0,
                         (which & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) != 0, times);
    return 0;
  };
  const int result = (which & FUSE_SET_ATTR_SIZE) != 0 ? disk(request).change(apply) : disk(request).look(apply);
  if (result < 0) return reply(request, result);
  get_attributes(request, inode, file);
}

void make_entry(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, std::string_view target) {
  fuse_entry_param entry{};
  const std::int64_t result = disk(request).change([&](Model& model) -> std::int64_t {
    const std::int64_t id = model.create(parent, name, mode, target);
    return id < 0 ? id : fill_entry(model, static_cast<InodeId>(id), entry);
  });
  if (result < 0) reply(request, result);
  else fuse_reply_entry(request, &entry);
}

void make_directory(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
  make_entry(request, parent, name, S_IFDIR | (mode & 07777), {});
}
void make_node(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t) {
  if (!S_ISREG(mode) && !S_ISSOCK(mode) && !S_ISFIFO(mode)) return reply(request, -EPERM);
  make_entry(request, parent, name, mode, {});
}
void make_symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
  make_entry(request, parent, name, S_IFLNK | 0777, target);
}

void read_link(fuse_req_t request, fuse_ino_t inode) {
  std::string target;
  const int result = disk(request).look([&](Model& model) {
    target = model.target(inode);
    return 0;
  });
  if (result < 0) reply(request, result);
  else fuse_reply_readlink(request, target.c_str());
}

void create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* file) {
  fuse_entry_param entry{};
  const std::int64_t result = disk(request).change([&](Model& model) -> std::int64_t {
    InodeId id = model.lookup(parent, name);
    if (id != 0 && (file->flags & O_EXCL) != 0) return -EEXIST;
    if (id == 0) {
      const std::int64_t made = model.create(parent, name, S_IFREG | (mode & 07777));
      if (made < 0) return made;
      id = static_cast<InodeId>(made);
    } else if ((file->flags & O_TRUNC) != 0) {
      model.resize(id, 0);
    }
    return fill_entry(model, id, entry);
  });
  if (result < 0) return reply(request, result);
  file->direct_io = 1;
  fuse_reply_create(request, &entry, file);
}

void open_file(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
  const int result = disk(request).look([&](Model& model) {
    if (!model.knows(inode)) return -EIO;
    return (file->flags & O_TRUNC) != 0 ? model.resize(inode, 0) : 0;
  });
  if (result < 0) return reply(request, result);
  file->direct_io = 1;
  fuse_reply_open(request, file);
}

void read_file(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset, fuse_file_info*) {
  std::unique_ptr<char[]> buffer(new char[size]);
  const std::int64_t result = disk(request).look(
      [&](Model& model) { return model.read(inode, static_cast<std::uint64_t>(offset), buffer.get(), size); });
  if (result < 0) reply(request, result);
  else fuse_reply_buf(request, buffer.get(), static_cast<std::size_t>(result));
}

void write_file(fuse_req_t request, fuse_ino_t inode, const char* bytes, std::size_t size, off_t offset, fuse_file_info* file) {
  const bool durable = (file->flags & O_DSYNC) != 0;
  const std::int64_t result = disk(request).write(inode, static_cast<std::uint64_t>(offset), {bytes, size}, durable);
  if (result < 0) reply(request, result);
  else fuse_reply_write(request, static_cast<std::size_t>(result));
}

void allocate(fuse_req_t request, fuse_ino_t inode, int mode, off_t offset, off_t length, fuse_file_info*) {
  const auto from = static_cast<std::uint64_t>(offset);
  const auto end = from + static_cast<std::uint64_t>(length);
  const std::int64_t result = disk(request).change([&](Model& model) -> std::int64_t {
    if (!model.knows(inode)) return -EIO;
    const auto size = static_cast<std::uint64_t>(model.attributes(inode).st_size);
    if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0) return -EOPNOTSUPP;
    if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0 && from < size) {
      const std::int64_t zeroed = model.write(inode, from, std::string(std::min(end, size) - from, '\0'));
      if (zeroed < 0) return zeroed;
    }
    return (mode & FALLOC_FL_KEEP_SIZE) == 0 && end > size ? model.resize(inode, end) : 0;
  });
  reply(request, result);
}

void sync_file(fuse_req_t request, fuse_ino_t inode, int, fuse_file_info*) { reply(request, disk(request).sync(inode)); }

void nothing(fuse_req_t request, fuse_ino_t, fuse_file_info*) { reply(request, 0); }

void unlink_entry(fuse_req_t request, fuse_ino_t parent, const char* name) {
  reply(request, disk(request).change([&](Model& model) { return model.unlink(parent, name); }));
}
void remove_directory(fuse_req_t request, fuse_ino_t parent, const char* name) {
  reply(request, disk(request).change([&](Model& model) { return model.rmdir(parent, name); }));
}
void rename_entry(fuse_req_t request, fuse_ino_t parent, const char* name, fuse_ino_t to, const char* new_name, unsigned flags) {
  reply(request, disk(request).change([&](Model& model) { return model.rename(parent, name, to, new_name, flags); }));
}
void link_entry(fuse_req_t request, fuse_ino_t inode, fuse_ino_t parent, const char* name) {
  fuse_entry_param entry{};
  const std::int64_t result = disk(request).change([&](Model& model) -> std::int64_t {
    const int linked = model.link(inode, parent, name);
    return linked < 0 ? linked : fill_entry(model, inode, entry);
  });
  if (result < 0) reply(request, result);
  else fuse_reply_entry(request, &entry);
}

// A directory's entries as they were when it was opened.
struct Listing {
  std::vector<std::pair<std::string, struct stat>> entries;
};

void open_directory(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
  auto listing = std::make_unique<Listing>();
  const int result = disk(request).look([&](Model& model) {
    if (!model.is_directory(inode)) return -EIO;
    listing->entries = {{".", model.attributes(inode)}, {"..", model.attributes(inode)}};
    for (const auto& [name, id] : model.entries(inode)) listing->entries.emplace_back(name, model.attributes(id));
    return 0;
  });
  if (result < 0) return reply(request, result);
  file->fh = reinterpret_cast<std::uint64_t>(listing.release());
  fuse_reply_open(request, file);
}

void read_directory(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* file) {
  const auto& entries = reinterpret_cast<const Listing*>(file->fh)->entries;
  std::string buffer(size, '\0');
  std::size_t used = 0;
  for (auto i = static_cast<std::size_t>(offset); i < entries.size(); ++i) {
    const std::size_t needed = fuse_add_direntry(request, buffer.data() + used, size - used, entries[i].first.c_str(),
                                                 &entries[i].second, static_cast<off_t>(i + 1));
    if (needed > size - used) break;
    used += needed;
  }
  fuse_reply_buf(request, buffer.data(), used);
}

void close_directory(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  delete reinterpret_cast<Listing*>(file->fh);
  reply(request, 0);
}

void file_system(fuse_req_t request, fuse_ino_t) {
  struct statvfs numbers {};
  numbers.f_bsize = numbers.f_frsize = 4096;
  numbers.f_blocks = numbers.f_bfree = numbers.f_bavail = 64u << 20;  // 256 GiB: memory is the real bound
  numbers.f_files = numbers.f_ffree = numbers.f_favail = 1u << 30;
  numbers.f_namemax = 255;
  fuse_reply_statfs(request, &numbers);
}

}  // namespace

const fuse_lowlevel_ops& fuse_operations() {
  static const fuse_lowlevel_ops operations = [] {
    fuse_lowlevel_ops ops{};
    ops.init = initialise;
    ops.lookup = lookup;
    ops.forget = forget;
    ops.forget_multi = forget_many;
    ops.getattr = get_attributes;
    ops.setattr = set_attributes;
    ops.readlink = read_link;
    ops.mknod = make_node;
    ops.mkdir = make_directory;
    ops.symlink = make_symlink;
    ops.unlink = unlink_entry;
    ops.rmdir = remove_directory;
    ops.rename = rename_entry;
    ops.link = link_entry;
    ops.create = create;
    ops.open = open_file;
    ops.read = read_file;
    ops.write = write_file;
    ops.flush = nothing;
    ops.release = nothing;
    ops.fsync = sync_file;
    ops.fallocate = allocate;
    ops.opendir = open_directory;
    ops.readdir = read_directory;
    ops.releasedir = close_directory;
    ops.fsyncdir = sync_file;
    ops.statfs = file_system;
    return ops;
  }();
  return operations;
}

}  // namespace forgetfs
