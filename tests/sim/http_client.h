// A signing HTTP client over one stream, as little as the simulator needs.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "http/byte_stream.h"
#include "http/message.h"
#include "ops/types.h"

namespace bascule::sim {

struct Answer {
  int status = 0;                                // 0: no whole answer came; what became of the request is not known
  std::map<std::string, std::string> headers;    // names in lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto at = headers.find(name);
    return at == headers.end() ? "" : at->second;
  }
};

struct Request {
  std::string method, target;                    // origin-form
  std::vector<http::Header> headers;
  std::string body;
};

// Sends and reads the answer to its end. `status` 0 where the connection ended before that.
Task<Answer> exchange(http::ByteStream& stream, Request request, const ops::Account& account, WallTime now);

inline std::string host_of(const ops::Account& account) { return account.name + ".blob.sim"; }
constexpr const char* kVersion = "2023-11-03";
constexpr const char* kScope = "one";            // an encryption scope of the account

}  // namespace bascule::sim
