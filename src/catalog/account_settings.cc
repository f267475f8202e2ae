// AccountSettings as a record: tagged fields; one with the value that a new account has is not written.
#include <span>

#include "catalog/record_parts.h"
#include "catalog/records.h"

namespace bascule::catalog {
namespace {
void put(Writer& w, const AccountSettings::Metrics& m) {
  w.text(m.version);
  w.u8(static_cast<std::uint8_t>((m.enabled ? 1 : 0) | (m.include_apis ? 2 : 0)));
  w.varint(m.retention_days);
}
void get(Reader& r, AccountSettings::Metrics& m) {
  m.version = r.text();
  const std::uint8_t flags = r.u8();
  m.enabled = flags & 1;
  m.include_apis = flags & 2;
  m.retention_days = static_cast<std::uint16_t>(r.varint());
}

enum SettingTag : std::uint8_t {
  kLogging = 1, kHourMetrics = 2, kMinuteMetrics = 3, kCors = 4, kDefaultServiceVersion = 5, kDeleteRetention = 6,
  kWebsite = 7, kVersioning = 8, kTrackAccess = 9, kContainerRetention = 10, kQuarantine = 11, kEncryptionScopes = 12,
  kAccess = 13, kMinimumTls = 14, kSasExpiry = 15, kKeyExpiry = 16, kNetworks = 17, kKeysSince = 18,
};

bool read_setting(AccountSettings& s, std::uint8_t tag, Reader& r) {
  switch (tag) {
    case kLogging: {
      s.logging.version = r.text();
      const std::uint8_t flags = r.u8();
      s.logging.deletes = flags & 1;
      s.logging.reads = flags & 2;
      s.logging.writes = flags & 4;
      s.logging.retention_days = static_cast<std::uint16_t>(r.varint());
      return true;
    }
    case kHourMetrics: get(r, s.hour_metrics); return true;
    case kMinuteMetrics: get(r, s.minute_metrics); return true;
    case kCors:
      s.cors.resize(r.count(5));
      for (auto& rule : s.cors) {
        rule.origins = r.text();
        rule.methods = r.text();
        rule.exposed_headers = r.text();
        rule.allowed_headers = r.text();
        rule.max_age_seconds = static_cast<std::uint32_t>(r.varint());
      }
      return true;
    case kDefaultServiceVersion: s.default_service_version = r.text(); return true;
    case kDeleteRetention:
      s.delete_retention_days = static_cast<std::uint16_t>(r.varint());
      s.allow_permanent_delete = r.u8() != 0;
      return true;
    case kWebsite:
      s.website.enabled = r.u8() != 0;
      s.website.index_document = r.text();
      s.website.default_index_document_path = r.text();
      s.website.error_document_404_path = r.text();
      return true;
    case kVersioning: s.versioning = r.u8() != 0; return true;
    case kTrackAccess: s.last_access_tracking = r.u8() != 0; return true;
    case kContainerRetention: s.container_retention_days = static_cast<std::uint16_t>(r.varint()); return true;
    case kQuarantine: s.quarantine_seconds = static_cast<std::uint32_t>(r.varint()); return true;
    case kEncryptionScopes:
      s.encryption_scopes.resize(r.count(26));
      for (auto& scope : s.encryption_scopes) {
        scope.name = r.text();
        scope.id = r.fixed64();
        scope.enabled = r.u8() != 0;
        scope.created = get_time(r);
        scope.changed = get_time(r);
      }
      return true;
    case kAccess: {
      const std::uint8_t flags = r.u8();
      if (flags == 0 || flags > 7) r.refuse();
      s.allow_shared_key = !(flags & 1);
      s.allow_public_access = !(flags & 2);
      s.https_only = flags & 4;
      return true;
    }
    case kMinimumTls: s.minimum_tls = r.u8(); return true;
    case kSasExpiry:
      s.sas_expiry_seconds = static_cast<std::uint32_t>(r.varint());
      s.sas_expiry_block = r.u8() != 0;
      return true;
    case kKeyExpiry: s.key_expiry_days = static_cast<std::uint16_t>(r.varint()); return true;
    case kNetworks:
      s.deny_by_default = r.u8() != 0;
      s.allowed_networks.resize(r.count(17));
      for (auto& network : s.allowed_networks) {
        r.raw({reinterpret_cast<std::byte*>(network.address.data()), network.address.size()});
        network.prefix_bits = r.u8();
        if (network.prefix_bits > 128) r.refuse();
      }
      return true;
    case kKeysSince:
      for (WallTime& since : s.keys_since) since = get_time(r);
      return true;
    default: return false;
  }
}
}  // namespace

std::string encode(const AccountSettings& s) {
  const AccountSettings fresh;
  ExtrasWriter fields;
  if (s.logging != fresh.logging)
    fields.field(kLogging, [&](Writer& w) {
      w.text(s.logging.version);
      w.u8(static_cast<std::uint8_t>((s.logging.deletes ? 1 : 0) | (s.logging.reads ? 2 : 0) | (s.logging.writes ? 4 : 0)));
      w.varint(s.logging.retention_days);
    });
  if (s.hour_metrics != fresh.hour_metrics) fields.field(kHourMetrics, [&](Writer& w) { put(w, s.hour_metrics); });
  if (s.minute_metrics != fresh.minute_metrics) fields.field(kMinuteMetrics, [&](Writer& w) { put(w, s.minute_metrics); });
  if (!s.cors.empty())
    fields.field(kCors, [&](Writer& w) {
      w.varint(s.cors.size());
      for (const auto& rule : s.cors) {
        w.text(rule.origins);
        w.text(rule.methods);
        w.text(rule.exposed_headers);
        w.text(rule.allowed_headers);
        w.varint(rule.max_age_seconds);
      }
    });
  if (!s.default_service_version.empty())
    fields.field(kDefaultServiceVersion, [&](Writer& w) { w.text(s.default_service_version); });
  if (s.delete_retention_days != 0 || s.allow_permanent_delete)
    fields.field(kDeleteRetention, [&](Writer& w) {
      w.varint(s.delete_retention_days);
      w.u8(s.allow_permanent_delete);
    });
  if (s.website != fresh.website)
    fields.field(kWebsite, [&](Writer& w) {
      w.u8(s.website.enabled);
      w.text(s.website.index_document);
      w.text(s.website.default_index_document_path);
      w.text(s.website.error_document_404_path);
    });
  if (s.versioning) fields.field(kVersioning, [&](Writer& w) { w.u8(1); });
  if (s.last_access_tracking) fields.field(kTrackAccess, [&](Writer& w) { w.u8(1); });
  if (s.container_retention_days != 0)
    fields.field(kContainerRetention, [&](Writer& w) { w.varint(s.container_retention_days); });
  if (s.quarantine_seconds != fresh.quarantine_seconds)
    fields.field(kQuarantine, [&](Writer& w) { w.varint(s.quarantine_seconds); });
  if (!s.encryption_scopes.empty())
    fields.field(kEncryptionScopes, [&](Writer& w) {
      w.varint(s.encryption_scopes.size());
      for (const auto& scope : s.encryption_scopes) {
        w.text(scope.name);
        w.fixed64(scope.id);
        w.u8(scope.enabled);
        put(w, scope.created);
        put(w, scope.changed);
      }
    });
  if (!s.allow_shared_key || !s.allow_public_access || s.https_only)
    fields.field(kAccess, [&](Writer& w) {
      w.u8(static_cast<std::uint8_t>((s.allow_shared_key ? 0 : 1) | (s.allow_public_access ? 0 : 2) | (s.https_only ? 4 : 0)));
    });
  if (s.minimum_tls != 0) fields.field(kMinimumTls, [&](Writer& w) { w.u8(s.minimum_tls); });
  if (s.sas_expiry_seconds != 0 || s.sas_expiry_block)
    fields.field(kSasExpiry, [&](Writer& w) {
      w.varint(s.sas_expiry_seconds);
      w.u8(s.sas_expiry_block);
    });
  if (s.key_expiry_days != 0) fields.field(kKeyExpiry, [&](Writer& w) { w.varint(s.key_expiry_days); });
  if (s.deny_by_default || !s.allowed_networks.empty())
    fields.field(kNetworks, [&](Writer& w) {
      w.u8(s.deny_by_default);
      w.varint(s.allowed_networks.size());
      for (const auto& network : s.allowed_networks) {
        w.raw(std::as_bytes(std::span(network.address)));
        w.u8(network.prefix_bits);
      }
    });
  if (s.keys_since != fresh.keys_since)
    fields.field(kKeysSince, [&](Writer& w) {
      for (const WallTime since : s.keys_since) put(w, since);
    });
  return framed(64, [&](Writer& w) { fields.finish(w); });
}
template <> Result<AccountSettings> decode(std::string_view b) {
  return unframed<AccountSettings>(b, "account settings", [](Reader& r, AccountSettings& s) {
    get_extras(r, [&s](std::uint8_t tag, Reader& field) { return read_setting(s, tag, field); });
  });
}

}  // namespace bascule::catalog
