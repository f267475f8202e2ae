// Where the writer puts lines: a file, syslog, standard output. Used by the writer's thread alone.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace bascule::events {

struct FileOptions {
  std::string path;                              // its folder must be there
  std::uint64_t rotate_bytes = 0;                // 0 = never for its size
  std::chrono::seconds rotate_age{0};            // 0 = never for its age
  std::uint32_t keep = 0;                        // how many rotated files stay; 0 = all
  bool sync = false;                             // each batch is on the disk before the next is taken
};

struct SyslogOptions {
  std::string socket = "/dev/log";               // a datagram socket of this machine
  int facility = 16;                             // RFC 5424: local0
};

class Target {
 public:
  virtual ~Target() = default;
  virtual std::string_view name() const = 0;     // file, syslog, stdout
  // Writes lines, each with its line feed. Returns how many bytes are done with: fewer than all where it cannot go on, at
  // the end of a line then; what is left may be tried again. trouble() says why.
  virtual std::size_t write(std::string_view lines, WallTime now) = 0;
  virtual const std::string& trouble() const = 0;
  // What it did by itself since the last call, for the log: "rotated"; "" = nothing.
  virtual std::string done() { return {}; }
};

// Opens or makes the file (mode 0640; root gives it to its folder's owner). permission_denied, not_found, and
// invalid_argument: it is a link, or no file.
Result<std::unique_ptr<Target>> open_file_target(const FileOptions& options, WallTime now);
// unavailable: nobody listens there.
Result<std::unique_ptr<Target>> open_syslog_target(const SyslogOptions& options);
// The same without a look whether somebody does: the first write finds out.
std::unique_ptr<Target> make_syslog_target(const SyslogOptions& options);
// Standard output, or any other descriptor, which stays the caller's. A pipe that nobody reads is trouble after a while.
std::unique_ptr<Target> make_descriptor_target(int descriptor);

// RFC 5424: 0 kern … 23 local7. Nothing for an unknown word.
int syslog_facility(std::string_view word);   // -1 = none of that name

}  // namespace bascule::events
