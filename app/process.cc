#include "app/process.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace bascule::app {

void prepare_process(bool debugging) {
  ::umask(077);
  if (!debugging) {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);   // a handler that the kernel pipes dumps to does not ask for the limit
  }
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

void notify_service_manager(std::string_view state) {
  const char* where = std::getenv("NOTIFY_SOCKET");
  if (where == nullptr || (where[0] != '/' && where[0] != '@')) return;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::size_t length = std::strlen(where);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, where, length);
  if (where[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  ::close(fd);
}

Result<void> become_owner_of(const std::string& folder) {
  struct stat about{};
  if (::geteuid() != 0) return {};
  if (::stat((folder + "/catalog").c_str(), &about) != 0 && ::stat(folder.c_str(), &about) != 0) return {};
  if (about.st_uid == 0) return {};
  const passwd* user = ::getpwuid(about.st_uid);   // its group too: the folder's own may be one that only lets others read
  const gid_t group = user != nullptr ? user->pw_gid : about.st_gid;
  const bool grouped = user != nullptr ? ::initgroups(user->pw_name, group) == 0 : ::setgroups(1, &group) == 0;
  if (grouped && ::setresgid(group, group, group) == 0 && ::setresuid(about.st_uid, about.st_uid, about.st_uid) == 0) return {};
  return fail(Code::permission_denied, "cannot become the user that " + folder + " belongs to: " + std::strerror(errno));
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace bascule::app
