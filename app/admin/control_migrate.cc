#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "base/log.h"
#include "migrate/azure_source.h"
#include "migrate/connection.h"
#include "migrate/migrate.h"
#include "migrate/ops_target.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostPending = 1024 * 1024;  // of text that the asker does not take; the rest is dropped

// A stdio stream into a string.
class TextFile {
 public:
  TextFile() {
    file_ = ::fopencookie(&text_, "w", {.read = nullptr, .write = write, .seek = nullptr, .close = nullptr});
    if (file_ != nullptr) std::setvbuf(file_, nullptr, _IOLBF, 4096);
  }
  ~TextFile() { if (file_ != nullptr) std::fclose(file_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  std::FILE* get() const { return file_; }
  std::string take() {
    if (file_ != nullptr) std::fflush(file_);
    return std::exchange(text_, {});
  }

 private:
  static ssize_t write(void* cookie, const char* data, std::size_t size) {
    auto& text = *static_cast<std::string*>(cookie);
    if (text.size() + size <= kMostPending) text.append(data, size);
    return static_cast<ssize_t>(size);
  }
  std::string text_;
  std::FILE* file_ = nullptr;
};

// Where the blobs go: the account asked for, the one of the source's name, or the only one.
Result<std::string> target_account(const ops::Service& service, const std::string& wanted, const std::string& source) {
  std::string name = wanted.empty() ? source : wanted;
  if (service.account(name)) return name;
  if (!wanted.empty()) return fail(Code::invalid_argument, "there is no account " + wanted + "; make it with `bascule account add`");
  const auto accounts = service.accounts();
  if (accounts.size() == 1) return accounts[0]->name;
  return fail(Code::invalid_argument, "into which account? There is none of the source's name (" + source +
                                          "); make it with `bascule account add --name " + source + "`, or choose one with --account");
}

struct Run {
  migrate::Options options;
  std::unique_ptr<migrate::Source> source;
  std::unique_ptr<migrate::Target> target;
  std::unique_ptr<migrate::ProgressSink> sink;
  Result<migrate::Report> result = fail(Code::internal, "no result");
  bool done = false;
};

Task<void> run_migration(Run& run, const Control::Parts& parts) {
  run.result = co_await migrate::migrate(run.options, *run.source, *run.target, *run.sink, parts.clock, parts.random,
                                         parts.engine.workers());
  run.done = true;
}

Result<migrate::Options> options_of(const ControlCall& call) {
  migrate::Options options;
  options.containers = texts_of(call.body, "containers");
  options.state_directory = call.parts.engine.options().data + "/migrate";
  options.blobs_at_once = number_of(call.body, "blobs_at_once", options.blobs_at_once);
  options.streams_at_once = number_of(call.body, "streams_at_once", options.streams_at_once);
  options.dry_run = flag_of(call.body, "dry_run");
  const std::string asked = text_of(call.body, "sabotage"), sabotage = asked.substr(0, asked.find(':')),
                    of = asked == sabotage ? "" : asked.substr(sabotage.size() + 1);
  using migrate::SabotageOf;
  if (sabotage == "drop") options.sabotage = migrate::Sabotage::drop;
  else if (sabotage == "flip") options.sabotage = migrate::Sabotage::flip;
  options.sabotage_of = of == "past" ? SabotageOf::past : of == "append" ? SabotageOf::append : of == "page" ? SabotageOf::page : SabotageOf::any;
  const bool known = (asked.empty() || options.sabotage != migrate::Sabotage::none) && (of.empty() || options.sabotage_of != SabotageOf::any);
  if (!known) return fail(Code::invalid_argument, "--sabotage is drop or flip, of anything or drop:past, drop:append, drop:page and so on");
  return options;
}

}  // namespace

ControlAnswer migrate_request(const std::string&, ControlCall& call) {
  std::atomic<bool> stop{false};
  Run run;
  call.exit = kUsage;
  BASCULE_CO_ASSIGN(auto connection, migrate::parse_connection(text_of(call.body, "from")));
  BASCULE_CO_ASSIGN(run.options, options_of(call));
  BASCULE_CO_ASSIGN(const std::string account,
                    target_account(call.parts.engine.service(), text_of(call.body, "account"), connection.account));
  if (run.options.containers.empty() && !connection.container.empty()) run.options.containers.push_back(connection.container);
  run.options.stop = &stop;
  const bool strict = flag_of(call.body, "strict");
  const std::string style = text_of(call.body, "style");

  http::ClientOptions client_options{.ca_file = text_of(call.body, "ca_file")};
  client_options.connections_per_origin = run.options.streams_at_once + 8;
  const auto client = http::make_client(client_options, call.parts.clock);
  log::info("migration begins", {{"source", connection.describe()}, {"account", account}});
  run.source = migrate::make_azure_source(std::move(connection), *client, call.parts.clock, call.parts.random);
  run.target = migrate::make_ops_target(call.parts.engine.service(), account);
  TextFile text;
  if (text.get() == nullptr) co_return fail(Code::exhausted, "no memory for the progress");
  run.sink = migrate::make_progress_sink(style == "json"   ? migrate::ProgressStyle::json
                                         : style == "line" ? migrate::ProgressStyle::line
                                                           : migrate::ProgressStyle::plain,
                                         text.get(), strict);
  const std::string from = run.source->describe();
  const std::string begin = style == "json" ? json::serialize(json::object{{"event", "begin"}, {"source", from}, {"account", account}})
                                            : "From " + from + " into account " + account + ".";
  if (!co_await call.output.line(json::serialize(json::object{{"text", begin + "\n"}}))) stop = true;
  spawn(co_await this_executor(), run_migration(run, call.parts));
  Instant alive = call.parts.clock.now();
  while (true) {
    const bool last = run.done;
    if (call.stop) stop = true;
    const bool silent = call.parts.clock.now() - alive > std::chrono::seconds(1);
    if (std::string said = text.take(); !said.empty() || (silent && !last)) {
      if (!co_await call.output.line(said.empty() ? "{}" : json::serialize(json::object{{"text", said}}))) stop = true;
      alive = call.parts.clock.now();
    }
    if (last) break;
    co_await call.parts.clock.sleep_for(std::chrono::milliseconds(20));
  }
  run.sink.reset();
  if (!run.result) {
    log::warn("migration failed", {{"error", run.result.error().message}});
    co_return fail(run.result.error());
  }
  call.exit = migrate::exit_code(*run.result, strict);
  log::info("migration ended", {{"carried", run.result->carried}, {"already", run.result->already},
                                {"failed", run.result->failed}, {"exit", call.exit}});
  co_return json::object{};
}

}  // namespace bascule::app
