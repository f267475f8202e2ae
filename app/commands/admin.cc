// bascule admin: the admin API's tokens, and its description.
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/admin/openapi.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"
#include "app/commands/files.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

// A token goes to a file that nobody else can read, or, once, to standard output.
class Destination {
 public:
  Result<void> open(const std::string& file) {
    if (file.empty()) return {};
    BASCULE_ASSIGN(SecretFile made, SecretFile::create(file));
    file_.emplace(std::move(made));
    return {};
  }
  int take(const std::string& token) {
    if (!file_) {
      std::printf("%s\n", token.c_str());
      return kDone;
    }
    const auto written = file_->write(token + "\n");
    return written ? kDone : complain(written.error());
  }

 private:
  std::optional<SecretFile> file_;
};

int create(const Config& config, const AdminArguments& arguments) {
  json::object body{{"name", arguments.name}, {"role", arguments.role}};
  if (arguments.days != 0) body["days"] = arguments.days;
  if (!arguments.fingerprint.empty()) body["fingerprint"] = arguments.fingerprint;
  Destination destination;
  if (auto opened = destination.open(arguments.file); !opened) return complain(opened.error());
  const Asked asked = ask(config, "token-create", body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) {
    print_answer(asked.last);
    return kDone;
  }
  std::fprintf(stderr, "token %s of %s, %s until %s%s\n", text_of(asked.last, "id").c_str(), text_of(asked.last, "name").c_str(),
               text_of(asked.last, "role").c_str(), text_of(asked.last, "expires").c_str(),
               arguments.fingerprint.empty() ? "; it is shown now and never again" : "");
  return arguments.fingerprint.empty() ? destination.take(text_of(asked.last, "token")) : kDone;
}

int draw(const AdminArguments& arguments) {
  const DrawnToken drawn = draw_token(system_random());
  if (arguments.json) {
    std::printf("%s\n", json::serialize(json::object{{"token", drawn.token}, {"fingerprint", drawn.fingerprint}}).c_str());
    return kDone;
  }
  Destination destination;
  if (auto opened = destination.open(arguments.file); !opened) return complain(opened.error());
  if (const int exit = destination.take(drawn.token); exit != kDone) return exit;
  std::fprintf(stderr, "Keep the token to yourself, and give the owner its fingerprint: bascule admin token create NAME --role ROLE --fingerprint …\n");
  std::printf("%s\n", drawn.fingerprint.c_str());
  return kDone;
}

int list(const Config& config, const AdminArguments& arguments) {
  const Asked asked = ask(config, "token-list", {}, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) {
    print_answer(asked.last);
    return kDone;
  }
  const json::value* tokens = asked.last.if_contains("tokens");
  if (tokens == nullptr || !tokens->is_array()) return complain("the server's answer makes no sense", kFailed);
  for (const json::value& value : tokens->get_array()) {
    const json::object& token = value.as_object();
    const std::string revoked = text_of(token, "revoked");
    const std::string state = !revoked.empty() ? "revoked " + revoked + " by " + text_of(token, "revoked_by")
                              : flag_of(token, "live") ? "until " + text_of(token, "expires")
                                                       : "over since " + text_of(token, "expires");
    std::printf("%s  %-11s  %-24s  %s\n", text_of(token, "id").c_str(), text_of(token, "role").c_str(), text_of(token, "name").c_str(), state.c_str());
  }
  return kDone;
}

}  // namespace

int run_admin(const Config& config, const AdminArguments& arguments) {
  using What = AdminArguments::What;
  switch (arguments.what) {
    case What::token_create: return create(config, arguments);
    case What::token_draw: return draw(arguments);
    case What::token_list: return list(config, arguments);
    case What::openapi: std::fputs(openapi_document().c_str(), stdout); return kDone;
    case What::token_revoke:
    case What::whoami: break;
  }
  const bool revoke = arguments.what == What::token_revoke;
  const Asked asked = ask(config, revoke ? "token-revoke" : "whoami", revoke ? json::object{{"id", arguments.id}} : json::object(),
                          Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) print_answer(asked.last);
  else if (revoke) std::printf("token %s of %s revoked\n", text_of(asked.last, "id").c_str(), text_of(asked.last, "name").c_str());
  else std::printf("%s, %s\n", text_of(asked.last, "name").c_str(), text_of(asked.last, "role").c_str());
  return kDone;
}

}  // namespace bascule::app
