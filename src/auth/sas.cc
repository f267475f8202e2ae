#include "auth/sas.h"

#include <initializer_list>

#include "auth/key_cache.h"
#include "auth/text.h"

namespace bascule::auth {
namespace {

void append_lines(std::initializer_list<std::string_view> lines, std::string& out) {
  for (const std::string_view line : lines) out.append(line).push_back('\n');
}

std::string_view or_empty(const std::optional<std::string>& value) { return value ? std::string_view(*value) : ""; }

template <class T> struct Field {
  std::string_view name;
  std::string T::*member;
};
constexpr Field<Sas> kFields[] = {
    {"sv", &Sas::version},     {"sp", &Sas::permissions},      {"st", &Sas::start},          {"se", &Sas::expiry},
    {"sip", &Sas::address},    {"spr", &Sas::protocol},        {"ses", &Sas::encryption_scope}, {"sig", &Sas::signature},
    {"ss", &Sas::services},    {"srt", &Sas::resource_types},  {"si", &Sas::identifier},     {"sr", &Sas::resource},
    {"sdd", &Sas::directory_depth},
};
using D = UserDelegation;
constexpr Field<D> kDelegationFields[] = {
    {"skoid", &D::object_id},  {"sktid", &D::tenant},        {"skt", &D::start},        {"ske", &D::expiry},
    {"sks", &D::service},      {"skv", &D::version},         {"saoid", &D::authorised}, {"suoid", &D::unauthorised},
    {"scid", &D::correlation}, {"skdutid", &D::user_tenant}, {"sduoid", &D::user},      {"srh", &D::headers},
    {"srq", &D::query},
};

template <class T, std::size_t N> std::string* field_of(T& object, const Field<T> (&fields)[N], std::string_view name) {
  for (const Field<T>& field : fields)
    if (equal_without_case(name, field.name)) return &(object.*field.member);
  return nullptr;
}

// Each name of a comma-separated list.
template <class F> void for_each_name(std::string_view list, F use) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const std::string_view name = list.substr(0, comma); !name.empty()) use(name);
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  }
}

std::optional<std::string>* override_of(ResponseOverrides& overrides, std::string_view name) {
  if (equal_without_case(name, "rscc")) return &overrides.cache_control;
  if (equal_without_case(name, "rscd")) return &overrides.content_disposition;
  if (equal_without_case(name, "rsce")) return &overrides.content_encoding;
  if (equal_without_case(name, "rscl")) return &overrides.content_language;
  if (equal_without_case(name, "rsct")) return &overrides.content_type;
  return nullptr;
}

void append_parameter(std::string_view name, std::string_view value, std::string& out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  if (value.empty()) return;
  if (!out.empty()) out.push_back('&');
  out.append(name).push_back('=');
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
}

std::string write_token(const Sas& sas) {
  std::string out;
  append_parameter("sv", sas.version, out);
  append_parameter("ss", sas.services, out);
  append_parameter("srt", sas.resource_types, out);
  append_parameter("sp", sas.permissions, out);
  append_parameter("st", sas.start, out);
  append_parameter("se", sas.expiry, out);
  append_parameter("sip", sas.address, out);
  append_parameter("spr", sas.protocol, out);
  append_parameter("ses", sas.encryption_scope, out);
  append_parameter("si", sas.identifier, out);
  append_parameter("sr", sas.resource, out);
  append_parameter("sdd", sas.directory_depth, out);
  if (sas.delegation)
    for (const Field<D>& field : kDelegationFields) append_parameter(field.name, *sas.delegation.*field.member, out);
  append_parameter("rscc", or_empty(sas.overrides.cache_control), out);
  append_parameter("rscd", or_empty(sas.overrides.content_disposition), out);
  append_parameter("rsce", or_empty(sas.overrides.content_encoding), out);
  append_parameter("rscl", or_empty(sas.overrides.content_language), out);
  append_parameter("rsct", or_empty(sas.overrides.content_type), out);
  append_parameter("sig", sas.signature, out);
  return out;
}

std::string sign(std::string_view text, const HmacSha256Key& key) {
  const auto signature = encode_signature(key.sign(as_bytes(text)));
  return {signature.data(), signature.size()};
}

}  // namespace

std::optional<Sas> parse_sas(const Query& query) {
  if (!find_parameter(query, "sig")) return std::nullopt;
  Sas sas;
  UserDelegation delegation;
  for (const QueryParameter& parameter : query) {
    // The first of a repeated parameter counts, for the signature and for what it grants alike.
    if (std::string* field = field_of(sas, kFields, parameter.name)) {
      if (field->empty()) *field = parameter.value;
    } else if (auto* replaced = override_of(sas.overrides, parameter.name)) {
      if (!*replaced && !parameter.value.empty()) *replaced = parameter.value;
    } else if (std::string* of_key = field_of(delegation, kDelegationFields, parameter.name)) {
      if (of_key->empty()) *of_key = parameter.value;
    }
  }
  // A key's owner makes it a user delegation SAS; the other fields alone mean nothing.
  if (!delegation.object_id.empty() || !delegation.tenant.empty()) sas.delegation = std::move(delegation);
  return sas;
}

std::string account_sas_text(const Sas& sas, std::string_view account) {
  std::string text;
  append_lines({account, sas.permissions, sas.services, sas.resource_types, sas.start, sas.expiry, sas.address,
                sas.protocol, sas.version},
               text);
  if (signs_encryption_scope(sas.version)) append_lines({sas.encryption_scope}, text);
  return text;
}

std::string service_sas_text(const Sas& sas, std::string_view account, std::string_view container,
                             std::string_view blob, std::string_view time) {
  const std::string_view version = sas.version;
  std::string text;
  append_lines({sas.permissions, sas.start, sas.expiry}, text);
  text.append(version >= "2015-02-21" ? "/blob/" : "/").append(account).append("/").append(container);
  if (!blob.empty()) text.append("/").append(blob);
  text.push_back('\n');
  append_lines({sas.identifier}, text);
  if (signs_address_and_protocol(version)) append_lines({sas.address, sas.protocol}, text);
  if (version >= "2012-02-12") append_lines({version}, text);
  if (version >= "2018-11-09") append_lines({sas.resource, time}, text);
  if (signs_encryption_scope(version)) append_lines({sas.encryption_scope}, text);
  if (signs_overrides(version)) {
    const ResponseOverrides& o = sas.overrides;
    append_lines({or_empty(o.cache_control), or_empty(o.content_disposition), or_empty(o.content_encoding),
                  or_empty(o.content_language), or_empty(o.content_type)},
                 text);
  }
  text.pop_back();  // no line feed at the end
  return text;
}

std::string user_delegation_sas_text(const Sas& sas, std::string_view account, std::string_view container,
                                     std::string_view blob, std::string_view time, std::string_view headers,
                                     std::string_view query) {
  const UserDelegation& d = *sas.delegation;
  const std::string_view version = sas.version;
  std::string text;
  append_lines({sas.permissions, sas.start, sas.expiry}, text);
  text.append("/blob/").append(account).append("/").append(container);
  if (!blob.empty()) text.append("/").append(blob);
  text.push_back('\n');
  append_lines({d.object_id, d.tenant, d.start, d.expiry, d.service, d.version}, text);
  if (signs_authorised_user(version)) append_lines({d.authorised, d.unauthorised, d.correlation}, text);
  if (signs_bound_user(version)) append_lines({d.user_tenant, d.user}, text);
  append_lines({sas.address, sas.protocol, version, sas.resource, time}, text);
  if (signs_encryption_scope(version)) append_lines({sas.encryption_scope}, text);
  if (signs_request_parts(version)) append_lines({headers, query}, text);
  const ResponseOverrides& o = sas.overrides;
  append_lines({or_empty(o.cache_control), or_empty(o.content_disposition), or_empty(o.content_encoding),
                or_empty(o.content_language), or_empty(o.content_type)},
               text);
  text.pop_back();  // no line feed at the end
  return text;
}

std::string signed_request_headers(const UserDelegation& delegation, const AuthRequest& request) {
  std::string out;
  for_each_name(delegation.headers, [&](std::string_view name) {
    std::string_view value;
    for (const http::HeaderView& header : request.headers)
      if (equal_without_case(header.name, name)) value = header.value;
    out.append(name).append(":").append(value).push_back('\n');
  });
  return out;
}

std::string signed_request_query(const UserDelegation& delegation, const AuthRequest& request) {
  std::string out;
  for_each_name(delegation.query, [&](std::string_view name) {
    const std::string* value = find_parameter(*request.query, name);
    out.append("\n").append(name).append(":").append(value ? std::string_view(*value) : std::string_view());
  });
  return out;
}

std::string make_account_sas(Sas sas, std::string_view account, const HmacSha256Key& key) {
  sas.signature = sign(account_sas_text(sas, account), key);
  return write_token(sas);
}

std::string make_service_sas(Sas sas, std::string_view account, std::string_view container, std::string_view blob,
                             std::string_view time, const HmacSha256Key& key) {
  sas.signature = sign(service_sas_text(sas, account, container, blob, time), key);
  return write_token(sas);
}

std::string make_user_delegation_sas(Sas sas, std::string_view account, std::string_view container, std::string_view blob,
                                     std::string_view time, const HmacSha256Key& key) {
  sas.signature = sign(user_delegation_sas_text(sas, account, container, blob, time, "", ""), key);
  return write_token(sas);
}

}  // namespace bascule::auth
