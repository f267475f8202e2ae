// The configuration of `bascule identity serve`: a TOML file of its own, config/identity.toml describes it. It is not the
// server's: who runs the one need not be able to read what the other knows.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/identity/options.h"

namespace bascule::app {

struct IdentityConfig {
  api::identity::Options service;
  std::vector<std::string> endpoint_listen;    // loopback or "unix:/PATH"; empty: no managed identities
  std::vector<std::string> authority_listen;   // empty: no authority
  std::string certificate, key;                // of the authority
  std::string ca_file;                         // to trust for the provider; "" = the system's
  std::string log_level = "info", log_format = "text";
};

// `shown` leads the messages: "identity.toml:3: …". Files that it names are not read yet, users are looked up. Errors:
// invalid_argument.
Result<IdentityConfig> parse_identity_config(std::string_view content, const std::string& shown);
Result<IdentityConfig> read_identity_config(const std::string& path);

}  // namespace bascule::app
