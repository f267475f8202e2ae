#include "estate/framework.h"

#include <fmt/format.h>

#include "profile/toml_reader.h"

namespace bascule::estate {
namespace {

using profile::TomlReader;

class File {
 public:
  explicit File(const std::string& shown) : read_(shown) {}

  Result<Framework> take(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (key == "id") {
        BASCULE_ASSIGN(out_.id, read_.text(node, "id"));
      } else if (key == "title") {
        BASCULE_ASSIGN(out_.title, read_.text(node, "title"));
      } else if (key == "version") {
        BASCULE_ASSIGN(out_.version, read_.text(node, "version"));
      } else if (key == "date") {
        BASCULE_ASSIGN(out_.date, read_.date(node, "date"));
      } else if (key == "looked") {
        BASCULE_ASSIGN(out_.looked, read_.date(node, "looked"));
      } else if (key == "source") {
        BASCULE_ASSIGN(out_.source, read_.text(node, "source"));
      } else if (key == "note") {
        BASCULE_ASSIGN(out_.note, read_.text(node, "note"));
      } else if (key == "levels") {
        BASCULE_TRY(rows(node, "levels", [this](const toml::table& row) { return level(row); }));
      } else if (key == "objectives") {
        BASCULE_TRY(rows(node, "objectives", [this](const toml::table& row) { return objective(row); }));
      } else {
        return read_.unknown_key(key, {"id", "title", "version", "date", "looked", "source", "note", "levels", "objectives"});
      }
    }
    if (out_.version.empty() || out_.source.empty() || out_.looked.empty() || out_.objectives.empty())
      return read_.wrong(table, "a framework needs version, source, looked and objectives");
    return std::move(out_);
  }

 private:
  template <class Take> Result<void> rows(const toml::node& node, std::string_view what, Take take) {
    const toml::array* array = node.as_array();
    if (array == nullptr || !array->is_homogeneous<toml::table>()) return read_.wrong(node, fmt::format("{}: allowed is a list of tables", what));
    for (const toml::node& row : *array) BASCULE_TRY(take(*row.as_table()));
    return {};
  }

  Result<void> level(const toml::table& row) {
    SealLevel level;
    for (const auto& [key, node] : row) {
      if (key == "id") {
        BASCULE_ASSIGN(level.id, read_.text(node, "id"));
      } else if (key == "en") {
        BASCULE_ASSIGN(level.meaning.en, read_.text(node, "en"));
      } else if (key == "fr") {
        BASCULE_ASSIGN(level.meaning.fr, read_.text(node, "fr"));
      } else {
        return read_.unknown_key(key, {"id", "en", "fr"});
      }
    }
    if (level.id.empty() || level.meaning.en.empty() || level.meaning.fr.empty()) return read_.wrong(row, "a level needs id, en and fr");
    out_.levels.push_back(std::move(level));
    return {};
  }

  Result<void> objective(const toml::table& row) {
    Objective objective;
    const toml::node* factors = nullptr;
    for (const auto& [key, node] : row) {
      if (key == "id") {
        BASCULE_ASSIGN(objective.id, read_.text(node, "id"));
      } else if (key == "weight") {
        BASCULE_ASSIGN(const std::int64_t weight, read_.number(node, "weight", 0, 100));
        objective.weight = static_cast<int>(weight);
      } else if (key == "en") {
        BASCULE_ASSIGN(objective.title.en, read_.text(node, "en"));
      } else if (key == "fr") {
        BASCULE_ASSIGN(objective.title.fr, read_.text(node, "fr"));
      } else if (key == "factors") {
        factors = &node;
      } else {
        return read_.unknown_key(key, {"id", "weight", "en", "fr", "factors"});
      }
    }
    if (objective.id.empty() || objective.title.en.empty() || objective.title.fr.empty() || factors == nullptr)
      return read_.wrong(row, "an objective needs id, en, fr and factors");
    BASCULE_TRY(rows(*factors, "factors", [&](const toml::table& each) { return factor(each, objective); }));
    out_.objectives.push_back(std::move(objective));
    return {};
  }

  Result<void> factor(const toml::table& row, Objective& objective) {
    Factor factor{.id = fmt::format("{}.{}", objective.id, objective.factors.size() + 1), .title = {}, .facts = {}};
    for (const auto& [key, node] : row) {
      if (key == "en") {
        BASCULE_ASSIGN(factor.title.en, read_.text(node, "en"));
      } else if (key == "fr") {
        BASCULE_ASSIGN(factor.title.fr, read_.text(node, "fr"));
      } else if (key == "facts") {
        const auto good = [](std::string_view text) { return text == "regions" || text == "qualifications" || profile::find_kind(text) != nullptr; };
        BASCULE_ASSIGN(const auto names, read_.texts(node, "facts", good, "a fact's name, \"regions\" or \"qualifications\""));
        for (const std::string& name : names) {
          if (name == "regions") factor.regions = true;
          else if (name == "qualifications") factor.qualifications = true;
          else factor.facts.push_back(profile::find_kind(name)->id);
        }
      } else {
        return read_.unknown_key(key, {"en", "fr", "facts"});
      }
    }
    if (factor.title.en.empty() || factor.title.fr.empty()) return read_.wrong(row, "a factor needs en and fr");
    objective.factors.push_back(std::move(factor));
    return {};
  }

  TomlReader read_;
  Framework out_;
};

// The countries of a profile's regions, and those of its qualifications that are held or under way.
Evidence regions_evidence(const profile::Profile& profile) {
  Evidence out{.fact = "regions", .value = {}, .source = profile.regions.front().source, .date = profile.regions.front().date};
  std::vector<std::string> countries;
  for (const profile::Region& region : profile.regions)
    if (std::ranges::find(countries, region.country) == countries.end()) countries.push_back(region.country);
  std::ranges::sort(countries);
  out.value = fmt::format("{}", fmt::join(countries, ", "));
  return out;
}

FactorEvidence gather(const Factor& factor, const profile::Profile& profile) {
  FactorEvidence out{.factor = &factor, .evidence = {}};
  for (const profile::FactId id : factor.facts) {
    const profile::Fact& fact = profile.fact(id);
    if (!fact.known) continue;
    const std::string value = value_text(profile::kind(id), fact);
    out.evidence.push_back({std::string(profile::kind(id).name), value.empty() ? "none" : value, fact.source, fact.date});
  }
  if (factor.regions && !profile.regions.empty()) out.evidence.push_back(regions_evidence(profile));
  if (factor.qualifications)
    for (const profile::Qualification& q : profile.qualifications)
      out.evidence.push_back({"qualifications", fmt::format("{}: {}", q.name, name(q.status)), q.source, q.date});
  return out;
}

}  // namespace

std::size_t Framework::factors() const {
  std::size_t sum = 0;
  for (const Objective& objective : objectives) sum += objective.factors.size();
  return sum;
}

Result<Framework> parse_framework(std::string_view content, const std::string& shown) {
  BASCULE_ASSIGN(const toml::table table, TomlReader::parse(content, shown));
  return File(shown).take(table);
}

const Framework& shipped_framework() {
  static const Framework kShipped = [] {
    const EmbeddedFile& file = framework_files().front();
    return parse_framework(file.text, std::string(file.name)).value_or(Framework{});
  }();
  return kShipped;
}

std::vector<ObjectiveEvidence> gather_evidence(const Framework& framework, const profile::Profile& profile) {
  std::vector<ObjectiveEvidence> out;
  for (const Objective& objective : framework.objectives) {
    ObjectiveEvidence& row = out.emplace_back(ObjectiveEvidence{.objective = &objective, .factors = {}});
    for (const Factor& factor : objective.factors) {
      row.factors.push_back(gather(factor, profile));
      if (row.factors.back().evidence.empty()) ++row.unknown;
    }
  }
  return out;
}

}  // namespace bascule::estate
