#include "app/settings.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace bascule::app {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kTiB = kMiB * kMiB;
constexpr std::uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

constexpr auto kSettings = std::to_array<Setting>({
    {"data", Kind::path, "", "", 0, 0,
     "The data folder: the catalog and, with the folder provider, the content. Not set: /var/lib/bascule for root and "
     "services, else ~/.local/share/bascule (XDG_DATA_HOME)."},
    {"key_file", Kind::path, "", "", 0, 0,
     "The root key that seals everything, made at the first start. Keep a copy elsewhere, and never beside the data. Not "
     "set: /etc/bascule/keys/bascule.key for root and services, else ~/.config/bascule/keys/bascule.key "
     "(XDG_CONFIG_HOME)."},

    {"server.listen", Kind::list, "127.0.0.1:10000", "", 0, 0,
     "Addresses to serve on: HOST:PORT, [IPv6]:PORT or *:PORT."},
    {"server.certificate", Kind::path, "", "", 0, 0,
     "TLS certificate with its chain, PEM. With server.key: TLS on every address. Read again on SIGHUP.", kOpen, kLive},
    {"server.key", Kind::path, "", "", 0, 0, "The certificate's private key, PEM.", kOpen, kLive},
    {"server.allow_plain_http", Kind::flag, "false", "", 0, 0,
     "Plain HTTP beyond this machine: only behind a proxy that does TLS."},
    {"server.domains", Kind::list, "", "", 0, 0,
     "Domains answered for: \"blob.example.org\" answers ACCOUNT.blob.example.org. Empty: any.", kOpen, kLive},
    {"server.max_connections", Kind::number, "10000", "", 1, 1'000'000,
     "Connections at a time; one more is answered 503 ServerBusy and closed.", kOpen, kLive},
    {"server.threads", Kind::number, "0", "", 0, 256, "Event loops; 0: one for each core."},
    {"server.io_threads", Kind::number, "8", "", 1, 256, "Threads for calls that wait for the disk."},
    {"server.handshake_timeout", Kind::duration, "10s", "", kSecond, 10 * kMinute, "For a TLS handshake.", kOpen, kLive},
    {"server.head_timeout", Kind::duration, "20s", "", kSecond, 10 * kMinute,
     "From a request's first byte to the end of its headers.", kOpen, kLive},
    {"server.idle_timeout", Kind::duration, "2m", "", kSecond, 24 * kHour, "Between two requests of a connection.", kOpen, kLive},
    {"server.body_timeout", Kind::duration, "60s", "", kSecond, kHour,
     "A body of which no byte came for so long is given up.", kOpen, kLive},
    {"server.write_timeout", Kind::duration, "60s", "", kSecond, kHour,
     "A client that takes no byte for so long is cut off.", kOpen, kLive},
    {"server.drain_timeout", Kind::duration, "30s", "", 0, kHour,
     "How long requests under way may take to finish after SIGTERM.", kOpen, kLive},
    {"server.head_bytes", Kind::size, "64KiB", "", 4 * kKiB, kMiB, "Most bytes of a request line and its headers.", kOpen, kLive},
    {"server.target_bytes", Kind::size, "16KiB", "", kKiB, 256 * kKiB, "Most bytes of a request's address.", kOpen, kLive},
    {"server.max_headers", Kind::number, "256", "", 16, 10'000, "Most headers of a request.", kOpen, kLive},

    {"web.listen", Kind::list, "", "", 0, 0,
     "Addresses for static websites alone: HOST:PORT, [IPv6]:PORT or *:PORT, with server.certificate where there is one. Empty: "
     "none."},
    {"web.domains", Kind::list, "", "", 0, 0,
     "Domains of static websites: \"web.example.org\" answers ACCOUNT.web.example.org, on every address.", kOpen, kLive},
    {"web.hosts", Kind::list, "", "", 0, 0,
     "Other hosts of static websites, on every address: \"www.example.org=ACCOUNT\".", kOpen, kLive},
    {"web.account", Kind::text, "", "", 0, 0,
     "Whose static website web.listen serves to hosts that name no account. Empty: none.", kOpen, kLive},

    {"admin.listen", Kind::text, "127.0.0.1:10090", "", 0, 0,
     "Where /healthz, /readyz and /metrics are, on this machine only: HOST:PORT, or \"off\". Not set and the port is "
     "taken: a free one, named in the log."},

    {"admin.api_listen", Kind::text, "", "", 0, 0,
     "Where the admin API is: HOST:PORT, over TLS alone. Empty: nowhere but at the data folder's admin.sock."},
    {"admin.api_certificate", Kind::path, "", "", 0, 0,
     "The admin API's certificate with its chain, PEM. Not set: server.certificate. Read again on SIGHUP."},
    {"admin.api_key", Kind::path, "", "", 0, 0, "The certificate's private key, PEM. Not set: server.key."},
    {"admin.two_person", Kind::choice, "auto", "off|auto|on", 0, 0,
     "Whether what cannot be undone needs another person's approval. auto: for whoever asks with a token, always; for the "
     "owner, as soon as somebody has a token that may approve.", kOpen, kLive},
    {"admin.server", Kind::text, "", "", 0, 0,
     "Commands: the admin API that they ask, https://HOST:PORT, in place of the data folder's server."},
    {"admin.token_file", Kind::path, "", "", 0, 0, "Commands: a file of mode 0600 with the token for admin.server."},
    {"admin.token", Kind::text, "", "", 0, 0, "Commands: the token itself. Better in admin.token_file, or in the environment.", kSecret},
    {"admin.ca_file", Kind::path, "", "", 0, 0, "Commands: authorities to trust for admin.server, PEM. Not set: the system's."},

    {"provider.kind", Kind::choice, "folder", "folder|s3", 0, 0,
     "Where content lies: in the data folder, or in a bucket at an S3 endpoint."},
    {"provider.name", Kind::text, "", "", 0, 0, "What messages and metrics call the provider. Not set: its kind."},
    {"provider.endpoint", Kind::text, "", "", 0, 0, "s3: https://HOST[:PORT]."},
    {"provider.region", Kind::text, "us-east-1", "", 0, 0, "s3: the region that requests are signed for."},
    {"provider.bucket", Kind::text, "", "", 0, 0, "s3: the bucket. It must be there already."},
    {"provider.prefix", Kind::text, "", "", 0, 0, "s3: leads every object's name."},
    {"provider.addressing", Kind::choice, "path", "path|host", 0, 0,
     "s3: https://HOST/BUCKET/… or https://BUCKET.HOST/…."},
    {"provider.access_key", Kind::text, "", "", 0, 0, "s3: the access key's id."},
    {"provider.secret_key", Kind::text, "", "", 0, 0,
     "s3: the secret key. Better in provider.secret_key_file, or in the environment.", kSecret},
    {"provider.secret_key_file", Kind::path, "", "", 0, 0,
     "s3: a file of mode 0600 with the secret key alone."},
    {"provider.session_token", Kind::text, "", "", 0, 0, "s3: the token that goes with a temporary key.", kSecret},
    {"provider.session_token_file", Kind::path, "", "", 0, 0, "s3: a file of mode 0600 with that token alone."},
    {"provider.ca_file", Kind::path, "", "", 0, 0, "s3: authorities to trust, PEM. Not set: the system's."},
    {"provider.allow_plain_http", Kind::flag, "false", "", 0, 0, "s3: http:// to another machine, for tests."},
    {"provider.sign_payload", Kind::choice, "auto", "auto|always|never", 0, 0,
     "s3: bind request bodies into the signature. auto: only over plain HTTP."},
    {"provider.puts_per_second", Kind::number, "0", "", 0, 100'000,
     "s3: most writes, deletes and listings a second; 0: no limit. OVHcloud documents about 300 for a bucket."},
    {"provider.gets_per_second", Kind::number, "0", "", 0, 100'000, "s3: most reads a second; 0: no limit."},
    {"provider.requests", Kind::number, "64", "", 1, 4096, "s3: most requests under way at a time."},
    {"provider.connect_timeout", Kind::duration, "10s", "", 100, 5 * kMinute, "s3: for name, TCP and TLS together."},
    {"provider.request_timeout", Kind::duration, "60s", "", kSecond, kHour, "s3: for one request."},

    {"copy.networks", Kind::list, "", "", 0, 0,
     "Networks beside the public internet that copy sources may lie in: 10.1.0.0/16, fd00::/8, an address. Not set: none; "
     "this machine, private networks and clouds' metadata services stay out of reach."},
    {"copy.allow_plain_http", Kind::flag, "false", "", 0, 0, "Copy sources by http://, too: anybody on the way could change them."},
    {"copy.ca_file", Kind::path, "", "", 0, 0, "Authorities to trust for copy sources, PEM. Not set: the system's."},

    {"provider.storage_price", Kind::text, "", "", 0, 0,
     "What a GB (10^9 bytes) costs for a month. With it, compaction moves what saves more within 90 days than the moving costs; "
     "without, extents of which a third is dead, and small ones."},
    {"provider.put_price", Kind::text, "0", "", 0, 0, "What 1,000 writes cost, in the same currency."},
    {"provider.get_price", Kind::text, "0", "", 0, 0, "What 1,000 reads cost."},
    {"provider.egress_price", Kind::text, "0", "", 0, 0, "What a GB costs that is read out of the provider."},
    {"provider.minimum_days", Kind::number, "0", "", 0, 3650, "For how long an object is paid for at least."},
    {"provider.minimum_object", Kind::size, "0B", "", 0, 16 * kMiB, "As how large an object is paid for at least."},

    {"memory.upload", Kind::size, "128MiB", "", 32 * kMiB, kTiB,
     "Buffers of uploads, all together. Uploads beyond it wait, then get 503 ServerBusy."},
    {"memory.cache", Kind::size, "64MiB", "", 8 * kMiB, kTiB, "The catalog's cache."},

    {"log.level", Kind::choice, "info", "debug|info|warn|error|off", 0, 0,
     "debug: a line for every request, too.", kOpen, kLive},
    {"log.format", Kind::choice, "text", "text|json", 0, 0, "Lines of key=value, or of JSON, on standard error.", kOpen, kLive},

    {"events.to", Kind::list, "", "", 0, 0,
     "Where requests and administrative acts are recorded, one JSON line each (docs/access-events.md): file, syslog, stdout. Empty: "
     "nowhere.", kOpen, kLive},
    {"events.file", Kind::path, "", "", 0, 0,
     "The file, mode 0640; its folder must be there. Read again (opened anew) on SIGHUP. Not set: /var/log/bascule/access.jsonl for root "
     "and services, else ~/.local/state/bascule/access.jsonl (XDG_STATE_HOME).", kOpen, kLive},
    {"events.rotate_size", Kind::size, "256MiB", "", 0, kTiB, "The file is put aside before it grows beyond this; 0B: never for its size.", kOpen, kLive},
    {"events.rotate_age", Kind::duration, "24h", "", 0, 8760 * kHour, "… and when it is so old; 0s: never for its age.", kOpen, kLive},
    {"events.keep", Kind::number, "30", "", 0, 100'000, "So many files that were put aside are kept; 0: all.", kOpen, kLive},
    {"events.syslog_socket", Kind::path, "/dev/log", "", 0, 0, "syslog: the datagram socket. Messages are in the form of RFC 5424.", kOpen, kLive},
    {"events.syslog_facility", Kind::choice, "local0", "user|daemon|auth|authpriv|local0|local1|local2|local3|local4|local5|local6|local7", 0, 0,
     "syslog: the facility; the severity is informational.", kOpen, kLive},
    {"events.when_unwritable", Kind::choice, "count", "count|refuse", 0, 0,
     "When they cannot be written. count: go on, count what is lost, and say so as soon as possible. refuse: answer 503 ServerBusy until they "
     "can; what was admitted waits and is written.", kOpen, kLive},
    {"events.flush", Kind::duration, "100ms", "", 10, 10 * kSecond, "How long an event stays in memory at most before it is written.", kOpen, kLive},
    {"events.sync", Kind::flag, "false", "", 0, 0, "Wait for the disk after each write to the file: a power failure then costs no more than events.flush.", kOpen, kLive},
    {"events.buffer", Kind::size, "1MiB", "", 256 * kKiB, 64 * kMiB, "For each thread: what may wait to be written."},

    {"accounts.development", Kind::choice, "auto", "auto|on|off", 0, 0,
     "Azure's development account, whose key everybody knows. auto: while every server.listen is this machine's own."},

    {"identity.issuers", Kind::list, "", "", 0, 0,
     "Whose bearer tokens are accepted: TENANT=URL, the URL exactly as the issuer's tokens name it, the tenant as role "
     "assignments call it. Empty: nobody's."},
    {"identity.audiences", Kind::list, "", "", 0, 0,
     "Audiences of tokens that are meant for here, beside identity.resource, https://ACCOUNT.blob.core.windows.net and "
     "https://ACCOUNT.DOMAIN for server.domains."},
    {"identity.resource", Kind::text, "https://storage.azure.com", "", 0, 0,
     "What clients ask a token for, as refusals name it."},
    {"identity.authorization_uri", Kind::text, "", "", 0, 0,
     "Where clients get a token, as refusals name it. Not set: the first issuer's host, with its tenant."},
    {"identity.ca_file", Kind::path, "", "", 0, 0, "Authorities to trust for issuers, PEM. Not set: the system's."},
    {"identity.groups_claim", Kind::text, "groups", "", 0, 0, "The claim that lists groups; a dot leads into an object."},
    {"identity.roles_claim", Kind::text, "roles", "", 0, 0,
     "The claim that lists application roles; a dot leads into an object: realm_access.roles."},
    {"identity.clock_skew", Kind::duration, "5m", "", 0, 10 * kMinute, "How far an issuer's clock may differ."},
    {"identity.refresh", Kind::duration, "1h", "", kSecond, 24 * kHour, "How often an issuer's keys are read again."},
    {"identity.keep", Kind::duration, "24h", "", kSecond, 30 * 24 * kHour,
     "How long an issuer's keys are good while it cannot be reached; then its tokens get 503 ServerBusy."},
    {"identity.allow_plain_http", Kind::flag, "false", "", 0, 0,
     "Bearer tokens over plain HTTP: only behind a proxy that does TLS."},

    {"archive.rehydrate_standard", Kind::duration, "1h", "", 0, 24 * kHour,
     "From Set Blob Tier until an archived blob can be read again. On Azure, up to 15 hours."},
    {"archive.rehydrate_high", Kind::duration, "1m", "", 0, 24 * kHour, "The same with x-ms-rehydrate-priority: High."},

    {"compaction.every", Kind::duration, "1h", "", 0, 30 * 24 * kHour,
     "How often the server looks for extents worth gathering into new ones. 0s: only when it is told to (bascule compact)."},

    {"backup.restore_window", Kind::duration, "24h", "", 0, 365 * 24 * kHour,
     "Once a catalog has been backed up: for how long after its death content is kept, at least, so that backups can be restored "
     "whole. The newest backup always can. 0s: nothing is kept for backups' sake."},
    {"backup.endpoint", Kind::text, "", "", 0, 0,
     "Where backups named s3://BUCKET/PREFIX go: https://HOST[:PORT]. Not set, with provider.kind = \"s3\": the provider's endpoint, "
     "with its keys."},
    {"backup.region", Kind::text, "us-east-1", "", 0, 0, "The region that requests to backup.endpoint are signed for."},
    {"backup.addressing", Kind::choice, "path", "path|host", 0, 0, "https://HOST/BUCKET/… or https://BUCKET.HOST/…."},
    {"backup.access_key", Kind::text, "", "", 0, 0, "The access key's id at backup.endpoint."},
    {"backup.secret_key", Kind::text, "", "", 0, 0,
     "The secret key there. Better in backup.secret_key_file, or in the environment.", kSecret},
    {"backup.secret_key_file", Kind::path, "", "", 0, 0, "A file of mode 0600 with the secret key alone."},
    {"backup.ca_file", Kind::path, "", "", 0, 0, "Authorities to trust for backup.endpoint, PEM. Not set: the system's."},
    {"backup.allow_plain_http", Kind::flag, "false", "", 0, 0, "http:// to another machine, for tests."},

    {"jobs.run", Kind::flag, "true", "", 0, 0,
     "The collection of what is no longer named. Off only to look into a problem: space is not freed meanwhile."},
});

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};
constexpr Unit kSizeUnits[] = {{"", 1}, {"B", 1}, {"KiB", kKiB}, {"MiB", kMiB}, {"GiB", kMiB * kKiB}, {"TiB", kTiB}};
constexpr Unit kTimeUnits[] = {{"ms", 1}, {"s", kSecond}, {"m", kMinute}, {"h", kHour}};

// A whole number and one of `units`; nothing for anything else.
bool parse_quantity(std::string_view text, std::span<const Unit> units, std::uint64_t& out) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  std::string_view suffix(end, text.data() + text.size());
  while (suffix.starts_with(' ')) suffix.remove_prefix(1);
  for (const Unit& unit : units) {
    if (suffix != unit.suffix) continue;
    if (number > UINT64_MAX / unit.factor) return false;
    out = number * unit.factor;
    return true;
  }
  return false;
}

std::string show(Kind kind, std::uint64_t n) {
  if (kind == Kind::number) return std::to_string(n);
  const std::span<const Unit> units = kind == Kind::size ? std::span<const Unit>(kSizeUnits).subspan(2) : std::span<const Unit>(kTimeUnits);
  for (std::size_t i = units.size(); i-- > 0;)
    if (n >= units[i].factor && n % units[i].factor == 0) return std::to_string(n / units[i].factor) + std::string(units[i].suffix);
  return std::to_string(n) + (kind == Kind::duration ? "s" : "");
}

std::unexpected<Error> wrong(const Setting& setting, std::string_view text) {
  std::string message = std::string(setting.name);
  if (!setting.secret) message += " = '" + std::string(text) + "'";
  return fail(Code::invalid_argument, message + " is not allowed; allowed is " + allowed(setting));
}

bool one_of(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const std::size_t bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    choices = bar == std::string_view::npos ? "" : choices.substr(bar + 1);
  }
  return false;
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view name) {
  const auto at = std::ranges::find(kSettings, name, &Setting::name);
  return at == kSettings.end() ? nullptr : &*at;
}

std::string_view nearest_setting(std::string_view name) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(name.size() / 3, 2) + 1;
  for (const Setting& setting : kSettings) {
    // "listen" alone is as near as anything: its section was forgotten.
    const std::size_t dot = setting.name.find('.');
    const std::size_t away = dot != std::string_view::npos && setting.name.substr(dot + 1) == name ? 1 : distance(name, setting.name);
    if (away < least) {
      least = away;
      best = setting.name;
    }
  }
  return best;
}

std::string environment_name(const Setting& setting) {
  std::string out = "BASCULE_";
  for (const char c : setting.name) out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

std::string allowed(const Setting& setting) {
  const auto range = [&] { return "from " + show(setting.kind, setting.least) + " to " + show(setting.kind, setting.most); };
  switch (setting.kind) {
    case Kind::text: return "a text";
    case Kind::path: return "a path";
    case Kind::list: return "a list of texts";
    case Kind::flag: return "true or false";
    case Kind::number: return "a whole number " + range();
    case Kind::size: return "a size " + range() + " (bytes, or with KiB, MiB, GiB, TiB)";
    case Kind::duration: return "a time " + range() + " (with ms, s, m or h)";
    case Kind::choice: break;
  }
  std::string out;
  for (const char c : setting.choices) c == '|' ? out += ", " : out += c;
  return "one of " + out;
}

Result<Value> check_number(const Setting& setting, std::int64_t number) {
  if (number < 0 || static_cast<std::uint64_t>(number) < setting.least || static_cast<std::uint64_t>(number) > setting.most)
    return wrong(setting, std::to_string(number));
  return Value{.number = static_cast<std::uint64_t>(number)};
}

Result<Value> parse_value(const Setting& setting, std::string_view text) {
  Value value;
  switch (setting.kind) {
    case Kind::text:
    case Kind::path:
      if (text.find('\0') != std::string_view::npos || text.find('\n') != std::string_view::npos) return wrong(setting, "…");
      value.text = text;
      return value;
    case Kind::list:
      while (!text.empty()) {
        const std::size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (part.empty()) return wrong(setting, text);
        value.list.emplace_back(part);
        text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
      }
      return value;
    case Kind::flag:
      if (text != "true" && text != "false") return wrong(setting, text);
      value.number = text == "true";
      return value;
    case Kind::choice:
      if (!one_of(setting.choices, text)) return wrong(setting, text);
      value.text = text;
      return value;
    case Kind::number:
    case Kind::size:
    case Kind::duration: break;
  }
  const std::span<const Unit> units = setting.kind == Kind::duration ? std::span<const Unit>(kTimeUnits)
                                      : setting.kind == Kind::size   ? std::span<const Unit>(kSizeUnits)
                                                                     : std::span<const Unit>(kSizeUnits).first(1);
  std::uint64_t number = 0;
  const bool good = parse_quantity(text, units, number) || (setting.kind == Kind::duration && text == "0");
  if (!good || number < setting.least || number > setting.most) return wrong(setting, text);
  value.number = number;
  return value;
}

std::string show_value(const Setting& setting, const Value& value) {
  switch (setting.kind) {
    case Kind::flag: return value.number ? "true" : "false";
    case Kind::number: return std::to_string(value.number);
    case Kind::size: return value.number == 0 ? "0B" : show(setting.kind, value.number);
    case Kind::duration: return show(setting.kind, value.number);
    default: return value.text;
  }
}

}  // namespace bascule::app
