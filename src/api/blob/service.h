// Azure Blob Storage over HTTP: authenticates, routes, answers. One object serves all connections of all loops.
#pragma once
#include <string>
#include <vector>

#include "api/common/request_id.h"
#include "api/common/target.h"
#include "auth/authorise.h"
#include "base/live.h"
#include "events/sink.h"
#include "http/message.h"
#include "ops/operations.h"
#include "ops/remote.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace bascule::api::blob {

struct Call;

struct Options {
  ops::Remote* remote = nullptr;    // for copies from elsewhere; outlives the service. Null: there are none
  Domains domains;                  // at the start: which hosts are answered for; none = any (the development default)
  events::EventSink* events = nullptr;  // where requests are recorded; outlives the service. Null: nowhere
  auth::Settings authentication;    // what WWW-Authenticate names
  std::size_t block_list_bytes = 8 * 1024 * 1024;  // Put Block List's body: 50,000 entries fit
  std::size_t acl_bytes = 64 * 1024;               // Set Container ACL's body
};

class BlobService : public http::Handler {
 public:
  // `operations` and `clock` outlive the service.
  BlobService(ops::Operations& operations, Clock& clock, Random& random, Options options);

  // Never fails: every refusal and every error is answered, or the connection is cut where an answer had begun.
  Task<void> handle(http::Exchange& exchange) override;

  // One part of `batch`: authorised and answered as a request of its own. `exchange` holds the part and takes its answer.
  Task<void> handle_part(const Call& batch, http::Exchange& exchange);

  ops::Operations& operations() { return operations_; }
  Clock& clock() { return clock_; }
  const Options& options() const { return options_; }
  const Domains& domains() const { return domains_.get(); }
  void set_domains(Domains domains) { domains_.set(std::move(domains)); }   // any thread; for the requests to come

 private:
  ops::Operations& operations_;
  Clock& clock_;
  Options options_;
  Live<Domains> domains_;
  RequestIds ids_;
};

// A refusal before any request could be read (malformed, too large, too slow), in the service's form: fits
// http::RefusalWriter.
http::Response refuse_unread(int status, std::string_view why, std::string& body);

}  // namespace bascule::api::blob
