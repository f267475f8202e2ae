// Asks the server that admin.server names, else whoever holds the data folder: the running server, else this process, which
// opens the folder itself.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "app/admin/control.h"
#include "app/config.h"

namespace bascule::app {

struct Asked {
  int exit = kFailed;
  boost::json::object last;    // the last line
  std::string error;           // what went wrong; "" = nothing
};
using OnLine = std::function<void(const boost::json::object& line)>;  // the lines before it

// not_needed: key file and provider are enough, without a catalog (backup-list, backup-verify).
enum class Folder { must_be_there, may_be_made, not_needed };

// Says on standard error what went wrong. A signal (SIGINT, SIGTERM) stops what is under way; a second one ends at once.
Asked ask(const Config& config, const std::string& what, const boost::json::object& body, Folder folder, const OnLine& on_line);

// An answer's last line as JSON, on standard output, without what only the command needs.
void print_answer(boost::json::object last);

// A signal came.
bool stop_asked();

// Another machine's server is asked: nothing of this one's folder matters.
bool asks_elsewhere(const Config& config);

}  // namespace bascule::app
