// A label as every JSON of the estate commands writes it: {"known": "declared", "by": "…", "date": "…"}. For .cc files.
#pragma once
#include <boost/json/object.hpp>

#include "estate/label.h"

namespace bascule::estate {

inline boost::json::object label_json(const Label& label) {
  return {{"known", name(label.known)}, {"by", label.by}, {"date", label.date}};
}

}  // namespace bascule::estate
