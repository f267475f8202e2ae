// An encryption scope's key, destroyed for good: whatever is sealed under it can never be read again, by anybody.
#pragma once
#include <string>

#include "ops/service.h"

namespace bascule::ops {

constexpr std::size_t kMostContainersLookedAt = 5000;

// The scope must be disabled before. refused where a retention or a legal hold stands in any container of the account, or
// single states may be under one: nobody may destroy what they keep. May be repeated: a run that was interrupted is finished.
// Decided in one commit, against every change of a hold; then the wrapped key goes at the provider.
Task<Result<void>> destroy_scope_key(Service& service, std::string account, std::string scope, std::string by);

Task<Result<bool>> is_destroyed(catalog::Catalog& catalog, std::uint64_t key_id);

}  // namespace bascule::ops
