// What is recorded of a request: the one place where events of this service are filled in.
#include "api/blob/record.h"

#include <set>

#include "api/blob/test_support.h"

namespace bascule::api::blob {
namespace {

// Keeps what it is given; its views end with the call.
class Kept final : public events::EventSink {
 public:
  struct One {
    std::string operation, category, error_code, reason, account, container, blob, client_request_id, request_id;
    int status = 0;
    events::Outcome outcome{};
    events::Credential credential{};
    std::uint64_t in = 0, out = 0;
    Duration took{};
  };
  bool on = true, open = true;
  std::vector<One> all;

  bool enabled() const override { return on; }
  bool admit() override { return open; }
  void record(const events::AccessEvent& e) override {
    all.push_back({std::string(e.operation), std::string(e.category), std::string(e.error_code), std::string(e.reason), std::string(e.account),
                   std::string(e.container), std::string(e.blob), std::string(e.client_request_id), std::string(e.request_id), e.status, e.outcome,
                   e.credential, e.request_bytes, e.response_bytes, e.took});
  }
  void record(const events::AdminEvent&) override { FAIL(); }
  void record(const events::ConnectionEvent&) override { FAIL(); }
  void record(const events::ServiceEvent&) override { FAIL(); }
};

class RecordTest : public ServiceTest {
 protected:
  RecordTest() { options.events = &kept; }
  Kept kept;
};

TEST_F(RecordTest, SaysWhoDidWhatToWhatAndWithWhatOutcome) {
  add_blob("b", "content");
  const auto answer = ask("GET /cont/b", {{"x-ms-client-request-id", "mine"}});
  ASSERT_EQ(kept.all.size(), 1u);
  const Kept::One& e = kept.all[0];
  EXPECT_EQ(e.operation + e.category, "GetBlobStorageRead");
  EXPECT_EQ(e.account + "/" + e.container + "/" + e.blob, ops.known->name + "/cont/b");
  EXPECT_EQ(e.status, 200);
  EXPECT_EQ(e.outcome, events::Outcome::allowed);
  EXPECT_EQ(e.credential, events::Credential::account_key);
  EXPECT_EQ(e.out, 7u);
  EXPECT_EQ(e.client_request_id, "mine");
  EXPECT_EQ(e.request_id, answer.header("x-ms-request-id"));
}

TEST_F(RecordTest, Refusals) {
  add_blob("b", "content");
  ask("GET /cont/none");
  ask("GET /cont/b", {}, {}, false);
  ask("GET /cont/b", {{"Authorization", "SharedKey acct:AAAA"}, {"x-ms-date", format_http_date(system_clock().wall())}}, {}, false);
  ask("GET /cont/b?comp=nonsense");
  ask("HEAD /cont/none");
  ASSERT_EQ(kept.all.size(), 5u);
  using enum events::Outcome;
  const events::Outcome outcomes[] = {failed, denied, denied, rejected, failed};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(kept.all[i].outcome, outcomes[i]) << i;
    EXPECT_NE(kept.all[i].error_code, "") << i;
  }
  EXPECT_EQ(kept.all[1].credential, events::Credential::anonymous);
  EXPECT_EQ(kept.all[2].reason, "signature");
  EXPECT_EQ(kept.all[3].operation, "Unknown");
  EXPECT_EQ(kept.all[4].out, 0u);
}

TEST_F(RecordTest, WhatCannotBeRecordedIsNotDone) {
  add_blob("b", "content");
  kept.open = false;
  const auto answer = ask("DELETE /cont/b");
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.code(), "ServerBusy");
  EXPECT_TRUE(ops.blobs.contains("cont/b"));
  EXPECT_TRUE(kept.all.empty());
  kept.on = false;   // nothing is wanted: nothing is asked
  EXPECT_EQ(ask("GET /cont/b").status(), 200);
  EXPECT_TRUE(kept.all.empty());
}

TEST(LoggedOperations, HaveNamesAndCategories) {
  const std::set<std::string_view> categories{"StorageRead", "StorageWrite", "StorageDelete"};
  for (std::size_t i = 0; i < static_cast<std::size_t>(auth::Operation::count_); ++i) {
    const LoggedOperation logged = logged_operation(static_cast<auth::Operation>(i));
    EXPECT_NE(logged.name, "") << i;
    EXPECT_TRUE(categories.contains(logged.category)) << logged.name;
  }
  EXPECT_EQ(logged_operation(auth::Operation::lease_blob, "Acquire").name, "AcquireBlobLease");
  EXPECT_EQ(logged_operation(auth::Operation::lease_container, "release").name, "ReleaseContainerLease");
  EXPECT_EQ(logged_operation(auth::Operation::lease_blob, "dance").name, "LeaseBlob");
}

}  // namespace
}  // namespace bascule::api::blob
