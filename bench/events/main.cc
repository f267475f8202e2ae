// What an access event costs: forming its line, and recording it whole, the writer's thread and its writes to a file
// included, in CPU time (user and system).
//
//   events_bench [FOLDER]     (a temporary folder there; /tmp)
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "events/line.h"
#include "events/recorder.h"

namespace {

using namespace bascule;
using namespace bascule::events;

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(used.ru_utime) + of(used.ru_stime);
}

// As an SDK's read with an account's key makes it; `sas` with a signature, a query and a token's names besides.
AccessEvent sample(bool sas) {
  AccessEvent e;
  e.operation = "GetBlob";
  e.category = "StorageRead";
  e.version = "2024-11-04";
  e.status = 200;
  e.took = std::chrono::microseconds(412);
  e.credential = Credential::account_key;
  e.account = "devstoreaccount1";
  e.container = "photographs";
  e.blob = "2026/11/23/IMG_20261123_080953.jpg";
  e.host = "127.0.0.1:10000";
  e.path = "/devstoreaccount1/photographs/2026/11/23/IMG_20261123_080953.jpg";
  e.caller_address = "192.0.2.7";
  e.caller_port = 51044;
  e.request_id = "5f8b2d8e-0001-4e2a-9b1a-3a1f00000042";
  e.client_request_id = "f3b2d8ee-7f31-4e2a-9b1a-3a1f12345678";
  e.user_agent = "azsdk-python-storage-blob/12.31.1 Python/3.11.2 (Linux-6.1.0-x86_64-with-glibc2.36)";
  e.response_bytes = 4096;
  e.container_key = 0x00f3a1b2c3d4e5f6;
  e.root_key = "5d9e1122aabbccdd";
  e.root_key_version = 1;
  e.provider = "folder";
  if (!sas) return e;
  e.encrypted = true;
  e.tls_version = "TLS 1.3";
  e.credential = Credential::user_delegation_sas;
  e.requester = {"2d3f8b2e-0001-4e2a-9b1a-3a1f00000042", "alice@example.org", "https://login.example.org/realms/acme", "acme", ""};
  e.sas = {.key_object = "2d3f8b2e-0001-4e2a-9b1a-3a1f00000042", .key_tenant = "acme", .expiry = "2026-12-01T00:00:00Z", .permissions = "r"};
  e.query = "sv=2024-11-04&sr=b&sp=r&se=2026-12-01T00%3A00%3A00Z&skoid=2d3f8b2e-0001-4e2a-9b1a-3a1f00000042&sktid=acme&skt=2026-11-23T00%3A00%3A00Z"
            "&ske=2026-11-30T00%3A00%3A00Z&sks=b&skv=2024-11-04&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D";
  return e;
}

void form(const char* name, const AccessEvent& event) {
  constexpr int kTimes = 1'000'000;
  const auto room = std::make_unique<char[]>(kMostLineBytes);
  std::size_t bytes = 0;
  const double before = cpu_seconds();
  for (int i = 0; i < kTimes; ++i) bytes += format_line(room.get(), {"0123456789ab", 1, static_cast<std::uint64_t>(i)}, event);
  std::printf("%-28s %6.3f us a line of %zu bytes\n", name, (cpu_seconds() - before) * 1e6 / kTimes, bytes / kTimes);
}

void record(const char* name, const AccessEvent& event, const std::string& folder, unsigned threads, bool paced) {
  constexpr int kTimes = 300'000;
  auto recorder = Recorder::open({.file = FileOptions{.path = folder + "/" + name + ".jsonl"}, .ring_bytes = 4u << 20}, system_clock(), system_random());
  if (!recorder) {
    std::printf("%s: %s\n", name, recorder.error().message.c_str());
    return;
  }
  const double before = cpu_seconds();
  std::vector<std::thread> makers;
  for (unsigned t = 0; t < threads; ++t)
    makers.emplace_back([&] {
      for (int i = 0; i < kTimes; ++i) {
        (*recorder)->record(event);
        if (paced && i % 256 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));   // some 50,000 a second
      }
    });
  for (std::thread& maker : makers) maker.join();
  (*recorder)->flush(std::chrono::seconds(60));
  const double used = cpu_seconds() - before;
  std::printf("%-28s %6.3f us an event, all threads; dropped %llu of %u\n", name, used * 1e6 / (kTimes * threads),
              static_cast<unsigned long long>((*recorder)->stats().dropped), kTimes * threads);
  (*recorder)->close();
  std::error_code ignored;   // the next one's pages are then the ones that this one had, as after a rotation
  std::filesystem::remove(folder + "/" + name + ".jsonl", ignored);
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = std::string(argc > 1 ? argv[1] : "/tmp") + "/events-bench-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 2;
  record("(the pages' first use)", sample(true), folder, 1, true);
  form("line-key", sample(false));
  form("line-sas", sample(true));
  record("record-key-paced", sample(false), folder, 1, true);
  record("record-key-2-threads-paced", sample(false), folder, 2, true);
  record("record-sas-paced", sample(true), folder, 1, true);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}
