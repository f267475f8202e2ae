// A profile: what is known of a provider and its operator, as dated facts. The shipped ones are data/*.toml, compiled in;
// a person may bring others of the same format (docs/compare.md).
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded.h"
#include "base/result.h"
#include "profile/fact.h"

namespace bascule::profile {

// Where data can lie at a provider.
struct Region {
  std::string id;               // "gra"; what the endpoint and the signature name
  std::string place;            // "Gravelines"
  std::string country;          // "FR"
  std::string endpoint;         // where it differs from the provider's pattern; empty = the pattern
  std::string signing_region;   // where it differs from the id
  std::int64_t zones = 0;       // availability zones; 0 = not said
  // Where the suppliers of this region's technology sit, if it is not what the provider's fact says.
  std::optional<std::vector<std::string>> technology_countries;
  std::string note, source, date;
};

struct Qualification {
  enum class Status : std::uint8_t { held, in_progress, not_held };
  enum class Covers : std::uint8_t { unknown, yes, no };
  std::string name;             // "SecNumCloud 3.2"
  Status status = Status::not_held;
  Covers object_storage = Covers::unknown;   // is the object storage within what was qualified?
  std::string scope;            // which services, in words
  std::string source, date;
};
std::string_view name(Qualification::Status status);   // "held", "in progress", "not held"
std::string_view name(Qualification::Covers covers);   // "unknown", "yes", "no"

struct Profile {
  std::string id;               // "ovhcloud": lower case, digits, hyphens
  std::string title;            // "OVHcloud"
  std::string reviewed;         // YYYY-MM-DD: when the whole file was last gone through; what was not found then is unknown
  std::string note;
  bool shipped = false;
  std::array<Fact, kFacts> facts;
  std::vector<Region> regions;                // in the order of their ids
  std::vector<Qualification> qualifications;  // in the order of their names
  std::vector<Source> sources;

  const Fact& fact(FactId wanted) const { return facts[static_cast<std::size_t>(wanted)]; }
};

// A profile's file. `shown` is its name in errors: "FILE:LINE: what is wrong; what is allowed". At most kMostProfileBytes.
inline constexpr std::size_t kMostProfileBytes = 4 << 20;
Result<Profile> parse_profile(std::string_view content, const std::string& shown);

// The shipped ones in the order of their ids. They parse: a test sees to it.
std::span<const Profile> shipped_profiles();
const Profile* find_shipped(std::string_view id);
std::span<const EmbeddedFile> profile_files();

// The address of a region: https://…. What the pattern's {service} stands for (an id that the provider gave out) comes from the
// caller. unsupported: the profile gives no endpoint, or {service} is needed and empty.
Result<std::string> endpoint(const Profile& profile, const Region& region, std::string_view service = {});

}  // namespace bascule::profile
