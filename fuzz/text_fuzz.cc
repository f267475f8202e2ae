// Dates, numbers, ETags, Base64, hex, versions, networks and periods: what is read and written again says the same.
#include <string>

#include "api/common/text.h"
#include "api/common/version.h"
#include "auth/account_rules.h"
#include "base/bytes.h"
#include "base/time.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  const std::string_view text = fuzz::text(data, size);
  if (const auto time = parse_iso8601(text)) {
    const auto again = parse_iso8601(format_iso8601(*time));
    fuzz::must(again == time, "an ISO 8601 time changes");
  }
  if (const auto time = parse_http_date(text)) {
    fuzz::must(parse_http_date(format_http_date(*time)) == time, "an HTTP date changes");
  }
  if (const auto number = api::parse_integer(text)) {
    fuzz::must(api::parse_integer(std::to_string(*number)) == number, "an integer changes");
  }
  if (const auto etag = api::parse_etag(text)) {
    std::string written;
    api::append_etag(written, *etag);
    fuzz::must(api::parse_etag(written) == etag, "an ETag changes");
  }
  if (const auto bytes = from_base64(text)) fuzz::must(to_base64(as_bytes(*bytes)) == text, "Base64 is not canonical");
  if (const auto bytes = from_hex(text)) fuzz::must(to_hex(as_bytes(*bytes)).size() == text.size(), "hex changes its length");
  fuzz::must(from_base64(to_base64(as_bytes(text))) == text, "Base64 loses something");
  if (const auto network = auth::parse_account_network(text)) {
    const auto again = auth::parse_account_network(auth::text_of(*network));
    fuzz::must(again && *again == *network, "a network changes");
    ops::AccountSettings settings;
    settings.deny_by_default = true;
    settings.allowed_networks = {*network};
    fuzz::must(auth::admits(settings, text.substr(0, text.find('/'))), "a network's own address is not in it");
  }
  if (const auto period = auth::parse_period(text)) {
    const auto again = auth::parse_period(auth::period_text(*period));
    fuzz::must(again && *again == *period, "a period changes");
  }
  (void)api::Version::parse(text);
  (void)api::valid_utf8(text);
  return 0;
}
