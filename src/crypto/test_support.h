// What this folder's tests share: a provider in a map, a clock that stands still, randomness that counts.
#pragma once
#include <gtest/gtest.h>

#include <map>

#include "crypto/key_holder.h"
#include "provider/provider.h"
#include "runtime/clock.h"
#include "runtime/random.h"
#include "runtime/run.h"

namespace bascule::crypto {

class CountingRandom : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& b : out) b = static_cast<std::byte>((state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 56);
  }

 private:
  std::uint64_t state_ = 1;
};

class FixedClock : public Clock {
 public:
  Instant now() const override { return Instant{}; }
  WallTime wall() const override { return WallTime{std::chrono::seconds(1'795'000'000)}; }
  Task<void> sleep_until(Instant) override { co_return; }
};

class MapProvider : public provider::Provider {
 public:
  std::map<std::string, std::string> objects;
  Error* failure = nullptr;  // of every put, after it has taken effect or not
  bool put_arrives = true;

  std::string_view name() const override { return "map"; }
  Task<Result<void>> put(std::string name, Slices content, Instant) override {
    std::string whole;
    for (Bytes slice : content) whole.append(as_text(slice));
    if (put_arrives) objects[name] = whole;
    if (failure) co_return fail(*failure);
    co_return Result<void>{};
  }
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant) override {
    const auto found = objects.find(name);
    if (found == objects.end()) co_return fail(Code::not_found, "no " + name);
    if (offset + into.size() > found->second.size()) co_return fail(Code::corrupt, "short " + name);
    std::memcpy(into.data(), found->second.data() + offset, into.size());
    co_return Result<void>{};
  }
  Task<Result<std::uint64_t>> size(std::string name, Instant) override {
    const auto found = objects.find(name);
    if (found == objects.end()) co_return fail(Code::not_found, "no " + name);
    co_return found->second.size();
  }
  Task<Result<void>> remove(std::string name, Instant) override {
    objects.erase(name);
    co_return Result<void>{};
  }
  Task<Result<provider::Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant) override {
    provider::Listing listing;
    for (const auto& [name, content] : objects) {
      if (!name.starts_with(prefix) || name <= after) continue;
      if (listing.objects.size() == limit) { listing.complete = false; break; }
      listing.objects.push_back({name, content.size()});
    }
    co_return listing;
  }
};

// A keyring-root object with these keys, wrapped by `holder`.
inline std::string root_object(Loop& loop, KeyHolder& holder, const SecretKey& catalog, const SecretKey& name) {
  std::string object = "BKR1";
  const std::pair<const SecretKey*, std::string> parts[] = {{&catalog, "catalog"}, {&name, "name"}};
  for (const auto& [key, what] : parts) {
    const std::string wrapped = run(loop, holder.wrap(*key, std::string("bascule/keyring/1\0", 18) + what)).value();
    object.append(1, static_cast<char>(wrapped.size() >> 8)).append(1, static_cast<char>(wrapped.size()));
    object.append(wrapped);
  }
  return object;
}

}  // namespace bascule::crypto
