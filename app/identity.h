// The settings of [identity]: whose bearer tokens are accepted.
#pragma once
#include "app/config.h"
#include "auth/authorise.h"
#include "auth/issuers.h"

namespace bascule::app {

// Errors name the setting.
Result<auth::IssuersSettings> issuers_settings(const Config& config);
Result<std::unique_ptr<auth::Issuers>> make_issuers(const Config& config, Clock& clock);
// What requests are authenticated by. `issuers` outlives the server.
auth::Settings authentication_settings(const Config& config, auth::Issuers& issuers);

// The tenant that a command means where none is named: the only one there is. "" = there is none, or several.
std::string only_tenant(const Config& config);

}  // namespace bascule::app
