// The kernel's requests, carried out on a Disk. Nothing is cached by the kernel: every read and write arrives here.
#pragma once
#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

#include "forgetfs/disk.h"

namespace forgetfs {

// The session's user data must be a Disk*.
const fuse_lowlevel_ops& fuse_operations();

}  // namespace forgetfs
