// bascule: the program.
#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "api/blob/service.h"
#include "app/engine.h"
#include "base/log.h"
#include "server/server.h"

namespace {

using namespace bascule;

int serve(const app::EngineOptions& options, const std::vector<std::string>& listen) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, s);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  auto engine = app::Engine::open(options, system_clock(), system_random());
  if (!engine) {
    std::fprintf(stderr, "bascule: %s\n", engine.error().message.c_str());
    return 1;
  }
  Loops loops;
  api::blob::BlobService blobs((*engine)->service(), system_clock(), system_random(), {});
  server::ServerOptions server_options{.listen = listen};
  server::Server server(loops, server_options, blobs, api::blob::refuse_unread, system_clock());
  if (auto started = server.start(); !started) {
    std::fprintf(stderr, "bascule: %s\n", started.error().message.c_str());
    return 1;
  }
  (*engine)->start_jobs(loops.next());
  for (const auto& address : server.addresses()) std::printf("listening on %s\n", address.c_str());
  std::fflush(stdout);
  int got = 0;
  do sigwait(&signals, &got); while (got == SIGHUP);
  server.drain(std::chrono::seconds(30));
  auto closed = (*engine)->close();
  loops.stop();
  return closed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Bascule: Azure's storage protocols over European providers");
  cli.require_subcommand(1);
  app::EngineOptions options;
  options.data = "bascule-data";
  std::vector<std::string> listen{"127.0.0.1:10000"};
  auto* command = cli.add_subcommand("serve", "serve");
  command->add_option("--data", options.data);
  command->add_option("--listen", listen);
  command->add_option("--key-file", options.key_file);
  CLI11_PARSE(cli, argc, argv);
  if (options.key_file.empty()) options.key_file = options.data + ".key";
  return serve(options, listen);
}
