// Static websites. Sources: "Static website hosting in Azure Storage"; "Set Blob Service Properties", StaticWebsite.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/common/header_index.h"
#include "api/common/request_id.h"
#include "base/live.h"
#include "events/sink.h"
#include "http/message.h"
#include "ops/operations.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace bascule::api::web {

struct Options {
  // "web.example.org" answers for ACCOUNT.web.example.org and, as Azure's hosts have it, ACCOUNT.zNN.web.example.org.
  std::vector<std::string> domains;
  // Hosts of one account's site: "www.example.org=mycompany".
  std::vector<std::pair<std::string, std::string>> hosts;
  std::string account;   // for hosts that name none; "" = those have no site
  events::EventSink* events = nullptr;   // where requests are recorded; outlives the service. Null: nowhere
};

class WebService final : public http::Handler {
 public:
  // `operations` and `clock` outlive the service.
  WebService(ops::Operations& operations, Clock& clock, Random& random, Options options)
      : operations_(operations), clock_(clock), options_(std::move(options)), ids_(random) {}

  Task<void> handle(http::Exchange& exchange) override;
  void set_options(Options options) { options_.set(std::move(options)); }   // any thread; for the requests to come

  // The account whose site a host (as sent) is; "" = none. `named`: only where the host itself names it, so that the same
  // addresses can serve the storage protocol to the other hosts.
  std::string account_of(std::string_view host, bool named = false) const;

 private:
  struct Page;
  Task<void> answer(http::Exchange& exchange, const std::string& id, const std::string& account);
  Task<Result<Page>> find(std::string account, std::string path, const HeaderIndex& headers) const;

  ops::Operations& operations_;
  Clock& clock_;
  Live<Options> options_;
  RequestIds ids_;
};

// Gives requests to the site where their host names one, else to the storage service. Both outlive it.
class HostSplit final : public http::Handler {
 public:
  HostSplit(WebService& web, http::Handler& storage) : web_(web), storage_(storage) {}
  Task<void> handle(http::Exchange& exchange) override;

 private:
  WebService& web_;
  http::Handler& storage_;
};

// A refusal before any request could be read, as a page: fits http::RefusalWriter.
http::Response refuse_unread(int status, std::string_view why, std::string& body);

}  // namespace bascule::api::web
