#include "sim/broken.h"

#include <algorithm>

namespace bascule::sim {
namespace {

namespace keys = catalog::keys;

bool of_table(const store::Change& change, char table) { return change.key[0] == table; }

class BrokenStore final : public ops::testing::WrappedStore {
 public:
  BrokenStore(Broken rule, std::unique_ptr<store::Store> inner) : WrappedStore(std::move(inner)), rule_(rule) {}

  Task<Result<std::uint64_t>> commit(store::Commit commit) override {
    switch (rule_) {
      case Broken::preconditions: commit.preconditions.clear(); break;
      case Broken::references: forget(commit, 'R', 1); break;
      case Broken::history:
        if (begins(commit, keys::kPastTable)) forget(commit, keys::kPastTable, 3);
        break;
      case Broken::undelete:
        if (!begins(commit, keys::kPastTable) && removes(commit, keys::kExpiryTable)) forget(commit, keys::kPastTable, 2);
        break;
      case Broken::retention: forget(commit, keys::kExpiryTable, 1); break;
      case Broken::spans: forget(commit, keys::kWriteTable, 30); break;
      case Broken::fold:
        if (needs(commit, keys::kWriteTable)) forget(commit, 'P', 4);
        break;
      case Broken::tags: forget(commit, keys::kTagTable, 3); break;
      case Broken::forwarding:
        if (needs(commit, 'E')) std::erase_if(commit.changes, [&commit](const auto& c) { return of_table(c, 'E') && !needs_key(commit, c.key); });
        break;
      case Broken::restore: forget(commit, keys::kDeletedContainerTable, 2); break;
      default: break;
    }
    return inner_->commit(std::move(commit));
  }

 private:
  static bool removes(const store::Commit& commit, char table) {
    return std::ranges::any_of(commit.changes, [table](const auto& c) { return of_table(c, table) && c.version == 0; });
  }
  static bool written(const store::Commit& commit, char table) {
    return std::ranges::any_of(commit.changes, [table](const auto& c) { return of_table(c, table) && c.version != 0; });
  }
  static bool needs(const store::Commit& commit, char table) {
    return std::ranges::any_of(commit.preconditions, [table](const auto& p) { return p.key[0] == table; });
  }
  static bool needs_key(const store::Commit& commit, std::string_view key) {
    return std::ranges::any_of(commit.preconditions, [key](const auto& p) { return p.key == key; });
  }
  // Records that were not there before.
  static bool begins(const store::Commit& commit, char table) {
    return std::ranges::any_of(commit.preconditions, [table](const auto& p) { return p.key[0] == table && p.version == 0; });
  }
  // One of so many commits loses what it writes to the table.
  void forget(store::Commit& commit, char table, std::uint64_t one_of) {
    if (!written(commit, table) || ++count_ % one_of != 0) return;
    std::erase_if(commit.changes, [table](const auto& c) { return of_table(c, table) && c.version != 0; });
  }
  const Broken rule_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<store::Store> break_store(Broken rule, std::unique_ptr<store::Store> store) {
  return std::make_unique<BrokenStore>(rule, std::move(store));
}

void BrokenReader::take(const std::string& method, std::string& target, std::vector<http::Header>& headers) {
  const auto find = [&headers](std::string_view name) {
    const auto at = std::ranges::find(headers, name, &http::Header::name);
    return at == headers.end() ? std::string() : at->value;
  };
  if (rule_ == Broken::conditions) {
    std::erase_if(headers, [](const http::Header& h) {
      return h.name == "x-ms-if-tags" || h.name == "x-ms-blob-condition-appendpos" || h.name == "x-ms-if-sequence-number-eq";
    });
  } else if (rule_ == Broken::differences) {
    const std::size_t at = target.find("&prevsnapshot=");
    if (at != std::string::npos) target.erase(at, target.find('&', at + 1) - at);
  } else if (rule_ == Broken::tiers) {
    for (http::Header& h : headers)
      if (h.name == "x-ms-access-tier" && h.value == "Archive") h.value = "Cool";
  } else if (rule_ == Broken::holds) {
    for (http::Header& h : headers)
      if (h.name == "x-ms-legal-hold") h.value = "false";
  } else if (rule_ == Broken::leases) {
    const std::size_t end = target.find("?restype=container");
    if (end == std::string::npos) return;
    const std::string container = target.substr(0, end);
    if (find("x-ms-lease-action") == "acquire") leases_[container] = find("x-ms-proposed-lease-id");
    if (method == "DELETE" && leases_.contains(container) && find("x-ms-lease-id").empty())
      headers.push_back({"x-ms-lease-id", leases_[container]});
  }
}

}  // namespace bascule::sim
