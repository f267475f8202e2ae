#include "api/blob/properties_xml.h"

#include <algorithm>
#include <initializer_list>

#include "api/common/since.h"
#include "api/common/text.h"
#include "api/common/xml_reader.h"
#include "api/common/xml_writer.h"

namespace bascule::api::blob {
namespace {

using Settings = ops::AccountSettings;

constexpr int kMostDays = 365;
constexpr std::size_t kMostRules = 5, kMostCorsBytes = 2048, kMostListed = 64, kMostPrefixes = 2, kMostNameBytes = 256;
constexpr std::size_t kMostPathBytes = 1024;
constexpr std::int64_t kMostAgeSeconds = INT32_MAX;
constexpr std::string_view kMethods[] = {"DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT"};
constexpr std::string_view kAnalyticsVersions[] = {"1.0", "2.0"};

// --- writing ---

void append_flag(std::string& xml, std::string_view name, bool value) { append_element(xml, name, value ? "true" : "false"); }

void append_retention(std::string& xml, std::uint16_t days) {
  xml += "<RetentionPolicy>";
  append_flag(xml, "Enabled", days != 0);
  if (days != 0) append_element(xml, "Days", decimal(days));
  xml += "</RetentionPolicy>";
}

void append_metrics(std::string& xml, std::string_view name, const Settings::Metrics& metrics) {
  xml.append(1, '<').append(name).append(1, '>');
  append_element(xml, "Version", metrics.version);
  append_flag(xml, "Enabled", metrics.enabled);
  if (metrics.enabled) append_flag(xml, "IncludeAPIs", metrics.include_apis);
  append_retention(xml, metrics.retention_days);
  xml.append("</").append(name).append(1, '>');
}

void append_cors(std::string& xml, const std::vector<Settings::CorsRule>& rules) {
  if (rules.empty()) {
    xml += "<Cors />";
    return;
  }
  xml += "<Cors>";
  for (const Settings::CorsRule& rule : rules) {
    xml += "<CorsRule>";
    append_element(xml, "AllowedMethods", rule.methods);
    append_element(xml, "AllowedOrigins", rule.origins);
    append_element(xml, "AllowedHeaders", rule.allowed_headers);
    append_element(xml, "ExposedHeaders", rule.exposed_headers);
    append_element(xml, "MaxAgeInSeconds", decimal(rule.max_age_seconds));
    xml += "</CorsRule>";
  }
  xml += "</Cors>";
}

void append_website(std::string& xml, const Settings::StaticWebsite& website, Version version) {
  const auto optional = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) append_element(xml, name, value);
  };
  xml += "<StaticWebsite>";
  append_flag(xml, "Enabled", website.enabled);
  optional("IndexDocument", website.index_document);
  optional("ErrorDocument404Path", website.error_document_404_path);
  if (version >= since::kDefaultIndexPath) optional("DefaultIndexDocumentPath", website.default_index_document_path);
  xml += "</StaticWebsite>";
}

// --- reading ---

Parsed<> allow_children(const XmlNode& node, std::initializer_list<std::string_view> known) {
  for (const XmlNode& child : node.children)
    if (std::ranges::find(known, child.name) == known.end()) return unsupported_node(child);
  return {};
}

// What is kept as text comes back to clients as it came: nothing that XML could not carry, and no line ends.
bool is_plain(std::string_view text) {
  return valid_utf8(text) && xml_can_carry(text) && std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; });
}

Parsed<bool> flag_of(const XmlNode& node) {
  if (same_text(node.text, "true")) return true;
  if (same_text(node.text, "false")) return false;
  return bad_node(node);
}

Parsed<bool> required_flag(const XmlNode& node, std::string_view name) {
  BASCULE_ASSIGN(const XmlNode* child, required_child(node, name));
  return flag_of(*child);
}

// Where the place in the document is known, the service names it.
Parsed<std::uint16_t> days_of(const XmlNode& node, std::string_view document) {
  const auto days = parse_integer(node.text);
  if (!days) return bad_node(node);
  if (*days < 1 || *days > kMostDays)
    return bad_xml_at(document, node.offset, "Retention days must be greater than 0 and less than or equal to 365 days.");
  return static_cast<std::uint16_t>(*days);
}

// Enabled and Days; 0 = off.
Parsed<std::uint16_t> retention_of(const XmlNode& node, std::string_view document) {
  BASCULE_ASSIGN(const bool enabled, required_flag(node, "Enabled"));
  if (!enabled) return std::uint16_t{0};
  BASCULE_ASSIGN(const XmlNode* days, required_child(node, "Days"));
  return days_of(*days, document);
}

Parsed<std::uint16_t> retention_policy(const XmlNode& node, std::string_view document) {
  BASCULE_ASSIGN(const XmlNode* policy, required_child(node, "RetentionPolicy"));
  BASCULE_TRY(allow_children(*policy, {"Enabled", "Days"}));
  return retention_of(*policy, document);
}

Parsed<std::string> analytics_version(const XmlNode& node) {
  BASCULE_ASSIGN(const XmlNode* version, required_child(node, "Version"));
  if (std::ranges::find(kAnalyticsVersions, version->text) == std::end(kAnalyticsVersions)) return bad_node(*version);
  return version->text;
}

Parsed<Settings::Logging> parse_logging(const XmlNode& node, std::string_view document) {
  BASCULE_TRY(allow_children(node, {"Version", "Delete", "Read", "Write", "RetentionPolicy"}));
  Settings::Logging logging;
  BASCULE_ASSIGN(logging.version, analytics_version(node));
  BASCULE_ASSIGN(logging.deletes, required_flag(node, "Delete"));
  BASCULE_ASSIGN(logging.reads, required_flag(node, "Read"));
  BASCULE_ASSIGN(logging.writes, required_flag(node, "Write"));
  BASCULE_ASSIGN(logging.retention_days, retention_policy(node, document));
  return logging;
}

Parsed<Settings::Metrics> parse_metrics(const XmlNode& node, std::string_view document) {
  BASCULE_TRY(allow_children(node, {"Version", "Enabled", "IncludeAPIs", "RetentionPolicy"}));
  Settings::Metrics metrics;
  BASCULE_ASSIGN(metrics.version, analytics_version(node));
  BASCULE_ASSIGN(metrics.enabled, required_flag(node, "Enabled"));
  if (metrics.enabled) {
    BASCULE_ASSIGN(metrics.include_apis, required_flag(node, "IncludeAPIs"));
  }
  BASCULE_ASSIGN(metrics.retention_days, retention_policy(node, document));
  return metrics;
}

// Each of a comma-separated list is at most 256 bytes; at most 64 of them, two of which may be prefixes.
bool within_limits(std::string_view list, bool prefixes) {
  std::size_t listed = 0, with_star = 0;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view one = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (one.size() > kMostNameBytes) return false;
    if (prefixes && one.size() > 1 && one.ends_with('*')) ++with_star;
    else ++listed;
  }
  return listed <= kMostListed && with_star <= kMostPrefixes;
}

bool known_methods(std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (std::ranges::find(kMethods, one) == std::end(kMethods)) return false;
  }
  return true;
}

Parsed<Settings::CorsRule> parse_rule(const XmlNode& node) {
  if (node.name != "CorsRule") return unsupported_node(node);
  BASCULE_TRY(allow_children(node, {"AllowedOrigins", "AllowedMethods", "MaxAgeInSeconds", "ExposedHeaders", "AllowedHeaders"}));
  Settings::CorsRule rule;
  BASCULE_ASSIGN(const XmlNode* origins, required_child(node, "AllowedOrigins"));
  BASCULE_ASSIGN(const XmlNode* methods, required_child(node, "AllowedMethods"));
  BASCULE_ASSIGN(const XmlNode* exposed, required_child(node, "ExposedHeaders"));
  BASCULE_ASSIGN(const XmlNode* allowed, required_child(node, "AllowedHeaders"));
  BASCULE_ASSIGN(const XmlNode* age, required_child(node, "MaxAgeInSeconds"));
  for (const XmlNode* list : {origins, exposed, allowed})
    if (!is_plain(list->text)) return bad_node(*list);
  if (origins->text.empty() || !within_limits(origins->text, false)) return bad_node(*origins);
  if (methods->text.empty() || !known_methods(methods->text)) return bad_node(*methods);
  if (!within_limits(exposed->text, true)) return bad_node(*exposed);
  if (!within_limits(allowed->text, true)) return bad_node(*allowed);
  const auto seconds = parse_integer(age->text);
  if (!seconds || *seconds < 0 || *seconds > kMostAgeSeconds) return bad_node(*age);
  return Settings::CorsRule{origins->text, methods->text, exposed->text, allowed->text, static_cast<std::uint32_t>(*seconds)};
}

Parsed<std::vector<Settings::CorsRule>> parse_cors(const XmlNode& node) {
  if (node.children.size() > kMostRules) return bad_xml();  // as seen on the real service (AZURE-ANSWERS 10)
  std::vector<Settings::CorsRule> rules;
  std::size_t bytes = 0;
  for (const XmlNode& child : node.children) {
    BASCULE_ASSIGN(Settings::CorsRule rule, parse_rule(child));
    for (const XmlNode& field : child.children) bytes += field.text.size();
    rules.push_back(std::move(rule));
  }
  if (bytes > kMostCorsBytes) return bad_xml();
  return rules;
}

Parsed<std::string> parse_default_version(const XmlNode& node) {
  if (node.text != "2008-10-27" && node.text != "2009-07-17" && !Version::parse(node.text)) return bad_node(node);
  return node.text;
}

Parsed<PropertyChanges::DeleteRetention> parse_delete_retention(const XmlNode& node, std::string_view document, Version version) {
  if (version >= since::kPermanentDelete) BASCULE_TRY(allow_children(node, {"Enabled", "Days", "AllowPermanentDelete"}));
  else BASCULE_TRY(allow_children(node, {"Enabled", "Days"}));
  PropertyChanges::DeleteRetention retention;
  BASCULE_ASSIGN(retention.days, retention_of(node, document));
  if (const XmlNode* permanent = node.child("AllowPermanentDelete")) {
    BASCULE_ASSIGN(retention.allow_permanent_delete, flag_of(*permanent));
  }
  return retention;
}

Parsed<std::string> path_of(const XmlNode& node, std::string_view name) {
  const XmlNode* child = node.child(name);
  if (!child) return std::string();
  const bool has_folder = name == "IndexDocument" && child->text.find('/') != std::string::npos;
  if (child->text.size() > kMostPathBytes || has_folder || !is_plain(child->text)) return bad_node(*child);
  return child->text;
}

Parsed<Settings::StaticWebsite> parse_website(const XmlNode& node, Version version) {
  if (version >= since::kDefaultIndexPath)
    BASCULE_TRY(allow_children(node, {"Enabled", "IndexDocument", "ErrorDocument404Path", "DefaultIndexDocumentPath"}));
  else BASCULE_TRY(allow_children(node, {"Enabled", "IndexDocument", "ErrorDocument404Path"}));
  Settings::StaticWebsite website;
  BASCULE_ASSIGN(website.enabled, required_flag(node, "Enabled"));
  BASCULE_ASSIGN(website.index_document, path_of(node, "IndexDocument"));
  BASCULE_ASSIGN(website.error_document_404_path, path_of(node, "ErrorDocument404Path"));
  BASCULE_ASSIGN(website.default_index_document_path, path_of(node, "DefaultIndexDocumentPath"));
  if (!website.enabled) website = {};
  return website;
}

// One element below the root.
Parsed<> parse_part(const XmlNode& node, std::string_view document, Version version, PropertyChanges& changes) {
  const auto brought = [&](Version first) { return version >= first; };
  if (node.name == "Logging") {
    BASCULE_ASSIGN(changes.logging, parse_logging(node, document));
  } else if (node.name == (brought(since::kServiceMetrics) ? "HourMetrics" : "Metrics")) {
    BASCULE_ASSIGN(changes.hour_metrics, parse_metrics(node, document));
  } else if (node.name == "MinuteMetrics" && brought(since::kServiceMetrics)) {
    BASCULE_ASSIGN(changes.minute_metrics, parse_metrics(node, document));
  } else if (node.name == "Cors" && brought(since::kServiceMetrics)) {
    BASCULE_ASSIGN(changes.cors, parse_cors(node));
  } else if (node.name == "DefaultServiceVersion" && brought(since::kDefaultVersion)) {
    BASCULE_ASSIGN(changes.default_service_version, parse_default_version(node));
  } else if (node.name == "DeleteRetentionPolicy" && brought(since::kDeleteRetention)) {
    BASCULE_ASSIGN(changes.delete_retention, parse_delete_retention(node, document, version));
  } else if (node.name == "StaticWebsite" && brought(since::kStaticWebsite)) {
    BASCULE_ASSIGN(changes.website, parse_website(node, version));
  } else {
    return unsupported_node(node);
  }
  return {};
}

}  // namespace

std::string properties_xml(const ops::AccountSettings& settings, Version version) {
  std::string xml(kXmlStart);
  xml += "<StorageServiceProperties><Logging>";
  append_element(xml, "Version", settings.logging.version);
  append_flag(xml, "Read", settings.logging.reads);
  append_flag(xml, "Write", settings.logging.writes);
  append_flag(xml, "Delete", settings.logging.deletes);
  append_retention(xml, settings.logging.retention_days);
  xml += "</Logging>";
  if (version < since::kServiceMetrics) {
    append_metrics(xml, "Metrics", settings.hour_metrics);
  } else {
    append_metrics(xml, "HourMetrics", settings.hour_metrics);
    append_metrics(xml, "MinuteMetrics", settings.minute_metrics);
    append_cors(xml, settings.cors);
  }
  if (version >= since::kDeleteRetention) {
    xml += "<DeleteRetentionPolicy>";
    append_flag(xml, "Enabled", settings.delete_retention_days != 0);
    if (settings.delete_retention_days != 0) append_element(xml, "Days", decimal(settings.delete_retention_days));
    if (version >= since::kPermanentDelete) append_flag(xml, "AllowPermanentDelete", settings.allow_permanent_delete);
    xml += "</DeleteRetentionPolicy>";
  }
  if (version >= since::kStaticWebsite) append_website(xml, settings.website, version);
  if (version >= since::kDefaultVersion && !settings.default_service_version.empty())
    append_element(xml, "DefaultServiceVersion", settings.default_service_version);
  return xml += "</StorageServiceProperties>";
}

void PropertyChanges::apply(ops::AccountSettings& settings) const {
  if (logging) settings.logging = *logging;
  if (hour_metrics) settings.hour_metrics = *hour_metrics;
  if (minute_metrics) settings.minute_metrics = *minute_metrics;
  if (cors) settings.cors = *cors;
  if (default_service_version) settings.default_service_version = *default_service_version;
  if (delete_retention) {
    settings.delete_retention_days = delete_retention->days;
    if (delete_retention->allow_permanent_delete)
      settings.allow_permanent_delete = *delete_retention->allow_permanent_delete;
  }
  if (website) settings.website = *website;
}

Parsed<PropertyChanges> parse_properties(std::string_view document, Version version) {
  BASCULE_ASSIGN(const XmlNode root, parse_xml(document));
  if (root.name != "StorageServiceProperties") return bad_xml();
  PropertyChanges changes;
  for (std::size_t i = 0; i < root.children.size(); ++i) {
    const XmlNode& node = root.children[i];
    for (std::size_t j = 0; j < i; ++j)
      if (root.children[j].name == node.name) return bad_xml();  // said twice
    BASCULE_TRY(parse_part(node, document, version, changes));
  }
  if (version < since::kServiceMetrics)
    for (const std::string_view name : {"Logging", "Metrics"}) BASCULE_TRY(required_child(root, name));
  return changes;
}

}  // namespace bascule::api::blob
