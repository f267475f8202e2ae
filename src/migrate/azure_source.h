// An Azure storage account (or its emulator, or another Bascule) as a source.
#pragma once
#include "migrate/azure_client.h"
#include "migrate/source.h"

namespace bascule::migrate {

// The client, clock and random outlive it.
std::unique_ptr<Source> make_azure_source(Connection connection, http::Client& client, Clock& clock, Random& random);

}  // namespace bascule::migrate
