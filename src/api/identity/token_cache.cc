#include "api/identity/token_cache.h"

#include <algorithm>

#include "base/log.h"

namespace bascule::api::identity {
namespace {
constexpr Duration kEnough = std::chrono::minutes(5);
}

bool TokenCache::lasts(const Token& token) const {
  const Duration life = token.until - token.asked, left = token.until - clock_.wall();
  return left > Duration::zero() && left > std::min<Duration>(kEnough, life / 5);
}

Task<TokenAnswer> TokenCache::get(const ManagedIdentity& identity, const Resource& resource) {
  Entry& entry = entries_[identity.name + "\n" + resource.name];  // stays where it is: nothing is ever taken out
  if (entry.token && lasts(*entry.token)) co_return *entry.token;
  if (entry.under_way) {
    Completion<TokenAnswer> answered;
    entry.waiting.push_back(&answered);
    co_return co_await answered.wait();
  }
  entry.under_way = true;
  TokenAnswer answer = co_await provider_.ask_for(identity.client, resource);
  entry.under_way = false;
  if (answer) {
    entry.token = *answer;
  } else if (answer.error().passing() && entry.token && entry.token->until > clock_.wall()) {
    log::warn("an identity's token was not renewed", {{"identity", identity.name}, {"why", answer.error().description},
                                                      {"given", "the old one, which is still good"}});
    answer = *entry.token;
  }
  for (Completion<TokenAnswer>* waiting : std::exchange(entry.waiting, {})) waiting->set(answer);
  co_return answer;
}

}  // namespace bascule::api::identity
