// The format of a profile's file: see docs/compare.md, "A profile of your own".
#include <fmt/format.h>

#include "profile/country.h"
#include "profile/profile.h"
#include "profile/toml_reader.h"

namespace bascule::profile {
namespace {

constexpr std::string_view kIdAllowed = "lower-case letters, digits and hyphens, at most 40";

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// A pattern: https, a host whose labels are letters, digits and hyphens, and {region} or {service} in place of some.
bool is_endpoint(std::string_view text) {
  if (!text.starts_with("https://")) return false;
  std::string host(text.substr(8));
  for (const std::string_view place : {"{region}", "{service}"})
    if (const std::size_t at = host.find(place); at != std::string::npos) host.replace(at, place.size(), "x");
  bool label = false, dots = false;
  for (const char c : host) {
    if (c == '.') {
      if (!label) return false;
      label = false;
      dots = true;
      continue;
    }
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    label = true;
  }
  return label && dots;
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

class File {
 public:
  explicit File(const std::string& shown) : read_(shown) {}

  Result<Profile> take(const toml::table& table) {
    // Sources first: everything else names them.
    BASCULE_TRY(sources(table));
    for (const auto& [key, node] : table) {
      const std::string_view name = key.str();
      if (name == "sources") continue;
      if (name == "id") {
        BASCULE_ASSIGN(out_.id, read_.text(node, "id"));
        if (!is_id(out_.id)) return read_.wrong(node, fmt::format("id: {} is not allowed; allowed are {}", quoted(out_.id), kIdAllowed));
      } else if (name == "title") {
        BASCULE_ASSIGN(out_.title, read_.text(node, "title", 200));
      } else if (name == "reviewed") {
        BASCULE_ASSIGN(out_.reviewed, read_.date(node, "reviewed"));
      } else if (name == "note") {
        BASCULE_ASSIGN(out_.note, read_.text(node, "note"));
      } else if (name == "facts") {
        BASCULE_TRY(facts(node));
      } else if (name == "regions") {
        BASCULE_TRY(rows(node, "regions", [this](const toml::table& row) { return region(row); }));
      } else if (name == "qualifications") {
        BASCULE_TRY(rows(node, "qualifications", [this](const toml::table& row) { return qualification(row); }));
      } else {
        return read_.unknown_key(key, {"id", "title", "reviewed", "note", "sources", "facts", "regions", "qualifications"});
      }
    }
    if (out_.id.empty() || out_.title.empty() || out_.reviewed.empty())
      return read_.wrong(table, "a profile begins with id, title and reviewed");
    for (Fact& fact : out_.facts)
      if (fact.date.empty()) fact.date = out_.reviewed;   // not mentioned: looked for, and not found
    return order();
  }

 private:
  Result<void> sources(const toml::table& table) {
    const toml::node* node = table.get("sources");
    if (node == nullptr) return {};
    if (!node->is_table()) return read_.wrong(*node, "sources: allowed is a section [sources] of NAME = { title = …, url = …, date = … }");
    for (const auto& [key, value] : *node->as_table()) {
      const toml::table* row = value.as_table();
      if (row == nullptr) return read_.wrong(value, "a source is { title = \"…\", url = \"…\", date = 2026-11-23 }");
      Source source{.id = std::string(key.str()), .title = {}, .url = {}, .date = {}};
      for (const auto& [name, part] : *row) {
        if (name == "title") {
          BASCULE_ASSIGN(source.title, read_.text(part, "title", 400));
        } else if (name == "url") {
          BASCULE_ASSIGN(source.url, read_.text(part, "url", 2000));
          if (!source.url.starts_with("https://")) return read_.wrong(part, "url: allowed is an address that begins with https://");
        } else if (name == "date") {
          BASCULE_ASSIGN(source.date, read_.date(part, "date"));
        } else {
          return read_.unknown_key(name, {"title", "url", "date"});
        }
      }
      if (source.title.empty() || source.date.empty()) return read_.wrong(value, "a source needs title and date");
      out_.sources.push_back(std::move(source));
    }
    return {};
  }

  // Puts the source that `from` names into anything that has `source` and `date`.
  template <class T> Result<void> from(const toml::node& node, T& into) const {
    BASCULE_ASSIGN(const std::string id, read_.text(node, "from"));
    const auto found = std::ranges::find(out_.sources, id, &Source::id);
    if (found == out_.sources.end()) return read_.wrong(node, fmt::format("from: there is no source {} in [sources]", quoted(id)));
    into.source = found->url.empty() ? found->title : fmt::format("{} ({})", found->title, found->url);
    into.date = found->date;
    return {};
  }

  Result<void> facts(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return read_.wrong(node, "facts: allowed is a section [facts] of NAME = { value = …, from = \"SOURCE\" }");
    for (const auto& [key, value] : *table) {
      const FactKind* kind = find_kind(key.str());
      if (kind == nullptr) {
        std::vector<std::string_view> allowed;
        for (const FactKind& each : kinds()) allowed.push_back(each.name);
        return read_.unknown_key(key, allowed);
      }
      const toml::table* row = value.as_table();
      if (row == nullptr) return read_.wrong(value, fmt::format("{0}: allowed is {0} = {{ value = …, from = \"SOURCE\" }}", kind->name));
      BASCULE_TRY(fact(*kind, *row, out_.facts[static_cast<std::size_t>(kind->id)]));
    }
    return {};
  }

  Result<void> fact(const FactKind& kind, const toml::table& row, Fact& out) {
    bool unknown = false;
    for (const auto& [key, node] : row) {
      if (key == "value") {
        BASCULE_TRY(value(kind, node, out));
        out.known = true;
      } else if (key == "from") {
        BASCULE_TRY(from(node, out));
      } else if (key == "note") {
        BASCULE_ASSIGN(out.note, read_.text(node, "note"));
      } else if (key == "unknown") {
        if (node.value_exact<bool>() != std::optional(true)) return read_.wrong(node, "unknown: allowed is true");
        unknown = true;
      } else {
        return read_.unknown_key(key, {"value", "unknown", "from", "note"});
      }
    }
    if (out.known == unknown) return read_.wrong(row, fmt::format("{}: allowed is either a value or unknown = true", kind.name));
    if (out.source.empty()) return read_.wrong(row, fmt::format("{}: from is missing: each fact names its source", kind.name));
    return {};
  }

  Result<void> value(const FactKind& kind, const toml::node& node, Fact& out) {
    const auto country = [](std::string_view text) { return is_country(text); };
    switch (kind.type) {
      case FactType::text: {
        BASCULE_ASSIGN(out.text, read_.text(node, kind.name));
        if (kind.id == FactId::endpoint && !is_endpoint(out.text))
          return read_.wrong(node, fmt::format("endpoint: {} is not allowed; allowed is https:// and a host, with {{region}} or {{service}} "
                                               "for what varies", quoted(out.text)));
        return {};
      }
      case FactType::country: {
        BASCULE_ASSIGN(out.text, read_.text(node, kind.name));
        if (!is_country(out.text))
          return read_.wrong(node, fmt::format("{}: {} is not allowed; allowed is a country's two letters (ISO 3166)", kind.name, quoted(out.text)));
        return {};
      }
      case FactType::word: {
        BASCULE_ASSIGN(out.text, read_.text(node, kind.name));
        if (std::ranges::find(kind.words, out.text) == kind.words.end())
          return read_.wrong(node, fmt::format("{}: {} is not allowed; allowed: {}", kind.name, quoted(out.text), joined(kind.words)));
        return {};
      }
      case FactType::countries: {
        BASCULE_ASSIGN(out.items, read_.texts(node, kind.name, country, "a country's two letters (ISO 3166)"));
        return {};
      }
      case FactType::words: {
        const auto good = [&](std::string_view text) { return std::ranges::find(kind.words, text) != kind.words.end(); };
        BASCULE_ASSIGN(out.items, read_.texts(node, kind.name, good, joined(kind.words)));
        std::ranges::sort(out.items);
        return {};
      }
      case FactType::percent: {
        BASCULE_ASSIGN(out.number, read_.number(node, kind.name, 0, 100));
        return {};
      }
      case FactType::number:
      case FactType::bytes: {
        BASCULE_ASSIGN(out.number, read_.number(node, kind.name, 0, std::int64_t{1} << 60));
        return {};
      }
    }
    return {};
  }

  template <class Take> Result<void> rows(const toml::node& node, std::string_view what, Take take) {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->size() > 500 || !array->is_homogeneous<toml::table>())
      return read_.wrong(node, fmt::format("{0}: allowed are sections [[{0}]], at most 500", what));
    for (const toml::node& row : *array) BASCULE_TRY(take(*row.as_table()));
    return {};
  }

  Result<void> region(const toml::table& row) {
    Region region;
    for (const auto& [key, node] : row) {
      if (key == "id") {
        BASCULE_ASSIGN(region.id, read_.text(node, "id"));
        if (!is_id(region.id)) return read_.wrong(node, fmt::format("id: {} is not allowed; allowed are {}", quoted(region.id), kIdAllowed));
      } else if (key == "place") {
        BASCULE_ASSIGN(region.place, read_.text(node, "place", 200));
      } else if (key == "country") {
        BASCULE_ASSIGN(region.country, read_.text(node, "country"));
        if (!is_country(region.country))
          return read_.wrong(node, fmt::format("country: {} is not allowed; allowed is a country's two letters (ISO 3166)", quoted(region.country)));
      } else if (key == "endpoint") {
        BASCULE_ASSIGN(region.endpoint, read_.text(node, "endpoint"));
        if (!is_endpoint(region.endpoint)) return read_.wrong(node, "endpoint: allowed is https:// and a host");
      } else if (key == "signing_region") {
        BASCULE_ASSIGN(region.signing_region, read_.text(node, "signing_region", 60));
      } else if (key == "zones") {
        BASCULE_ASSIGN(region.zones, read_.number(node, "zones", 1, 100));
      } else if (key == "technology_countries") {
        BASCULE_ASSIGN(region.technology_countries, read_.texts(node, "technology_countries", is_country, "a country's two letters (ISO 3166)"));
      } else if (key == "note") {
        BASCULE_ASSIGN(region.note, read_.text(node, "note"));
      } else if (key == "from") {
        BASCULE_TRY(from(node, region));
      } else {
        return read_.unknown_key(key, {"id", "place", "country", "endpoint", "signing_region", "zones", "technology_countries", "note", "from"});
      }
    }
    if (region.id.empty() || region.country.empty() || region.source.empty()) return read_.wrong(row, "a region needs id, country and from");
    if (std::ranges::find(out_.regions, region.id, &Region::id) != out_.regions.end())
      return read_.wrong(row, fmt::format("the region {} is there twice", quoted(region.id)));
    out_.regions.push_back(std::move(region));
    return {};
  }

  Result<void> qualification(const toml::table& row) {
    Qualification q;
    bool has_status = false;
    for (const auto& [key, node] : row) {
      if (key == "name") {
        BASCULE_ASSIGN(q.name, read_.text(node, "name", 100));
      } else if (key == "status") {
        BASCULE_ASSIGN(const std::string status, read_.text(node, "status"));
        using enum Qualification::Status;
        if (status == name(held)) q.status = held;
        else if (status == name(in_progress)) q.status = in_progress;
        else if (status == name(not_held)) q.status = not_held;
        else return read_.wrong(node, fmt::format("status: {} is not allowed; allowed: held, in progress, not held", quoted(status)));
        has_status = true;
      } else if (key == "object_storage") {
        const auto covers = node.value_exact<bool>();
        if (!covers) return read_.wrong(node, "object_storage: allowed is true or false; leave it out where it is not known");
        q.object_storage = *covers ? Qualification::Covers::yes : Qualification::Covers::no;
      } else if (key == "scope") {
        BASCULE_ASSIGN(q.scope, read_.text(node, "scope"));
      } else if (key == "from") {
        BASCULE_TRY(from(node, q));
      } else {
        return read_.unknown_key(key, {"name", "status", "object_storage", "scope", "from"});
      }
    }
    if (q.name.empty() || !has_status || q.source.empty()) return read_.wrong(row, "a qualification needs name, status and from");
    if (std::ranges::find(out_.qualifications, q.name, &Qualification::name) != out_.qualifications.end())
      return read_.wrong(row, fmt::format("the qualification {} is there twice", quoted(q.name)));
    out_.qualifications.push_back(std::move(q));
    return {};
  }

  Result<Profile> order() {
    std::ranges::sort(out_.regions, {}, &Region::id);
    std::ranges::sort(out_.qualifications, {}, &Qualification::name);
    std::ranges::sort(out_.sources, {}, &Source::id);
    return std::move(out_);
  }

  TomlReader read_;
  Profile out_;
};

}  // namespace

Result<Profile> parse_profile(std::string_view content, const std::string& shown) {
  if (content.size() > kMostProfileBytes)
    return fail(Code::invalid_argument, fmt::format("{}: {} bytes; allowed are at most {}", shown, content.size(), kMostProfileBytes));
  BASCULE_ASSIGN(const toml::table table, TomlReader::parse(content, shown));
  return File(shown).take(table);
}

}  // namespace bascule::profile
