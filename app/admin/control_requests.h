// The requests' own files. Only for this folder's *.cc.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "app/admin/control.h"
#include "app/admin/requests.h"

namespace bascule::app {

// A member of an object, or what stands for its absence.
std::string text_of(const boost::json::object& object, std::string_view key);
bool flag_of(const boost::json::object& object, std::string_view key);
std::uint64_t number_of(const boost::json::object& object, std::string_view key, std::uint64_t otherwise);
std::vector<std::string> texts_of(const boost::json::object& object, std::string_view key);

struct ControlCall {
  Control& control;
  const Control::Parts& parts;
  const AdminPrincipal& who;
  boost::json::object body;            // checked against the table: known members of the right types, those required there
  const std::atomic<bool>& stop;
  ControlOutput& output;
  int exit = kDone;                    // where it is neither 0 nor what the error says
};

// Each writes its lines but the last, and returns the last one without "exit", or an error.
using ControlAnswer = Task<Result<boost::json::object>>;
ControlAnswer status_request(const std::string& what, ControlCall& call);
ControlAnswer account_request(const std::string& what, ControlCall& call);
ControlAnswer account_settings_request(const std::string& what, ControlCall& call);   // show, set
ControlAnswer token_request(const std::string& what, ControlCall& call);
ControlAnswer approval_request(const std::string& what, ControlCall& call);
ControlAnswer scope_request(const std::string& what, ControlCall& call);
ControlAnswer role_request(const std::string& what, ControlCall& call);
ControlAnswer immutability_request(const std::string& what, ControlCall& call);
ControlAnswer backup_request(const std::string& what, ControlCall& call);
ControlAnswer reload_request(const std::string& what, ControlCall& call);
ControlAnswer check_request(const std::string& what, ControlCall& call);
ControlAnswer compact_request(const std::string& what, ControlCall& call);
ControlAnswer lifecycle_request(const std::string& what, ControlCall& call);
ControlAnswer migrate_request(const std::string& what, ControlCall& call);

}  // namespace bascule::app
