// Where discovery documents and key sets come from.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/clock.h"
#include "runtime/task.h"

namespace bascule::auth {

class Documents {
 public:
  virtual ~Documents() = default;
  // GET of `url`, at most `most_bytes`. Errors: unavailable, timeout, permission_denied (its certificate), exhausted (too
  // large), invalid_argument (no such URL; plain HTTP to another machine). Any loop.
  virtual Task<Result<std::string>> get(std::string url, std::size_t most_bytes) = 0;
};

// Over HTTP with TLS verified against `ca_file` (PEM; "" = the system's). Plain HTTP goes to this machine alone. Redirects
// are not followed. `clock` outlives it.
std::unique_ptr<Documents> make_http_documents(std::string ca_file, Clock& clock);

// True for an https URL, or an http one whose host is a numeric loopback address or "localhost".
bool acceptable_document_url(const std::string& url);

}  // namespace bascule::auth
