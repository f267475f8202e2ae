// What a request's address names. Two forms: the account as the host's first label (Azure's own), or as the path's first
// segment (IP addresses, localhost, single-label hosts: the development form).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/common/fault.h"
#include "auth/request.h"
#include "ops/operations.h"

namespace bascule::api {

// The domains that hosts may belong to: "blob.example.org" answers for <account>.blob.example.org. None = any: then a
// host's first label is the account where there is an account of that name, and the path names it otherwise.
struct Domains {
  std::vector<std::string> names;
};

struct Target {
  std::string account;         // without "-secondary"; may name no account that exists
  bool secondary = false;      // "<account>-secondary": reads only
  bool path_style = false;
  std::string container;       // "" = the service itself
  std::string blob;            // decoded; "" = the container itself. A lone segment without restype=container (or account) is a blob of
                               // the root container, with container = "$root"
  std::string_view host;       // as sent, with its port
  std::string_view raw_path;   // as on the request line
  auth::Query query;

  const std::string* find(std::string_view name) const { return auth::find_parameter(query, name); }
  std::string_view get(std::string_view name) const {
    const std::string* value = find(name);
    return value ? std::string_view(*value) : std::string_view();
  }
};

// `raw_query` may begin with '?' or not. The views of the result point into the arguments.
Parsed<Target> parse_target(std::string_view host, std::string_view raw_path, std::string_view raw_query,
                            const Domains& domains, const ops::Operations& operations);

// 3 to 63 of a-z, 0-9 and single hyphens inside, or one of the service's own ($root, $web, $logs, $blobchangefeed).
Parsed<> check_container_name(std::string_view name);

// A host without its port, in lower case; and whether it can only be path style (IP literal or single label).
std::string host_name(std::string_view host);
bool is_local_host(std::string_view name);

}  // namespace bascule::api
