#include "forgetfs/disk.h"

#include <fnmatch.h>

#include <cerrno>
#include <thread>

namespace forgetfs {

void Disk::load(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  model_.load(folder);
}

void Disk::save(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  model_.save(folder);
}

void Disk::arm(std::uint64_t changes, Survival survival, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  countdown_ = changes;
  survival_ = survival;
  seed_ = seed;
}

void Disk::cut(Survival survival, std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  if (cut_) return;
  model_.cut(survival, seed);
  cut_ = true;
  countdown_ = 0;
  ++life_;
  counts_.cuts++;
}

void Disk::revive() {
  const std::lock_guard lock(mutex_);
  cut_ = false;
}

void Disk::ignore_sync(std::string pattern) {
  const std::lock_guard lock(mutex_);
  ignored_.push_back(std::move(pattern));
}

void Disk::obey_all_syncs() {
  const std::lock_guard lock(mutex_);
  ignored_.clear();
}

Counts Disk::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool Disk::is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

std::string Disk::describe() const {
  const std::lock_guard lock(mutex_);
  std::string out = "{";
  const auto add = [&out](const char* name, std::uint64_t value) {
    if (out.size() > 1) out += ", ";
    out += '"';
    out += name;
    out += "\": " + std::to_string(value);
  };
  add("changes", counts_.changes);
  add("writes", counts_.writes);
  add("file_syncs", counts_.file_syncs);
  add("directory_syncs", counts_.directory_syncs);
  add("ignored_syncs", counts_.ignored_syncs);
  add("cuts", counts_.cuts);
  add("refused", counts_.refused);
  add("cut", cut_ ? 1 : 0);
  add("unsynced_changes", model_.unsynced_changes());
  add("bytes", model_.bytes());
  return out + "}";
}

bool Disk::spend_locked() {
  if (!cut_ && countdown_ != 0 && --countdown_ == 0) {
    model_.cut(survival_, seed_);
    cut_ = true;
    ++life_;
    counts_.cuts++;
  }
  if (cut_) {
    counts_.refused++;
    return false;
  }
  counts_.changes++;
  return true;
}

bool Disk::ignored_locked(InodeId id) const {
  if (ignored_.empty()) return false;
  const std::string path = model_.path(id);
  const bool directory = model_.is_directory(id);
  for (const std::string& rule : ignored_) {
    std::string pattern = rule;
    if (pattern.starts_with("f:") || pattern.starts_with("d:")) {
      if (directory != (pattern[0] == 'd')) continue;
      pattern.erase(0, 2);
    }
    if (fnmatch(pattern.c_str(), path.c_str(), 0) == 0) return true;
  }
  return false;
}

std::int64_t Disk::write(InodeId file, std::uint64_t offset, std::string_view bytes, bool durable) {
  const std::lock_guard lock(mutex_);
  if (!spend_locked()) return -EIO;
  counts_.writes++;
  const std::int64_t written = model_.write(file, offset, bytes);
  if (durable && written > 0 && !ignored_locked(file)) model_.sync(file, model_.watermark());
  return written;
}

int Disk::sync(InodeId id) {
  std::uint64_t watermark = 0;
  std::uint64_t life = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!spend_locked()) return -EIO;
    if (!model_.knows(id)) return -EIO;
    (model_.is_directory(id) ? counts_.directory_syncs : counts_.file_syncs)++;
    if (ignored_locked(id)) {
      counts_.ignored_syncs++;
      return 0;
    }
    watermark = model_.watermark();
    life = life_;
    if (sync_time_.count() == 0) {
      model_.sync(id, watermark);
      return 0;
    }
  }
  std::this_thread::sleep_for(sync_time_);  // a real disk takes its time: whoever answers early is caught
  const std::lock_guard lock(mutex_);
  if (cut_ || life != life_) return -EIO;
  model_.sync(id, watermark);
  return 0;
}

void Disk::unpin(InodeId id, std::uint64_t times) {
  const std::lock_guard lock(mutex_);
  model_.unpin(id, times);
}

}  // namespace forgetfs
