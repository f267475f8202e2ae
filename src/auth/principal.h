// Who asks, once it is proven.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ops/types.h"

namespace bascule::auth {

enum class PrincipalKind : std::uint8_t { shared_key, account_sas, service_sas, anonymous };

struct Principal {
  PrincipalKind kind = PrincipalKind::anonymous;
  std::shared_ptr<const ops::Account> account;  // whose data is asked for; never null in an Authorised
  std::string permissions;                      // SAS: the letters in force (its own or its stored policy's)
};

// rscc, rscd, rsce, rscl, rsct: a read's answer carries these instead of the blob's own headers.
struct ResponseOverrides {
  std::optional<std::string> cache_control, content_disposition, content_encoding, content_language, content_type;
  bool empty() const {
    return !cache_control && !content_disposition && !content_encoding && !content_language && !content_type;
  }
};

}  // namespace bascule::auth
