#include "forgetfs/control.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <stdexcept>

namespace forgetfs {

std::optional<Survival> survival_named(const std::string& name) {
  static const std::map<std::string, Survival> kNames = {{"none", Survival::none}, {"some", Survival::some},
      {"prefix", Survival::prefix}, {"all", Survival::all}, {"any", Survival::any}};
  const auto it = kNames.find(name);
  if (it == kNames.end()) return std::nullopt;
  return it->second;
}

std::string obey(Disk& disk, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "stats") return disk.describe();
  if (command == "revive") {
    disk.revive();
    return "ok";
  }
  if (command == "obey") {
    disk.obey_all_syncs();
    return "ok";
  }
  if (command == "ignore-fsync") {
    std::string pattern;
    if (!(words >> pattern)) return "error: ignore-fsync wants a pattern";
    disk.ignore_sync(pattern);
    return "ok";
  }
  if (command == "arm" || command == "cut") {
    std::uint64_t changes = 1;
    std::uint64_t seed = 0;
    std::string name;
    if (command == "arm" && !(words >> changes)) return "error: arm wants a number of changes";
    if (!(words >> name >> seed)) return "error: " + command + " wants a survival and a seed";
    const auto survival = survival_named(name);
    if (!survival) return "error: unknown survival " + name;
    if (command == "arm") disk.arm(changes, *survival, seed);
    else disk.cut(*survival, seed);
    return "ok";
  }
  return "error: unknown command " + command;
}

ControlSocket::ControlSocket(Disk& disk, const std::string& path) : disk_(disk), path_(path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("control path too long: " + path);
  path.copy(address.sun_path, path.size());
  unlink(path.c_str());
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0 || bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 8) != 0) {
    throw std::runtime_error("cannot listen on " + path);
  }
  thread_ = std::jthread([this] { serve(); });
}

ControlSocket::~ControlSocket() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  unlink(path_.c_str());
}

void ControlSocket::serve() {
  for (;;) {
    const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    std::string pending;
    char buffer[4096];
    for (ssize_t got; (got = read(peer, buffer, sizeof buffer)) > 0;) {
      pending.append(buffer, static_cast<std::size_t>(got));
      for (std::size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
        const std::string answer = obey(disk_, pending.substr(0, end)) + "\n";
        if (write(peer, answer.data(), answer.size()) < 0) break;
      }
    }
    close(peer);
  }
}

}  // namespace forgetfs
