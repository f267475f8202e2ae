#include "migrate/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "http/url.h"

namespace bascule::migrate {
namespace {

constexpr std::string_view kDevelopmentAccount = "devstoreaccount1";
// Published by Microsoft for its emulators: no secret.
constexpr std::string_view kDevelopmentKey =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

bool is_numeric_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// The account is the path's first segment where the host cannot name it.
bool is_path_style(const http::Origin& origin) {
  return is_numeric_address(origin.host) || origin.host == "localhost" || origin.host.find('.') == std::string::npos ||
         (origin.port >= 10000 && origin.port <= 10004);
}

Result<void> apply_endpoint(std::string_view text, Connection& connection, std::string& path) {
  // The endpoint is shown: a SAS that lost its '?' must not be taken for a part of it.
  if (text.find("sig=") != std::string_view::npos) return wrong("the endpoint holds a signature: a SAS begins with '?'");
  auto url = http::parse_url(text);
  if (!url) return fail(url.error().code, "the blob endpoint: " + url.error().message);
  connection.origin = url->origin;
  path = url->path;
  while (path.ends_with('/')) path.pop_back();
  if (is_path_style(url->origin)) {
    const std::size_t end = path.find('/', 1);
    connection.base_path = path.substr(0, end);
    if (connection.base_path.size() < 2) return wrong("the endpoint's path must begin with the account's name");
    connection.account = connection.base_path.substr(1);
    path = end == std::string::npos ? "" : path.substr(end);
  } else {
    connection.account = url->origin.host.substr(0, url->origin.host.find('.'));
  }
  if (connection.account.ends_with("-secondary")) connection.account.resize(connection.account.size() - 10);
  return {};
}

Result<Connection> parse_sas_url(std::string_view text) {
  auto url = http::parse_url(text);
  if (!url) return fail(url.error());
  Connection connection;
  std::string path;
  const std::string_view without_query = text.substr(0, text.find('?'));
  BASCULE_TRY(apply_endpoint(without_query, connection, path));
  connection.sas = url->query;
  if (connection.sas.find("sig=") == std::string::npos) return wrong("the URL carries no SAS (its query has no 'sig')");
  if (!path.empty()) {
    auto container = http::percent_decode(std::string_view(path).substr(1));
    if (!container || container->find('/') != std::string::npos)
      return wrong("the URL must name an account or a container, not a blob");
    connection.container = *container;
  }
  return connection;
}

}  // namespace

std::string Connection::describe() const {
  std::string out = fmt::format("{}://{}{}", origin.tls ? "https" : "http", http::host_header(origin), base_path);
  if (!container.empty()) out += "/" + container;
  return out;
}

Result<Connection> parse_connection(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::string start = lower(text.substr(0, 8));
  if (start.starts_with("https://") || start.starts_with("http://")) return parse_sas_url(text);

  std::map<std::string, std::string> fields;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find(';');
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return wrong("not a connection string (Name=Value;…) and not a URL with a SAS");
    fields[lower(part.substr(0, equals))] = std::string(part.substr(equals + 1));
  }
  if (lower(fields["usedevelopmentstorage"]) == "true") {
    if (fields["blobendpoint"].empty())
      fields["blobendpoint"] = fmt::format("http://127.0.0.1:10000/{}", kDevelopmentAccount);
    fields["accountname"] = kDevelopmentAccount;
    fields["accountkey"] = kDevelopmentKey;
  }

  Connection connection;
  std::string path;
  std::string endpoint = fields["blobendpoint"];
  if (endpoint.empty()) {
    if (fields["accountname"].empty()) return wrong("the connection string needs AccountName or BlobEndpoint");
    const std::string suffix = fields["endpointsuffix"].empty() ? "core.windows.net" : fields["endpointsuffix"];
    const std::string protocol =
        fields["defaultendpointsprotocol"].empty() ? "https" : lower(fields["defaultendpointsprotocol"]);
    endpoint = fmt::format("{}://{}.blob.{}", protocol, fields["accountname"], suffix);
  }
  BASCULE_TRY(apply_endpoint(endpoint, connection, path));
  if (!path.empty()) return wrong("BlobEndpoint must not name a container");
  if (!fields["accountname"].empty()) connection.account = fields["accountname"];
  if (!fields["accountkey"].empty()) {
    connection.key = from_base64(fields["accountkey"]);
    if (!connection.key) return wrong("AccountKey is not Base64");
  } else {
    connection.sas = fields["sharedaccesssignature"];
    if (connection.sas.starts_with('?')) connection.sas.erase(0, 1);
    if (connection.sas.find("sig=") == std::string::npos)
      return wrong("the connection string needs AccountKey or SharedAccessSignature");
  }
  return connection;
}

}  // namespace bascule::migrate
