// What an account is set to: the document of Set Blob Service Properties, lifecycle policies, CORS rules against headers, and
// the records of all that. The first byte chooses.
#include "api/blob/cors.h"
#include "api/blob/properties_xml.h"
#include "catalog/lifecycle.h"
#include "fuzz.h"
#include "jobs/lifecycle_policy.h"

namespace {

using namespace bascule;

constexpr api::Version kNewest(2026, 10, 6);

// What is written for a client is what a client may send, and sets the same.
void check_properties(std::string_view document) {
  const auto changes = api::blob::parse_properties(document, kNewest);
  if (!changes) return;
  ops::AccountSettings settings;
  changes->apply(settings);
  const auto again = api::blob::parse_properties(api::blob::properties_xml(settings, kNewest), kNewest);
  fuzz::must(again.has_value(), "our own document is refused");
  ops::AccountSettings same;
  again->apply(same);
  fuzz::must(same == settings, "properties change when they are written and read again");
  fuzz::must(settings.cors.size() <= 5, "more rules than allowed");
  fuzz::must(settings.delete_retention_days <= 365, "longer than allowed");
}

void check_policy(std::string_view document) {
  const auto kept = jobs::normalised_lifecycle_policy(document);
  if (!kept) {
    fuzz::must(kept.error().code == Code::invalid_argument, "a refused policy is called something else");
    return;
  }
  fuzz::must(kept->size() <= jobs::kMostPolicyBytes, "a policy is larger than allowed");
  const auto again = jobs::normalised_lifecycle_policy(*kept);
  fuzz::must(again && *again == *kept, "a policy changes when it is kept again");
  const auto policy = jobs::parse_lifecycle_policy(*kept);
  fuzz::must(policy && !policy->rules.empty() && policy->rules.size() <= 100, "a kept policy is refused");
  const ops::BlobView view{.name = "name", .tier = "Cool"};
  (void)jobs::lifecycle_action(*policy, {.container = "box", .view = &view}, WallTime(std::chrono::days(20'000)), {});
}

void check_cors(std::string_view rest) {
  ops::AccountSettings::CorsRule rule;
  for (std::string* field : {&rule.origins, &rule.methods, &rule.exposed_headers, &rule.allowed_headers})
    *field = fuzz::next_part(rest);
  const std::string_view origin = fuzz::next_part(rest), method = fuzz::next_part(rest);
  const std::vector rules{rule};
  const auto* found = api::blob::find_cors_rule(rules, origin, method);
  http::Response response;
  response.add("Server", "s");
  api::blob::add_cors_headers(response, rules, method, origin);
  for (const http::Header& header : response.headers)
    if (header.name == "Access-Control-Allow-Origin") fuzz::must(found != nullptr, "an origin is allowed that no rule names");
  if (found) (void)api::blob::allows_headers(*found, rest);
}

template <class Record> void check_record(std::string_view bytes) {
  const auto record = catalog::decode<Record>(bytes);
  if (!record) return;
  const std::string written = encode(*record);
  const auto again = catalog::decode<Record>(written);
  fuzz::must(again && encode(*again) == written, "a record changes when it is written and read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest = fuzz::text(data + 1, size - 1);
  switch (data[0] % 6) {
    case 0: check_properties(rest); break;
    case 1: check_policy(rest); break;
    case 2: check_cors(rest); break;
    case 3: check_record<catalog::AccountSettings>(rest); break;
    case 4: check_record<catalog::DeletedContainerRecord>(rest); break;
    default: check_record<catalog::LifecycleRecord>(rest);
  }
  return 0;
}
