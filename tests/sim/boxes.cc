// Containers that are deleted, restored, made anew and leased, with whatever is in them.
#include <algorithm>

#include "sim/name_client.h"

namespace bascule::sim {

using namespace std::chrono_literals;

namespace {
constexpr const char* kBox = "turn";            // the one that is; the other stays
}

std::optional<std::string> NameClient::container_lease(const std::string& account, const std::string& container) const {
  const auto box = boxes_.find(container);
  return account == account_.name && box != boxes_.end() ? box->second.lease : std::nullopt;
}

Task<void> NameClient::empty() {
  if (!settings_.keeps) co_return;
  ops::Service& service = play_.server.service();
  for (int round = 0; round < 2; ++round) {   // what is deleted becomes a version first
    auto page = co_await service.list_blobs({account_.name, "keep"}, {.snapshots = true, .versions = true});
    if (!page) co_return violate("what is kept cannot be listed at the end");
    for (const auto& item : page->items) {
      const ops::BlobView& view = item.blob;
      ops::BlobRef ref{account_.name, "keep", view.name};
      if (view.snapshot != WallTime()) ref.at = {ops::At::Kind::snapshot, view.snapshot};
      else if (!view.current_version && view.version != WallTime()) ref.at = {ops::At::Kind::version, view.version};
      if (view.snapshot == WallTime()) {
        (void)co_await service.set_legal_hold(ref, false);
        (void)co_await service.delete_immutability(ref);   // a locked one is over by now
      }
      ops::DeleteBlob how;
      if (ref.at.base()) {
        how.snapshots = ops::DeleteBlob::Snapshots::include;
        if (const auto& known = boxes_.at("keep").names[view.name]; known.lease) how.conditions.lease_id = known.lease;
      }
      (void)co_await service.delete_blob(ref, how);   // some have gone with others
    }
  }
}

void NameClient::settle_boxes() {
  std::erase_if(deleted_, [this](const DeletedBox& d) { return d.due <= wall(); });
}

Task<void> NameClient::box_step() {
  const bool there = boxes_.contains(kBox);
  const std::string path = "/" + std::string(kBox) + "?restype=container";
  Boxes after = boxes_now();
  switch (pick(5)) {
    case 0: {
      const std::string mark = std::to_string(number_) + "-" + std::to_string(++marks_);
      if (!there) {
        Box& made = after.boxes[kBox];
        made.mark = mark;
        for (const char* name : {"b0", "p0"}) made.names[name];
      }
      co_return co_await do_box({"PUT", path, {{"x-ms-meta-mark", mark}}, ""}, there ? 409 : 201, std::move(after));
    }
    case 1: {
      Request request{"DELETE", path, {}, ""};
      if (!there) co_return co_await do_box(std::move(request), 404, std::move(after));
      const Box& box = boxes_.at(kBox);
      if (box.lease) {
        if (pick(3) == 0) co_return co_await do_box(std::move(request), 412, std::move(after));
        request.headers.push_back({"x-ms-lease-id", *box.lease});
      }
      if (settings_.container_retention_days != 0) {
        DeletedBox& kept = after.deleted.emplace_back(box, kUnknown, wall() + std::chrono::duration_cast<Ticks>(std::chrono::days(settings_.container_retention_days)));
        kept.box.lease.reset();
        for (auto& [name, known] : kept.box.names) known.settle(wall(), settings_);
      }
      after.boxes.erase(kBox);
      co_return co_await do_box(std::move(request), 202, std::move(after));
    }
    case 2: {
      if (deleted_.empty()) co_return;
      const std::size_t which = pick(deleted_.size());
      if (deleted_[which].version == kUnknown) { (void)co_await check_boxes(); co_return; }
      Request request{"PUT", path + "&comp=undelete", {{"x-ms-deleted-container-name", kBox}, {"x-ms-deleted-container-version", deleted_[which].version}}, ""};
      if (!there) {
        after.boxes[kBox] = deleted_[which].box;
        after.deleted.erase(after.deleted.begin() + static_cast<std::ptrdiff_t>(which));
      }
      co_return co_await do_box(std::move(request), there ? 409 : 201, std::move(after));
    }
    case 3: {
      if (!there) co_return;
      Box& box = after.boxes.at(kBox);
      Request request{"PUT", path + "&comp=lease", {}, ""};
      if (box.lease) {
        request.headers = {{"x-ms-lease-action", "release"}, {"x-ms-lease-id", *box.lease}};
        box.lease.reset();
        co_return co_await do_box(std::move(request), 200, std::move(after));
      }
      box.lease = new_lease(pick(1u << 30));
      request.headers = {{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "-1"}, {"x-ms-proposed-lease-id", *box.lease}};
      co_return co_await do_box(std::move(request), 201, std::move(after));
    }
    default: (void)co_await check_boxes();
  }
}

Task<void> NameClient::do_box(Request request, int expected, Boxes after) {
  const std::string what = request.method + " " + request.target;
  const Answer answer = co_await send(std::move(request));
  if (put_off(answer)) co_return;
  if (!unclear(answer)) {
    if (answer.status != expected) co_return violate(what + " should answer " + std::to_string(expected) + ", not " + std::to_string(answer.status) + " " + answer.header("x-ms-error-code"));
    if (answer.status >= 300) co_return;
    boxes_ = std::move(after.boxes);
    deleted_ = std::move(after.deleted);
    co_return;
  }
  for (int attempt = 0; attempt < 100 && play_.violation.empty(); ++attempt) {
    co_await sleep(15s);
    std::string why;
    bool had = true;
    for (Boxes candidate : {expected < 300 ? after : boxes_now(), boxes_now()}) {
      const auto other = co_await compare_boxes(candidate);
      if (!(had = other.has_value())) break;
      why += *other + "; ";
      if (!other->empty()) continue;
      boxes_ = std::move(candidate.boxes);
      deleted_ = std::move(candidate.deleted);
      co_return;
    }
    if (had) violate("after " + what + " the containers are neither as before nor as they should be: " + why);
  }
}

Task<std::optional<std::string>> NameClient::compare_boxes(Boxes& model) {
  const Answer answer = co_await send({"GET", "/?comp=list&include=metadata,deleted", {}, ""});
  if (answer.status != 200) {
    if (!unclear(answer) && !put_off(answer)) violate("the list of containers answers " + std::to_string(answer.status));
    co_return std::nullopt;
  }
  std::size_t there = 0, deleted = 0;
  for (const auto& xml : elements(answer.body, "Container")) {
    const std::string name = element(xml, "Name"), mark = element(xml, "mark");
    if (element(xml, "Deleted") != "true") {
      const auto box = model.boxes.find(name);
      if (box == model.boxes.end() || box->second.mark != mark) co_return "a container that is not there: " + name;
      if (box->second.lease.has_value() != (element(xml, "LeaseStatus") == "locked")) co_return "the lease of " + name;
      ++there;
      continue;
    }
    const auto kept = std::ranges::find_if(model.deleted, [&](const DeletedBox& d) { return d.box.mark == mark; });
    if (kept == model.deleted.end()) co_return "a deleted container that is not: " + mark;
    const std::string version = element(xml, "Version");
    if (kept->version != kUnknown && kept->version != version) co_return "the version of a deleted container";
    kept->version = version;
    ++deleted;
  }
  if (there != model.boxes.size()) co_return "a container is missing";
  if (deleted != model.deleted.size()) co_return "a deleted container is missing";
  co_return "";
}

Task<bool> NameClient::check_boxes() {
  settle_boxes();
  Boxes now = boxes_now();
  const auto other = co_await compare_boxes(now);
  if (!other) co_return false;
  if (!other->empty()) violate("the containers are not as they were left: " + *other);
  boxes_ = std::move(now.boxes);
  deleted_ = std::move(now.deleted);
  co_return true;
}

}  // namespace bascule::sim
