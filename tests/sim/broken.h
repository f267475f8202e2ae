// Rules that are broken on purpose: the simulator must notice each.
#pragma once
#include <optional>

#include "http/message.h"
#include "ops/testing.h"

namespace bascule::sim {

enum class Broken {
  nothing,
  durability,      // some puts are acknowledged that never happened
  preconditions,   // commits forget what they must check
  collection,      // a living session's unnamed extents are collected by a listing, writes in flight among them
  references,      // who shares a manifest leaves no record of it
  history,         // some writes do not put aside what was there
  undelete,        // forgets one of the states that it brings back
  retention,       // nobody notes when what was deleted softly is due
  spans,           // some writes of append and page blobs leave no record
  fold,            // a fold forgets a page
  tags,            // some tags are not indexed
  conditions,      // tags, positions and sequence numbers are not compared
  tiers,           // what should be archived stays readable
  leases,          // a container's lease does not guard it
  holds,           // what is held or under a policy is deleted all the same
  restore,         // a deleted container's record is forgotten
  differences,     // what changed since a snapshot is told as all that there is
  forwarding,      // the extent that others were gathered into is not named
};

struct BrokenName {
  Broken rule;
  std::string_view name;
};
inline constexpr BrokenName kBroken[] = {
    {Broken::durability, "durability"}, {Broken::preconditions, "preconditions"}, {Broken::collection, "collection"},
    {Broken::references, "references"}, {Broken::history, "history"},             {Broken::undelete, "undelete"},
    {Broken::retention, "retention"},   {Broken::spans, "spans"},                 {Broken::fold, "fold"},
    {Broken::tags, "tags"},             {Broken::conditions, "conditions"},       {Broken::tiers, "tiers"},
    {Broken::leases, "leases"},         {Broken::holds, "holds"},             {Broken::restore, "restore"},
    {Broken::forwarding, "forwarding"},   {Broken::differences, "differences"},
};

// A store whose commits lack what the broken rule would have them do; nothing where the rule is kept elsewhere.
std::unique_ptr<store::Store> break_store(Broken rule, std::unique_ptr<store::Store> store);

// A request as a server would take it that keeps the rule no longer: before it is signed.
class BrokenReader {
 public:
  explicit BrokenReader(Broken rule) : rule_(rule) {}
  void take(const std::string& method, std::string& target, std::vector<http::Header>& headers);

 private:
  const Broken rule_;
  std::map<std::string, std::string> leases_;   // by the container's path
};

}  // namespace bascule::sim
