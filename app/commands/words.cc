// What several commands say to people.
#include <cstdio>

#include "app/admin/control.h"
#include "app/commands/commands.h"

namespace bascule::app {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u != 0x7f) {
      out += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", u);
    out += escaped;
  }
  return out;
}

int complain(const std::string& message, int exit) {
  std::fprintf(stderr, "bascule: %s\n", printable(message).c_str());
  return exit;
}

int complain(const Error& error) {
  switch (error.code) {
    case Code::invalid_argument: return complain(error.message, kUsage);
    case Code::unsupported: return complain(error.message, kUnsupported);
    case Code::cancelled: return complain("stopped", kFailed);
    default: return complain(error.message, kFailed);
  }
}

void announce_key_file(const EngineOptions& options) {
  std::fprintf(stderr,
               "\n"
               "  ****************************************************************************\n"
               "  A new root key was made:\n"
               "      %s\n"
               "  Everything in %s\n"
               "  is sealed under it. KEEP A COPY of this file in another place, now.\n"
               "  Without it nobody can read the data, not you, not us.\n"
               "  ****************************************************************************\n\n",
               printable(options.key_file).c_str(), printable(options.data).c_str());
}

std::string connection_string(const std::string& account, const std::string& key, const std::string& address, bool encrypted) {
  const std::string protocol = encrypted ? "https" : "http";
  return "DefaultEndpointsProtocol=" + protocol + ";AccountName=" + account + ";AccountKey=" + key + ";BlobEndpoint=" + protocol +
         "://" + address + "/" + account + ";";
}

}  // namespace bascule::app
