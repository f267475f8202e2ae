// The strings that Shared Key signs. Source: "Authorize with Shared Key" in Microsoft's documentation; the order of the
// x-ms-* headers is that of the service (.NET's culture-aware comparison), as Microsoft's own clients imitate it.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "auth/request.h"

namespace bascule::auth {

enum class SharedKeyScheme : std::uint8_t { full, lite };

struct SignedParts {
  std::string_view method;
  std::string_view raw_path;                   // percent-encoded as sent; path-style addresses with their account
  const Query* query = nullptr;
  std::span<const http::HeaderView> headers;
  std::string_view account;
  std::string_view version;                    // x-ms-version of the request
};

// Appends the string to sign to `out`. With `collapse`, runs of white space inside a header's value become one space
// outside quoted strings, as the documentation says and most clients do not do.
void append_string_to_sign(const SignedParts& parts, SharedKeyScheme scheme, bool collapse, std::string& out);

// < 0, 0, > 0: the service's order of (lower-case) header names. Hyphens and apostrophes count only where all else is
// equal; letters come after digits, and punctuation before both.
int compare_header_names(std::string_view a, std::string_view b);

}  // namespace bascule::auth
