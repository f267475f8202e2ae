#include "app/commands/files.h"

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

}  // namespace bascule::app
