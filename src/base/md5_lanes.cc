#include "base/md5_lanes.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace bascule {
namespace {

template <int N> using Vec = std::uint32_t __attribute__((vector_size(N * 4)));

// RFC 1321, 3.4: the additive constants floor(2^32 * |sin(i + 1)|) and the rotations of the four rounds.
constexpr std::uint32_t kSines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int kTurns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

// One step of transposing a square of N rows: swaps the blocks of `Half` columns that lie across the diagonal.
template <int N, int Half, int... K>
[[gnu::always_inline]] inline void cross(Vec<N>& a, Vec<N>& b, std::integer_sequence<int, K...>) {
  const Vec<N> upper = __builtin_shufflevector(a, b, ((K & Half) ? N + K - Half : K)...);
  b = __builtin_shufflevector(a, b, ((K & Half) ? N + K : K + Half)...);
  a = upper;
}
template <int N, int Half> [[gnu::always_inline]] inline void transpose(Vec<N>* rows) {
  if constexpr (Half > 0) {
#pragma clang loop unroll(full)
    for (int i = 0; i < N; ++i)
      if (!(i & Half)) cross<N, Half>(rows[i], rows[i + Half], std::make_integer_sequence<int, N>());
    transpose<N, Half / 2>(rows);
  }
}

// The 16 words of a block of each lane: word i of all lanes in words[i].
template <int N> [[gnu::always_inline]] inline void load(Vec<N>* words, const std::byte* const* data, std::size_t at) {
#pragma clang loop unroll(full)
  for (int part = 0; part < 16; part += N) {
#pragma clang loop unroll(full)
    for (int lane = 0; lane < N; ++lane) std::memcpy(&words[part + lane], data[lane] + at + part * 4, sizeof(Vec<N>));
    transpose<N, N / 2>(words + part);
  }
}

template <int N> [[gnu::always_inline]] inline void step(Vec<N> (&v)[4], const Vec<N>* words, int i) {
  const int round = i / 16;
  const Vec<N> b = v[1], c = v[2], d = v[3];
  const Vec<N> f = round == 0   ? (b & c) | (~b & d)
                   : round == 1 ? (b & d) | (c & ~d)
                   : round == 2 ? b ^ c ^ d
                                : c ^ (b | ~d);
  const int word = round == 0 ? i : round == 1 ? (5 * i + 1) % 16 : round == 2 ? (3 * i + 5) % 16 : (7 * i) % 16;
  const int turn = kTurns[round][i % 4];
  const Vec<N> sum = v[0] + f + words[word] + kSines[i];
  v[0] = d;
  v[3] = c;
  v[2] = b;
  v[1] = b + ((sum << turn) | (sum >> (32 - turn)));
}

// `blocks` blocks of each of N lanes.
template <int N>
[[gnu::always_inline]] inline void compress(std::uint32_t* const* states, const std::byte* const* data, std::size_t blocks) {
  Vec<N> chain[4];
  for (int lane = 0; lane < N; ++lane)
    for (int i = 0; i < 4; ++i) chain[i][lane] = states[lane][i];
  for (std::size_t block = 0; block < blocks; ++block) {
    Vec<N> words[16];
    load<N>(words, data, block * 64);
    Vec<N> v[4] = {chain[0], chain[1], chain[2], chain[3]};
#pragma clang loop unroll(full)
    for (int i = 0; i < 64; ++i) step<N>(v, words, i);
    for (int i = 0; i < 4; ++i) chain[i] += v[i];
  }
  for (int lane = 0; lane < N; ++lane)
    for (int i = 0; i < 4; ++i) states[lane][i] = chain[i][lane];
}

constexpr std::size_t kMostLanes = 16;

__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"))) void compress16(std::uint32_t* const* states, const std::byte* const* data,
                                                                              std::size_t blocks) {
  compress<16>(states, data, blocks);
}
__attribute__((target("avx2"))) void compress8(std::uint32_t* const* states, const std::byte* const* data, std::size_t blocks) {
  compress<8>(states, data, blocks);
}

std::vector<Md5Way> ways() {
  std::vector<Md5Way> found;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw"))
    found.push_back({compress16, 16, 2});
  if (__builtin_cpu_supports("avx2")) found.push_back({compress8, 8, 3});
  return found;
}

}  // namespace

std::span<const Md5Way> md5_ways() {
  static const std::vector<Md5Way> kWays = ways();
  return kWays;
}

void md5_lanes(std::span<Md5Lane> lanes, const Md5Way& way) {
  while (true) {
    // Those with the most left share the registers: what is short catches up while nobody waits for it.
    const auto rest = std::partition(lanes.begin(), lanes.end(), [](const Md5Lane& lane) { return lane.blocks > 0; });
    const std::size_t active = static_cast<std::size_t>(rest - lanes.begin());
    if (active < way.fewest) return;
    const std::size_t used = std::min(active, way.lanes);
    std::partial_sort(lanes.begin(), lanes.begin() + static_cast<std::ptrdiff_t>(used), rest,
                      [](const Md5Lane& a, const Md5Lane& b) { return a.blocks > b.blocks; });
    const std::size_t blocks = lanes[used - 1].blocks;
    std::uint32_t* states[kMostLanes];
    const std::byte* data[kMostLanes];
    std::uint32_t unused[kMostLanes][4] = {};
    for (std::size_t i = 0; i < way.lanes; ++i) {
      states[i] = i < used ? lanes[i].state : unused[i];
      data[i] = lanes[i < used ? i : 0].data;   // an idle lane hashes something all the same
    }
    way.compress(states, data, blocks);
    for (std::size_t i = 0; i < used; ++i) {
      lanes[i].data += blocks * 64;
      lanes[i].blocks -= blocks;
    }
  }
}

}  // namespace bascule
