// Files that a command reads and writes for a person.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule::app {

// A whole file, "-" for standard input. not_found: it cannot be read; invalid_argument: it is larger than `most_bytes`.
Result<std::string> read_text(const std::string& file, std::size_t most_bytes);

// Writes a file whole or not at all: under another name beside it, then in its place. Readable by others as the process's
// umask says.
Result<void> write_text(const std::string& file, std::string_view text);

// A new file that nobody else can read, for one secret. Made before the secret is there, so that none is lost for want of a
// place; goes again where nothing was written into it.
class SecretFile {
 public:
  // already_exists: it is there, and is left as it is.
  static Result<SecretFile> create(const std::string& path);
  SecretFile(SecretFile&& other) noexcept;
  SecretFile& operator=(SecretFile&&) = delete;
  ~SecretFile();
  Result<void> write(std::string_view text);   // once

 private:
  SecretFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_;
};

}  // namespace bascule::app
