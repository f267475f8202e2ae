// The data's format: one number for everything that is stored, in the catalog and at the providers. It grows by one with each
// release after which an older program could misread, refuse or lose something; docs/formats/README.md has the table, and
// says what going forward and going back mean.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule::catalog {

inline constexpr std::uint32_t kFormat = 2;        // what this program writes
inline constexpr std::uint32_t kOldestFormat = 1;  // the oldest that it opens; data without a mark has this one

// Whether this program may open data of `format`. unsupported: it is of a newer program (or of one that is no longer
// supported); the message says what to do. `where`, "the data in /var/lib/bascule", begins the message; `program`, the version
// that first wrote this format, may be "".
Result<void> check_format(std::uint32_t format, std::string_view where, std::string_view program);

}  // namespace bascule::catalog
