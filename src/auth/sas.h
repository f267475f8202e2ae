// Shared access signatures: account SAS, service SAS and user delegation SAS for blobs, every version of the string to sign.
// Source: "Create an account SAS", "Create a service SAS", "Create a user delegation SAS" in Microsoft's documentation.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "auth/principal.h"
#include "auth/request.h"
#include "base/digest.h"

namespace bascule::auth {

// What a user delegation SAS says beside the rest, in its wire spelling; "" = absent.
struct UserDelegation {
  std::string object_id, tenant;       // skoid, sktid: whose key signed it
  std::string start, expiry;           // skt, ske: of the key
  std::string service, version;        // sks, skv
  std::string authorised, unauthorised;// saoid, suoid: the user on whose behalf it was made (2020-02-10)
  std::string correlation;             // scid
  std::string user_tenant, user;       // skdutid, sduoid: who alone may use it, with a token of his own (2025-07-05)
  std::string headers, query;          // srh, srq: names of what the request must carry unchanged (2026-04-06)
};

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
  std::optional<UserDelegation> delegation;  // skoid and its company

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

// What a user delegation SAS signs: the same resources as a service SAS. `headers` and `query`: the request's own, as
// signed_request_*() give them.
std::string user_delegation_sas_text(const Sas& sas, std::string_view account, std::string_view container,
                                     std::string_view blob, std::string_view time, std::string_view headers,
                                     std::string_view query);
// "name:value\n" for each name in srh; "\nname:value" for each in srq: with the values that the request carries.
std::string signed_request_headers(const UserDelegation& delegation, const AuthRequest& request);
std::string signed_request_query(const UserDelegation& delegation, const AuthRequest& request);

inline bool signs_address_and_protocol(std::string_view version) { return version >= "2015-04-05"; }
inline bool signs_overrides(std::string_view version) { return version >= "2013-08-15"; }
inline bool signs_encryption_scope(std::string_view version) { return version >= "2020-12-06"; }
inline bool signs_authorised_user(std::string_view version) { return version >= "2020-02-10"; }
inline bool signs_bound_user(std::string_view version) { return version >= "2025-07-05"; }
inline bool signs_request_parts(std::string_view version) { return version >= "2026-04-06"; }

// Makes tokens (the query without '?'), for tests, examples and copies' sources. sas.signature is ignored.
std::string make_account_sas(Sas sas, std::string_view account, const HmacSha256Key& key);
std::string make_service_sas(Sas sas, std::string_view account, std::string_view container, std::string_view blob,
                             std::string_view time, const HmacSha256Key& key);
// sas.delegation is set; without srh and srq.
std::string make_user_delegation_sas(Sas sas, std::string_view account, std::string_view container, std::string_view blob,
                                     std::string_view time, const HmacSha256Key& key);

}  // namespace bascule::auth
