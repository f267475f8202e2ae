// Requests that wait for another's approval, and those that the owner does alone. Only for this folder's *.cc.
#pragma once
#include "app/admin/control_requests.h"

namespace bascule::app {

boost::json::object approval_shown(const Approvals& approvals, const Approvals::Kept& kept);

// What would need another's approval, done by the owner alone for a reason that is kept.
ControlAnswer alone_request(Control& control, const Control::Parts& parts, const ControlRequest* request, AdminPrincipal who, boost::json::object body,
                            std::string why, const std::atomic<bool>& stop, ControlOutput& output);

}  // namespace bascule::app
