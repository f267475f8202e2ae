// Reading TOML as this folder's files need it: every key is accounted for, every error names file, line and what is allowed.
// toml++ is a heavy header: only .cc files include this one.
#pragma once
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::profile {

// "2026-11-23" of a TOML date, or of a text of that form; nothing otherwise.
std::optional<std::string> read_date(const toml::node& node);

class TomlReader {
 public:
  // Keys come in the order in which they stand in the file.
  static Result<toml::table> parse(std::string_view content, const std::string& shown);

  explicit TomlReader(const std::string& shown) : shown_(shown) {}

  std::unexpected<Error> wrong(const toml::source_region& where, const std::string& message) const;
  std::unexpected<Error> wrong(const toml::node& node, const std::string& message) const { return wrong(node.source(), message); }
  std::unexpected<Error> unknown_key(const toml::key& key, const std::vector<std::string_view>& allowed) const;

  // Each takes what is there; `what` names it in errors.
  Result<std::string> text(const toml::node& node, std::string_view what, std::size_t most = 4000) const;
  Result<std::int64_t> number(const toml::node& node, std::string_view what, std::int64_t least, std::int64_t most) const;
  Result<std::string> date(const toml::node& node, std::string_view what) const;
  // A list of texts, each of which `good` accepts; `allowed` says what that is. At most 500.
  Result<std::vector<std::string>> texts(const toml::node& node, std::string_view what, const std::function<bool(std::string_view)>& good,
                                         std::string_view allowed) const;
  const std::string& shown() const { return shown_; }

 private:
  std::string shown_;
};

// How a value is named in errors: what was found, shortened and without control characters.
std::string quoted(std::string_view found);

}  // namespace bascule::profile
