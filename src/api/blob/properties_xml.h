// The document of Get and Set Blob Service Properties.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/common/fault.h"
#include "api/common/version.h"
#include "ops/types.h"

namespace bascule::api::blob {

std::string properties_xml(const ops::AccountSettings& settings, Version version);

// What a document sets; the rest stays as it is (from 2013-08-15; before, Logging and Metrics are required).
struct PropertyChanges {
  struct DeleteRetention {
    std::uint16_t days = 0;                        // 0: off
    std::optional<bool> allow_permanent_delete;    // not sent: as it is
  };
  std::optional<ops::AccountSettings::Logging> logging;
  std::optional<ops::AccountSettings::Metrics> hour_metrics, minute_metrics;
  std::optional<std::vector<ops::AccountSettings::CorsRule>> cors;
  std::optional<std::string> default_service_version;
  std::optional<DeleteRetention> delete_retention;
  std::optional<ops::AccountSettings::StaticWebsite> website;

  void apply(ops::AccountSettings& settings) const;
};

// InvalidXmlDocument, UnsupportedXmlNode (an element that is unknown, or newer than the version), MissingRequiredXmlNode,
// InvalidXmlNodeValue; all name the element.
Parsed<PropertyChanges> parse_properties(std::string_view document, Version version);

}  // namespace bascule::api::blob
