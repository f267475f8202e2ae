#include "events/line.h"

#include <charconv>
#include <cstring>

namespace bascule::events {
namespace {

// The bounds of the texts, in bytes of the line. Their sum, with the names of all fields, stays below kMostLineBytes.
constexpr std::size_t kMostName = 256, kMostId = 136, kMostClientId = 1100, kMostObject = 6400, kMostPath = 4096,
                      kMostQuery = 3072, kMostAgent = 512, kMostReason = 2048, kMostArguments = 12 * 1024;

// Writes members of one object. Not checked: the bounds above leave room.
class Writer {
 public:
  explicit Writer(char* out) : begin_(out), at_(out) {}

  template <std::size_t N> void literal(const char (&text)[N]) {
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }
  void raw(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  // `key` is ,"Name":" with the opening quote. Nothing is written for an empty text.
  template <std::size_t N> void text(const char (&key)[N], std::string_view value, std::size_t limit) {
    if (value.empty()) return;
    literal(key);
    escaped(value, limit);
    literal("\"");
  }
  // A text of ours: plain letters.
  template <std::size_t N> void word(const char (&key)[N], std::string_view value) {
    if (value.empty()) return;
    literal(key);
    raw(value);
    literal("\"");
  }
  template <std::size_t N> void number(const char (&key)[N], std::uint64_t value) {
    literal(key);
    digits(value);
  }
  void digits(std::uint64_t value) { at_ = std::to_chars(at_, at_ + 20, value).ptr; }
  void escaped(std::string_view value, std::size_t limit) { at_ = write_escaped(at_, value, limit); }
  void query(std::string_view value, std::size_t limit) { at_ = write_query(at_, value, limit); }
  void fixed(std::uint64_t value, int width) {
    for (int i = width; i-- > 0; value /= 10) at_[i] = static_cast<char>('0' + value % 10);
    at_ += width;
  }
  std::size_t end() {
    literal("}\n");
    return static_cast<std::size_t>(at_ - begin_);
  }

 private:
  char* const begin_;
  char* at_;
};

// 2024-05-17T09:59:40.8005090Z. Neighbouring events share their second.
void write_time(Writer& out, WallTime time) {
  thread_local std::int64_t known = -1;
  thread_local char text[20];
  const std::int64_t ticks = std::max<std::int64_t>(time.time_since_epoch().count(), 0);
  const std::int64_t second = ticks / Ticks::period::den;
  if (second != known) {
    const std::string whole = format_iso8601_seconds(WallTime(Ticks(second * Ticks::period::den)));
    std::memcpy(text, whole.data(), 19);
    text[19] = '.';
    known = second;
  }
  out.raw({text, 20});
  out.fixed(static_cast<std::uint64_t>(ticks % Ticks::period::den), 7);
  out.literal("Z");
}

template <std::size_t N> void begin(Writer& out, const char (&type)[N], const Stamp& stamp, WallTime time) {
  out.literal("{\"TimeGenerated\":\"");
  write_time(out, time);
  out.literal("\",\"Type\":\"");
  out.literal(type);
  out.literal("\",\"SchemaVersion\":\"");
  out.raw(kSchemaVersion);
  out.word("\",\"Run\":\"", stamp.run);
  out.number(",\"Stream\":", stamp.stream);
  out.number(",\"Sequence\":", stamp.sequence);
}

void write_duration(Writer& out, Duration took) {
  const auto micros = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count(), 0);
  out.number(",\"DurationMs\":", static_cast<std::uint64_t>(micros / 1000));
  out.literal(".");
  out.fixed(static_cast<std::uint64_t>(micros % 1000), 3);
}

void write_caller(Writer& out, std::string_view address, std::uint16_t port) {
  if (address.empty()) return;
  out.literal(",\"CallerIpAddress\":\"");
  const bool brackets = port != 0 && address.find(':') != std::string_view::npos;
  if (brackets) out.literal("[");
  out.escaped(address, 64);
  if (brackets) out.literal("]");
  if (port != 0) {
    out.literal(":");
    out.digits(port);
  }
  out.literal("\"");
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::allowed: return "Allowed";
    case Outcome::failed: return "Failed";
    case Outcome::denied: return "Denied";
    case Outcome::rejected: return "Rejected";
    case Outcome::cut: return "Cut";
  }
  return "Failed";
}

// AuthenticationType as Azure's logs have it, and which kind of SAS, which they leave out.
struct CredentialWords {
  std::string_view type, sas;
};
CredentialWords words(Credential credential) {
  switch (credential) {
    case Credential::none: return {"None", ""};
    case Credential::anonymous: return {"Anonymous", ""};
    case Credential::account_key: return {"AccountKey", ""};
    case Credential::account_sas: return {"SAS", "Account"};
    case Credential::service_sas: return {"SAS", "Service"};
    case Credential::user_delegation_sas: return {"DelegationSas", "UserDelegation"};
    case Credential::bearer: return {"OAuth", ""};
  }
  return {"None", ""};
}

void write_sas(Writer& out, const SasIds& sas) {
  out.text(",\"SasIdentifier\":\"", sas.identifier, kMostId);
  out.text(",\"SasKeyObjectId\":\"", sas.key_object, kMostId);
  out.text(",\"SasKeyTenantId\":\"", sas.key_tenant, kMostId);
  out.text(",\"SasAuthorizedObjectId\":\"", sas.authorised_object, kMostId);
  out.text(",\"SasCorrelationId\":\"", sas.correlation, kMostId);
  out.text(",\"SasExpiry\":\"", sas.expiry, 64);
  out.text(",\"SasPermissions\":\"", sas.permissions, 64);
}

void write_object(Writer& out, const AccessEvent& e) {
  out.text(",\"AccountName\":\"", e.account, 64);
  out.text(",\"ContainerName\":\"", e.container, kMostName);
  if (e.account.empty()) return;
  out.literal(",\"ObjectKey\":\"/");
  out.escaped(e.account, 64);
  if (!e.container.empty()) {
    out.literal("/");
    out.escaped(e.container, kMostName);
  }
  if (!e.blob.empty()) {
    out.literal("/");
    out.escaped(e.blob, kMostObject);
  }
  out.literal("\"");
}

void write_uri(Writer& out, const AccessEvent& e) {
  if (e.path.empty()) return;
  if (e.encrypted) out.literal(",\"Uri\":\"https://");
  else out.literal(",\"Uri\":\"http://");
  out.escaped(e.host, kMostName);
  out.escaped(e.path, kMostPath);
  if (!e.query.empty()) {
    out.literal("?");
    out.query(e.query, kMostQuery);
  }
  out.literal("\"");
}

void write_keys(Writer& out, const AccessEvent& e) {
  if (e.container_key != 0) {
    out.literal(",\"ContainerKeyId\":\"");
    char hex[16];
    for (int i = 0; i < 16; ++i) hex[i] = "0123456789abcdef"[e.container_key >> (60 - 4 * i) & 15];
    out.raw({hex, 16});
    out.literal("\"");
    out.text(",\"RootKeyId\":\"", e.root_key, 64);
    if (e.root_key_version != 0) out.number(",\"RootKeyVersion\":", e.root_key_version);
  }
  if (!e.customer_key_sha256.empty()) out.text(",\"CustomerKeySha256Prefix\":\"", e.customer_key_sha256.substr(0, 12), 64);
  out.text(",\"EncryptionScope\":\"", e.encryption_scope, 64);
  if (!e.provider.empty()) {
    out.literal(",\"Providers\":[\"");
    out.escaped(e.provider, kMostName);
    out.literal("\"]");
  }
}

}  // namespace

std::size_t format_line(char* to, const Stamp& stamp, const AccessEvent& e) {
  Writer out(to);
  begin(out, "StorageBlobLogs", stamp, e.time);
  out.word(",\"Category\":\"", e.category);
  out.word(",\"OperationName\":\"", e.operation);
  out.text(",\"OperationVersion\":\"", e.version, 64);
  out.number(",\"StatusCode\":", static_cast<std::uint64_t>(std::max(e.status, 0)));
  const std::string_view otherwise = e.outcome == Outcome::allowed ? "Success" : e.outcome == Outcome::cut ? "ConnectionClosed" : "Failed";
  out.text(",\"StatusText\":\"", e.error_code.empty() ? otherwise : e.error_code, kMostId);
  out.word(",\"Outcome\":\"", name(e.outcome));
  out.text(",\"Reason\":\"", e.reason, kMostId);
  write_duration(out, e.took);
  const CredentialWords credential = words(e.credential);
  out.word(",\"AuthenticationType\":\"", credential.type);
  out.word(",\"SasType\":\"", credential.sas);
  out.text(",\"RequesterObjectId\":\"", e.requester.object_id, kMostName);
  out.text(",\"RequesterUpn\":\"", e.requester.name, kMostName);
  out.text(",\"RequesterTokenIssuer\":\"", e.requester.issuer, kMostName);
  out.text(",\"RequesterTenantId\":\"", e.requester.tenant, kMostName);
  out.text(",\"RequesterAppId\":\"", e.requester.client_id, kMostName);
  write_sas(out, e.sas);
  write_caller(out, e.caller_address, e.caller_port);
  out.word(",\"ServiceType\":\"", e.service);
  write_object(out, e);
  write_uri(out, e);
  if (e.encrypted) out.literal(",\"Protocol\":\"HTTPS\"");
  else out.literal(",\"Protocol\":\"HTTP\"");
  out.word(",\"TlsVersion\":\"", e.tls_version);
  out.text(",\"UserAgentHeader\":\"", e.user_agent, kMostAgent);
  out.text(",\"ReferrerHeader\":\"", e.referrer.substr(0, e.referrer.find('?')), kMostAgent);
  out.text(",\"ClientRequestId\":\"", e.client_request_id, kMostClientId);
  out.text(",\"CorrelationId\":\"", e.request_id, 64);
  out.text(",\"BatchCorrelationId\":\"", e.batch_request_id, 64);
  out.number(",\"RequestBodySize\":", e.request_bytes);
  out.number(",\"ResponseBodySize\":", e.response_bytes);
  write_keys(out, e);
  return out.end();
}

std::size_t format_line(char* to, const Stamp& stamp, const AdminEvent& e) {
  Writer out(to);
  begin(out, "BasculeAdministration", stamp, e.time);
  out.literal(",\"Category\":\"Administrative\"");
  out.text(",\"OperationName\":\"", e.operation, kMostId);
  out.word(",\"Outcome\":\"", name(e.outcome));
  out.text(",\"Reason\":\"", e.reason, kMostReason);
  write_duration(out, e.took);
  out.text(",\"Caller\":\"", e.caller, kMostName);
  out.text(",\"CallerRole\":\"", e.role, kMostId);
  out.text(",\"AuthenticationType\":\"", e.authentication, kMostId);
  out.text(",\"Approver\":\"", e.approver, kMostName);
  write_caller(out, e.caller_address, 0);
  out.text(",\"CorrelationId\":\"", e.request_id, kMostId);
  out.text(",\"Target\":\"", e.target, kMostObject);
  if (!e.arguments.empty() && e.arguments.size() <= kMostArguments) {
    out.literal(",\"Arguments\":");
    out.raw(e.arguments);
  } else if (!e.arguments.empty()) {
    out.literal(",\"ArgumentsLeftOut\":true");
  }
  return out.end();
}

std::size_t format_line(char* to, const Stamp& stamp, const ConnectionEvent& e, std::uint64_t suppressed) {
  static constexpr std::string_view kNames[] = {"TlsHandshakeFailed", "ConnectionRefused", "RequestUnreadable"};
  Writer out(to);
  begin(out, "BasculeConnection", stamp, e.time);
  out.literal(",\"Category\":\"Connection\"");
  out.word(",\"OperationName\":\"", kNames[static_cast<std::size_t>(e.kind)]);
  if (e.status != 0) out.number(",\"StatusCode\":", static_cast<std::uint64_t>(e.status));
  out.literal(",\"Outcome\":\"Denied\"");
  out.text(",\"Reason\":\"", e.reason, kMostReason);
  write_caller(out, e.caller_address, e.caller_port);
  if (suppressed != 0) out.number(",\"AlsoNotListed\":", suppressed);
  return out.end();
}

std::size_t format_line(char* to, const Stamp& stamp, const ServiceEvent& e) {
  Writer out(to);
  begin(out, "BasculeService", stamp, e.time);
  out.literal(",\"Category\":\"Service\"");
  out.word(",\"OperationName\":\"", e.operation);
  out.word(",\"Outcome\":\"", name(e.outcome));
  out.text(",\"Reason\":\"", e.reason, kMostReason);
  if (!e.details.empty()) {
    out.literal(",\"Details\":{");
    bool first = true;
    std::size_t left = kMostArguments;   // of all details together
    for (const Detail& detail : e.details) {
      if (left < detail.key.size() + 64) break;
      if (!first) out.literal(",");
      first = false;
      out.literal("\"");
      out.raw(detail.key);
      out.literal("\":");
      if (detail.is_number) {
        out.digits(detail.number);
        left -= 20;
      } else {
        const std::size_t limit = std::min(kMostReason, left - detail.key.size() - 16);
        out.literal("\"");
        out.escaped(detail.text, limit);
        out.literal("\"");
        left -= std::min(left, std::min(limit, detail.text.size() * 6));
      }
      left -= std::min(left, detail.key.size() + 8);
    }
    out.literal("}");
  }
  return out.end();
}

}  // namespace bascule::events
