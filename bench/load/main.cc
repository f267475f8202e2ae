#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>

#include "load/run.h"

namespace {

constexpr const char* kUsage = R"(load: a closed-loop load generator for Azure Blob, S3 and plain HTTP servers

  load --protocol azure|s3|plain --port P --work WORK [options]

WORK: get head put put-blocks list find delete create (the container), or prepare (create, then one put of each key);
      Azure: create-append (a blob for each key), append; create-pages (one blob, of --blob-size), put-page and get-page
      (a key is a place in it; with --requests put-page takes them in turn)

  --host A              numeric address (127.0.0.1)
  --account N --key K   Azure's account (the development account); --api-version V
  --access A --secret S --region R   S3 (test, testsecret, us-east-1); --sign-payload
  --container C --prefix P   where the blobs are (bench, k); --include versions: in a listing, these too
  --size N[k|m|g] --block-size N --keys N --first-key N --page N --expect-names N
  --tag-hits N (Azure: puts give a tag that N keys share; a find looks for one and must find N)
  --connections N --idle N --threads N
  --seconds S | --requests N; --warmup S; --settle S
  --seed N --verify (compare every byte that is read)
  --pid P (repeatable: the server's processes) --json FILE ('-': standard output)

Exit code: 0 when every operation succeeded, 1 when some failed, 2 for wrong use.
)";

[[noreturn]] void refuse(const std::string& why) {
  std::fputs((why + " (load --help)\n").c_str(), stderr);
  std::exit(2);
}

std::uint64_t number(const std::string& name, const char* text) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 10);
  const std::string_view unit(end);
  if (end == text || text[0] == '-') refuse(fmt::format("{} wants a number, not '{}'", name, text));
  if (unit.empty()) return value;
  if (unit == "k") return value << 10;
  if (unit == "m") return value << 20;
  if (unit == "g") return value << 30;
  refuse(fmt::format("{}: unknown unit '{}'", name, unit));
}

double seconds(const std::string& name, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || value < 0) refuse(fmt::format("{} wants seconds, not '{}'", name, text));
  return value;
}

struct Command {
  bench::Options options;
  bool prepare = false;
  std::string json;
};

void set_work(Command& command, const std::string& name) {
  using bench::Work;
  static const std::map<std::string, Work> kWorks = {{"get", Work::get}, {"head", Work::head}, {"put", Work::put},
      {"put-blocks", Work::put_blocks}, {"list", Work::list}, {"find", Work::find}, {"delete", Work::remove}, {"create", Work::create},
      {"prepare", Work::put}, {"create-append", Work::create_append}, {"append", Work::append},
      {"create-pages", Work::create_pages}, {"put-page", Work::put_page}, {"get-page", Work::get_page}};
  const auto found = kWorks.find(name);
  if (found == kWorks.end()) refuse("unknown work '" + name + "'");
  command.options.work = found->second;
  command.prepare = name == "prepare";
}

void set_protocol(Command& command, const std::string& name) {
  using bench::Protocol;
  static const std::map<std::string, Protocol> kProtocols = {
      {"azure", Protocol::azure}, {"s3", Protocol::s3}, {"plain", Protocol::plain}};
  const auto found = kProtocols.find(name);
  if (found == kProtocols.end()) refuse("unknown protocol '" + name + "'");
  command.options.protocol = found->second;
}

bool set_text(Command& command, const std::string& name, const char* value) {
  bench::Options& o = command.options;
  const std::map<std::string, std::string*> texts = {{"--host", &o.endpoint.host}, {"--account", &o.azure.name},
      {"--key", &o.azure.key}, {"--api-version", &o.azure.version}, {"--access", &o.s3.access},
      {"--secret", &o.s3.secret}, {"--region", &o.s3.region}, {"--container", &o.target.container},
      {"--prefix", &o.target.prefix}, {"--include", &o.target.include}, {"--json", &command.json}};
  const auto found = texts.find(name);
  if (found == texts.end()) return false;
  *found->second = value;
  return true;
}

bool set_number(Command& command, const std::string& name, const char* value) {
  bench::Options& o = command.options;
  const std::map<std::string, std::uint64_t*> numbers = {{"--size", &o.size}, {"--keys", &o.keys},
      {"--first-key", &o.first_key}, {"--block-size", &o.target.block_size}, {"--page", &o.target.page_names}, {"--blob-size", &o.target.blob_bytes},
      {"--expect-names", &o.target.expected_names}, {"--tag-hits", &o.target.tag_hits}, {"--requests", &o.requests}, {"--seed", &o.seed}};
  const std::map<std::string, unsigned*> counts = {
      {"--connections", &o.connections}, {"--idle", &o.idle}, {"--threads", &o.threads}};
  const std::map<std::string, double*> times = {{"--seconds", &o.seconds}, {"--warmup", &o.warmup}, {"--settle", &o.settle}};
  if (const auto it = numbers.find(name); it != numbers.end()) *it->second = number(name, value);
  else if (const auto count = counts.find(name); count != counts.end()) *count->second = static_cast<unsigned>(number(name, value));
  else if (const auto time = times.find(name); time != times.end()) *time->second = seconds(name, value);
  else if (name == "--port") o.endpoint.port = static_cast<std::uint16_t>(number(name, value));
  else if (name == "--pid") o.servers.push_back(static_cast<pid_t>(number(name, value)));
  else return false;
  return true;
}

Command parse(int argc, char** argv) {
  Command command;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    }
    if (name == "--verify") command.options.verify_everything = true;
    else if (name == "--sign-payload") command.options.target.sign_payload = true;
    else if (i + 1 >= argc) refuse(name + " wants a value, or is unknown");
    else if (const char* value = argv[++i]; name == "--work") set_work(command, value);
    else if (name == "--protocol") set_protocol(command, value);
    else if (!set_text(command, name, value) && !set_number(command, name, value)) refuse("unknown option " + name);
  }
  const bench::Options& o = command.options;
  if (o.connections == 0 || o.threads == 0 || o.keys == 0 || o.target.block_size == 0) refuse("a count of 0 makes no sense");
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Command command = parse(argc, argv);
  bench::Options& options = command.options;
  if (!bench::supported(options)) refuse("this protocol has no such work");
  if (command.prepare || options.work == bench::Work::create) {
    bench::Options create = options;
    create.work = bench::Work::create;
    create.connections = create.threads = 1;
    create.requests = 1;
    create.warmup = create.settle = 0;
    create.idle = 0;
    const bench::Outcome outcome = bench::run(create);
    if (!outcome.totals.errors.empty() || outcome.aborted) {
      std::fputs(bench::to_text(create, outcome).c_str(), stderr);
      return 1;
    }
    if (!command.prepare) return 0;
    options.requests = options.keys;
    options.warmup = 0;
  }
  const bench::Outcome outcome = bench::run(options);
  const std::string json = bench::to_json(options, outcome);
  if (command.json == "-") std::fputs(json.c_str(), stdout);
  else std::fputs(bench::to_text(options, outcome).c_str(), stdout);
  if (!command.json.empty() && command.json != "-" && !(std::ofstream(command.json) << json)) {
    std::fprintf(stderr, "cannot write %s\n", command.json.c_str());
    return 2;
  }
  return outcome.totals.errors.empty() && !outcome.aborted ? 0 : 1;
}
