// The one table from refusals to what clients of Azure Blob Storage see: status, error code, text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/common/fault.h"
#include "auth/failure.h"
#include "base/time.h"

namespace bascule::api::blob {

struct ErrorAnswer {
  int status = 500;
  std::string_view code;
  std::string_view text;
};

// Which kind of resource the operation names: lease errors are worded by it.
enum class Subject : std::uint8_t { blob, container };

ErrorAnswer answer_of(Fault fault, Subject subject = Subject::blob);

// What a use case's error is called here. Client cancellations are the caller's to recognise before.
Fault fault_of(const Error& error);

// A Problem with everything known: fault, status, code, text, and the extras that the error's message holds.
struct Worded {
  int status = 500;
  std::string code, text;
  std::vector<Element> extras;
  std::vector<http::Header> headers;
};
Worded word(Problem problem, Subject subject);

Problem problem_of(auth::AuthFailure failure);

// <Error>…</Error> with BOM and declaration; extras after Message.
std::string error_body(const Worded& error, std::string_view request_id, WallTime now);

}  // namespace bascule::api::blob
