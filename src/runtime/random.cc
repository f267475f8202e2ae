#include "runtime/random.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace bascule {
namespace {

void fill_from_openssl(MutableBytes out) {
  while (!out.empty()) {
    const auto part = std::min<std::size_t>(out.size(), 1 << 20);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(part)) != 1) {
      std::fputs("bascule: the system gives no random numbers\n", stderr);
      std::abort();
    }
    out = out.subspan(part);
  }
}

// Bytes handed out are wiped from the buffer, so that a later look at memory does not show salts given away earlier.
struct Buffer {
  std::array<std::byte, 1024> bytes;
  std::size_t used = sizeof bytes;
  ~Buffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    thread_local Buffer buffer;
    if (out.size() > buffer.bytes.size() / 4) return fill_from_openssl(out);
    if (buffer.bytes.size() - buffer.used < out.size()) {
      fill_from_openssl(buffer.bytes);
      buffer.used = 0;
    }
    std::byte* from = buffer.bytes.data() + buffer.used;
    std::copy_n(from, out.size(), out.data());
    std::fill_n(from, out.size(), std::byte{0});
    buffer.used += out.size();
  }
};

}  // namespace

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace bascule
