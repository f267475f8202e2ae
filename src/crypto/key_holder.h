// KeyHolder: what wraps and unwraps keys under a root key that never leaves it: a key file, later a PKCS#11 token,
// OpenBao/Vault transit, a KMIP server.
#pragma once
#include <string>
#include <string_view>

#include "crypto/secret.h"
#include "runtime/task.h"

namespace bascule::crypto {

// Any loop may call. Errors: permission_denied (wrapped under a root key that this holder does not have: the message
// says which one is asked for), corrupt (damaged, or wrapped for another context), unavailable and timeout (a holder
// that is elsewhere).
class KeyHolder {
 public:
  virtual ~KeyHolder() = default;
  // Names the holder's root key for people and logs; not secret.
  virtual std::string_view id() const = 0;
  // The wrapped form is the holder's own and at most kMaxWrappedBytes long; `context` says what the key is for, and
  // unwrapping needs the same one. The newest root-key version wraps; all that the holder has unwrap.
  virtual Task<Result<std::string>> wrap(SecretKey key, std::string context) = 0;
  virtual Task<Result<SecretKey>> unwrap(std::string wrapped, std::string context) = 0;
  // The version of the root key that wrapped `wrapped`, for the record; 0 = the holder cannot tell.
  virtual std::uint32_t version_of(std::string_view wrapped) const { return 0; }

  static constexpr std::size_t kMaxWrappedBytes = 4096;
};

}  // namespace bascule::crypto
