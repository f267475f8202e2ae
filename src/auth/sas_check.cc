#include "auth/sas_check.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "auth/delegation.h"
#include "auth/key_cache.h"
#include "auth/text.h"

namespace bascule::auth {
namespace {

constexpr std::string_view kServiceOrder = "racwdxyltfmeopi";     // the order that the documentation asks for
constexpr std::string_view kAccountLetters = "racwdxyltfmeopiu";  // clients write them in several orders

AuthFailure not_well_formed() { return failures::authentication_failed("Signature fields not well formed.", "malformed"); }
AuthFailure mandatory(std::string_view field) {
  return failures::authentication_failed(fmt::format("{} is mandatory. Cannot be empty", field), "malformed");
}

bool is_version(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9})
    if (text[i] < '0' || text[i] > '9') return false;
  return true;
}

bool unique_among(std::string_view letters, std::string_view allowed) {
  for (std::size_t i = 0; i < letters.size(); ++i)
    if (allowed.find(letters[i]) == std::string_view::npos || letters.find(letters[i], i + 1) != std::string_view::npos)
      return false;
  return true;
}

bool in_order(std::string_view letters, std::string_view order) {
  std::size_t at = 0;
  for (const char letter : letters) {
    at = order.find(letter, at);
    if (at == std::string_view::npos) return false;
    ++at;
  }
  return true;
}

// Letters count from the version that brought them (AZURE-DETAILS 23); before, they grant nothing.
std::string letters_in_force(std::string_view letters, bool account, std::string_view version) {
  struct Since {
    char letter;
    std::string_view account, service;
  };
  static constexpr Since kSince[] = {
      {'a', "2015-04-05", "2015-04-05"}, {'c', "2015-04-05", "2015-04-05"}, {'x', "2019-12-12", "2019-12-12"},
      {'t', "2019-12-12", "2019-12-12"}, {'f', "2019-12-12", "2019-12-12"}, {'y', "2020-02-10", "2020-02-10"},
      {'i', "2020-06-12", "2020-06-12"}, {'m', "2020-02-10", "2020-02-10"}, {'e', "2020-02-10", "2020-02-10"},
      {'o', "2020-02-10", "2020-02-10"}, {'p', "2015-04-05", "2020-02-10"},
  };
  std::string out;
  for (const char letter : letters) {
    bool counts = true;
    for (const Since& since : kSince)
      if (since.letter == letter) counts = version >= (account ? since.account : since.service);
    if (counts) out.push_back(letter);
  }
  return out;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  if (text.starts_with("::ffff:")) text.remove_prefix(7);  // an IPv4 peer on a dual-stack socket
  if (text.empty() || text.size() > 15) return std::nullopt;
  const std::string copy(text);
  in_addr address{};
  if (inet_pton(AF_INET, copy.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

struct AddressRange {
  std::uint32_t first = 0, last = 0;
};
std::optional<AddressRange> parse_address_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_ipv4(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_ipv4(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return AddressRange{*first, *last};
}

std::optional<AuthFailure> check_delegation_form(const Sas& sas) {
  const UserDelegation& d = *sas.delegation;
  if (sas.version < "2018-11-09") return not_well_formed();
  if (!sas.identifier.empty()) return not_well_formed();   // stored policies are the account key's
  const std::pair<std::string_view, const std::string*> needed[] = {{"skoid", &d.object_id}, {"sktid", &d.tenant},
                                                                    {"skt", &d.start}, {"ske", &d.expiry},
                                                                    {"sks", &d.service}, {"skv", &d.version}};
  for (const auto& [name, value] : needed)
    if (value->empty()) return mandatory(name);
  if (d.service != "b" || !is_version(d.version) || !parse_iso8601(d.start) || !parse_iso8601(d.expiry)) return not_well_formed();
  // What the version does not sign it must not say: it would look as if it bound somebody.
  if (!signs_authorised_user(sas.version) && !(d.authorised + d.unauthorised + d.correlation).empty()) return not_well_formed();
  if (!signs_bound_user(sas.version) && !(d.user_tenant + d.user).empty()) return not_well_formed();
  if (!signs_request_parts(sas.version) && !(d.headers + d.query).empty()) return not_well_formed();
  if (!d.authorised.empty() && !d.unauthorised.empty()) return not_well_formed();
  return std::nullopt;
}

std::optional<AuthFailure> check_form(const Sas& sas) {
  if (!sas.version.empty() && !is_version(sas.version)) return not_well_formed();
  if (signs_address_and_protocol(sas.version)) {
    if (!sas.protocol.empty() && sas.protocol != "https" && sas.protocol != "https,http") return not_well_formed();
    if (!sas.address.empty() && !parse_address_range(sas.address)) return not_well_formed();
  }
  if (sas.is_account()) {
    if (sas.delegation) return not_well_formed();
    if (sas.version.empty()) return mandatory("sv");
    if (sas.version < "2015-04-05") return not_well_formed();
    if (sas.services.empty()) return mandatory("ss");
    if (sas.resource_types.empty()) return mandatory("srt");
    if (sas.permissions.empty()) return mandatory("sp");
    if (sas.expiry.empty()) return mandatory("se");
    if (!sas.identifier.empty()) return not_well_formed();
    if (!unique_among(sas.services, "bqtf") || !unique_among(sas.resource_types, "sco") ||
        !unique_among(sas.permissions, kAccountLetters))
      return not_well_formed();
    return std::nullopt;
  }
  if (sas.delegation)
    if (auto failure = check_delegation_form(sas)) return failure;
  if (sas.resource.empty()) return mandatory("sr");
  const std::string_view r = sas.resource;
  const bool known = r == "b" || r == "c" || (r == "bs" && sas.version >= "2018-11-09") ||
                     (r == "bv" && sas.version >= "2018-11-09") || (r == "d" && sas.version >= "2020-02-10");
  if (!known || sas.identifier.size() > 64) return not_well_formed();
  if (!unique_among(sas.permissions, kServiceOrder) || !in_order(sas.permissions, kServiceOrder))
    return not_well_formed();
  if (sas.identifier.empty()) {
    if (sas.expiry.empty()) return mandatory("se");
    if (sas.permissions.empty()) return mandatory("sp");
  }
  return std::nullopt;
}

// The directory that sr=d signs: the first `sdd` segments of the blob's name (of the prefix, when listing).
std::string_view signed_directory(const Sas& sas, const AuthRequest& request, Operation operation) {
  std::string_view path = request.blob;
  if (operation == Operation::list_blobs) {
    if (const std::string* prefix = find_parameter(*request.query, "prefix")) path = *prefix;
  }
  std::size_t depth = 0;
  const std::string& text = sas.directory_depth;
  if (std::from_chars(text.data(), text.data() + text.size(), depth).ec != std::errc{} || depth == 0) return {};
  std::size_t end = 0;
  for (std::size_t i = 0; i < depth; ++i) {
    const std::size_t slash = path.find('/', end);
    if (slash == std::string_view::npos) return i + 1 == depth && operation != Operation::list_blobs ? path : "";
    end = slash + 1;
  }
  return path.substr(0, end - 1);
}

std::string text_to_sign(const Sas& sas, const AuthRequest& request, Operation operation) {
  if (sas.is_account()) return account_sas_text(sas, request.account);
  std::string_view blob, time;
  if (sas.resource == "d") blob = signed_directory(sas, request, operation);
  else if (sas.resource != "c") blob = request.blob;
  if (sas.resource == "bs") time = request.snapshot;
  if (sas.resource == "bv") time = request.version_id;
  if (sas.delegation)
    return user_delegation_sas_text(sas, request.account, request.container, blob, time,
                                    signed_request_headers(*sas.delegation, request),
                                    signed_request_query(*sas.delegation, request));
  return service_sas_text(sas, request.account, request.container, blob, time);
}

std::string http_date(WallTime time) { return format_http_date(time); }

std::optional<AuthFailure> check_times(const Sas& sas, WallTime now) {
  const auto expiry = parse_iso8601(sas.expiry);
  const auto start = sas.start.empty() ? std::optional<WallTime>(now) : parse_iso8601(sas.start);
  if (!expiry || !start) return not_well_formed();
  if (*expiry <= *start)
    return failures::authentication_failed(fmt::format("Signed expiry time [{}] must be after signed start time [{}]",
                                                       http_date(*expiry), http_date(*start)),
                                           sas.start.empty() ? "expired" : "malformed");
  if (now < *start || now >= *expiry)
    return failures::authentication_failed(
        fmt::format("Signature not valid in the specified time frame: Start [{}] - Expiry [{}] - Current [{}]",
                    http_date(*start), http_date(*expiry), http_date(now)),
        now < *start ? "not_yet_valid" : "expired");
  if (sas.version.empty() && sas.identifier.empty() && *expiry - *start > std::chrono::hours(1))
    return failures::authentication_failed("Access without signed identifier cannot have time window more than 1 hour");
  return std::nullopt;
}

std::optional<AuthFailure> check_sender(const Sas& sas, const AuthRequest& request) {
  if (!signs_address_and_protocol(sas.version)) return std::nullopt;  // not signed then: says nothing
  if (sas.protocol == "https" && !request.tls) return failures::protocol_mismatch();
  if (!sas.address.empty()) {
    const auto range = parse_address_range(sas.address);
    const auto peer = parse_ipv4(request.peer_address);
    if (!range || !peer || *peer < range->first || *peer > range->last)
      return failures::source_ip_mismatch(request.peer_address);
  }
  return std::nullopt;
}

bool any_of(std::string_view letters, std::string_view wanted) {
  return letters.find_first_of(wanted) != std::string_view::npos;
}

// Up to 2015-02-21 a SAS without the permission was answered as if nothing were there ("SAS error codes").
AuthFailure refused(const Sas& sas, AuthFailure failure) {
  return sas.version < "2015-04-05" ? failures::resource_not_found() : std::move(failure);
}

}  // namespace

std::optional<AuthFailure> verify_sas(const Sas& sas, const AuthRequest& request, Operation operation,
                                      const std::shared_ptr<const ops::Account>& account) {
  if (auto failure = check_form(sas)) return failure;
  const std::string text = text_to_sign(sas, request, operation);
  const bool genuine = account && (sas.delegation ? matches_delegation_key(*account, *sas.delegation, text, sas.signature)
                                                  : matches_any_key(signing_keys(account), text, sas.signature));
  if (genuine) return std::nullopt;
  return failures::authentication_failed("Signature did not match. String to sign used was " + text,
                                         account ? "signature" : "unknown_account");
}

std::optional<AuthFailure> apply_stored_policy(Sas& sas, const std::vector<ops::StoredPolicy>& policies) {
  const ops::StoredPolicy* policy = nullptr;
  for (const ops::StoredPolicy& candidate : policies)
    if (candidate.id == sas.identifier) policy = &candidate;
  if (!policy) return failures::authentication_failed("Signed identifier is not found on the container.", "revoked");
  const auto twice = [](std::string_view field, std::string_view value) {
    return failures::invalid_query_parameter(field, value,
                                             "The field is given both in the token and in its stored access policy.");
  };
  if (!policy->start_text.empty()) {
    if (!sas.start.empty()) return twice("st", sas.start);
    sas.start = policy->start_text;
  }
  if (!policy->expiry_text.empty()) {
    if (!sas.expiry.empty()) return twice("se", sas.expiry);
    sas.expiry = policy->expiry_text;
  }
  if (!policy->permission.empty()) {
    if (!sas.permissions.empty()) return twice("sp", sas.permissions);
    sas.permissions = policy->permission;
  }
  if (sas.expiry.empty()) return mandatory("se");
  if (sas.permissions.empty()) return mandatory("sp");
  return std::nullopt;
}

std::expected<SasGrant, AuthFailure> check_sas(const Sas& sas, const AuthRequest& request, Operation operation,
                                               WallTime now) {
  if (auto failure = check_times(sas, now)) return std::unexpected(std::move(*failure));
  if (auto failure = check_sender(sas, request)) return std::unexpected(std::move(*failure));

  const Action& action = action_of(operation);
  const bool account = sas.is_account();
  const SasKind kind = account                                        ? SasKind::account
                       : sas.resource == "c" || sas.resource == "d" ? SasKind::container
                                                                      : SasKind::blob;
  if (account) {
    if (sas.services.find('b') == std::string::npos) return std::unexpected(failures::service_mismatch());
    if (!action.resource_types.empty() && !any_of(sas.resource_types, action.resource_types))
      return std::unexpected(failures::resource_type_mismatch());
  }
  // From 2018-11-09 sr=b is the base blob alone; snapshots and versions have signatures of their own.
  const bool of_snapshot = !request.snapshot.empty(), of_version = !request.version_id.empty();
  if (sas.resource == "b" && sas.version >= "2018-11-09" && (of_snapshot || of_version))
    return std::unexpected(failures::resource_type_mismatch());
  if ((sas.resource == "bs" && !of_snapshot) || (sas.resource == "bv" && !of_version))
    return std::unexpected(failures::resource_type_mismatch());

  const std::string_view wanted = allowing_letters(operation, kind, sas.version);
  if (wanted.empty()) return std::unexpected(refused(sas, failures::authorization_failure()));
  SasGrant grant{letters_in_force(sas.permissions, account, sas.version)};
  if (!any_of(grant.permissions, wanted)) return std::unexpected(refused(sas, failures::permission_mismatch()));
  if (action.create_is_partial) {
    std::string full(wanted);
    std::erase(full, 'c');
    grant.create_only = !any_of(grant.permissions, full);
  }
  return grant;
}

}  // namespace bascule::auth
