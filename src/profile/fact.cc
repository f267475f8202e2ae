#include "profile/fact.h"

#include <algorithm>
#include <iterator>

namespace bascule::profile {
namespace {

constexpr std::string_view kServiceWords[] = {"block-storage", "containers-managed",  "file-storage",   "functions",
                                              "kms",           "kubernetes",          "load-balancer",  "message-queue",
                                              "mongodb",       "mysql",               "object-storage", "postgresql",
                                              "redis",         "virtual-machines"};
constexpr std::string_view kAddressingWords[] = {"path", "virtual-host"};
constexpr std::string_view kEgressWords[] = {"free", "at-cost", "charged"};
constexpr std::string_view kApiWords[] = {"s3", "azure-blob"};

using enum FactType;
using enum FactGroup;

constexpr FactKind kKinds[] = {
    {FactId::operator_name, "operator", text, who, {}},
    {FactId::seat, "seat", country, who, {}},
    {FactId::parent, "parent", text, who, {}},
    {FactId::control, "control", country, who, {}},
    {FactId::control_change, "control_change", text, who, {}},
    {FactId::non_eu_share_largest, "non_eu_share_largest", percent, who, {}},
    {FactId::non_eu_share_total, "non_eu_share_total", percent, who, {}},
    {FactId::technology_supplier, "technology_supplier", text, foundation, {}},
    {FactId::technology_countries, "technology_countries", countries, foundation, {}},
    {FactId::reseller_of, "reseller_of", text, foundation, {}},
    {FactId::reseller_countries, "reseller_countries", countries, foundation, {}},
    {FactId::presence_outside_eu, "presence_outside_eu", countries, foundation, {}},
    {FactId::services, "services", words, terms, kServiceWords},
    {FactId::exit_egress, "exit_egress", word, terms, kEgressWords},
    {FactId::exit_notice_days, "exit_notice_days", number, terms, {}},
    {FactId::exit_terms, "exit_terms", text, terms, {}},
    {FactId::api, "api", word, protocol, kApiWords},
    {FactId::endpoint, "endpoint", text, protocol, {}},
    {FactId::addressing, "addressing", words, protocol, kAddressingWords},
    {FactId::engine, "engine", text, protocol, {}},
    {FactId::put_bytes_max, "put_bytes_max", bytes, limits, {}},
    {FactId::part_bytes_min, "part_bytes_min", bytes, limits, {}},
    {FactId::part_bytes_max, "part_bytes_max", bytes, limits, {}},
    {FactId::parts_max, "parts_max", number, limits, {}},
    {FactId::object_bytes_max, "object_bytes_max", bytes, limits, {}},
    {FactId::buckets_max, "buckets_max", number, limits, {}},
    {FactId::metadata_bytes_max, "metadata_bytes_max", bytes, limits, {}},
    {FactId::puts_per_second, "puts_per_second", number, limits, {}},
    {FactId::gets_per_second, "gets_per_second", number, limits, {}},
    {FactId::bits_per_connection, "bits_per_connection", number, limits, {}},
    {FactId::conditional_writes, "conditional_writes", text, limits, {}},
    {FactId::consistency, "consistency", text, limits, {}},
    {FactId::missing, "missing", text, limits, {}},
};
static_assert(std::size(kKinds) == kFacts);
static_assert([] {
  for (std::size_t i = 0; i < kFacts; ++i)
    if (static_cast<std::size_t>(kKinds[i].id) != i) return false;
  return true;
}());

}  // namespace

std::span<const FactKind> kinds() { return kKinds; }
const FactKind& kind(FactId id) { return kKinds[static_cast<std::size_t>(id)]; }

const FactKind* find_kind(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &FactKind::name);
  return found != std::end(kKinds) ? found : nullptr;
}

std::string_view name(FactGroup group) {
  switch (group) {
    case who: return "who";
    case foundation: return "foundation";
    case terms: return "terms";
    case protocol: return "protocol";
    case limits: return "limits";
  }
  return "limits";
}

std::string value_text(const FactKind& kind, const Fact& fact) {
  if (!fact.known) return {};
  switch (kind.type) {
    case text:
    case country:
    case word: return fact.text;
    case countries:
    case words: {
      std::string out;
      for (const std::string& item : fact.items) out += (out.empty() ? "" : ", ") + item;
      return out;
    }
    case number:
    case bytes:
    case percent: return std::to_string(fact.number);
  }
  return {};
}

}  // namespace bascule::profile
