// What a backup costs: a catalog of so many blobs, made record by record; backed up whole and after a hundredth of it changed; read
// back; restored. backup_cost FOLDER [BLOBS]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "backup/make.h"
#include "backup/restore.h"
#include "crypto/key_file.h"
#include "provider/folder/folder_provider.h"
#include "runtime/run.h"
#include "store/rocksdb/rocks_store.h"

namespace {

using namespace bascule;
namespace keys = catalog::keys;

template <class T> T need(Result<T> result, const char* what) {
  if (result) {
    if constexpr (!std::is_void_v<T>) return std::move(*result);
    else return;
  }
  std::fprintf(stderr, "%s: %s\n", what, result.error().message.c_str());
  std::exit(1);
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

class Watch {
 public:
  explicit Watch(const char* what) : what_(what) {}
  ~Watch() {
    const double wall = std::chrono::duration<double>(system_clock().now() - began_).count();
    std::printf("%-28s %7.2f s wall %7.2f s cpu\n", what_, wall, cpu_seconds() - cpu_);
    std::fflush(stdout);
  }

 private:
  const char* const what_;
  const Instant began_ = system_clock().now();
  const double cpu_ = cpu_seconds();
};

catalog::HeadRecord head(Random& random, const extent::ExtentId& extent, std::uint32_t slot) {
  catalog::HeadRecord record;
  record.etag = random.next_u64();
  record.last_modified = record.created = system_clock().wall();
  record.size_bytes = 4096;
  record.content_type = "application/json";
  record.content_md5 = random.bytes<16>();
  record.metadata = {{"source", "pipeline-7"}};
  record.manifest.id = record.manifest.holder = random.next_u64();
  extent::Piece piece{.extent = extent, .id = {{1, 1, random.next_u64() >> 16}}, .offset = slot * 4112, .size_bytes = 4096};
  random.fill(piece.salt);
  random.fill(piece.commitment);
  record.manifest.entries.push_back({.piece = piece, .starts_block = true});
  return record;
}

std::string name(std::size_t i) {
  char text[64];
  std::snprintf(text, sizeof text, "logs/2026/11/%02zu/part-%07zu.json", i % 30, i);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "backup_cost FOLDER [BLOBS]\n"), 2;
  const std::string folder = argv[1];
  const std::size_t blobs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  std::filesystem::create_directories(folder);
  Loop loop;
  Random& random = system_random();
  Clock& clock = system_clock();
  const auto workers = make_thread_workers(4, "io");
  const auto holder = need(crypto::KeyFile::create(folder + "/key", random, clock.wall()), "key file");
  const auto content = need(provider::open_folder({.path = folder + "/data"}, *workers), "provider");
  const auto keyring = need(run(loop, crypto::Keyring::open_or_create({*content, *holder, random, clock}, crypto::Keyring::IfMissing::create)), "keyring");
  const crypto::ExtentNamer namer(keyring->name_key());
  auto store = need(store::open_rocksdb(folder + "/catalog", {}, *workers), "store");
  auto catalog = need(run(loop, catalog::Catalog::open(*store, keyring->catalog_key(), random, clock, true)), "catalog");
  constexpr std::size_t kBatch = 1000;
  {
    const Watch watch("fill");
    for (std::size_t i = 0; i < blobs; i += kBatch) {
      catalog::Transaction t;
      for (std::size_t j = i; j < std::min(blobs, i + kBatch); j += 100) {
        const extent::ExtentId extent{{catalog->incarnation(), 1, j + 1}};
        t.put(keys::extent(extent), encode(catalog::ExtentRecord{.size_bytes = 411'200, .unit_tags = std::vector<std::array<std::byte, 16>>(7)}));
        for (std::size_t k = j; k < std::min(blobs, j + 100); ++k) t.put(keys::head(7, name(k)), encode(head(random, extent, static_cast<std::uint32_t>(k - j))));
      }
      need(run(loop, catalog->commit(std::move(t))), "commit");
    }
  }
  const auto target = need(provider::open_folder({.name = "backup", .path = folder + "/to"}, *workers), "target");
  backup::Place place(*target, clock, keyring->catalog_key(), "to");
  const auto make = [&](const char* what) {
    backup::MakeReport report;
    {
      const Watch watch(what);
      report = need(run(loop, backup::make({*catalog, *store, *workers, clock, random}, place, {.index_folder = folder + "/index"})), "backup");
    }
    std::printf("  %s: %zu records, %zu changed, %.1f MB written, %.1f MB in all\n", report.whole ? "whole" : "changes", static_cast<std::size_t>(report.records),
                static_cast<std::size_t>(report.changed), static_cast<double>(report.written_bytes) / 1e6, static_cast<double>(report.total_bytes) / 1e6);
  };
  make("backup, whole");
  for (std::size_t i = 0; i < blobs / 100; i += kBatch) {
    catalog::Transaction t;
    for (std::size_t j = i; j < std::min(blobs / 100, i + kBatch); ++j)   // one of each hundred
      t.put(keys::head(7, name(j * 100 + random.next_u64() % 100)), encode(head(random, {{catalog->incarnation(), 1, 9}}, 1)));
    need(run(loop, catalog->commit(std::move(t))), "change");
  }
  make("backup, a hundredth changed");
  make("backup, nothing changed");
  const backup::Content parts{*content, *keyring, namer, clock, random};
  const backup::Contents contents = need(run(loop, place.look()), "look");
  {
    const Watch watch("verify");
    need(run(loop, backup::read(place, contents.backups.back(), parts, {})), "verify");
  }
  {
    const Watch watch("restore");
    const auto fresh = need(store::open_rocksdb(folder + "/restored", {}, *workers), "store");
    need(run(loop, backup::restore(place, contents.backups.back(), *fresh, parts, {})), "restore");
  }
  need(run(loop, catalog->close()), "close");
  return 0;
}
