// Loading the state from a real folder and leaving it there.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "forgetfs/model.h"

namespace forgetfs {
namespace fs = std::filesystem;

void Model::load(const std::string& folder) {
  clear();
  std::map<std::pair<dev_t, ino_t>, InodeId> seen;
  load_directory(kRoot, folder, seen);
  for (auto& [id, inode] : inodes_) {  // what lies on the real disk is durable
    inode.undo.clear();
    inode.dirty.clear();
    for (const auto& [name, child] : inode.now) point(inode.durable, name, child);
  }
}

void Model::load_directory(InodeId directory, const std::string& folder,
                           std::map<std::pair<dev_t, ino_t>, InodeId>& seen) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    struct stat attributes {};
    if (lstat(entry.path().c_str(), &attributes) != 0) continue;
    const auto known = seen.find({attributes.st_dev, attributes.st_ino});
    if (known != seen.end()) {
      link(known->second, directory, name);
      continue;
    }
    std::string content;
    if (S_ISREG(attributes.st_mode)) {
      std::ifstream file(entry.path(), std::ios::binary);
      content.assign(std::istreambuf_iterator<char>(file), {});
    } else if (S_ISLNK(attributes.st_mode)) {
      content = fs::read_symlink(entry.path());
    } else if (!S_ISDIR(attributes.st_mode)) {
      continue;
    }
    const auto id = static_cast<InodeId>(create(directory, name, attributes.st_mode, content));
    set_attributes(id, attributes, true, true, true);
    if (S_ISDIR(attributes.st_mode)) load_directory(id, entry.path(), seen);
    else seen[{attributes.st_dev, attributes.st_ino}] = id;
  }
}

void Model::save(const std::string& folder) const {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) fs::remove_all(entry.path());
  std::map<InodeId, std::string> saved;
  save_directory(*find(kRoot), folder, saved);
}

void Model::save_directory(const Inode& directory, const std::string& folder, std::map<InodeId, std::string>& saved) const {
  for (const auto& [name, id] : directory.now) {
    const Inode& inode = *find(id);
    const std::string path = folder + "/" + name;
    const auto earlier = saved.find(id);
    if (earlier != saved.end()) {
      fs::create_hard_link(earlier->second, path);
      continue;
    }
    if (S_ISDIR(inode.attributes.st_mode)) {
      fs::create_directory(path);
      save_directory(inode, path, saved);
    } else if (S_ISLNK(inode.attributes.st_mode)) {
      fs::create_symlink(inode.content, path);
      continue;
    } else if (!S_ISREG(inode.attributes.st_mode)) {
      continue;  // a socket means nothing without its process
    } else {
      std::ofstream file(path, std::ios::binary);
      file.write(inode.content.data(), static_cast<std::streamsize>(inode.content.size()));
      if (!file.flush()) throw std::runtime_error("cannot write " + path);
      saved[id] = path;
    }
    fs::permissions(path, static_cast<fs::perms>(inode.attributes.st_mode & 07777));
  }
}

}  // namespace forgetfs
