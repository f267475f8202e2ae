// Shared access signatures: account SAS and service SAS for blobs, every version of the string to sign.
// Source: "Create an account SAS", "Create a service SAS" in Microsoft's documentation.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "auth/principal.h"
#include "auth/request.h"
#include "base/digest.h"

namespace bascule::auth {

// The fields of a token, decoded, in their wire spelling; "" = absent.
struct Sas {
  std::string version;         // sv
  std::string permissions;     // sp
  std::string start, expiry;   // st, se
  std::string address;         // sip
  std::string protocol;        // spr
  std::string encryption_scope;// ses
  std::string signature;       // sig
  std::string services;        // ss   account SAS
  std::string resource_types;  // srt  account SAS
  std::string identifier;      // si   service SAS
  std::string resource;        // sr   service SAS: b, bs, bv, c, d
  std::string directory_depth; // sdd  service SAS, sr=d
  ResponseOverrides overrides; // rscc, rscd, rsce, rscl, rsct  service SAS
  bool user_delegation = false;// skoid and its company: signed with a key that we do not issue

  bool is_account() const { return !services.empty() || !resource_types.empty(); }
};

// The token in a request's query; nothing if it has no `sig`.
std::optional<Sas> parse_sas(const Query& query);

// What an account SAS signs (it ends with a line feed), and what a service SAS signs. Fields that the version does not
// sign are left out and so must not be relied on: signs_*() tell. `blob` is "" for sr=c; for sr=d it is the directory.
// `time` is the snapshot (bs) or version id (bv).
std::string account_sas_text(const Sas& sas, std::string_view account);
std::string service_sas_text(const Sas& sas, std::string_view account, std::string_view container,
                             std::string_view blob, std::string_view time);

inline bool signs_address_and_protocol(std::string_view version) { return version >= "2015-04-05"; }
inline bool signs_overrides(std::string_view version) { return version >= "2013-08-15"; }
inline bool signs_encryption_scope(std::string_view version) { return version >= "2020-12-06"; }

// Makes tokens (the query without '?'), for tests, examples and copies' sources. sas.signature is ignored.
std::string make_account_sas(Sas sas, std::string_view account, const HmacSha256Key& key);
std::string make_service_sas(Sas sas, std::string_view account, std::string_view container, std::string_view blob,
                             std::string_view time, const HmacSha256Key& key);

}  // namespace bascule::auth
