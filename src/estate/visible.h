// A text from elsewhere made fit to be shown, on a terminal or in a page: what it says can be seen, and nothing in it acts.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace bascule::estate {

// Control characters, marks that turn the direction of writing, invisible and private characters become [U+202E]; what is no
// UTF-8 becomes U+FFFD; beyond `most` bytes the text ends with "… (1048576 bytes)". White space becomes one space.
std::string visible(std::string_view text, std::size_t most = 400);

// How many columns a terminal needs for it: one for each code point (wide scripts need more; a table is then ragged).
std::size_t display_columns(std::string_view text);

}  // namespace bascule::estate
