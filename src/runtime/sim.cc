#include "runtime/sim.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bascule {
namespace {

using Await = boost::asio::use_awaitable_t<Executor>;
using Handler = boost::asio::async_result<Await, void()>::handler_type;
constexpr Await kAwait{};

std::uint64_t rotate_left(std::uint64_t x, int by) { return x << by | x >> (64 - by); }

// Spreads a small seed over the whole state (splitmix64).
std::uint64_t spread(std::uint64_t& seed) {
  std::uint64_t z = seed += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace

struct SimClock::Sleepers {
  std::map<std::pair<Instant, std::uint64_t>, Handler> by_time;
};

// Simulated instants begin away from zero, so that "now minus something" is an instant too.
SimClock::SimClock(WallTime start)
    : now_(std::chrono::hours(24 * 365)), sleepers_(std::make_unique<Sleepers>()) {
  wall_offset_ = start - std::chrono::duration_cast<Ticks>(now_.time_since_epoch());
}

SimClock::~SimClock() = default;

WallTime SimClock::wall() const { return wall_offset_ + std::chrono::duration_cast<Ticks>(now_.time_since_epoch()); }

Task<void> SimClock::sleep_until(Instant when) {
  if (when <= now_) co_return;
  co_await boost::asio::async_initiate<const Await&, void()>(
      [this, when](auto handler) {
        sleepers_->by_time.emplace(std::pair(when, next_number_++), std::move(handler));
      },
      kAwait);
}

bool SimClock::advance() {
  if (sleepers_->by_time.empty()) return false;
  auto first = sleepers_->by_time.extract(sleepers_->by_time.begin());
  now_ = std::max(now_, first.key().first);
  boost::asio::post(std::move(first.mapped()));
  return true;
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) word = spread(seed);
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

void SeededRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    const std::uint64_t word = next();
    const std::size_t bytes = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, bytes);
    out = out.subspan(bytes);
  }
}

void run_simulated_until(Loop& loop, SimClock& clock, const bool& done) {
  while (!done) {
    loop.restart();
    if (loop.poll_one() == 0 && !clock.advance()) {
      std::fputs("bascule: the simulated loop ran dry before its task was done\n", stderr);
      std::abort();
    }
  }
}

}  // namespace bascule
