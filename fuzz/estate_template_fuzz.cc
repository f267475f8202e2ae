// ARM's expressions and ids: an expression ends and gives no secure parameter away; an id that is read is the same when it is
// put together and read again.
#include <boost/json/parse.hpp>

#include "estate/arm_id.h"
#include "estate/arm_template.h"
#include "fuzz.h"

namespace {

using namespace bascule;

void check_id(std::string_view text) {
  const auto id = estate::parse_arm_id(text);
  if (!id) return;
  const auto again = estate::parse_arm_id(id->text());
  fuzz::must(again && again->scope == id->scope && again->type == id->type && again->name == id->name, "an id that changes when it is put together");
  if (const auto parent = estate::parent_of(*id)) fuzz::must(id->name.starts_with(parent->name + "/"), "a parent of another name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text(data, size);
  const std::string_view expression = fuzz::next_part(rest, '\n');
  check_id(expression);
  if (const auto id = estate::parse_reference(expression)) fuzz::must(!id->name.empty() && !id->type.empty(), "a reference to nothing");
  static const boost::json::object kSecure = boost::json::parse(R"({"secret":{"type":"secureString","defaultValue":"planted"},"n":{"type":"int","defaultValue":3}})").as_object();
  const estate::TemplateScope known(&kSecure, nullptr);
  if (expression.find("planted") == std::string_view::npos)
    if (const auto text = known.text(expression, 1)) fuzz::must(text->find("planted") == std::string::npos, "a secure parameter came out");
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 64;
  const auto value = boost::json::parse(rest, error, {}, options);
  if (error || !value.is_object()) return 0;
  const auto* parameters = value.get_object().if_contains("parameters");
  const estate::TemplateScope scope(parameters ? parameters->if_object() : nullptr, parameters ? parameters->if_object() : nullptr);
  (void)scope.text(expression, 0);
  std::uint64_t found = 0;
  (void)estate::expand_template_resource(value.get_object(), scope, [&](const estate::TemplateResource& resource) {
    fuzz::must(!resource.id.type.empty() && !resource.id.name.empty() && resource.body, "a resource that is none");
    fuzz::must(++found <= 200'000, "resources without end");
  });
  return 0;
}
