// The administration listener's pages: /healthz, /readyz, /metrics.
#pragma once
#include <atomic>

#include "app/admin/readiness.h"
#include "app/admin/request_metrics.h"
#include "events/recorder.h"
#include "http/message.h"
#include "server/server.h"

namespace bascule::app {

class AccountMetrics;
class DiskWatch;

// What the metrics are read from; null where it is not there yet. Any thread may set or read.
struct MetricSources {
  const RequestMetrics* requests = nullptr;
  const AccountMetrics* accounts = nullptr;
  const DiskWatch* disk = nullptr;
  const events::Recorder* events = nullptr;
  std::atomic<Engine*> engine{nullptr};
  std::atomic<server::Server*> server{nullptr};
  Instant started{};
};

class AdminPages final : public http::Handler {
 public:
  AdminPages(const Readiness& readiness, const MetricSources& sources, Clock& clock)  // all outlive it
      : readiness_(readiness), sources_(sources), clock_(clock) {}
  Task<void> handle(http::Exchange& exchange) override;
  std::string metrics() const;

 private:
  const Readiness& readiness_;
  const MetricSources& sources_;
  Clock& clock_;
};

// A refusal in plain text (http::RefusalWriter).
http::Response refuse_in_text(int status, std::string_view why, std::string& body);

}  // namespace bascule::app
