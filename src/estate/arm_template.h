// Exported ARM templates: names and dependencies are expressions over parameters and variables; as much of them is worked out as
// an export needs (concat, format, resourceId, resourceGroup().location, …). What depends on a deployment is left open.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "estate/arm_id.h"

namespace bascule::estate {

inline constexpr std::size_t kMostExpression = 8192;

// What expressions refer to. A secure parameter has no value here.
class TemplateScope {
 public:
  // `given`: the values that a nested deployment passes ({"name":{"value":…}}); may be null. `outer` is where those are worked
  // out. Null objects are as good as empty ones. All outlive the scope.
  TemplateScope(const boost::json::object* parameters, const boost::json::object* variables,
                const boost::json::object* given = nullptr, const TemplateScope* outer = nullptr)
      : parameters_(parameters), variables_(variables), given_(given), outer_(outer) {}

  // The text of a value that may be an expression; nothing where it cannot be worked out.
  std::optional<std::string> text(std::string_view value, int copy_index = -1) const;
  // The same for any value; its strings are worked out where they can be.
  boost::json::value value(const boost::json::value& value, int copy_index = -1) const;

 private:
  friend class ExpressionReader;
  std::optional<boost::json::value> parameter(std::string_view name, int depth) const;
  std::optional<boost::json::value> variable(std::string_view name, int depth) const;
  std::optional<boost::json::value> evaluate(std::string_view expression, int copy_index, int depth) const;
  boost::json::value resolve(const boost::json::value& value, int copy_index, int depth) const;

  const boost::json::object* parameters_;
  const boost::json::object* variables_;
  const boost::json::object* given_;
  const TemplateScope* outer_;
};

struct TemplateResource {
  ArmId id;                                // without a scope, unless the template names one
  const boost::json::object* body = nullptr;   // its members, worked out where that was possible
  std::vector<ArmId> depends_on;           // as dependsOn and nesting say; the body's own references are the reader's to find
  bool named = true;                       // false: the name could not be worked out; it is the expression
};

// One resource of a template, those nested in it, and those of deployments nested in it. Returns how many it passed over:
// malformed, or more than the limits allow.
std::uint64_t expand_template_resource(const boost::json::object& resource, const TemplateScope& scope,
                                       const std::function<void(const TemplateResource&)>& found);

}  // namespace bascule::estate
