// Control over HTTP/1.1: the same paths on DIR/admin.sock and on the admin API's listener (rest.h, docs/admin-api.json).
// An answer is one JSON object, or, for what takes long, lines of them (application/x-ndjson), the last of which ends it.
#pragma once
#include "app/admin/control.h"
#include "app/admin/rest.h"
#include "http/message.h"

namespace bascule::app {

// How long a request's body may take to arrive, all of it.
constexpr Duration kBodyTime = std::chrono::seconds(30);

// One request by `who`, who has been authenticated. Nothing of a body is read that `who` may not send.
Task<void> serve_control(Control& control, AdminPrincipal who, http::Exchange& exchange, Clock& clock, const std::atomic<bool>& stop);

// A refusal in the form of an answer: {"error", "code", "exit"}.
Task<void> refuse_control(http::Exchange& exchange, RestRefusal refusal, std::vector<http::Header> headers = {});
// The same where no request could be read (http::RefusalWriter).
http::Response refuse_unread_control(int status, std::string_view why, std::string& body);

}  // namespace bascule::app
