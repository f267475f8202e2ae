// base64url without padding, as JOSE writes it (RFC 7515 section 2): strict, one text for one value.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace bascule::auth {

std::optional<std::string> from_base64url(std::string_view text);
std::string to_base64url(Bytes bytes);

}  // namespace bascule::auth
