// The table behind words.h: private to the folder and its tests.
#pragma once
#include <span>
#include <string_view>

#include "estate/words.h"

namespace bascule::estate {

struct Entry {
  std::string_view key;   // in order
  Words words;
};
std::span<const Entry> words_table();

}  // namespace bascule::estate
