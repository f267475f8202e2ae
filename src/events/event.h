// What is recorded of who did what: one struct for each kind of event. docs/access-events.md describes the lines that they
// become. No field ever holds a secret: no signature, no key, no token, no query but what a reader may see.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "runtime/clock.h"

namespace bascule::events {

// Whether it was let in, and what became of it.
enum class Outcome : std::uint8_t {
  allowed,  // authorised, and done
  failed,   // authorised, and not done: a condition, an absent blob, an error
  denied,   // refused for who asked, or for how
  rejected, // refused for its form before anybody looked at who asked: the credential is not verified
  cut,      // the connection ended before the answer was complete
};

enum class Credential : std::uint8_t { none, anonymous, account_key, account_sas, service_sas, user_delegation_sas, bearer };

// Who asked, as a token says it; all "" where no token was shown.
struct Requester {
  std::string_view object_id, name, issuer, tenant, client_id;
};

// Of a shared access signature: what names it, never what proves it.
struct SasIds {
  std::string_view identifier;             // si
  std::string_view key_object, key_tenant; // skoid, sktid
  std::string_view authorised_object;      // saoid or suoid
  std::string_view correlation;            // scid
  std::string_view expiry, permissions;    // se, sp
};

// One request of a data plane. Views need live only until record() returns.
struct AccessEvent {
  WallTime time{};                         // when its head had arrived
  Duration took{};                         // until the answer's last byte was handed to the connection
  std::string_view service = "blob";       // ServiceType: blob, web
  std::string_view operation;              // Azure's name: "GetBlob"
  std::string_view category;               // StorageRead, StorageWrite, StorageDelete
  std::string_view version;                // x-ms-version in force
  int status = 0;                          // 0: no answer was begun
  Outcome outcome = Outcome::allowed;
  std::string_view error_code;             // x-ms-error-code; "" = none
  std::string_view reason;                 // why it was denied, a constant word: "signature", "expired"
  Credential credential = Credential::none;
  Requester requester;
  SasIds sas;
  std::string_view account, container, blob;      // decoded; "" = none
  std::string_view host, path, query;      // for Uri, as sent; of the query only known, harmless values are kept
  bool encrypted = false;
  std::string_view tls_version;            // "TLS 1.3"; "" = plain
  std::string_view caller_address;
  std::uint16_t caller_port = 0;
  std::string_view request_id, client_request_id, batch_request_id;
  std::string_view user_agent, referrer;
  std::uint64_t request_bytes = 0, response_bytes = 0;   // bodies
  std::uint64_t container_key = 0;         // 0 = none
  std::string_view root_key;               // the key holder's id
  std::uint32_t root_key_version = 0;      // 0 = unknown
  std::string_view customer_key_sha256;    // Base64 of the hash that the client sent; a prefix of it is recorded
  std::string_view encryption_scope;
  std::string_view provider;               // "" = no content was read or written
};

// What an administrator asked for, and what came of it.
struct AdminEvent {
  WallTime time{};
  Duration took{};
  std::string_view operation;              // the control request: "account-add"
  Outcome outcome = Outcome::allowed;
  std::string_view reason;                 // the error's text; "" = none
  std::string_view caller;                 // "uid:1000", or the administrative principal's name
  std::string_view role;                   // "" = all that the operating system's user may
  std::string_view authentication;         // UnixSocket, AdminToken, CommandLine
  std::string_view approver;               // the second person; "" = none was needed
  std::string_view caller_address;
  std::string_view request_id;
  std::string_view target;                 // what it was done to: an account, ACCOUNT/CONTAINER
  std::string_view arguments;              // a JSON object without secrets; "" = none
};

// A connection that never came to a request, or whose request could not be read.
struct ConnectionEvent {
  enum class Kind : std::uint8_t { handshake_failed, too_many_connections, unreadable_request, count_ };
  WallTime time{};
  Kind kind = Kind::handshake_failed;
  int status = 0;                          // of the answer; 0 = none
  std::string_view reason;
  std::string_view caller_address;
  std::uint16_t caller_port = 0;
};

// What the server itself did: started, stopped, read its configuration again, lost events.
struct Detail {
  std::string_view key;                    // a constant word
  std::string_view text;                   // where it is no number
  std::uint64_t number = 0;
  bool is_number = false;
  Detail(std::string_view k, std::string_view t) : key(k), text(t) {}
  Detail(std::string_view k, std::uint64_t n) : key(k), number(n), is_number(true) {}
};
struct ServiceEvent {
  WallTime time{};
  std::string_view operation;              // "ServiceStarted"
  Outcome outcome = Outcome::allowed;
  std::string_view reason;
  std::span<const Detail> details{};
};

}  // namespace bascule::events
