// Tokens that are still good, one for each identity and resource; one request at a time for each.
#pragma once
#include <map>

#include "api/identity/provider.h"
#include "runtime/completion.h"

namespace bascule::api::identity {

// On one loop. What is given to the constructor outlives it.
class TokenCache {
 public:
  TokenCache(Provider& provider, Clock& clock) : provider_(provider), clock_(clock) {}

  // A token that is good for a while: a fifth of its life at least, but for five minutes no more is asked. Where the
  // provider is away, one that is good at all.
  Task<TokenAnswer> get(const ManagedIdentity& identity, const Resource& resource);

 private:
  struct Entry {
    std::optional<Token> token;
    bool under_way = false;
    std::vector<Completion<TokenAnswer>*> waiting;
  };
  bool lasts(const Token& token) const;

  Provider& provider_;
  Clock& clock_;
  std::map<std::string, Entry> entries_;
};

}  // namespace bascule::api::identity
