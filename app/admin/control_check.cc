#include <boost/json/serialize.hpp>
#include <deque>

#include "app/admin/control_requests.h"
#include "base/log.h"
#include "jobs/check.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::string view(std::string_view text) { return json::string(text.data(), text.size()); }

// Keeps what the check says until the line can be sent; progress at most four times a second.
class Sink final : public jobs::CheckSink {
 public:
  explicit Sink(Clock& clock) : clock_(clock) {}
  void progress(const jobs::CheckProgress& p) override {
    if (clock_.now() < next_) return;
    next_ = clock_.now() + std::chrono::milliseconds(250);
    lines.push_back(json::serialize(json::object{{"progress", view(name(p.phase))}, {"done", p.done}, {"total", p.total},
                                                 {"bytes_read", p.bytes_read}}));
  }
  void finding(const jobs::CheckFinding& f) override {
    lines.push_back(json::serialize(json::object{{"finding", view(name(f.trouble))}, {"where", f.where}, {"message", f.message}}));
    if (f.trouble != jobs::Trouble::unnamed)
      log::warn("check", {{"finding", name(f.trouble)}, {"where", f.where}, {"message", f.message}});
  }
  std::deque<std::string> lines;

 private:
  Clock& clock_;
  Instant next_{};
};

Task<void> run_check(ops::Service& service, jobs::CheckOptions options, Sink& sink, Result<jobs::CheckReport>& result, bool& done) {
  result = co_await jobs::check(service, options, sink);
  done = true;
}

}  // namespace

ControlAnswer check_request(const std::string&, ControlCall& call) {
  std::atomic<bool> stop{call.stop.load()};
  Sink sink(call.parts.clock);
  Result<jobs::CheckReport> result = fail(Code::internal, "no result");
  bool done = false;
  const jobs::CheckOptions options{.read = flag_of(call.body, "read"), .stop = &stop};
  spawn(co_await this_executor(), run_check(call.parts.engine.service(), options, sink, result, done));
  Instant alive = call.parts.clock.now();
  while (!done || !sink.lines.empty()) {
    if (call.stop) stop = true;
    while (!sink.lines.empty() && !stop) {
      std::string line = std::move(sink.lines.front());
      sink.lines.pop_front();
      if (!co_await call.output.line(std::move(line))) stop = true;
      alive = call.parts.clock.now();
    }
    if (stop) sink.lines.clear();
    if (done) continue;
    if (call.parts.clock.now() - alive > std::chrono::seconds(1)) {  // an asker who left is noticed
      if (!co_await call.output.line("{}")) stop = true;
      alive = call.parts.clock.now();
    }
    co_await call.parts.clock.sleep_for(std::chrono::milliseconds(20));
  }
  if (!result) co_return fail(result.error());
  const jobs::CheckReport& r = *result;
  call.exit = r.good() ? kDone : kFailed;
  json::object report{{"containers", r.containers}, {"blobs", r.blobs}, {"past_states", r.past}, {"uncommitted_blocks", r.blocks}, {"pieces", r.pieces},
                      {"blob_bytes", r.blob_bytes}, {"extents", r.extents}, {"extent_bytes", r.extent_bytes},
                      {"unreferenced", r.unreferenced}, {"read", options.read}, {"bytes_read", r.bytes_read},
                      {"missing", r.missing}, {"damaged", r.damaged}, {"unnamed", r.unnamed},
                      {"unnamed_bytes", r.unnamed_bytes}, {"foreign", r.foreign},
                      {"seconds", std::chrono::duration<double>(r.elapsed).count()}};
  co_return json::object{{"report", std::move(report)}};
}

}  // namespace bascule::app
