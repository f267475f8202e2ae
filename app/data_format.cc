#include "app/data_format.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "app/version.h"
#include "catalog/format.h"

namespace bascule::app {
namespace {

constexpr std::string_view kFirstLine = "bascule data, format ";
constexpr std::string_view kSecondLine = "written by ";
constexpr std::size_t kMostBytes = 4096;

struct Mark {
  std::uint32_t format = 0;
  std::string program;
};

std::string path_of(const std::string& data) { return data + "/format"; }

// Lines behind the second are left to later programs.
Result<std::optional<Mark>> read_mark(const std::string& data) {
  const std::string path = path_of(data);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    if (error) return fail(Code::permission_denied, path + " cannot be read: " + error.message());
    return std::optional<Mark>();
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || !file.is_open()) return fail(Code::permission_denied, path + " cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));

  const auto damaged = [&] { return fail(Code::corrupt, path + " is not the mark of a data folder; nothing was changed. Put it back from a copy"); };
  const std::size_t end = text.find('\n');
  if (end == std::string::npos || !text.starts_with(kFirstLine)) return damaged();
  Mark mark;
  const char* const last = text.data() + end;
  const auto [stopped, bad] = std::from_chars(text.data() + kFirstLine.size(), last, mark.format);
  if (bad != std::errc() || stopped != last || mark.format == 0) return damaged();
  const std::string_view rest = std::string_view(text).substr(end + 1);
  if (rest.starts_with(kSecondLine)) mark.program = rest.substr(kSecondLine.size(), rest.find('\n') - kSecondLine.size());
  return std::optional(std::move(mark));
}

Result<void> check(const std::optional<Mark>& mark, const std::string& data) {
  if (!mark) return {};
  return catalog::check_format(mark->format, "the data in " + data, mark->program);
}

Result<void> system_error(const std::string& path) {
  const int number = errno;
  return fail(number == ENOSPC || number == EDQUOT ? Code::exhausted : Code::permission_denied,
              path + " cannot be written: " + std::strerror(number));
}

struct Descriptor {
  const int fd;
  ~Descriptor() { if (fd >= 0) ::close(fd); }
};

}  // namespace

Result<void> check_data_format(const std::string& data) {
  BASCULE_ASSIGN(const auto mark, read_mark(data));
  return check(mark, data);
}

Result<void> raise_data_format(const std::string& data) {
  BASCULE_ASSIGN(const auto mark, read_mark(data));
  BASCULE_TRY(check(mark, data));
  if (mark && mark->format == catalog::kFormat) return {};
  std::string text(kFirstLine);
  text += std::to_string(catalog::kFormat) + "\n" + std::string(kSecondLine) + std::string(kVersion) + "\n";
  const std::string path = path_of(data), beside = path + ".new";
  {
    const Descriptor file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (file.fd < 0) return system_error(beside);
    if (::write(file.fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()) || ::fsync(file.fd) != 0) return system_error(beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return system_error(path);
  const Descriptor folder{::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.fd < 0 || ::fsync(folder.fd) != 0) return system_error(data);
  return {};
}

}  // namespace bascule::app
