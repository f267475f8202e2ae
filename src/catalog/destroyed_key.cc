#include "catalog/destroyed_key.h"

#include "catalog/record_parts.h"

namespace bascule::catalog {

std::string encode(const DestroyedKeyRecord& d) {
  return framed(128, [&](Writer& w) {
    for (const std::string* text : {&d.account, &d.scope, &d.by}) w.text(*text);
    put(w, d.when);
  });
}

template <> Result<DestroyedKeyRecord> decode(std::string_view bytes) {
  return unframed<DestroyedKeyRecord>(bytes, "destroyed key", [](Reader& r, DestroyedKeyRecord& d) {
    for (std::string* text : {&d.account, &d.scope, &d.by}) *text = r.text();
    d.when = get_time(r);
  });
}

}  // namespace bascule::catalog
