// The key holder of the embedded default: root keys in a file of one's own, mode 0600. docs/formats/keyring.md.
#pragma once
#include <memory>
#include <vector>

#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/key_holder.h"
#include "runtime/random.h"

namespace bascule::crypto {

class KeyFile : public KeyHolder {
 public:
  struct Root {
    std::uint32_t version = 0;
    SecretKey key;
    std::string created;  // as in the file
  };

  // Makes a new file with one root key; whole and durable when it returns, or not there at all. already_exists if
  // anything has that name. Whoever calls it tells the user, loudly, to keep a copy.
  static Result<std::unique_ptr<KeyFile>> create(const std::string& path, Random& random, WallTime now);
  // permission_denied for a file or a symbolic link of another user's (root apart), or one that others can read;
  // not_found; corrupt for a text that is not a key file, with the line.
  static Result<std::unique_ptr<KeyFile>> load(const std::string& path, Random& random);
  // The text alone, as in a file: for load(), tests and fuzzing.
  static Result<std::unique_ptr<KeyFile>> parse(std::string_view text, Random& random);

  std::string_view id() const override { return id_; }
  Task<Result<std::string>> wrap(SecretKey key, std::string context) override;
  Task<Result<SecretKey>> unwrap(std::string wrapped, std::string context) override;
  std::uint32_t version_of(std::string_view wrapped) const override;

  static constexpr std::size_t kMaxFileBytes = 16384;
  static constexpr std::size_t kMaxRoots = 64;

 private:
  struct Wrapper {
    std::uint32_t version;
    AeadKey key;
    Wrapper(const Root& root);
  };
  KeyFile(std::string id, const std::vector<Root>& roots, Random& random);
  Result<SecretKey> open(Bytes wrapped, std::string_view context) const;

  std::string id_;  // 16 hexadecimal digits
  std::vector<std::unique_ptr<Wrapper>> wrappers_;  // by version, the newest last
  Random& random_;
};

}  // namespace bascule::crypto
