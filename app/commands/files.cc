#include "app/commands/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <system_error>

namespace bascule::app {

Result<std::string> read_text(const std::string& file, std::size_t most_bytes) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return fail(Code::not_found, "cannot read " + file);
  }
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text;
  char part[64 * 1024];
  while (in.read(part, sizeof part) || in.gcount() > 0) {
    text.append(part, static_cast<std::size_t>(in.gcount()));
    if (text.size() > most_bytes) return fail(Code::invalid_argument, file + " is larger than " + std::to_string(most_bytes) + " bytes");
  }
  if (in.bad() || (file != "-" && text.empty() && !in.eof())) return fail(Code::not_found, "cannot read " + file);
  return text;
}

Result<void> write_text(const std::string& file, std::string_view text) {
  const std::string beside = file + ".part";
  const auto failed = [&] {
    const std::string why = std::generic_category().message(errno);
    std::remove(beside.c_str());
    return fail(Code::unavailable, "cannot write " + file + ": " + why);
  };
  errno = 0;
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  if (!out) return failed();
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out || std::rename(beside.c_str(), file.c_str()) != 0) return failed();
  return {};
}

Result<SecretFile> SecretFile::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) return SecretFile(path, fd);
  return fail(errno == EEXIST ? Code::already_exists : Code::permission_denied,
              errno == EEXIST ? path + " is there already" : "cannot write " + path + ": " + std::strerror(errno));
}

SecretFile::SecretFile(SecretFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

SecretFile::~SecretFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(path_.c_str());
}

Result<void> SecretFile::write(std::string_view text) {
  const bool whole = ::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd_) == 0;
  if (!whole) return fail(Code::unavailable, "cannot write " + path_ + ": " + std::strerror(errno));
  ::close(std::exchange(fd_, -1));
  return {};
}

}  // namespace bascule::app
