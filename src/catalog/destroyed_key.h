// That a key was destroyed on purpose: what is sealed under it is gone, and no damage. docs/formats/catalog.md.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "catalog/records.h"

namespace bascule::catalog {

namespace keys {
// `id`: the key's in the keyring.
inline std::string destroyed_key(std::uint64_t id) {
  std::string k("ak");
  append_be64(k, id);
  return k;
}
}  // namespace keys

struct DestroyedKeyRecord {
  std::string account, scope, by;
  WallTime when{};
};

std::string encode(const DestroyedKeyRecord&);
template <> Result<DestroyedKeyRecord> decode(std::string_view);

}  // namespace bascule::catalog
