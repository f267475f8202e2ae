#include "crypto/evp.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace bascule::crypto {
namespace {

const EVP_CIPHER* fetch(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  require(cipher != nullptr, "OpenSSL has no such cipher");
  return cipher;
}

// Spares of one thread. Code that runs while a thread ends finds it gone (`alive`), and frees instead.
struct Spares {
  static constexpr std::size_t kMost = 16;
  std::vector<Context> list;
  Spares() { list.reserve(kMost); alive = true; }
  ~Spares() { alive = false; }
  static thread_local bool alive;
};
thread_local bool Spares::alive = false;
thread_local Spares spares;

std::size_t thread_slot() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t slot = next.fetch_add(1, std::memory_order_relaxed);
  return slot;
}

}  // namespace

void require(bool ok, std::string_view what) {
  if (ok) [[likely]] return;
  std::fprintf(stderr, "bascule: fatal: cryptography: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = fetch("AES-256-GCM");
  return cipher;
}

const EVP_CIPHER* aes_256_ecb() {
  static const EVP_CIPHER* const cipher = fetch("AES-256-ECB");
  return cipher;
}

void FreeContext::operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }

Context make_context(const EVP_CIPHER* cipher, const SecretKey& key, Direction direction) {
  Context context(EVP_CIPHER_CTX_new());
  require(context != nullptr, "no memory");
  require(EVP_CipherInit_ex2(context.get(), cipher, key.data(), nullptr, static_cast<int>(direction), nullptr) == 1,
          "setting a key");
  if (cipher == aes_256_ecb()) EVP_CIPHER_CTX_set_padding(context.get(), 0);  // single blocks, no more
  return context;
}

SpareContext::SpareContext() {
  auto& list = spares.list;
  if (!list.empty()) {
    context_ = std::move(list.back());
    list.pop_back();
    return;
  }
  context_.reset(EVP_CIPHER_CTX_new());
  require(context_ != nullptr, "no memory");
  require(EVP_CipherInit_ex2(context_.get(), aes_256_gcm(), nullptr, nullptr, 1, nullptr) == 1, "preparing AES-256-GCM");
}

SpareContext::~SpareContext() {
  if (context_ && Spares::alive && spares.list.size() < Spares::kMost) spares.list.push_back(std::move(context_));
}

KeyedContexts::KeyedContexts(const EVP_CIPHER* cipher, const SecretKey& key, Direction direction)
    : cipher_(cipher), direction_(direction), key_(key) {}

KeyedContexts::~KeyedContexts() {
  for (auto& slot : kept_) EVP_CIPHER_CTX_free(slot.load(std::memory_order_acquire));
}

EVP_CIPHER_CTX* KeyedContexts::take() {
  const std::size_t first = thread_slot();
  for (std::size_t i = 0; i < kKept; ++i) {
    auto& slot = kept_[(first + i) % kKept];
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    if (EVP_CIPHER_CTX* context = slot.exchange(nullptr, std::memory_order_acquire)) return context;
  }
  return make_context(cipher_, key_, direction_).release();
}

void KeyedContexts::give(EVP_CIPHER_CTX* context) {
  const std::size_t first = thread_slot();
  for (std::size_t i = 0; i < kKept; ++i) {
    EVP_CIPHER_CTX* empty = nullptr;
    auto& slot = kept_[(first + i) % kKept];
    if (slot.compare_exchange_strong(empty, context, std::memory_order_release, std::memory_order_relaxed)) return;
  }
  EVP_CIPHER_CTX_free(context);
}

}  // namespace bascule::crypto
