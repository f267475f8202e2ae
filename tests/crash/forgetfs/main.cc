// forgetfs SOURCEDIR MOUNTPOINT: a mounted folder that forgets what was not synced when its power is cut.
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <thread>

#include "forgetfs/control.h"
#include "forgetfs/fuse_operations.h"

namespace {

constexpr const char* kUsage = R"(forgetfs SOURCEDIR MOUNTPOINT [options]

Loads SOURCEDIR into memory, serves it at MOUNTPOINT in the foreground, and writes the state back when it is unmounted.
What no fsync has covered is lost when the power is cut: by SIGUSR1, by --crash-after, or through the control socket.
From then on every operation fails with EIO; SOURCEDIR gets what survived when MOUNTPOINT is unmounted, and a new mount
shows it ("revive" on the control socket does the same without unmounting).

  --crash-after N       cut the power in place of the N-th change
  --survival HOW        of unsynced changes: none, some (any subset, torn), prefix, all, any of these (none)
  --seed N              what chance decides comes from it (0)
  --entries strict|with-file   with-file: fsync of a file also keeps its name (strict)
  --sync-us N           how long an fsync takes (0)
  --ignore-fsync PATTERN   fsync of matching paths does nothing; "f:" or "d:" before it: files or directories only
  --control PATH        a Unix socket: arm N HOW SEED | cut HOW SEED | revive | ignore-fsync PATTERN | obey | stats
)";

struct Arguments {
  std::string source, mount, control;
  std::uint64_t crash_after = 0, seed = 0, sync_us = 0;
  forgetfs::Survival survival = forgetfs::Survival::none;
  forgetfs::EntryRule rule = forgetfs::EntryRule::strict;
  std::vector<std::string> ignored;
};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "forgetfs: %s\n%s", why.c_str(), kUsage);
  std::exit(2);
}

Arguments parse(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (!name.starts_with("--")) {
      (out.source.empty() ? out.source : out.mount) = name;
      continue;
    }
    if (i + 1 >= argc) refuse(name + " wants a value");
    const std::string value = argv[++i];
    if (name == "--crash-after") out.crash_after = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--seed") out.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--sync-us") out.sync_us = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--control") out.control = value;
    else if (name == "--ignore-fsync") out.ignored.push_back(value);
    else if (name == "--entries" && value == "strict") out.rule = forgetfs::EntryRule::strict;
    else if (name == "--entries" && value == "with-file") out.rule = forgetfs::EntryRule::with_file;
    else if (const auto survival = forgetfs::survival_named(value); name == "--survival" && survival) out.survival = *survival;
    else refuse("cannot use " + name + " " + value);
  }
  if (out.source.empty() || out.mount.empty()) refuse("two folders, please");
  return out;
}

int serve(const Arguments& arguments) {
  forgetfs::Disk disk(arguments.rule, std::chrono::microseconds(arguments.sync_us));
  disk.load(arguments.source);
  for (const std::string& pattern : arguments.ignored) disk.ignore_sync(pattern);
  if (arguments.crash_after != 0) disk.arm(arguments.crash_after, arguments.survival, arguments.seed);

  // SIGUSR1 is taken by a thread that waits for it; every other thread inherits the blocked mask.
  sigset_t power;
  sigemptyset(&power);
  sigaddset(&power, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &power, nullptr);
  std::thread([&disk, &arguments, power] {
    for (int signal = 0; sigwait(&power, &signal) == 0;) disk.cut(arguments.survival, arguments.seed);
  }).detach();
  std::unique_ptr<forgetfs::ControlSocket> control;
  if (!arguments.control.empty()) control = std::make_unique<forgetfs::ControlSocket>(disk, arguments.control);

  std::string name = "forgetfs", option = "-o", options = "fsname=forgetfs,subtype=forgetfs,default_permissions,allow_other";
  char* fuse_arguments[] = {name.data(), option.data(), options.data(), nullptr};
  fuse_args args = FUSE_ARGS_INIT(3, fuse_arguments);
  fuse_session* session = fuse_session_new(&args, &forgetfs::fuse_operations(), sizeof(fuse_lowlevel_ops), &disk);
  if (session == nullptr || fuse_set_signal_handlers(session) != 0 ||
      fuse_session_mount(session, arguments.mount.c_str()) != 0) {
    std::fputs("forgetfs: cannot mount\n", stderr);
    return 1;
  }
  fuse_loop_config* loop = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(loop, 16);
  fuse_session_loop_mt(session, loop);
  fuse_loop_cfg_destroy(loop);
  fuse_session_unmount(session);
  control.reset();
  disk.save(arguments.source);
  std::fflush(nullptr);
  std::_Exit(0);  // the thread that waits for SIGUSR1 still refers to the disk
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  umask(0);
  try {
    return serve(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forgetfs: %s\n", error.what());
    return 1;
  }
}
