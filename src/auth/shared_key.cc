#include "auth/shared_key.h"

#include <fmt/format.h>

#include "auth/key_cache.h"
#include "auth/text.h"

namespace bascule::auth {
namespace {

constexpr auto kAllowedSkew = std::chrono::minutes(15);

std::optional<std::string_view> find_header(std::span<const http::HeaderView> headers, std::string_view name) {
  for (const http::HeaderView& header : headers)
    if (equal_without_case(header.name, name)) return header.value;
  return std::nullopt;
}

// Clients stamp whole seconds, so that neighbouring requests carry the same text.
std::optional<WallTime> parse_date(std::string_view text) {
  thread_local std::string last_text;
  thread_local WallTime last_value;
  if (text == last_text && !text.empty()) return last_value;
  const std::optional<WallTime> value = parse_http_date(text);
  if (value && text.size() <= 40) {
    last_text = text;
    last_value = *value;
  }
  return value;
}

std::optional<AuthFailure> check_date(const AuthRequest& request, WallTime now) {
  auto text = find_header(request.headers, "x-ms-date");
  if (!text) text = find_header(request.headers, "date");
  const auto date = text ? parse_date(*text) : std::nullopt;
  if (!date) return failures::authentication_failed("The Date header in the request is incorrect.", "date");
  if (*date < now - kAllowedSkew || *date > now + kAllowedSkew)
    return failures::authentication_failed(fmt::format("Request date header too old: '{}'", *text), "date");
  return std::nullopt;
}

}  // namespace

std::optional<AuthFailure> verify_shared_key(const AuthRequest& request, std::string_view authorization,
                                             const std::shared_ptr<const ops::Account>& account, WallTime now) {
  const std::size_t space = authorization.find(' ');
  const std::size_t colon = authorization.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space)
    return failures::malformed_authorization();
  const std::string_view scheme_text = authorization.substr(0, space);
  const std::string_view name = authorization.substr(space + 1, colon - space - 1);
  const std::string_view signature = authorization.substr(colon + 1);
  SharedKeyScheme scheme;
  if (equal_without_case(scheme_text, "SharedKey")) scheme = SharedKeyScheme::full;
  else if (equal_without_case(scheme_text, "SharedKeyLite")) scheme = SharedKeyScheme::lite;
  else return failures::malformed_authorization();

  if (auto failure = check_date(request, now)) return failure;
  const SignedParts parts{request.method, request.raw_path, request.query, request.headers, request.account,
                          request.version};
  thread_local std::string text;
  text.clear();
  append_string_to_sign(parts, scheme, false, text);
  if (account && name == account->name && name == request.account) {
    const SigningKeys& keys = signing_keys(account);
    if (matches_any_key(keys, text, signature)) return std::nullopt;
    // A client that follows the documentation to the letter folds white space first.
    std::string collapsed;
    append_string_to_sign(parts, scheme, true, collapsed);
    if (collapsed != text && matches_any_key(keys, collapsed, signature)) return std::nullopt;
  }
  return failures::authentication_failed(
      fmt::format("The MAC signature found in the HTTP request '{}' is not the same as any computed signature. Server "
                  "used following string to sign: '{}'.",
                  signature, text),
      account ? "signature" : "unknown_account");
}

std::string sign_shared_key(const SignedParts& parts, const HmacSha256Key& key) {
  thread_local std::string text;
  text.clear();
  append_string_to_sign(parts, SharedKeyScheme::full, false, text);
  const std::array<char, 44> signature = encode_signature(key.sign(as_bytes(text)));
  std::string out;
  out.reserve(11 + parts.account.size() + signature.size());
  out.append("SharedKey ").append(parts.account).append(":").append(signature.data(), signature.size());
  return out;
}

void sign_shared_key(std::string_view method, std::string_view target, std::string_view account,
                     const HmacSha256Key& key, std::string_view version, WallTime now,
                     std::optional<std::uint64_t> content_length, std::vector<http::Header>& headers) {
  headers.push_back({"x-ms-date", format_http_date(now)});
  headers.push_back({"x-ms-version", std::string(version)});
  const std::size_t mark = target.find('?');
  const Query query =
      mark == std::string_view::npos ? Query{} : parse_query(target.substr(mark + 1)).value_or(Query{});
  std::vector<http::HeaderView> views;
  views.reserve(headers.size() + 1);
  for (const http::Header& header : headers) views.push_back({header.name, header.value});
  const std::string length = content_length ? std::to_string(*content_length) : std::string();
  if (content_length) views.push_back({"Content-Length", length});
  headers.push_back({"Authorization", sign_shared_key(SignedParts{method, target.substr(0, mark), &query, views, account,
                                                                  version},
                                                      key)});
}

}  // namespace bascule::auth
