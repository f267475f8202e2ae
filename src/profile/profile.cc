#include "profile/profile.h"

#include <algorithm>

namespace bascule::profile {
namespace {

std::vector<Profile> parse_shipped() {
  std::vector<Profile> out;
  for (const EmbeddedFile& file : profile_files()) {
    auto profile = parse_profile(file.text, std::string(file.name));
    if (!profile) continue;   // cannot be: the test of this folder parses each
    profile->shipped = true;
    out.push_back(std::move(*profile));
  }
  std::ranges::sort(out, {}, &Profile::id);
  return out;
}

void replace(std::string& text, std::string_view place, std::string_view with) {
  if (const std::size_t at = text.find(place); at != std::string::npos) text.replace(at, place.size(), with);
}

}  // namespace

std::string_view name(Qualification::Status status) {
  switch (status) {
    case Qualification::Status::held: return "held";
    case Qualification::Status::in_progress: return "in progress";
    case Qualification::Status::not_held: return "not held";
  }
  return "not held";
}

std::string_view name(Qualification::Covers covers) {
  switch (covers) {
    case Qualification::Covers::unknown: return "unknown";
    case Qualification::Covers::yes: return "yes";
    case Qualification::Covers::no: return "no";
  }
  return "unknown";
}

std::span<const Profile> shipped_profiles() {
  static const std::vector<Profile> kShipped = parse_shipped();
  return kShipped;
}

const Profile* find_shipped(std::string_view id) {
  const auto profiles = shipped_profiles();
  const auto found = std::ranges::find(profiles, id, &Profile::id);
  return found != profiles.end() ? &*found : nullptr;
}

Result<std::string> endpoint(const Profile& profile, const Region& region, std::string_view service) {
  const Fact& pattern = profile.fact(FactId::endpoint);
  std::string out = region.endpoint.empty() && pattern.known ? pattern.text : region.endpoint;
  if (out.empty()) return fail(Code::unsupported, "the profile " + profile.id + " gives no endpoint: name one");
  if (out.contains("{service}") && service.empty())
    return fail(Code::unsupported, "the endpoint of " + profile.id + " contains an id that the provider gave you: name it");
  replace(out, "{region}", region.id);
  replace(out, "{service}", service);
  return out;
}

}  // namespace bascule::profile
