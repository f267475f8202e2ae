#include "jobs/lifecycle_policy.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <set>

namespace bascule::jobs {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostRules = 100, kMostPrefixes = 10, kMostTags = 10, kMostNameBytes = 256;
constexpr double kMostDays = 100'000;
constexpr std::string_view kActionNames[kLifecycleActions] = {"delete", "tierToArchive", "tierToCold", "tierToCool", "tierToHot"};
constexpr std::string_view kSubjectNames[kLifecycleSubjects] = {"baseBlob", "snapshot", "version"};

std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

std::unexpected<Error> wrong(const std::string& where, const std::string& what) {
  return fail(Code::invalid_argument, "lifecycle policy, " + where + ": " + what);
}

// An object with none but known members.
Result<const json::object*> object_of(const json::value& value, const std::string& where, std::initializer_list<std::string_view> known) {
  const json::object* object = value.if_object();
  if (!object) return wrong(where, "an object is expected");
  for (const auto& member : *object)
    if (std::ranges::find(known, view(member.key())) == known.end()) {
      std::string allowed;
      for (std::string_view one : known) allowed.append(allowed.empty() ? "" : ", ").append(one);
      return wrong(where, "there is no '" + std::string(view(member.key())) + "'; allowed are " + allowed);
    }
  return object;
}

const json::value* member(const json::object& object, std::string_view name) { return object.if_contains(json::string_view(name.data(), name.size())); }

Result<std::string> text_at(const json::object& object, std::string_view name, const std::string& where) {
  const json::value* value = member(object, name);
  if (!value || !value->is_string()) return wrong(where + "." + std::string(name), "a text is expected");
  return std::string(view(value->get_string()));
}

Result<const json::array*> array_at(const json::object& object, std::string_view name, const std::string& where) {
  const json::value* value = member(object, name);
  if (!value || !value->is_array()) return wrong(where + "." + std::string(name), "a list is expected");
  return &value->get_array();
}

Result<LifecycleConditions> parse_conditions(const json::value& value, const std::string& where, LifecycleSubject subject,
                                             LifecycleAction action) {
  BASCULE_ASSIGN(const json::object* object,
                 object_of(value, where, {"daysAfterModificationGreaterThan", "daysAfterCreationGreaterThan",
                                          "daysAfterLastAccessTimeGreaterThan", "daysAfterLastTierChangeGreaterThan"}));
  LifecycleConditions conditions;
  const std::pair<std::string_view, std::optional<double>*> fields[] = {
      {"daysAfterModificationGreaterThan", &conditions.after_modification},
      {"daysAfterCreationGreaterThan", &conditions.after_creation},
      {"daysAfterLastAccessTimeGreaterThan", &conditions.after_last_access},
      {"daysAfterLastTierChangeGreaterThan", &conditions.after_tier_change}};
  for (const auto& [name, field] : fields) {
    const json::value* given = member(*object, name);
    if (!given) continue;
    const bool number = given->is_number();
    const double days = number ? given->to_number<double>() : -1;
    if (!number || !(days >= 0) || days > kMostDays)
      return wrong(where + "." + std::string(name), "a number of days from 0 to 100000 is expected");
    *field = days;
  }
  if (subject == LifecycleSubject::base) {
    if (!conditions.after_modification && !conditions.after_creation && !conditions.after_last_access)
      return wrong(where, "one of daysAfterModificationGreaterThan, daysAfterCreationGreaterThan, daysAfterLastAccessTimeGreaterThan is needed");
    const int given = conditions.after_modification.has_value() + conditions.after_creation.has_value() + conditions.after_last_access.has_value();
    if (given > 1)
      return wrong(where, "only one of daysAfterModificationGreaterThan, daysAfterCreationGreaterThan, daysAfterLastAccessTimeGreaterThan can be given");
  } else {
    if (conditions.after_modification || conditions.after_last_access)
      return wrong(where, "snapshots and versions take daysAfterCreationGreaterThan only (and daysAfterLastTierChangeGreaterThan)");
    if (!conditions.after_creation) return wrong(where, "daysAfterCreationGreaterThan is needed");
  }
  if (conditions.after_tier_change && action != LifecycleAction::to_archive)
    return wrong(where, "daysAfterLastTierChangeGreaterThan goes with tierToArchive only");
  return conditions;
}

Result<void> parse_actions(const json::value& value, const std::string& where, LifecycleSubject subject, LifecycleRule& rule) {
  const bool base = subject == LifecycleSubject::base;
  Result<const json::object*> object =
      base ? object_of(value, where, {"delete", "tierToArchive", "tierToCold", "tierToCool", "tierToHot", "enableAutoTierToHotFromCool"})
           : object_of(value, where, {"delete", "tierToArchive", "tierToCold", "tierToCool", "tierToHot"});
  if (!object) return fail(object.error());
  for (std::size_t i = 0; i < kLifecycleActions; ++i) {
    const json::value* given = member(**object, kActionNames[i]);
    if (!given) continue;
    BASCULE_ASSIGN(rule.actions[static_cast<std::size_t>(subject)][i],
                   parse_conditions(*given, where + "." + std::string(kActionNames[i]), subject, static_cast<LifecycleAction>(i)));
  }
  if (const json::value* heats = member(**object, "enableAutoTierToHotFromCool")) {
    if (!heats->is_bool()) return wrong(where + ".enableAutoTierToHotFromCool", "true or false is expected");
    rule.heats_when_read = heats->get_bool();
    const auto& cool = rule.actions[static_cast<std::size_t>(subject)][static_cast<std::size_t>(LifecycleAction::to_cool)];
    if (rule.heats_when_read && (!cool || !cool->after_last_access))
      return wrong(where + ".enableAutoTierToHotFromCool", "it needs tierToCool with daysAfterLastAccessTimeGreaterThan");
  }
  return {};
}

Result<void> parse_filters(const json::value& value, const std::string& where, LifecycleRule& rule) {
  BASCULE_ASSIGN(const json::object* object, object_of(value, where, {"blobTypes", "prefixMatch", "blobIndexMatch"}));
  BASCULE_ASSIGN(const json::array* types, array_at(*object, "blobTypes", where));
  for (const json::value& type : *types) {
    std::string text(type.is_string() ? view(type.get_string()) : std::string_view());
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (text == "blockblob") rule.block_blobs = true;   // Azure's own pages write it in two ways
    else if (text == "appendblob") rule.append_blobs = true;
    else return wrong(where + ".blobTypes", "allowed are blockBlob and appendBlob");
  }
  if (types->empty()) return wrong(where + ".blobTypes", "at least one of blockBlob and appendBlob is needed");
  if (member(*object, "prefixMatch")) {
    BASCULE_ASSIGN(const json::array* prefixes, array_at(*object, "prefixMatch", where));
    if (prefixes->size() > kMostPrefixes) return wrong(where + ".prefixMatch", "at most 10 prefixes are allowed");
    for (const json::value& prefix : *prefixes) {
      if (!prefix.is_string() || prefix.get_string().empty() || prefix.get_string().front() == '/')
        return wrong(where + ".prefixMatch", "texts that begin with a container's name are expected");
      rule.prefixes.emplace_back(view(prefix.get_string()));
    }
  }
  if (member(*object, "blobIndexMatch")) {
    BASCULE_ASSIGN(const json::array* tags, array_at(*object, "blobIndexMatch", where));
    if (tags->size() > kMostTags) return wrong(where + ".blobIndexMatch", "at most 10 conditions are allowed");
    for (std::size_t i = 0; i < tags->size(); ++i) {
      const std::string at = where + ".blobIndexMatch[" + std::to_string(i) + "]";
      BASCULE_ASSIGN(const json::object* tag, object_of((*tags)[i], at, {"name", "op", "value"}));
      BASCULE_ASSIGN(std::string name, text_at(*tag, "name", at));
      BASCULE_ASSIGN(const std::string op, text_at(*tag, "op", at));
      BASCULE_ASSIGN(std::string wanted, text_at(*tag, "value", at));
      if (op != "==") return wrong(at + ".op", "only == is allowed");
      rule.tags.emplace_back(std::move(name), std::move(wanted));
    }
  }
  return {};
}

Result<LifecycleRule> parse_rule(const json::value& value, const std::string& where) {
  BASCULE_ASSIGN(const json::object* object, object_of(value, where, {"name", "enabled", "type", "definition"}));
  LifecycleRule rule;
  BASCULE_ASSIGN(rule.name, text_at(*object, "name", where));
  const bool plain = std::ranges::all_of(rule.name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
  if (rule.name.empty() || rule.name.size() > kMostNameBytes || !plain)
    return wrong(where + ".name", "1 to 256 letters, digits, - and _ are expected");
  if (const json::value* enabled = member(*object, "enabled")) {
    if (!enabled->is_bool()) return wrong(where + ".enabled", "true or false is expected");
    rule.enabled = enabled->get_bool();
  }
  BASCULE_ASSIGN(const std::string type, text_at(*object, "type", where));
  if (type != "Lifecycle") return wrong(where + ".type", "allowed is Lifecycle");
  const json::value* definition = member(*object, "definition");
  if (!definition) return wrong(where + ".definition", "it is needed");
  BASCULE_ASSIGN(const json::object* parts, object_of(*definition, where + ".definition", {"actions", "filters"}));
  const json::value* filters = member(*parts, "filters");
  if (!filters) return wrong(where + ".definition.filters", "it is needed, with blobTypes");
  BASCULE_TRY(parse_filters(*filters, where + ".definition.filters", rule));
  const json::value* actions = member(*parts, "actions");
  const std::string at = where + ".definition.actions";
  if (!actions) return wrong(at, "it is needed");
  BASCULE_ASSIGN(const json::object* subjects, object_of(*actions, at, {"baseBlob", "snapshot", "version"}));
  bool any = false, tiers = false;
  for (std::size_t i = 0; i < kLifecycleSubjects; ++i) {
    const json::value* given = member(*subjects, kSubjectNames[i]);
    if (!given) continue;
    BASCULE_TRY(parse_actions(*given, at + "." + std::string(kSubjectNames[i]), static_cast<LifecycleSubject>(i), rule));
    for (std::size_t j = 0; j < kLifecycleActions; ++j) {
      any = any || rule.actions[i][j];
      tiers = tiers || (j > 0 && rule.actions[i][j]);
    }
  }
  if (!any) return wrong(at, "at least one action is needed");
  if (tiers && rule.append_blobs) return wrong(at, "append blobs can be deleted, but have no tiers");
  return rule;
}

Result<json::value> parse_document(std::string_view text) {
  boost::system::error_code bad;
  json::parse_options options;
  options.max_depth = 16;
  json::value document = json::parse(json::string_view(text.data(), text.size()), bad, {}, options);
  if (bad) return fail(Code::invalid_argument, "lifecycle policy: it is not JSON: " + bad.message());
  // Azure's tools wrap the policy.
  for (const std::string_view envelope : {"properties", "policy"}) {
    const json::object* object = document.if_object();
    const json::value* inner = object ? member(*object, envelope) : nullptr;
    if (inner) document = json::value(*inner);
  }
  return document;
}

Result<LifecyclePolicy> parse_rules(const json::value& document) {
  BASCULE_ASSIGN(const json::object* object, object_of(document, "the document", {"rules"}));
  BASCULE_ASSIGN(const json::array* rules, array_at(*object, "rules", "the document"));
  if (rules->empty() || rules->size() > kMostRules) return wrong("rules", "1 to 100 rules are expected");
  LifecyclePolicy policy;
  std::set<std::string> names;
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const std::string where = "rules[" + std::to_string(i) + "]";
    BASCULE_ASSIGN(LifecycleRule rule, parse_rule((*rules)[i], where));
    if (!names.insert(rule.name).second) return wrong(where + ".name", "two rules are called '" + rule.name + "'");
    policy.rules.push_back(std::move(rule));
  }
  return policy;
}

// The tiers' order: a rule never warms a blob, but for tierToHot.
int coolness(std::string_view tier) {
  if (tier == "Cool") return 1;
  if (tier == "Cold") return 2;
  return tier == "Archive" ? 3 : 0;
}

bool older(WallTime since, double days, WallTime now) {
  return std::chrono::duration<double>(now - since).count() > days * 86'400;
}

bool met(const LifecycleConditions& c, const LifecycleBlob& blob, WallTime now, WallTime tracking_since) {
  const ops::BlobView& view = *blob.view;
  if (c.after_modification && !older(view.last_modified, *c.after_modification, now)) return false;
  if (c.after_creation && !older(blob.created, *c.after_creation, now)) return false;
  if (c.after_last_access) {
    const WallTime access = std::max(blob.last_access.value_or(tracking_since), view.last_modified);
    if (!older(access, *c.after_last_access, now)) return false;
  }
  if (c.after_tier_change && view.tier_changed != WallTime() && !older(view.tier_changed, *c.after_tier_change, now)) return false;
  return true;
}

bool fits(const LifecycleRule& rule, const LifecycleBlob& blob) {
  const ops::BlobView& view = *blob.view;
  if (!(view.type == ops::BlobType::block ? rule.block_blobs : view.type == ops::BlobType::append && rule.append_blobs)) return false;
  const std::string path = blob.container + "/" + view.name;
  const auto begins = [&](const std::string& prefix) { return path.starts_with(prefix); };
  if (!rule.prefixes.empty() && std::ranges::none_of(rule.prefixes, begins)) return false;
  return std::ranges::all_of(rule.tags, [&](const auto& wanted) {
    return blob.tags && std::ranges::find(*blob.tags, wanted) != blob.tags->end();
  });
}

// It would change something.
bool useful(LifecycleAction action, const ops::BlobView& view) {
  if (action == LifecycleAction::remove) return true;
  if (view.type != ops::BlobType::block) return false;
  const int now = coolness(view.tier), then = coolness(tier_of(action));
  if (now == 3) return false;  // rehydration is not the policy's to ask for
  return action == LifecycleAction::to_hot ? now != 0 : then > now;
}

// enableAutoTierToHotFromCool: a cool blob whose content was read since it became cool is hot again.
bool read_since_cooled(const LifecyclePolicy& policy, const LifecycleBlob& blob) {
  const ops::BlobView& view = *blob.view;
  if (blob.subject != LifecycleSubject::base || view.type != ops::BlobType::block || view.tier != "Cool") return false;
  if (!blob.last_access || *blob.last_access <= view.tier_changed) return false;
  return std::ranges::any_of(policy.rules, [&](const LifecycleRule& rule) { return rule.enabled && rule.heats_when_read && fits(rule, blob); });
}

}  // namespace

std::string_view name(LifecycleAction action) { return kActionNames[static_cast<std::size_t>(action)]; }

std::string_view tier_of(LifecycleAction action) {
  constexpr std::string_view kTiers[kLifecycleActions] = {"", "Archive", "Cold", "Cool", "Hot"};
  return kTiers[static_cast<std::size_t>(action)];
}

bool LifecyclePolicy::any_enabled() const { return std::ranges::any_of(rules, &LifecycleRule::enabled); }

Result<LifecyclePolicy> parse_lifecycle_policy(std::string_view json) {
  BASCULE_ASSIGN(const json::value document, parse_document(json));
  return parse_rules(document);
}

Result<std::string> normalised_lifecycle_policy(std::string_view json) {
  BASCULE_ASSIGN(const json::value document, parse_document(json));
  BASCULE_TRY(parse_rules(document));
  std::string text = json::serialize(document);
  if (text.size() > kMostPolicyBytes) return fail(Code::invalid_argument, "lifecycle policy: it is larger than 48 KiB");
  return text;
}

std::optional<LifecycleAction> lifecycle_action(const LifecyclePolicy& policy, const LifecycleBlob& blob, WallTime now,
                                                WallTime tracking_since) {
  std::size_t best = kLifecycleActions;
  for (const LifecycleRule& rule : policy.rules) {
    if (!rule.enabled || !fits(rule, blob)) continue;
    const auto& actions = rule.actions[static_cast<std::size_t>(blob.subject)];
    for (std::size_t i = 0; i < best; ++i)
      if (actions[i] && met(*actions[i], blob, now, tracking_since)) best = i;
  }
  if (best >= static_cast<std::size_t>(LifecycleAction::to_cool) && read_since_cooled(policy, blob)) return LifecycleAction::to_hot;
  // The cheapest counts even where it is done already: an archived blob is not moved to a dearer tier.
  if (best == kLifecycleActions || !useful(static_cast<LifecycleAction>(best), *blob.view)) return std::nullopt;
  return static_cast<LifecycleAction>(best);
}

bool concerns(const LifecyclePolicy& policy, std::string_view container) {
  const std::string path = std::string(container) + "/";
  return std::ranges::any_of(policy.rules, [&](const LifecycleRule& rule) {
    if (!rule.enabled) return false;
    if (rule.prefixes.empty()) return true;
    return std::ranges::any_of(rule.prefixes, [&](const std::string& prefix) { return prefix.starts_with(path) || path.starts_with(prefix); });
  });
}

}  // namespace bascule::jobs
