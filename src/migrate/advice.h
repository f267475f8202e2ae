// What a person can do about a source that refuses or does not answer.
#pragma once
#include "base/result.h"
#include "base/time.h"
#include "migrate/connection.h"

namespace bascule::migrate {

// The same error, its message followed by what to look at: the SAS's own dates and rights, the key, the account's name.
// Repeats no secret.
Error with_advice(Error error, const Connection& connection, WallTime now);

}  // namespace bascule::migrate
