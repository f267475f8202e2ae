#include "load/process.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace bench {
namespace {

// The fields of /proc/PID/stat after the command's name, which may hold anything: field 3 (state) comes first.
std::vector<std::string> stat_fields(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  std::vector<std::string> fields;
  if (name_end == std::string::npos) return fields;
  std::istringstream rest(line.substr(name_end + 1));
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::uint64_t status_kib(pid_t pid, std::string_view name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
  }
  return 0;
}

}  // namespace

std::vector<pid_t> process_tree(std::span<const pid_t> roots) {
  std::vector<std::pair<pid_t, pid_t>> parents;  // child, parent
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return {roots.begin(), roots.end()};
  while (const dirent* entry = readdir(proc)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const auto fields = stat_fields(pid);
    if (fields.size() > 1) parents.emplace_back(pid, std::atoi(fields[1].c_str()));
  }
  closedir(proc);
  std::vector<pid_t> tree(roots.begin(), roots.end());
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (const auto& [child, parent] : parents) {
      if (parent == tree[i] && std::find(tree.begin(), tree.end(), child) == tree.end()) tree.push_back(child);
    }
  }
  return tree;
}

std::uint64_t cpu_microseconds(std::span<const pid_t> processes) {
  const auto ticks_per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  std::uint64_t ticks = 0;
  for (const pid_t pid : processes) {
    const auto fields = stat_fields(pid);
    // utime, stime, cutime, cstime are fields 14 to 17 of proc(5); ours begin with field 3.
    for (std::size_t i = 11; i <= 14 && i < fields.size(); ++i) ticks += std::strtoull(fields[i].c_str(), nullptr, 10);
  }
  return ticks * 1'000'000 / ticks_per_second;
}

void reset_peak_memory(std::span<const pid_t> processes) {
  for (const pid_t pid : processes) std::ofstream(fmt::format("/proc/{}/clear_refs", pid)) << "5";
}

std::uint64_t peak_memory_bytes(std::span<const pid_t> processes) {
  std::uint64_t sum = 0;
  for (const pid_t pid : processes) sum += status_kib(pid, "VmHWM:") * 1024;
  return sum;
}

std::uint64_t memory_bytes(std::span<const pid_t> processes) {
  std::uint64_t sum = 0;
  for (const pid_t pid : processes) sum += status_kib(pid, "VmRSS:") * 1024;
  return sum;
}

}  // namespace bench
