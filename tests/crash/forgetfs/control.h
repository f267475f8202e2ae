// The commands by which a test steers a mounted disk: one line each, one line back, over a Unix socket.
#pragma once
#include <optional>
#include <string>
#include <thread>

#include "forgetfs/disk.h"

namespace forgetfs {

std::optional<Survival> survival_named(const std::string& name);  // none, some, prefix, all, any

// arm N SURVIVAL SEED | cut SURVIVAL SEED | revive | ignore-fsync PATTERN | obey | stats
// Answers "ok", "error: ..." or, to stats, one JSON object.
std::string obey(Disk& disk, const std::string& line);

// Serves one connection after another in a thread of its own until it is destroyed.
class ControlSocket {
 public:
  ControlSocket(Disk& disk, const std::string& path);  // throws std::runtime_error where it cannot listen
  ~ControlSocket();

 private:
  void serve();

  Disk& disk_;
  std::string path_;
  int listener_ = -1;
  std::jthread thread_;
};

}  // namespace forgetfs
