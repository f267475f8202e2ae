#include "base/result.h"

namespace bascule {

std::string_view name(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid argument";
    case Code::not_found: return "not found";
    case Code::already_exists: return "already exists";
    case Code::conflict: return "conflict";
    case Code::refused: return "refused";
    case Code::permission_denied: return "permission denied";
    case Code::exhausted: return "no space";
    case Code::overloaded: return "overloaded";
    case Code::unavailable: return "unavailable";
    case Code::timeout: return "timeout";
    case Code::cancelled: return "cancelled";
    case Code::corrupt: return "corrupt";
    case Code::unsupported: return "unsupported";
    case Code::internal: return "internal error";
  }
  return "unknown";
}

}  // namespace bascule
