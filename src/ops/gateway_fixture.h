// For the tests of the use cases and of the jobs: a gateway over a world with the account "acct", and the calls that most tests make, each
// run to its end on simulated time.
#pragma once
#include <gtest/gtest.h>

#include <memory>

#include "ops/testing.h"

namespace bascule::ops::testing {

// Why an operation was refused; none = it was not.
template <class T> Reason why(const Result<T>& result) { return result ? Reason::none : reason_of(result.error()); }

class GatewayTest : public ::testing::Test {
 protected:
  World world;
  std::unique_ptr<Gateway> gateway;
  ServiceOptions usual_options;   // of a gateway that is opened without others

  void SetUp() override {
    open();
    ASSERT_TRUE(world.run(ops().put_account({"acct", {"k1", "k2"}}, true)));
  }
  // A gateway over the world, after the one that was there, if any, has gone.
  void open() { open(usual_options); }
  void open(ServiceOptions options) {
    gateway.reset();
    auto opened = world.run(Gateway::open(world, {.service = options}));
    ASSERT_TRUE(opened) << opened.error().message;
    gateway = std::move(*opened);
    on_open();
  }
  // Over each gateway: what runs beside its requests.
  virtual void on_open() {}
  // Another world, of a seed, in place of the one that was there; nothing is open over it.
  void begin_world(std::uint64_t seed) {
    gateway.reset();
    std::destroy_at(&world);
    std::construct_at(&world, seed);
  }
  void wait(Duration time) { world.run(world.clock.sleep_for(time)); }
  Service& ops() { return *gateway->service; }
  void make_containers(std::initializer_list<const char*> names) {
    for (const char* name : names) ASSERT_TRUE(world.run(ops().create_container({"acct", name}, {}, PublicAccess::none)));
  }
  void change_settings(std::function<void(AccountSettings&)> change) {
    ASSERT_TRUE(world.run(ops().change_settings("acct", [&change](AccountSettings& settings) -> Result<void> {
      change(settings);
      return {};
    })));
  }
  void free_names_at_once() {
    change_settings([](AccountSettings& s) { s.quarantine_seconds = 0; });
  }
  static BlobRef blob(std::string name, std::string container = "c") { return {"acct", std::move(container), std::move(name)}; }

  Result<Written> put(BlobRef ref, std::string text, PutBlob what = {}) {
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    return world.run(ops().put_blob(ref, what, body));
  }
  Result<Written> put_block(BlobRef ref, std::string id, std::string text, PutBlock what = {}) {
    what.block_id = std::move(id);
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    return world.run(ops().put_block(ref, what, body));
  }
  Result<Written> put_list(BlobRef ref, std::vector<std::string> ids, BlockListEntry::From from = BlockListEntry::From::latest) {
    PutBlockList list;
    for (auto& id : ids) list.blocks.push_back({from, std::move(id)});
    return world.run(ops().put_block_list(ref, list));
  }
  Result<std::string> get(BlobRef ref, std::optional<ByteRange> range = {}) {
    return world.run(read_all(ops(), ref, {.range = range}));
  }
};

}  // namespace bascule::ops::testing
