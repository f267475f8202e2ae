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

}  // namespace bascule::app
