// A fact about a provider: a value with the source that says it and the date on which somebody looked. A fact that is not
// known is kept as such: nothing here guesses, and a rule decides what an unknown fact means for it.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::profile {

// Every kind of fact. Their names in files are in kinds() (fact.cc), the one table that parser, JSON and pages go by.
enum class FactId : std::uint8_t {
  // who it is
  operator_name, seat, parent, control, control_change, non_eu_share_largest, non_eu_share_total,
  // on what it rests
  technology_supplier, technology_countries, reseller_of, reseller_countries, presence_outside_eu,
  // what it offers, and how one leaves
  services, exit_egress, exit_notice_days, exit_terms,
  // how one speaks to it
  api, endpoint, addressing, engine,
  // its limits
  put_bytes_max, part_bytes_min, part_bytes_max, parts_max, object_bytes_max, buckets_max, metadata_bytes_max,
  puts_per_second, gets_per_second, bits_per_connection, conditional_writes, consistency, missing,
};
inline constexpr std::size_t kFacts = static_cast<std::size_t>(FactId::missing) + 1;

enum class FactType : std::uint8_t {
  text,        // value = "…"
  country,     // value = "FR"
  countries,   // value = ["US", "CA"]; [] = none
  words,       // value = ["path", "virtual-host"], each among the kind's words
  word,        // value = "free", one of the kind's words
  number,      // value = 100
  bytes,       // value = 5368709120
  percent,     // value = 24
};

enum class FactGroup : std::uint8_t { who, foundation, terms, protocol, limits };

struct FactKind {
  FactId id;
  std::string_view name;                    // in files and in JSON: "non_eu_share_largest"
  FactType type;
  FactGroup group;
  std::span<const std::string_view> words;  // of `word` and `words`; empty = any
};
std::span<const FactKind> kinds();
const FactKind& kind(FactId id);
const FactKind* find_kind(std::string_view name);
std::string_view name(FactGroup group);

struct Source {
  std::string id;      // its name within the file
  std::string title;   // for people
  std::string url;     // empty where it is no page
  std::string date;    // YYYY-MM-DD: when somebody last looked
};

struct Fact {
  bool known = false;
  std::string text;                         // text, country, word
  std::vector<std::string> items;           // countries, words
  std::int64_t number = 0;                  // number, bytes, percent
  std::string note;                         // what the value leaves out; empty = nothing
  std::string source;                       // its title, and its address where it has one
  std::string date;                         // YYYY-MM-DD; of an unknown fact: when it was last looked for
};

// The value as text: items joined with ", ", numbers in digits. Empty where it is unknown.
std::string value_text(const FactKind& kind, const Fact& fact);

}  // namespace bascule::profile
