// Source: the resource types Microsoft.Storage/storageAccounts and …/blobServices in Microsoft's documentation; the Azure
// CLI flattens `properties` and calls two of its members otherwise.
#include "app/commands/azure_account.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

#include "auth/account_rules.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

enum class As : std::uint8_t { flag, tls, sas_policy, key_policy, networks, text, delete_policy, container_policy,
                               access_policy, absent, described };

struct Member {
  std::string_view name;
  As as;
  std::string_view setting = {};  // flag, text: what it becomes
  std::string_view why = {};      // absent: why it is not carried where it is set
};

// `described`: says where the account is or how it is doing, and sets nothing.
constexpr Member kMembers[] = {
    {"allowSharedKeyAccess", As::flag, "shared_key_access"},
    {"allowBlobPublicAccess", As::flag, "public_access"},
    {"supportsHttpsTrafficOnly", As::flag, "https_only"},
    {"enableHttpsTrafficOnly", As::flag, "https_only"},
    {"minimumTlsVersion", As::tls},
    {"sasPolicy", As::sas_policy},
    {"keyPolicy", As::key_policy},
    {"networkAcls", As::networks},
    {"networkRuleSet", As::networks},
    {"isVersioningEnabled", As::flag, "versioning"},
    {"defaultServiceVersion", As::text, "default_service_version"},
    {"deleteRetentionPolicy", As::delete_policy},
    {"containerDeleteRetentionPolicy", As::container_policy},
    {"lastAccessTimeTrackingPolicy", As::access_policy},

    {"allowCrossTenantReplication", As::absent, "", "object replication between accounts is not there: nothing to allow"},
    {"allowedCopyScope", As::absent, "", "copies take their source from where copy.networks says, for every account"},
    {"azureFilesIdentityBasedAuthentication", As::absent, "", "Azure Files is not served"},
    {"automaticSnapshotPolicyEnabled", As::absent, "", "snapshots are taken by clients alone"},
    {"changeFeed", As::absent, "", "there is no change feed"},
    {"cors", As::absent, "", "CORS rules belong to the data plane: clients set them (Set Blob Service Properties)"},
    {"customDomain", As::absent, "", "domains are the server's (server.domains)"},
    {"defaultToOAuthAuthentication", As::absent, "", "a default of Azure's portal alone"},
    {"dualStackEndpointPreference", As::absent, "", "addresses are the server's (server.listen)"},
    {"enableNfsV3", As::absent, "", "NFS is not served"},
    {"isNfsV3Enabled", As::absent, "", "NFS is not served"},
    {"geoPriorityReplicationStatus", As::absent, "", "replication is a matter of the providers"},
    {"identity", As::absent, "", "the account needs no identity of its own to reach its keys"},
    {"immutableStorageWithVersioning", As::absent, "", "set it container by container (bascule immutability)"},
    {"isHnsEnabled", As::absent, "", "there is no hierarchical namespace; names with slashes stay as they are"},
    {"isLocalUserEnabled", As::absent, "", "SFTP is not served"},
    {"enableExtendedGroups", As::absent, "", "NFS is not served"},
    {"isSftpEnabled", As::absent, "", "SFTP is not served"},
    {"largeFileSharesState", As::absent, "", "Azure Files is not served"},
    {"publicNetworkAccess", As::absent, "", "who reaches the server is for its addresses, a firewall, and --allowed-networks"},
    {"restorePolicy", As::absent, "", "there is no restore to a point in time"},
    {"routingPreference", As::absent, "", "routing is the network's"},
    {"staticWebsite", As::absent, "", "the website belongs to the data plane: clients set it (Set Blob Service Properties)"},

    {"accessTier", As::described}, {"accountMigrationInProgress", As::described}, {"blobRestoreStatus", As::described},
    {"creationTime", As::described}, {"dnsEndpointType", As::described}, {"encryption", As::described},
    {"etag", As::described}, {"extendedLocation", As::described}, {"failoverInProgress", As::described},
    {"geoReplicationStats", As::described}, {"id", As::described}, {"isSkuConversionBlocked", As::described},
    {"keyCreationTime", As::described}, {"kind", As::described}, {"lastGeoFailoverTime", As::described},
    {"location", As::described}, {"name", As::described}, {"placement", As::described},
    {"primaryEndpoints", As::described}, {"primaryLocation", As::described},
    {"privateEndpointConnections", As::described}, {"provisioningState", As::described},
    {"resourceGroup", As::described}, {"secondaryEndpoints", As::described}, {"secondaryLocation", As::described},
    {"sku", As::described}, {"statusOfPrimary", As::described}, {"statusOfSecondary", As::described},
    {"storageAccountSkuConversionStatus", As::described}, {"systemData", As::described}, {"tags", As::described},
    {"type", As::described}, {"zones", As::described},
};

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }
std::string_view text_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(json::string_view(name.data(), name.size()));
  return found && found->is_string() ? view(found->get_string()) : std::string_view();
}
bool flag_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(json::string_view(name.data(), name.size()));
  return found && found->is_bool() && found->get_bool();
}

// Nothing that somebody has set: null, off, empty, or what every account says of it.
bool is_unset(const json::value& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.get_bool();
  if (value.is_array()) return value.get_array().empty();
  if (value.is_string())
    return value.get_string().empty() || view(value.get_string()) == "Disabled" || view(value.get_string()) == "None";
  if (value.is_object())
    return std::ranges::all_of(value.get_object(), [](const auto& member) { return is_unset(member.value()); });
  return false;
}

class Reading {
 public:
  explicit Reading(AzureAccount& out) : out_(out) {}

  void member(std::string_view name, const json::value& value) {
    const auto known = std::ranges::find(kMembers, name, &Member::name);
    if (known == std::end(kMembers)) {
      if (!is_unset(value)) drop(name, "this version does not know it");
      return;
    }
    if (value.is_null()) return;
    ++known_;
    switch (known->as) {
      case As::described: return describe(name, value);
      case As::absent:
        if (name == "publicNetworkAccess" ? value.is_string() && view(value.get_string()) != "Enabled" : !is_unset(value))
          drop(name, known->why);
        return;
      case As::flag:
        if (value.is_bool()) out_.settings[json::string_view(known->setting.data(), known->setting.size())] = value.get_bool();
        else drop(name, "it is neither true nor false");
        return;
      case As::text:
        if (value.is_string()) out_.settings[json::string_view(known->setting.data(), known->setting.size())] = value.get_string();
        return;
      case As::tls: return tls(value);
      default: break;
    }
    if (!value.is_object()) return drop(name, "it is no object");
    const json::object& object = value.get_object();
    switch (known->as) {
      case As::sas_policy: return sas_policy(object);
      case As::key_policy: return days(object, "keyExpirationPeriodInDays", "key_expiry_days", true);
      case As::networks: return networks(name, object);
      case As::delete_policy:
        days(object, "days", "delete_retention_days", flag_at(object, "enabled"));
        out_.settings["allow_permanent_delete"] = flag_at(object, "allowPermanentDelete");
        return;
      case As::container_policy: return days(object, "days", "container_delete_retention_days", flag_at(object, "enabled"));
      case As::access_policy: out_.settings["last_access_tracking"] = flag_at(object, "enable"); return;
      default: return;
    }
  }
  int known() const { return known_; }

 private:
  void drop(std::string_view name, std::string_view why) { out_.not_carried.push_back(std::string(name) + ": " + std::string(why)); }

  void describe(std::string_view name, const json::value& value) {
    if (name == "name" && value.is_string()) out_.name = view(value.get_string());
    if (name == "privateEndpointConnections" && value.is_array() && !value.get_array().empty())
      drop(name, "private endpoints are Azure's network; let the machines in by their addresses (--allowed-networks)");
    if (name == "encryption" && value.is_object() && text_at(value.get_object(), "keySource") == "Microsoft.Keyvault")
      drop(name, "the account's key in Key Vault is replaced by Bascule's own root key (key_file)");
  }

  void tls(const json::value& value) {
    const std::string_view text = value.is_string() ? view(value.get_string()) : std::string_view();
    if (text == "TLS1_2" || text == "TLS1_3") out_.settings["minimum_tls_version"] = text == "TLS1_2" ? "1.2" : "1.3";
    else if (text == "TLS1_0" || text == "TLS1_1") {
      out_.settings["minimum_tls_version"] = "";
      drop("minimumTlsVersion", "TLS 1.0 and 1.1 are never taken; the server begins at 1.2");
    } else drop("minimumTlsVersion", "this version does not know " + std::string(text));
  }

  void sas_policy(const json::object& policy) {
    const auto period = auth::parse_period(text_at(policy, "sasExpirationPeriod"));
    const std::string_view action = text_at(policy, "expirationAction");
    if (!period || (!action.empty() && action != "Log" && action != "Block")) return drop("sasPolicy", "it makes no sense");
    out_.settings["sas_expiry_period"] = auth::period_text(*period);
    out_.settings["sas_expiry_action"] = action == "Block" ? "Block" : "Log";
  }

  void days(const json::object& object, std::string_view member, std::string_view setting, bool enabled) {
    const json::value* found = object.if_contains(json::string_view(member.data(), member.size()));
    const bool number = found && found->is_int64() && found->get_int64() >= 0 && found->get_int64() <= 36500;
    out_.settings[json::string_view(setting.data(), setting.size())] = enabled && number ? found->get_int64() : 0;
  }

  void networks(std::string_view name, const json::object& rules) {
    const std::string_view action = text_at(rules, "defaultAction");
    if (action != "Allow" && action != "Deny") return drop(name, "it says no default action");
    json::array allowed;
    for (const std::string_view list : {"ipRules", "ipv6Rules"}) {
      const json::value* found = rules.if_contains(json::string_view(list.data(), list.size()));
      if (!found || !found->is_array()) continue;
      for (const json::value& rule : found->get_array()) {
        std::string_view text;
        if (rule.is_object()) {
          text = text_at(rule.get_object(), "value");
          if (text.empty()) text = text_at(rule.get_object(), "ipAddressOrRange");
        }
        const auto network = auth::parse_account_network(text);
        if (network) allowed.emplace_back(auth::text_of(*network));
        else drop(std::string(name) + "." + std::string(list), network.error().message);
      }
    }
    out_.settings["default_network_action"] = json::string_view(action.data(), action.size());
    out_.settings["allowed_networks"] = std::move(allowed);
    for (const auto& [list, why] : {std::pair<std::string_view, std::string_view>{
                                        "virtualNetworkRules", "virtual networks are Azure's; let the machines in by their addresses"},
                                    {"resourceAccessRules", "other Azure resources do not come here"}}) {
      const json::value* found = rules.if_contains(json::string_view(list.data(), list.size()));
      if (found && !is_unset(*found)) drop(std::string(name) + "." + std::string(list), why);
    }
    const std::string_view bypass = text_at(rules, "bypass");
    if (action == "Deny" && !bypass.empty() && bypass != "None")
      drop(std::string(name) + ".bypass", "Azure's own services do not come here: what they need is let in by its address");
  }

  AzureAccount& out_;
  int known_ = 0;
};

}  // namespace

Result<AzureAccount> read_azure_account(std::string_view text) {
  boost::system::error_code bad;
  json::value document;
  document = json::parse({text.data(), text.size()}, bad);
  if (bad || !document.is_object()) return fail(Code::invalid_argument, "it is no JSON object");
  AzureAccount account;
  Reading reading(account);
  for (const auto& member : document.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (name != "properties" || !member.value().is_object()) {
      reading.member(name, member.value());
      continue;
    }
    for (const auto& inner : member.value().get_object())
      reading.member({inner.key().data(), inner.key().size()}, inner.value());
  }
  if (reading.known() == 0 || account.settings.empty())
    return fail(Code::invalid_argument, "nothing in it sets a storage account; expected is the output of `az storage account show` or of "
                                        "`az storage account blob-service-properties show`");
  return account;
}

}  // namespace bascule::app
