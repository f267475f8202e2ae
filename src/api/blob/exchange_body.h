// A request's body as the use cases read it.
#pragma once
#include "http/message.h"
#include "ops/types.h"

namespace bascule::api::blob {

class ExchangeBody final : public ops::BodySource {
 public:
  explicit ExchangeBody(http::Exchange& exchange) : exchange_(exchange) {}
  Task<Result<std::size_t>> read(MutableBytes into) override { return exchange_.read_body(into); }

 private:
  http::Exchange& exchange_;
};

}  // namespace bascule::api::blob
