// A short text sealed as one whole C2SP message: salt || commitment || chunks (piece.md). For what belongs to a blob and
// is not its content.
#pragma once
#include <string>

#include "crypto/piece.h"

namespace bascule::crypto {

// `salt` is drawn anew for every text.
std::string seal_text(const InputKey& key, const Salt& salt, Bytes context, std::string_view plain);
// corrupt: not sealed under this key and context, or damaged.
Result<std::string> open_text(const InputKey& key, Bytes context, std::string_view sealed);

}  // namespace bascule::crypto
