// What this folder shares about OpenSSL's EVP: ciphers fetched once, contexts kept and reused. Not for other folders.
#pragma once
#include <atomic>
#include <memory>
#include <string_view>

#include "crypto/secret.h"

struct evp_cipher_ctx_st;
struct evp_cipher_st;

namespace bascule::crypto {

// A call of the cipher library that can only fail for want of memory, or through a bug: there is no going on, so the
// program ends with `what`.
void require(bool ok, std::string_view what);

const evp_cipher_st* aes_256_gcm();
const evp_cipher_st* aes_256_ecb();

enum class Direction { open = 0, seal = 1 };

struct FreeContext {
  void operator()(evp_cipher_ctx_st* context) const;
};
using Context = std::unique_ptr<evp_cipher_ctx_st, FreeContext>;

Context make_context(const evp_cipher_st* cipher, const SecretKey& key, Direction direction);

// A context for AES-256-GCM without a key yet, taken from this thread's spares and given back to those of the thread on
// which it is destroyed. A spare keeps its last key until the next user sets another.
class SpareContext {
 public:
  SpareContext();
  SpareContext(SpareContext&&) noexcept = default;
  SpareContext& operator=(SpareContext&&) noexcept = default;
  ~SpareContext();
  evp_cipher_ctx_st* get() const { return context_.get(); }

 private:
  Context context_;
};

// One key's contexts, their schedule computed once each: as many as threads use the key at the same moment, of which a
// few are kept. Any thread.
class KeyedContexts {
 public:
  KeyedContexts(const evp_cipher_st* cipher, const SecretKey& key, Direction direction);
  ~KeyedContexts();
  KeyedContexts(const KeyedContexts&) = delete;
  KeyedContexts& operator=(const KeyedContexts&) = delete;

  class Lease {
   public:
    explicit Lease(KeyedContexts& owner) : owner_(owner), context_(owner.take()) {}
    ~Lease() { owner_.give(context_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    evp_cipher_ctx_st* get() const { return context_; }

   private:
    KeyedContexts& owner_;
    evp_cipher_ctx_st* context_;
  };
  Lease lease() { return Lease(*this); }

 private:
  static constexpr std::size_t kKept = 4;
  evp_cipher_ctx_st* take();
  void give(evp_cipher_ctx_st* context);

  const evp_cipher_st* cipher_;
  Direction direction_;
  SecretKey key_;
  std::atomic<evp_cipher_ctx_st*> kept_[kKept]{};
};

}  // namespace bascule::crypto
