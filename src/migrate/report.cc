#include "migrate/report.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "migrate/progress.h"

namespace bascule::migrate {
namespace {

constexpr std::size_t kExamples = 20, kFailures = 100;

struct Row {
  std::string_view name, description;
  bool leaves_out;
};
constexpr Row kRows[] = {
    {"archived_blob", "archived blobs, snapshots and versions: left out until they are rehydrated (nothing is rehydrated by this)", true},
    {"customer_key_blob", "blobs, snapshots and versions under customer-provided keys: left out", true},
    {"deleted_blob", "soft-deleted blobs, snapshots and versions: left out", true},
    {"uncommitted_blob", "blobs with uncommitted blocks only: left out", true},
    {"changed_here", "blobs that were carried once and changed here since: left as they are here", true},
    {"uncommitted_blocks", "blobs with uncommitted blocks beside their content: carried without those blocks", false},
    {"tags", "blobs with index tags that cannot be read with these credentials: carried without them", false},
    {"page_blob_tier", "page blobs with a tier of their own: carried without it", false},
    {"lease", "leased blobs: carried without the lease", false},
    {"copy_history", "blobs made by a copy: carried without the copy's properties", false},
    {"immutability", "blobs under an immutability policy of their own, in containers that cannot be asked: carried without it", false},
    {"legal_hold", "blobs under a legal hold of their own, in containers that cannot be asked: carried without it", false},
    {"encryption_scope", "blobs in an encryption scope: carried into the container's own encryption", false},
    {"access_policies", "containers whose stored access policies cannot be read with these credentials", false},
    {"unseen_history", "containers whose snapshots, versions, deleted and uncommitted blobs cannot be listed with these credentials", false},
    {"unseen_tags", "containers whose blobs' index tags cannot be read with these credentials", false},
    {"container_lease", "leased containers: carried without the lease", false},
    {"container_immutability", "containers under a retention of the container: its days cannot be read; set it with `bascule immutability`", false},
    {"container_legal_hold", "containers under a legal hold of the container: its tags cannot be read; set it with `bascule immutability`", false},
    {"container_encryption_scope", "containers with a default encryption scope: carried without it", false},
};
static_assert(std::size(kRows) == static_cast<std::size_t>(NotCarried::count_));

const Row& row(NotCarried what) { return kRows[static_cast<std::size_t>(what)]; }

void append_not_carried(const Inventory& inventory, std::string& out) {
  if (inventory.complete()) {
    out += "Nothing at the source is left behind, apart from what no copy can keep: ETags,\n"
           "the account's own settings (versioning, soft delete, CORS rules, logging, static website, lifecycle rules, who may\n"
           "come: `bascule account set --from-azure`).\n";
    return;
  }
  out += "Not carried over:\n";
  for (std::size_t i = 0; i < inventory.not_carried.size(); ++i) {
    const NotCarriedEntry& entry = inventory.not_carried[i];
    if (entry.count == 0) continue;
    out += fmt::format("  {} {}", entry.count, kRows[i].description);
    if (entry.bytes > 0 && kRows[i].leaves_out) out += fmt::format(" ({})", format_bytes(entry.bytes));
    out += '\n';
    for (const std::string& example : entry.examples) out += fmt::format("      {}\n", example);
    if (entry.count > entry.examples.size()) out += fmt::format("      … and {} more\n", entry.count - entry.examples.size());
  }
}

boost::json::object inventory_json(const Inventory& inventory) {
  boost::json::object not_carried;
  for (std::size_t i = 0; i < inventory.not_carried.size(); ++i) {
    const NotCarriedEntry& entry = inventory.not_carried[i];
    if (entry.count == 0) continue;
    boost::json::array examples;
    for (const std::string& example : entry.examples) examples.emplace_back(example);
    not_carried[kRows[i].name] = {{"count", entry.count}, {"bytes", entry.bytes}, {"examples", std::move(examples)}};
  }
  return {{"containers", inventory.containers},
          {"public_containers", inventory.public_containers},
          {"blobs", inventory.blobs},
          {"snapshots", inventory.snapshots},
          {"versions", inventory.versions},
          {"bytes", inventory.bytes},
          {"not_carried", std::move(not_carried)}};
}

}  // namespace

std::string_view name(NotCarried what) { return row(what).name; }
std::string_view description(NotCarried what) { return row(what).description; }
bool leaves_blob_out(NotCarried what) { return row(what).leaves_out; }

void Inventory::note(NotCarried what, std::string_view container, std::string_view blob, std::uint64_t size_bytes) {
  NotCarriedEntry& entry = not_carried[static_cast<std::size_t>(what)];
  ++entry.count;
  entry.bytes += size_bytes;
  if (entry.examples.size() >= kExamples) return;
  entry.examples.push_back(blob.empty() ? std::string(container) : fmt::format("{}/{}", container, blob));
}

bool Inventory::complete() const {
  for (const NotCarriedEntry& entry : not_carried)
    if (entry.count > 0) return false;
  return true;
}

void Report::fail(std::string container, std::string blob, std::string message) {
  ++failed;
  if (failures.size() < kFailures) failures.push_back({std::move(container), std::move(blob), std::move(message)});
}

int exit_code(const Report& report, bool strict) {
  if (!report.good()) return 1;
  return strict && !report.inventory.complete() ? 3 : 0;
}

std::string inventory_text(const Inventory& inventory) {
  std::string past;
  if (inventory.snapshots > 0) past += fmt::format(", {} snapshots", inventory.snapshots);
  if (inventory.versions > 0) past += fmt::format(", {} previous versions", inventory.versions);
  std::string out = fmt::format("To carry over: {} containers, {} blobs{}, {}.\n", inventory.containers, inventory.blobs, past,
                                format_bytes(inventory.bytes));
  if (inventory.public_containers > 0)
    out += fmt::format("{} of the containers can be read by everybody at the source. Here too, while the account allows it "
                       "(`bascule account set --public-access`).\n", inventory.public_containers);
  append_not_carried(inventory, out);
  return out;
}

std::string report_text(const Report& report) {
  std::string out;
  if (report.cancelled) out += "Stopped before the end; the same command goes on from here.\n";
  const std::string past = report.carried_past > 0 ? fmt::format(" ({} of them snapshots or versions)", report.carried_past) : "";
  out += fmt::format("Carried over and read back: {} blobs{}, {}, in {}.\n", report.carried, past,
                     format_bytes(report.carried_bytes), format_duration(report.elapsed));
  if (report.already > 0)
    out += fmt::format("Carried by former runs and unchanged since: {} blobs, {}.\n", report.already,
                       format_bytes(report.already_bytes));
  if (report.damaged_records > 0)
    out += fmt::format("The log of former runs has {} damaged records: their blobs were carried again.\n", report.damaged_records);
  if (report.changed > 0) out += fmt::format("Changed at the source meanwhile, carried in their newer state: {}.\n", report.changed);
  if (report.vanished > 0) out += fmt::format("Deleted at the source meanwhile: {}.\n", report.vanished);
  if (report.md5_differs > 0)
    out += fmt::format("{} blobs have a Content-MD5 at the source that is not their content's; both were carried as they are.\n",
                       report.md5_differs);
  for (const Failure& failure : report.failures)
    out += fmt::format("FAILED {}{}{}: {}\n", failure.container, failure.blob.empty() ? "" : "/", failure.blob, failure.message);
  if (report.failed > report.failures.size())
    out += fmt::format("… and {} more failures.\n", report.failed - report.failures.size());
  append_not_carried(report.inventory, out);
  out += report.good() ? "Every blob carried over was read back through decryption and is the same.\n"
                       : fmt::format("NOT COMPLETE: {} failed.\n", report.failed);
  return out;
}

std::string report_json(const Report& report, bool strict) {
  boost::json::array failures;
  for (const Failure& failure : report.failures)
    failures.push_back({{"container", failure.container}, {"blob", failure.blob}, {"message", failure.message}});
  const boost::json::object object{
      {"event", "report"},
      {"source", report.source},
      {"inventory", inventory_json(report.inventory)},
      {"carried", {{"blobs", report.carried}, {"past", report.carried_past}, {"bytes", report.carried_bytes}}},
      {"already", {{"blobs", report.already}, {"bytes", report.already_bytes}}},
      {"changed", report.changed},
      {"vanished", report.vanished},
      {"md5", {{"checked", report.md5_checked}, {"differs", report.md5_differs}}},
      {"retries", report.retries},
      {"damaged_records", report.damaged_records},
      {"failed", report.failed},
      {"failures", std::move(failures)},
      {"cancelled", report.cancelled},
      {"dry_run", report.dry_run},
      {"seconds", std::chrono::duration<double>(report.elapsed).count()},
      {"exit_code", exit_code(report, strict)}};
  return boost::json::serialize(object);
}

}  // namespace bascule::migrate
