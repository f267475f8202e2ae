#include "estate/access_log.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <charconv>

#include "estate/ascii.h"
#include "estate/columns.h"
#include "estate/facts.h"
#include "estate/json_members.h"

namespace bascule::estate {
namespace {

namespace json = boost::json;

// Numbers stand as numbers or as texts.
std::uint64_t number_at(const json::object* in, std::string_view name) {
  const auto* found = in ? in->if_contains(name) : nullptr;
  if (!found) return 0;
  if (found->is_int64()) return static_cast<std::uint64_t>(std::max<std::int64_t>(found->get_int64(), 0));
  std::uint64_t number = 0;
  if (const auto* text = found->if_string()) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

std::string status_at(const json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  if (!found) return {};
  if (found->is_int64()) return std::to_string(found->get_int64());
  return found->is_string() ? std::string(std::string_view(found->get_string())) : std::string();
}

// ".../storageAccounts/NAME/blobServices/default" -> NAME and "blob".
void from_resource(std::string_view id, std::string_view& account, std::string_view& service) {
  const std::string low = lowered(id);
  if (const std::size_t at = low.find("/storageaccounts/"); at != std::string::npos && account.empty()) {
    const std::string_view rest = id.substr(at + 17);
    account = rest.substr(0, rest.find('/'));
  }
  for (const std::string_view word : {"blob", "queue", "table", "file"})
    if (service.empty() && low.find("/" + std::string(word) + "services") != std::string::npos) service = word;
}

std::string_view service_of_table(std::string_view table) {
  for (const auto& [name, service] : {std::pair<std::string_view, std::string_view>{"StorageBlobLogs", "blob"}, {"StorageQueueLogs", "queue"},
                                      {"StorageTableLogs", "table"}, {"StorageFileLogs", "file"}})
    if (same_word(table, name)) return service;
  return {};
}

bool is_uuid_like(std::string_view word) {
  return word.size() >= 32 && std::ranges::all_of(word, [](char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f') || c == '-'; });
}

}  // namespace

std::string short_user_agent(std::string_view text) {
  constexpr std::size_t kMost = 60;
  if (text.empty()) return "(none)";
  std::string out;
  int depth = 0;
  for (std::size_t i = 0; i < text.size() && out.size() < kMost;) {
    const char c = text[i];
    if (c == '(' || c == ')') {
      depth = std::max(0, depth + (c == '(' ? 1 : -1));
      ++i;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" ,;()", i), text.size());
    const std::string_view word = text.substr(i, end - i);
    if (depth == 0 && !word.empty() && !is_uuid_like(word)) out += (out.empty() ? "" : " ") + std::string(word);
    i = end == i ? i + 1 : end;
  }
  if (out.empty()) out = text.substr(0, kMost);
  return clean_word(out, kMost);
}

void AccessCounter::add(const AccessEntry& entry) {
  ++requests_;
  // The operation's and the authentication's words may have more behind them: "SasKey,…", a trailing version.
  key_.clear();
  const std::string agent = short_user_agent(entry.user_agent);
  for (const std::string_view part : {entry.account, entry.service, entry.operation, entry.authentication, std::string_view(agent)})
    key_.append(part.substr(0, 128)).push_back('\n');
  auto found = rows_.find(key_);
  if (found == rows_.end() && rows_.size() >= kMostAccessRows) {
    ++folded_;
    key_ = "(others)";
    found = rows_.find(key_);
  }
  if (found == rows_.end()) {
    Row row;
    if (key_ != "(others)") {
      row = {clean_word(entry.account, 64), clean_word(entry.service, 16), clean_word(entry.operation, 64), clean_word(entry.authentication, 32), agent};
      if (row.authentication.empty()) row.authentication = "(not said)";
    } else {
      row.account = row.operation = row.authentication = row.user_agent = "(others)";
    }
    found = rows_.emplace(key_, std::move(row)).first;
  }
  Row& row = found->second;
  ++row.requests;
  row.response_bytes += entry.response_bytes;
  if (!entry.status.empty() && entry.status[0] >= '4' && entry.status[0] <= '9') ++row.failed;
  if (entry.time.size() < 19 || entry.time[4] != '-') return;
  std::string time(entry.time.substr(0, 19));
  time[10] = 'T';
  if (!std::ranges::all_of(time, [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == ':' || c == 'T'; })) return;
  time += 'Z';
  if (from_.empty() || time < from_) from_ = time;
  if (time > to_) to_ = time;
}

bool AccessCounter::looks_like_log(const json::object& record) {
  return (record.contains("operationName") && (record.contains("category") || record.contains("properties")) && record.contains("time")) ||
         (record.contains("OperationName") && (record.contains("AuthenticationType") || record.contains("UserAgentHeader")));
}

bool AccessCounter::add(const json::object& record) {
  AccessEntry entry;
  if (record.contains("OperationName")) {   // a table's row
    const std::string status = status_at(record, "StatusCode");
    entry = {text_at(record, "AccountName"), service_of_table(text_at(record, "Type")), text_at(record, "OperationName"),
             text_at(record, "AuthenticationType"), text_at(record, "UserAgentHeader"), status, text_at(record, "TimeGenerated"),
             number_at(&record, "ResponseBodySize")};
    if (const std::string_view service = text_at(record, "ServiceType"); !service.empty()) entry.service = service;
    from_resource(text_at(record, "_ResourceId"), entry.account, entry.service);
    add(entry);
    return true;
  }
  const std::string_view operation = text_at(record, "operationName");
  if (operation.empty()) return false;
  const std::string_view category = text_at(record, "category");
  const json::object* properties = object_at(record, "properties");
  const json::object* identity = object_at(record, "identity");
  if (!category.starts_with("Storage") && !(properties && properties->contains("serviceType"))) return false;
  const std::string status = status_at(record, "statusCode");
  entry = {text_at(properties, "accountName"), text_at(properties, "serviceType"), operation, text_at(identity, "type"),
           text_at(properties, "userAgentHeader"), status, text_at(record, "time"), number_at(properties, "responseBodySize")};
  from_resource(text_at(record, "resourceId"), entry.account, entry.service);
  add(entry);
  return true;
}

std::optional<LogColumns> LogColumns::of(std::span<const std::string_view> header) {
  LogColumns columns;
  columns.operation_ = column(header, {"OperationName"});
  columns.authentication_ = column(header, {"AuthenticationType"});
  columns.user_agent_ = column(header, {"UserAgentHeader"});
  if (columns.operation_ < 0 || (columns.authentication_ < 0 && columns.user_agent_ < 0)) return std::nullopt;
  columns.account_ = column(header, {"AccountName"});
  columns.service_ = column(header, {"ServiceType"});
  columns.status_ = column(header, {"StatusCode"});
  columns.time_ = column(header, {"TimeGenerated", "TimeGenerated [UTC]"});
  columns.bytes_ = column(header, {"ResponseBodySize"});
  columns.type_ = column(header, {"Type"});
  return columns;
}

AccessEntry LogColumns::entry(std::span<const std::string_view> cells) const {
  AccessEntry entry{cell(cells, account_), cell(cells, service_), cell(cells, operation_), cell(cells, authentication_),
                    cell(cells, user_agent_), cell(cells, status_), cell(cells, time_)};
  const std::string_view bytes = cell(cells, bytes_);
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), entry.response_bytes);
  if (entry.service.empty()) entry.service = service_of_table(cell(cells, type_));
  return entry;
}

}  // namespace bascule::estate
