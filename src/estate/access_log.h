// What the storage logs say that applications use: requests by account, service, operation, authentication and user agent.
// Names of objects, addresses, signatures and identities in the logs are never looked at.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "estate/assessment.h"

namespace bascule::estate {

inline constexpr std::size_t kMostAccessRows = 10'000;

struct AccessEntry {
  std::string_view account, service, operation, authentication, user_agent, status, time;
  std::uint64_t response_bytes = 0;
};

class AccessCounter {
 public:
  void add(const AccessEntry& entry);
  // One record of a log: Azure Monitor's JSON (operationName, identity.type, properties…) or a row of StorageBlobLogs and its
  // siblings as an object. False where it is neither.
  bool add(const boost::json::object& record);
  static bool looks_like_log(const boost::json::object& record);

  struct Row {
    std::string account, service, operation, authentication, user_agent;
    std::uint64_t requests = 0, failed = 0, response_bytes = 0;
  };
  const std::unordered_map<std::string, Row>& rows() const { return rows_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t folded() const { return folded_; }
  const std::string& from() const { return from_; }
  const std::string& to() const { return to_; }

 private:
  std::unordered_map<std::string, Row> rows_;
  std::string key_;
  std::uint64_t requests_ = 0, folded_ = 0;
  std::string from_, to_;
};

// A user agent as it is shown: the products and versions that lead it, without what differs from machine to machine.
std::string short_user_agent(std::string_view text);

// The columns of a CSV that are a storage log; nothing where it is none.
class LogColumns {
 public:
  static std::optional<LogColumns> of(std::span<const std::string_view> header);
  AccessEntry entry(std::span<const std::string_view> cells) const;

 private:
  int account_ = -1, service_ = -1, operation_ = -1, authentication_ = -1, user_agent_ = -1, status_ = -1, time_ = -1, bytes_ = -1, type_ = -1;
};

}  // namespace bascule::estate
