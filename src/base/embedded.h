// Text files that are compiled into the program (cmake/embed.cmake): data that people review, with nothing to install.
#pragma once
#include <span>
#include <string_view>

namespace bascule {

struct EmbeddedFile {
  std::string_view name;  // without its folder
  std::string_view text;  // lives as long as the program
};

}  // namespace bascule
