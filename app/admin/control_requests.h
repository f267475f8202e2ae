// The requests' own files. Only for this folder's *.cc.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "app/admin/control.h"

namespace bascule::app {

// A member of an object, or what stands for its absence.
std::string text_of(const boost::json::object& object, std::string_view key);
bool flag_of(const boost::json::object& object, std::string_view key);
std::uint64_t number_of(const boost::json::object& object, std::string_view key, std::uint64_t otherwise);
std::vector<std::string> texts_of(const boost::json::object& object, std::string_view key);

struct ControlCall {
  const Control::Parts& parts;
  boost::json::object body;
  const std::atomic<bool>& stop;
  ControlOutput& output;
};

// Each writes its lines but the last, and returns the last one without "exit", which is 0, or an error.
// `exit` is set where it is neither 0 nor 1.
Task<Result<boost::json::object>> account_request(const std::string& what, ControlCall& call);
Task<Result<boost::json::object>> account_settings_request(const std::string& what, ControlCall& call);   // show, set
Task<Result<boost::json::object>> scope_request(const std::string& what, ControlCall& call);
Task<Result<boost::json::object>> immutability_request(ControlCall& call);
Task<Result<boost::json::object>> check_request(ControlCall& call, int& exit);
Task<Result<boost::json::object>> compact_request(ControlCall& call);
Task<Result<boost::json::object>> lifecycle_request(const std::string& what, ControlCall& call, int& exit);
Task<Result<boost::json::object>> migrate_request(ControlCall& call, int& exit);

}  // namespace bascule::app
