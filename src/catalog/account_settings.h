// What an account is set to: what Set Blob Service Properties sets, and what Azure sets through its management plane.
// A plain value, both the record's content and what the use cases and the protocol see.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace bascule::catalog {

struct AccountSettings {
  // --- data plane: learn.microsoft.com/rest/api/storageservices/set-blob-service-properties ---
  struct Logging {
    std::string version = "1.0";
    bool deletes = false, reads = false, writes = false;
    std::uint16_t retention_days = 0;      // 0: no retention policy
    bool operator==(const Logging&) const = default;
  };
  struct Metrics {
    std::string version = "1.0";
    bool enabled = false, include_apis = false;
    std::uint16_t retention_days = 0;      // 0: no retention policy
    bool operator==(const Metrics&) const = default;
  };
  struct CorsRule {                        // as sent: comma-separated lists, "" = none
    std::string origins, methods, exposed_headers, allowed_headers;
    std::uint32_t max_age_seconds = 0;
    bool operator==(const CorsRule&) const = default;
  };
  struct StaticWebsite {
    bool enabled = false;
    std::string index_document, default_index_document_path, error_document_404_path;
    bool operator==(const StaticWebsite&) const = default;
  };
  Logging logging;
  Metrics hour_metrics, minute_metrics;
  std::vector<CorsRule> cors;              // at most 5
  std::string default_service_version;     // "" = not set
  std::uint16_t delete_retention_days = 0; // soft delete of blobs; 0: off, at most 365
  bool allow_permanent_delete = false;
  StaticWebsite website;

  // --- management plane (`bascule account set`) ---
  bool versioning = false;
  bool last_access_tracking = false;
  std::uint16_t container_retention_days = 0;  // soft delete of containers; 0: off, at most 365
  std::uint32_t quarantine_seconds = 30;       // how long a deleted container's name cannot be used again

  // Keys of their own for some of the account's data. Never removed: what is sealed under one would be lost.
  struct EncryptionScope {
    std::string name;
    std::uint64_t id = 0;                  // its key's, in the keyring
    bool enabled = true;                   // false: nothing is written or read under it
    WallTime created{}, changed{};
    bool operator==(const EncryptionScope&) const = default;
  };
  std::vector<EncryptionScope> encryption_scopes;

  // Who may come, and how: src/auth/account_rules.h decides by it. Azure's names in comments.
  bool allow_shared_key = true;             // allowSharedKeyAccess; false: neither Shared Key nor a SAS signed with a key
  bool allow_public_access = true;          // allowBlobPublicAccess
  bool https_only = false;                  // supportsHttpsTrafficOnly
  bool sas_expiry_block = false;            // sasPolicy.expirationAction: Block, else Log
  bool deny_by_default = false;             // networkAcls.defaultAction: Deny, else Allow
  std::uint8_t minimum_tls = 0;             // minimumTlsVersion: 12 or 13; 0: not set
  std::uint16_t key_expiry_days = 0;        // keyPolicy.keyExpirationPeriodInDays; 0: none. Older keys are warned of
  std::uint32_t sas_expiry_seconds = 0;     // sasPolicy.sasExpirationPeriod; 0: none
  // A network whose addresses are let in where the others are not. IPv4 as ::ffff:a.b.c.d with 96 bits more.
  struct Network {
    std::array<std::uint8_t, 16> address{};
    std::uint8_t prefix_bits = 128;
    bool operator==(const Network&) const = default;
  };
  std::vector<Network> allowed_networks;    // networkAcls.ipRules, ipv6Rules
  std::array<WallTime, 2> keys_since{};     // when each key was replaced; WallTime(): it is the account's first

  const EncryptionScope* encryption_scope(std::string_view name) const {
    for (const EncryptionScope& scope : encryption_scopes)
      if (scope.name == name) return &scope;
    return nullptr;
  }

  bool operator==(const AccountSettings&) const = default;
};

}  // namespace bascule::catalog
