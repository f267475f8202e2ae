#include "forgetfs/model.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace forgetfs {
namespace {

timespec now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

void touch(struct stat& attributes) { attributes.st_mtim = attributes.st_ctim = now(); }

}  // namespace

void Model::clear() {
  inodes_.clear();
  make(S_IFDIR | 0755, kRoot);
  inodes_[kRoot].names = 1;
}

Model::Inode& Model::make(mode_t mode, InodeId id) {
  Inode& inode = inodes_[id];
  inode.attributes.st_ino = id;
  inode.attributes.st_mode = mode;
  inode.attributes.st_uid = geteuid();
  inode.attributes.st_gid = getegid();
  inode.attributes.st_nlink = S_ISDIR(mode) ? 2 : 0;
  inode.attributes.st_blksize = 4096;
  inode.attributes.st_atim = now();
  touch(inode.attributes);
  return inode;
}

Model::Inode* Model::find(InodeId id) {
  const auto it = inodes_.find(id);
  return it == inodes_.end() ? nullptr : &it->second;
}
const Model::Inode* Model::find(InodeId id) const { return const_cast<Model*>(this)->find(id); }

// --- reading ---

struct stat Model::attributes(InodeId id) const {
  struct stat out {};
  if (const Inode* inode = find(id)) {
    out = inode->attributes;
    out.st_size = static_cast<off_t>(S_ISDIR(out.st_mode) ? 4096 : inode->content.size());
    out.st_blocks = (out.st_size + 511) / 512;
  }
  return out;
}

InodeId Model::lookup(InodeId directory, const std::string& name) const {
  const Inode* inode = find(directory);
  if (inode == nullptr) return 0;
  const auto it = inode->now.find(name);
  return it == inode->now.end() ? 0 : it->second;
}

std::int64_t Model::read(InodeId file, std::uint64_t offset, char* into, std::size_t size) const {
  const Inode* inode = find(file);
  if (inode == nullptr) return -EIO;
  if (offset >= inode->content.size()) return 0;
  const std::size_t count = std::min<std::size_t>(size, inode->content.size() - offset);
  std::memcpy(into, inode->content.data() + offset, count);
  return static_cast<std::int64_t>(count);
}

std::vector<std::pair<std::string, InodeId>> Model::entries(InodeId directory) const {
  const Inode* inode = find(directory);
  if (inode == nullptr) return {};
  return {inode->now.begin(), inode->now.end()};
}

std::string Model::target(InodeId link) const {
  const Inode* inode = find(link);
  return inode == nullptr ? std::string() : inode->content;
}

std::string Model::path(InodeId id) const {
  std::string out;
  for (const Inode* inode = find(id); inode != nullptr && inode->place.first != 0; inode = find(inode->place.first)) {
    out = out.empty() ? inode->place.second : inode->place.second + "/" + out;
  }
  return out;
}

bool Model::is_directory(InodeId id) const {
  const Inode* inode = find(id);
  return inode != nullptr && S_ISDIR(inode->attributes.st_mode);
}

// --- entries ---

void Model::pin(InodeId id) {
  if (Inode* inode = find(id)) inode->pins++;
}

void Model::unpin(InodeId id, std::uint64_t times) {
  if (Inode* inode = find(id)) {
    inode->pins -= std::min(inode->pins, times);
    release(id);
  }
}

void Model::release(InodeId id) {
  const Inode* inode = find(id);
  if (inode == nullptr || inode->names != 0 || inode->pins != 0 || id == kRoot) return;
  if (!inode->now.empty() || !inode->durable.empty()) return;  // a directory that still holds something
  inodes_.erase(id);
}

void Model::point(std::map<std::string, InodeId>& entries, const std::string& name, InodeId target) {
  const auto it = entries.find(name);
  const InodeId before = it == entries.end() ? 0 : it->second;
  if (before == target) return;
  if (target != 0) {
    entries[name] = target;
    inodes_[target].names++;
  } else {
    entries.erase(it);
  }
  if (before != 0) {
    inodes_[before].names--;
    release(before);
  }
}

Model::Dirty& Model::change_entry(InodeId directory, const std::string& name, InodeId target) {
  Inode& inode = inodes_[directory];
  Dirty& dirty = inode.dirty[name];
  dirty.sequence = ++sequence_;
  dirty.moved_to = 0;
  touch(inode.attributes);
  point(inode.now, name, target);
  if (target != 0) inodes_[target].place = {directory, name};
  return dirty;
}

std::int64_t Model::create(InodeId directory, const std::string& name, mode_t mode, std::string_view link_target) {
  if (!is_directory(directory)) return find(directory) == nullptr ? -EIO : -ENOTDIR;
  if (lookup(directory, name) != 0) return -EEXIST;
  const InodeId id = next_++;
  Inode& inode = make(mode, id);
  inode.content = link_target;
  if (!S_ISDIR(mode)) inode.attributes.st_nlink = 1;
  change_entry(directory, name, id);
  return static_cast<std::int64_t>(id);
}

int Model::link(InodeId file, InodeId directory, const std::string& name) {
  if (find(file) == nullptr || !is_directory(directory)) return -EIO;
  if (lookup(directory, name) != 0) return -EEXIST;
  inodes_[file].attributes.st_nlink++;
  change_entry(directory, name, file);
  return 0;
}

int Model::unlink(InodeId directory, const std::string& name) {
  const InodeId id = lookup(directory, name);
  if (id == 0) return -ENOENT;
  if (is_directory(id)) return -EISDIR;
  inodes_[id].attributes.st_nlink--;
  change_entry(directory, name, 0);
  return 0;
}

int Model::rmdir(InodeId directory, const std::string& name) {
  const InodeId id = lookup(directory, name);
  if (id == 0) return -ENOENT;
  if (!is_directory(id)) return -ENOTDIR;
  if (!inodes_[id].now.empty()) return -ENOTEMPTY;
  change_entry(directory, name, 0);
  return 0;
}

int Model::rename(InodeId from, const std::string& name, InodeId to, const std::string& new_name, unsigned flags) {
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
  if ((flags & ~kNoReplace) != 0) return -EINVAL;
  const InodeId id = lookup(from, name);
  if (id == 0) return -ENOENT;
  if (!is_directory(to)) return -ENOTDIR;
  const InodeId replaced = lookup(to, new_name);
  if (replaced == id) return 0;
  if (replaced != 0) {
    if ((flags & kNoReplace) != 0) return -EEXIST;
    if (is_directory(id) && !is_directory(replaced)) return -ENOTDIR;
    if (!is_directory(id) && is_directory(replaced)) return -EISDIR;
    if (is_directory(replaced) && !inodes_[replaced].now.empty()) return -ENOTEMPTY;
    if (!is_directory(replaced)) inodes_[replaced].attributes.st_nlink--;
  }
  pin(id);  // between its two names it has none
  change_entry(from, name, 0).moved_to = to;
  change_entry(to, new_name, id).sources.emplace_back(from, name);
  unpin(id, 1);
  return 0;
}

// --- content ---

std::int64_t Model::write(InodeId file, std::uint64_t offset, std::string_view bytes) {
  Inode* inode = find(file);
  if (inode == nullptr) return -EIO;
  if (bytes.empty()) return 0;
  const std::uint64_t old_size = inode->content.size();
  const std::uint64_t end = offset + bytes.size();
  Undo undo{++sequence_, offset, bytes.size(), old_size, std::max(old_size, end), {}};
  if (offset < old_size) undo.old_bytes = inode->content.substr(offset, bytes.size());
  if (end > old_size) inode->content.resize(end);
  std::memcpy(inode->content.data() + offset, bytes.data(), bytes.size());
  inode->undo.push_back(std::move(undo));
  touch(inode->attributes);
  return static_cast<std::int64_t>(bytes.size());
}

int Model::resize(InodeId file, std::uint64_t size) {
  Inode* inode = find(file);
  if (inode == nullptr) return -EIO;
  const std::uint64_t old_size = inode->content.size();
  if (size == old_size) return 0;
  Undo undo{++sequence_, size, 0, old_size, size, {}};
  if (size < old_size) undo.old_bytes = inode->content.substr(size);
  inode->content.resize(size);
  inode->undo.push_back(std::move(undo));
  touch(inode->attributes);
  return 0;
}

void Model::set_attributes(InodeId id, const struct stat& from, bool mode, bool owner, bool times) {
  Inode* inode = find(id);
  if (inode == nullptr) return;
  struct stat& to = inode->attributes;
  if (mode) to.st_mode = (to.st_mode & S_IFMT) | (from.st_mode & 07777);
  if (owner) {
    to.st_uid = from.st_uid;
    to.st_gid = from.st_gid;
  }
  if (times) {
    to.st_atim = from.st_atim;
    to.st_mtim = from.st_mtim;
  }
  to.st_ctim = now();
}

// --- making durable ---

void Model::sync(InodeId id, std::uint64_t up_to) {
  Inode* inode = find(id);
  if (inode == nullptr) return;
  if (S_ISDIR(inode->attributes.st_mode)) return sync_directory(id, up_to);
  sync_content(*inode, up_to);
  if (rule_ != EntryRule::with_file) return;
  for (Place place = inode->place; place.first != 0;) {
    const Inode* parent = find(place.first);
    if (parent == nullptr) return;
    sync_entry(place);
    place = parent->place;
  }
}

void Model::sync_content(Inode& inode, std::uint64_t up_to) {
  const auto first_kept = std::find_if(inode.undo.begin(), inode.undo.end(),
                                       [&](const Undo& undo) { return undo.sequence > up_to; });
  inode.undo.erase(inode.undo.begin(), first_kept);
}

void Model::sync_directory(InodeId id, std::uint64_t up_to) {
  std::vector<std::string> names;
  for (const auto& [name, dirty] : inodes_[id].dirty) {
    const bool waits_for_other_end = dirty.moved_to != 0 && dirty.moved_to != id;
    if (dirty.sequence <= up_to && !waits_for_other_end) names.push_back(name);
  }
  for (const std::string& name : names) sync_entry({id, name});
}

void Model::sync_entry(const Place& place) {
  Inode* directory = find(place.first);
  if (directory == nullptr) return;
  const auto it = directory->dirty.find(place.second);
  if (it == directory->dirty.end()) return;
  const std::vector<Place> sources = std::move(it->second.sources);
  directory->dirty.erase(it);
  const auto present = directory->now.find(place.second);
  const bool durable_before = directory->durable.contains(place.second);
  if (present != directory->now.end()) point(directory->durable, place.second, present->second);
  else if (durable_before) point(directory->durable, place.second, 0);
  for (const Place& source : sources) sync_entry(source);
}

// --- the power cut ---

void Model::cut(Survival survival, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  if (survival == Survival::any) {
    constexpr Survival kDrawn[] = {Survival::none, Survival::none, Survival::some, Survival::some, Survival::prefix, Survival::all};
    survival = kDrawn[random() % std::size(kDrawn)];
  }
  std::uint64_t oldest = sequence_;
  std::vector<InodeId> ids;  // in order, so that a seed gives the same cut again
  for (const auto& [id, inode] : inodes_) {
    ids.push_back(id);
    if (!inode.undo.empty()) oldest = std::min(oldest, inode.undo.front().sequence);
    for (const auto& [name, dirty] : inode.dirty) oldest = std::min(oldest, dirty.sequence);
  }
  std::sort(ids.begin(), ids.end());
  const std::uint64_t limit = oldest + random() % (sequence_ - oldest + 1);
  for (const InodeId id : ids) cut_content(inodes_[id], survival, limit, random);
  cut_entries(survival, limit, random);
  keep_reachable();
}

void Model::cut_content(Inode& inode, Survival survival, std::uint64_t limit, std::mt19937_64& random) {
  if (inode.undo.empty() || survival == Survival::all) {
    inode.undo.clear();
    return;
  }
  std::string& content = inode.content;
  std::vector<std::string> written(inode.undo.size());
  for (std::size_t i = inode.undo.size(); i-- > 0;) {  // back to the last fsync, remembering what is taken back
    const Undo& undo = inode.undo[i];
    written[i] = content.substr(undo.offset, undo.length);
    content.resize(undo.old_size);
    if (!undo.old_bytes.empty()) std::memcpy(content.data() + undo.offset, undo.old_bytes.data(), undo.old_bytes.size());
  }
  if (survival == Survival::none) {
    inode.undo.clear();
    return;
  }
  const std::uint64_t keep_of_ten = 1 + random() % 9;
  for (std::size_t i = 0; i < inode.undo.size(); ++i) {
    const Undo& undo = inode.undo[i];
    if (survival == Survival::prefix ? undo.sequence > limit : random() % 10 >= keep_of_ten) continue;
    if (undo.length == 0) {
      content.resize(undo.new_size);
      continue;
    }
    const bool torn = survival == Survival::some && random() % 3 == 0;
    const std::uint64_t sector = random() % 2 == 0 ? 512 : 4096;
    for (std::uint64_t at = 0; at < undo.length;) {
      const std::uint64_t step = std::min(undo.length - at, sector - (undo.offset + at) % sector);
      if (!torn || random() % 2 == 0) {
        const std::uint64_t end = undo.offset + at + step;
        if (content.size() < end) content.resize(end);
        std::memcpy(content.data() + undo.offset + at, written[i].data() + at, step);
      }
      at += step;
    }
  }
  inode.undo.clear();
}

void Model::cut_entries(Survival survival, std::uint64_t limit, std::mt19937_64& random) {
  if (survival == Survival::none) return;
  std::vector<std::pair<std::uint64_t, Place>> changes;
  for (const auto& [id, inode] : inodes_) {
    for (const auto& [name, dirty] : inode.dirty) {
      const bool half_of_rename = dirty.moved_to != 0;  // its other end decides for both
      if (!half_of_rename) changes.emplace_back(dirty.sequence, Place{id, name});
    }
  }
  std::sort(changes.begin(), changes.end());
  for (const auto& [sequence, place] : changes) {
    const bool kept = survival == Survival::all || (survival == Survival::prefix ? sequence <= limit : random() % 2 == 0);
    if (kept) sync_entry(place);
  }
}

void Model::keep_reachable() {
  std::unordered_map<InodeId, Inode> old = std::move(inodes_);
  inodes_.clear();
  std::map<InodeId, InodeId> renumbered{{kRoot, kRoot}};
  std::vector<InodeId> waiting{kRoot};
  while (!waiting.empty()) {
    const InodeId old_id = waiting.back();
    waiting.pop_back();
    const InodeId id = renumbered[old_id];
    Inode& from = old[old_id];
    Inode& to = inodes_[id];
    to.attributes = from.attributes;
    to.attributes.st_ino = id;
    to.content = std::move(from.content);
    to.place = id == kRoot ? Place{0, ""} : to.place;
    for (const auto& [name, child] : from.durable) {
      const auto [it, added] = renumbered.try_emplace(child, 0);
      if (added) {
        it->second = next_++;
        waiting.push_back(child);
        old[child].attributes.st_nlink = S_ISDIR(old[child].attributes.st_mode) ? 2 : 0;
      }
      Inode& target = inodes_[it->second];
      target.place = {id, name};
      target.names += 2;
      if (!S_ISDIR(old[child].attributes.st_mode)) {
        old[child].attributes.st_nlink++;
        target.attributes.st_nlink = old[child].attributes.st_nlink;
      }
      inodes_[id].now[name] = it->second;
    }
    inodes_[id].durable = inodes_[id].now;
  }
  inodes_[kRoot].names = 1;
}

std::uint64_t Model::unsynced_changes() const {
  std::uint64_t count = 0;
  for (const auto& [id, inode] : inodes_) count += inode.undo.size() + inode.dirty.size();
  return count;
}

std::uint64_t Model::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [id, inode] : inodes_) sum += inode.content.size();
  return sum;
}

}  // namespace forgetfs
