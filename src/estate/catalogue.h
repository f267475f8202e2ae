// What is known of Azure's resource types, as data: the tables of data/, compiled in. Each row has its source and its date;
// README.md says what each table is for. Immutable; any thread.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/embedded.h"
#include "base/result.h"
#include "estate/assessment.h"

namespace bascule::estate {

std::span<const EmbeddedFile> assess_data();   // the files of data/

// A way into a resource's JSON: "properties.encryption.keySource"; "*" is any element or member.
using Path = std::vector<std::string_view>;

// What a value must be for a rule to hold.
struct Test {
  enum class Kind : std::uint8_t { present, is, is_not, begins, contains } kind = Kind::present;
  std::vector<std::string_view> words;   // any of them, without case
};

struct BlockerRule {
  Blocker blocker;
  std::uint8_t bit = 0;                  // its place in a row's set
  Path arm, terraform;                   // empty = not told there
  Test test;
  Path and_arm;                          // a second condition, in ARM's JSON only
  Test and_test;
};
inline constexpr std::size_t kMostBlockers = 64;

struct SizeRule {
  Path arm, terraform;
  double unit_bytes = 1;
  std::uint8_t rank = 1;                 // 3 = bytes in use, 2 = allocated, 1 = a quota: the higher is taken
};

struct OperationRow {
  Move move = Move::unknown;
  Words reason;
};

struct TypeRules {
  std::vector<const BlockerRule*> blockers;
  std::vector<const SizeRule*> sizes;
  std::vector<std::string_view> back_references;   // members that name who uses the resource, not what it uses
};

class Catalogue {
 public:
  // The data that is compiled in.
  static const Catalogue& builtin();
  // Any files of these names; an error names file and line.
  static Result<std::unique_ptr<const Catalogue>> parse(std::span<const EmbeddedFile> files);
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  const Mapping* find(std::string_view type) const;            // without case; null = unknown
  std::span<const Mapping> mappings() const { return mappings_; }
  struct TerraformType {
    std::string_view arm;      // the ARM type
    std::string_view name;     // how its name is put together: "{storage_account_name}/default/{name}"
  };
  const TerraformType* terraform(std::string_view type) const; // of an azurerm type; null = unknown
  const std::unordered_map<std::string_view, TerraformType>& terraform_types() const { return terraform_; }
  const TypeRules& rules(std::string_view type) const;         // the type's own and those for every type
  std::span<const BlockerRule> blockers() const { return blockers_; }
  // What a bit of a row's set stands for; rules of one id share the bit, and the first of them speaks for it.
  const Blocker* blocker(unsigned bit) const { return by_bit_[bit]; }
  std::span<const ChecklistItem> checklist() const { return checklist_; }
  // How Bascule stands to an operation that the storage logs name. Authentication decides too.
  OperationRow operation(std::string_view service, std::string_view operation, std::string_view authentication) const;
  std::string_view newest_date() const { return newest_; }
  Words reason(std::string_view code) const;

 private:
  Catalogue() = default;
  struct Loader;
  std::vector<Mapping> mappings_;
  std::unordered_map<std::string, const Mapping*> by_type_;            // lower case
  std::unordered_map<std::string_view, TerraformType> terraform_;
  std::unordered_map<std::string_view, Words> reasons_;
  std::vector<BlockerRule> blockers_;
  std::array<const Blocker*, kMostBlockers> by_bit_{};
  std::vector<SizeRule> sizes_;
  std::unordered_map<std::string, TypeRules> rules_;                   // lower case
  TypeRules general_;
  std::vector<ChecklistItem> checklist_;
  std::unordered_map<std::string, OperationRow> operations_;           // "service operation", "authentication X"
  std::string_view newest_;
};

}  // namespace bascule::estate
