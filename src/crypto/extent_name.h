// An extent's name at the providers: its id under a keyed permutation (one AES-256 block), 32 lower-case hexadecimal
// digits. Random to a provider; readable to us, so that a listing tells whose session placed what. docs/formats/names.md.
#pragma once
#include <optional>
#include <string>

#include "crypto/evp.h"
#include "crypto/piece.h"

namespace bascule::crypto {

// Any number of threads at once.
class ExtentNamer {
 public:
  explicit ExtentNamer(const SecretKey& name_key);
  std::string name(const Id16& extent_id) const;
  // Nothing if `name` is not 32 lower-case digits. A name that we did not give yields some id all the same: its
  // incarnation will be unknown.
  std::optional<Id16> id(std::string_view name) const;

 private:
  mutable KeyedContexts forward_, backward_;
};

}  // namespace bascule::crypto
