#include "base/crc64.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bascule {
namespace {

constexpr std::uint64_t kPolynomial = 0x9A6C9329AC4BC9B5;  // reflected: bit 63 is x^0
constexpr std::uint64_t kOne = std::uint64_t{1} << 63;

constexpr std::uint64_t times_x(std::uint64_t a) { return (a >> 1) ^ (a & 1 ? kPolynomial : 0); }

constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  for (; b != 0; b <<= 1) {
    if (b & kOne) product ^= a;
    a = times_x(a);
  }
  return product;
}

// x^n modulo the polynomial.
constexpr std::uint64_t power_of_x(std::uint64_t n) {
  std::uint64_t result = kOne;
  for (std::uint64_t square = kOne >> 1; n != 0; n >>= 1, square = multiply(square, square)) {
    if (n & 1) result = multiply(result, square);
  }
  return result;
}

// tables[k][b]: the register after byte b and k zero bytes, so that eight bytes are taken at a time.
struct Tables {
  std::uint64_t row[8][256];
};
constexpr Tables make_tables() {
  Tables t{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::uint64_t a = byte;
    for (int bit = 0; bit < 8; ++bit) a = times_x(a);
    t.row[0][byte] = a;
  }
  for (int k = 1; k < 8; ++k) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = t.row[k - 1][byte];
      t.row[k][byte] = (before >> 8) ^ t.row[0][before & 0xFF];
    }
  }
  return t;
}
constexpr Tables kTables = make_tables();

using Register = std::uint64_t (*)(std::uint64_t reg, const std::byte* p, std::size_t n);

std::uint64_t by_table(std::uint64_t reg, const std::byte* p, std::size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    const std::uint64_t v = reg ^ load_le<std::uint64_t>(p);
    reg = kTables.row[7][v & 0xFF] ^ kTables.row[6][(v >> 8) & 0xFF] ^ kTables.row[5][(v >> 16) & 0xFF] ^
          kTables.row[4][(v >> 24) & 0xFF] ^ kTables.row[3][(v >> 32) & 0xFF] ^ kTables.row[2][(v >> 40) & 0xFF] ^
          kTables.row[1][(v >> 48) & 0xFF] ^ kTables.row[0][v >> 56];
  }
  for (; n > 0; ++p, --n) reg = (reg >> 8) ^ kTables.row[0][(reg ^ std::to_integer<std::uint64_t>(*p)) & 0xFF];
  return reg;
}

#if defined(__x86_64__)
// Folding: 16 bytes are the polynomial first * x^64 + second. Moved ahead by `bytes`, each half is multiplied by a power
// of x reduced beforehand; a product of two reflected 64-bit values stands one bit too low, hence the -1.
constexpr std::uint64_t fold_first(unsigned bytes) { return power_of_x(8 * bytes + 63); }
constexpr std::uint64_t fold_second(unsigned bytes) { return power_of_x(8 * bytes - 1); }
template <unsigned kBytes>
struct Fold {
  static constexpr auto kFirst = static_cast<long long>(fold_first(kBytes));
  static constexpr auto kSecond = static_cast<long long>(fold_second(kBytes));
};

#define BASCULE_CLMUL __attribute__((target("pclmul,sse4.1")))
#define BASCULE_CLMUL512 __attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul,sse4.1")))

BASCULE_CLMUL inline __m128i load16(const std::byte* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

template <unsigned kBytes>
BASCULE_CLMUL inline __m128i folded(__m128i state, __m128i next) {
  const __m128i k = _mm_set_epi64x(Fold<kBytes>::kSecond, Fold<kBytes>::kFirst);
  return _mm_xor_si128(next, _mm_xor_si128(_mm_clmulepi64_si128(state, k, 0x00), _mm_clmulepi64_si128(state, k, 0x11)));
}

// Takes what is left from a folded state: 16 bytes at a time, then the register of the last 16 by table.
BASCULE_CLMUL inline std::uint64_t finish16(__m128i state, const std::byte* p, std::size_t n) {
  for (; n >= 16; p += 16, n -= 16) state = folded<16>(state, load16(p));
  alignas(16) std::byte last[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(last), state);
  return by_table(by_table(0, last, sizeof last), p, n);
}

BASCULE_CLMUL std::uint64_t by_clmul(std::uint64_t reg, const std::byte* p, std::size_t n) {
  if (n < 64) return by_table(reg, p, n);
  __m128i a = _mm_xor_si128(load16(p), _mm_cvtsi64_si128(static_cast<long long>(reg)));
  __m128i b = load16(p + 16), c = load16(p + 32), d = load16(p + 48);
  for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
    a = folded<64>(a, load16(p));
    b = folded<64>(b, load16(p + 16));
    c = folded<64>(c, load16(p + 32));
    d = folded<64>(d, load16(p + 48));
  }
  return finish16(folded<16>(folded<16>(folded<16>(a, b), c), d), p, n);
}

template <unsigned kBytes>
BASCULE_CLMUL512 inline __m512i folded512(__m512i state, __m512i next) {
  const __m512i k = _mm512_broadcast_i32x4(_mm_set_epi64x(Fold<kBytes>::kSecond, Fold<kBytes>::kFirst));
  constexpr int kXor3 = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(state, k, 0x00), _mm512_clmulepi64_epi128(state, k, 0x11),
                                   next, kXor3);
}

BASCULE_CLMUL512 std::uint64_t by_clmul512(std::uint64_t reg, const std::byte* p, std::size_t n) {
  if (n < 512) return by_clmul(reg, p, n);
  const auto load64 = [](const std::byte* from) __attribute__((target("avx512f"))) { return _mm512_loadu_si512(from); };
  __m512i a = _mm512_xor_si512(load64(p), _mm512_zextsi128_si512(_mm_cvtsi64_si128(static_cast<long long>(reg))));
  __m512i b = load64(p + 64), c = load64(p + 128), d = load64(p + 192);
  for (p += 256, n -= 256; n >= 256; p += 256, n -= 256) {
    a = folded512<256>(a, load64(p));
    b = folded512<256>(b, load64(p + 64));
    c = folded512<256>(c, load64(p + 128));
    d = folded512<256>(d, load64(p + 192));
  }
  a = folded512<64>(folded512<64>(folded512<64>(a, b), c), d);
  for (; n >= 64; p += 64, n -= 64) a = folded512<64>(a, load64(p));
  __m128i state = _mm512_castsi512_si128(a);
  state = folded<16>(state, _mm512_extracti32x4_epi32(a, 1));
  state = folded<16>(state, _mm512_extracti32x4_epi32(a, 2));
  state = folded<16>(state, _mm512_extracti32x4_epi32(a, 3));
  return finish16(state, p, n);
}
#endif

Register way_of(detail::Crc64Way way) {
#if defined(__x86_64__)
  if (way == detail::Crc64Way::clmul512) return by_clmul512;
  if (way == detail::Crc64Way::clmul) return by_clmul;
#endif
  return by_table;
}

Register best_way() {
  for (auto way : {detail::Crc64Way::clmul512, detail::Crc64Way::clmul}) {
    if (detail::crc64_has(way)) return way_of(way);
  }
  return by_table;
}

}  // namespace

namespace detail {

bool crc64_has(Crc64Way way) {
#if defined(__x86_64__)
  const bool clmul = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  if (way == Crc64Way::clmul) return clmul;
  if (way == Crc64Way::clmul512) {
    return clmul && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("vpclmulqdq");
  }
#endif
  return way == Crc64Way::table;
}

std::uint64_t crc64_by(Crc64Way way, Bytes data, std::uint64_t previous) {
  return ~way_of(way)(~previous, data.data(), data.size());
}

}  // namespace detail

std::uint64_t crc64(Bytes data, std::uint64_t previous) {
  static const Register best = best_way();
  return ~best(~previous, data.data(), data.size());
}

std::uint64_t crc64_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_size_bytes) {
  // The exponent is taken in two steps, so that eight times the length cannot overflow.
  std::uint64_t shift = power_of_x(second_size_bytes);
  for (int i = 0; i < 3; ++i) shift = multiply(shift, shift);
  return multiply(first, shift) ^ second;
}

}  // namespace bascule
