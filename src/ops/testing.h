// A whole storage engine in memory for tests: store, provider, keyring, catalog, service, on one loop.
#pragma once
#include <memory>
#include <string>

#include "crypto/key_file.h"
#include "ops/service.h"
#include "provider/memory/memory_provider.h"
#include "runtime/run.h"
#include "store/memory/memory_store.h"

namespace bascule::ops::testing {

class StringBody final : public BodySource {
 public:
  explicit StringBody(std::string text, std::size_t stretch = 100'000) : text_(std::move(text)), stretch_(stretch) {}
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t n = std::min({into.size(), stretch_, text_.size() - at_});
    std::memcpy(into.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
  }

 private:
  const std::string text_;
  const std::size_t stretch_;
  std::size_t at_ = 0;
};

struct Rig {
  // The world that outlives a gateway: a crash is a second Rig over the same one.
  struct World {
    std::unique_ptr<store::Store> store = store::make_memory_store();
    std::unique_ptr<provider::Provider> provider = provider::make_memory_provider("memory");
    std::string key_text = "bascule-key-1\n";
  };

  Loop loop;
  std::shared_ptr<World> world;
  std::unique_ptr<Workers> workers = make_inline_workers();
  std::unique_ptr<crypto::KeyHolder> holder;
  std::unique_ptr<crypto::Keyring> keyring;
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<crypto::ExtentNamer> namer;
  std::unique_ptr<extent::MemoryPool> memory;
  std::unique_ptr<Service> service;

  template <class T> T run(Task<T> task) { return bascule::run(loop, std::move(task)); }
};

}  // namespace bascule::ops::testing
