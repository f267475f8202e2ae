// Result<T>: how everything below the edges says that it failed. No exception crosses a header of this project.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace bascule {

// A small set; whether one may be retried is a property of the code (see retryable()).
enum class Code : std::uint8_t {
  invalid_argument,    // the caller's fault; repeating does not help
  not_found,           // the thing named is not there
  already_exists,      // the thing named is there already
  conflict,            // a precondition of a commit no longer holds: evaluate again
  refused,             // a rule of the protocol forbids it: `reason` says which (ops/reason.h)
  permission_denied,   // credentials refused (a provider's key, a file's mode)
  exhausted,           // no space, quota reached
  overloaded,          // a limit of ours or "slow down" from a provider: try later
  unavailable,         // cannot be reached now: network, 5xx
  timeout,             // a deadline passed; the effect is unknown
  cancelled,           // the caller went away
  corrupt,             // bytes are not what was written: never retried silently
  unsupported,         // not there (yet)
  internal,            // a bug of ours
};

std::string_view name(Code code);

// True where trying the same again may succeed without anybody changing anything.
constexpr bool retryable(Code code) {
  return code == Code::overloaded || code == Code::unavailable || code == Code::timeout;
}

struct Error {
  Code code = Code::internal;
  std::uint16_t reason = 0;  // refines `refused`: an ops::Reason; 0 where there is none
  std::string message;       // for people; never holds a secret
};

template <class T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected(Error{code, 0, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace bascule

// Leaves the function with the error, or goes on. BASCULE_TRY(expr); BASCULE_ASSIGN(auto x, expr);
// In a coroutine: BASCULE_CO_TRY / BASCULE_CO_ASSIGN.
#define BASCULE_CONCAT_(a, b) a##b
#define BASCULE_CONCAT(a, b) BASCULE_CONCAT_(a, b)
#define BASCULE_TRY_(tmp, ret, expr)               \
  do {                                             \
    auto tmp = (expr);                             \
    if (!tmp) ret ::std::unexpected(std::move(tmp).error()); \
  } while (false)
#define BASCULE_ASSIGN_(tmp, ret, lhs, expr)       \
  auto tmp = (expr);                               \
  if (!tmp) ret ::std::unexpected(std::move(tmp).error()); \
  lhs = std::move(*tmp)
#define BASCULE_TRY(expr) BASCULE_TRY_(BASCULE_CONCAT(r_, __LINE__), return, expr)
#define BASCULE_CO_TRY(expr) BASCULE_TRY_(BASCULE_CONCAT(r_, __LINE__), co_return, expr)
#define BASCULE_ASSIGN(lhs, expr) BASCULE_ASSIGN_(BASCULE_CONCAT(r_, __LINE__), return, lhs, expr)
#define BASCULE_CO_ASSIGN(lhs, expr) BASCULE_ASSIGN_(BASCULE_CONCAT(r_, __LINE__), co_return, lhs, expr)
