// reload: the configuration, read again.
#include <boost/json/array.hpp>

#include "app/admin/control_requests.h"
#include "app/reload.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::array listed(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return out;
}

}  // namespace

ControlAnswer reload_request(const std::string&, ControlCall& call) {
  Reloader* reloader = call.control.reloader();
  if (reloader == nullptr) co_return fail(Code::unavailable, "no server runs on this data folder: there is nothing to reload");
  const Reloader::Outcome outcome = reloader->reload();   // blocks this loop, which serves administration alone, while it reads files
  if (!outcome.taken) call.exit = kUsage;
  co_return json::object{{"taken", outcome.taken},
                         {"problems", listed(outcome.problems)},
                         {"applied", listed(outcome.applied)},
                         {"need_restart", listed(outcome.need_restart)},
                         {"milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(outcome.took).count()}};
}

}  // namespace bascule::app
