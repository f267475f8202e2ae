#include "sim/name_client.h"

#include <algorithm>

namespace bascule::sim {

using namespace std::chrono_literals;

namespace {

constexpr int kLooks = 10;   // at the end: one connection in twenty is cut somewhere

State::Type type_of(const std::string& name) {
  return name[0] == 'a' ? State::Type::append : name[0] == 'p' ? State::Type::page : State::Type::block;
}

std::string bare(std::string etag) {
  std::erase(etag, '"');
  return etag;
}

// "rehydrate-pending-to-cool" -> "Cool"
std::string tier_to_come(const std::string& status) {
  if (status.empty()) return {};
  std::string tier = status.substr(status.rfind('-') + 1);
  tier[0] = static_cast<char>(tier[0] - 32);
  return tier;
}

State listed(const std::string& xml) {
  State s;
  const std::string snapshot = element(xml, "Snapshot"), version = element(xml, "VersionId"), type = element(xml, "BlobType");
  s.type = type == "PageBlob" ? State::Type::page : type == "AppendBlob" ? State::Type::append : State::Type::block;
  s.kind = !snapshot.empty() ? State::Kind::snapshot : !version.empty() && element(xml, "IsCurrentVersion").empty() ? State::Kind::version : State::Kind::base;
  s.id = snapshot.empty() ? version : snapshot;
  s.etag = element(xml, "Etag");
  s.content.resize(std::stoul(element(xml, "Content-Length")));
  s.metadata = element(element(xml, "Metadata"), "k");
  s.deleted = element(xml, "Deleted") == "true";
  if (element(xml, "AccessTierInferred").empty()) s.tier = element(xml, "AccessTier");
  if (const auto ends = parse_http_date(element(xml, "Expiry-Time"))) s.expires = *ends;
  s.coming = tier_to_come(element(xml, "ArchiveStatus"));
  if (const auto until = parse_http_date(element(xml, "ImmutabilityPolicyUntilDate"))) s.until = *until;
  s.locked = !element(xml, "ImmutabilityPolicyMode").empty() && element(xml, "ImmutabilityPolicyMode")[0] == 'l';
  s.hold = element(xml, "LegalHold") == "true";
  for (const auto& tag : elements(xml, "Tag")) s.tags[element(tag, "Key")] = element(tag, "Value");
  return s;
}

}  // namespace

std::string path_of(const std::string& path, const State& state) {
  if (state.kind == State::Kind::base) return path;
  return path + (state.kind == State::Kind::snapshot ? "?snapshot=" : "?versionid=") + in_query(state.id);
}

std::string new_lease(std::uint64_t n) {
  char id[37];
  std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012llx", static_cast<unsigned long long>(n));
  return id;
}

NameClient::NameClient(Play& play, ops::Account account, Settings settings, int number, std::uint64_t seed)
    : Speaker(play, std::move(account), number, seed), settings_(settings) {
  for (const char* name : {"b0", "b1", "a0", "p0"}) boxes_["keep"].names[name];
  for (const char* name : {"b0", "p0"}) boxes_["turn"].names[name];
}

ops::SettingsChange NameClient::applied(Settings settings) {
  return [settings](ops::AccountSettings& s) -> Result<void> {
    s.versioning = settings.versioning;
    s.delete_retention_days = static_cast<std::uint16_t>(settings.retention_days);
    s.container_retention_days = static_cast<std::uint16_t>(settings.container_retention_days);
    s.quarantine_seconds = 0;
    return {};
  };
}

Task<void> NameClient::at_rest() {
  for (auto& [box, content] : boxes_)
    for (auto& [name, known] : content.names) known.settle(wall(), settings_);
  if (pick(3)) co_return;
  if (!settings_.keeps && pick(2)) settings_.versioning = !settings_.versioning;
  else settings_.retention_days = static_cast<int>(pick(3));
  if (!co_await play_.server.service().change_settings(account_.name, applied(settings_))) violate("the account cannot be set");
  play_.trace.add(std::to_string(number_) + " is set: versioning " + std::to_string(settings_.versioning) + ", retention " +
                  std::to_string(settings_.retention_days));
}

Name NameClient::settled(const Place& at) {
  Name& known = name(at);
  known.settle(wall(), settings_);
  return known;
}

Task<void> NameClient::step() {
  settle_boxes();
  if (pick(8) == 0) co_return co_await box_step();
  auto box = std::next(boxes_.begin(), static_cast<std::ptrdiff_t>(pick(boxes_.size())));
  if (pick(3)) box = boxes_.begin();
  const auto at = std::next(box->second.names.begin(), static_cast<std::ptrdiff_t>(pick(box->second.names.size())));
  const Place place{box->first, at->first};
  if (pick(10) == 0) co_return co_await find();
  if (pick(6) == 0) {
    (void)co_await check(place);
    co_return;
  }
  co_await name_step(place);
}

Task<void> NameClient::name_step(Place at) {
  const Name now = settled(at);
  if (at.name[0] != 'b' && pick(6) == 0 && play_.server.up()) spawn(play_.server.world().loop, fold({account_.name, at.box, at.name}));
  if (settings_.keeps && at.box == "keep" && pick(8) == 0) co_return co_await do_op(at, keep(now, at));
  if (now.past.size() > 10 && pick(2)) co_return co_await do_op(at, remove_past(now, at));
  if (pick(5) < 3) {
    switch (type_of(at.name)) {
      case State::Type::block: {
        const std::uint64_t kind = pick(8);
        co_return co_await do_op(at, kind == 0 ? put(now, at) : kind < 5 ? put_block(now, at) : put_list(now, at));
      }
      case State::Type::append: co_return co_await do_op(at, now.live() && pick(8) ? append(now, at) : create(now, at));
      case State::Type::page: {
        if (pick(5) == 0) co_return co_await differences(now, at);
        const std::uint64_t kind = now.live() ? pick(8) : 0;
        co_return co_await do_op(at, kind == 0 ? create(now, at) : kind < 7 ? write_pages(now, at) : page_properties(now, at));
      }
    }
  }
  switch (pick(15)) {
    case 0: case 1: co_return co_await do_op(at, copy(now, at));
    case 2: case 3: case 4: co_return co_await do_op(at, snapshot(now, at));
    case 5: co_return co_await do_op(at, metadata(now, at));
    case 6: co_return co_await do_op(at, tags(now, at));
    case 7: co_return co_await do_op(at, tier(now, at));
    case 8: case 9: co_return co_await do_op(at, remove(now, at));
    case 10: co_return co_await do_op(at, remove_past(now, at));
    case 11: case 12: co_return co_await do_op(at, undelete(now, at));
    case 13: co_return co_await do_op(at, expiry(now, at));
    default: co_return co_await do_op(at, lease_action(now, at));
  }
}

void NameClient::lease(const Name& name, Op& op) {
  if (name.lease) op.request.headers.push_back({"x-ms-lease-id", *name.lease});
}

NameClient::Op NameClient::refused(Op op, int status) {
  op.expected = {status};
  return op;
}

bool NameClient::guard(const Name& name, Op& op) {
  const bool leased = name.lease.has_value();
  if (leased && pick(6) == 0) {
    op.expected = {412};
    return false;
  }
  lease(name, op);
  if (!name.live() || pick(4)) return true;
  const State& base = *name.live();
  bool holds = true;
  if (pick(2)) {
    holds = pick(2) && !base.etag.empty();
    op.request.headers.push_back({"If-Match", holds ? "\"" + base.etag + "\"" : "\"0x8D4BCC2E4835CD0\""});
  } else {
    const auto wanted = std::pair(std::string(1, static_cast<char>('s' + pick(3))), "v" + std::to_string(pick(3)));
    const auto tag = base.tags.find(wanted.first);
    holds = tag != base.tags.end() && tag->second == wanted.second;
    op.request.headers.push_back({"x-ms-if-tags", "\"" + wanted.first + "\"='" + wanted.second + "'"});
  }
  if (!holds) op.expected = {412};
  return holds;
}

Task<void> NameClient::do_op(Place at, Op op) {
  if (op.expected.empty()) co_return;   // nothing to do just now
  const Name before = name(at);
  const std::string what = op.request.method + " " + op.request.target;
  const Answer answer = co_await send(std::move(op.request));
  if (unclear(answer)) co_return co_await resolve(at, before, op.expected[0] < 300 ? std::move(op.after) : before);
  if (put_off(answer)) co_return;
  if (std::ranges::find(op.expected, answer.status) == op.expected.end()) {
    std::string statuses;
    for (const int s : op.expected) statuses += (statuses.empty() ? "" : " or ") + std::to_string(s);
    co_return violate(what + " should answer " + statuses + ", not " + std::to_string(answer.status) + " " + answer.header("x-ms-error-code"));
  }
  if (answer.status >= 300) co_return;
  if (op.moves && op.after.base) {
    if (const auto etag = answer.header("etag"); !etag.empty()) op.after.base->etag = bare(etag);
    if (const auto version = answer.header("x-ms-version-id"); !version.empty()) op.after.base->id = version;
    if (op.after.base->id == kUnknown) violate(what + " answers no version id");
  }
  if (const auto taken = answer.header("x-ms-snapshot"); !taken.empty()) {
    for (State& s : op.after.past)
      if (s.kind == State::Kind::snapshot && s.id == kUnknown && s.etag.empty()) s.id = taken, s.etag = bare(answer.header("etag"));
    if (const auto version = answer.header("x-ms-version-id"); op.after.base && !version.empty()) op.after.base->id = version;
  }
  name(at) = std::move(op.after);
}

Task<std::optional<Name>> NameClient::look(Place at) {
  Name seen;
  std::string marker, last;
  const std::string page = std::to_string(1 + pick(6));
  do {
    const Answer answer = co_await send({"GET", "/" + at.box + "?restype=container&comp=list&prefix=" + at.name + "&maxresults=" + page +
        "&include=snapshots,versions,deleted,metadata,tags,immutabilitypolicy,legalhold" + (marker.empty() ? "" : "&marker=" + in_query(marker)), {}, ""});
    if (answer.status != 200) {
      if (!unclear(answer) && !put_off(answer)) violate("a list of " + at.path() + " answers " + std::to_string(answer.status));
      co_return std::nullopt;
    }
    for (const auto& xml : elements(answer.body, "Blob")) {
      State state = listed(xml);
      if (state.kind == State::Kind::base) {
        if (element(xml, "LeaseStatus") == "locked") seen.lease = kUnknown;
        if (seen.base) violate(at.path() + " is listed twice");
        seen.base = std::move(state);
        continue;
      }
      if (seen.base || state.id <= last) violate("the past of " + at.path() + " is not listed in its order");
      last = state.id;
      seen.past.push_back(std::move(state));
    }
    marker = element(answer.body, "NextMarker");
  } while (!marker.empty());
  for (State& state : seen.past)
    if (!co_await look_into(at, state)) co_return std::nullopt;
  if (seen.base && !co_await look_into(at, *seen.base)) co_return std::nullopt;
  if (type_of(at.name) == State::Type::block && !co_await look_at_blocks(at, seen)) co_return std::nullopt;
  co_return seen;
}

Task<bool> NameClient::look_into(Place at, State& state) {
  if (state.deleted || state.archived()) co_return true;
  const std::string path = path_of(at.path(), state);
  const Answer got = co_await send({"GET", path, {}, ""});
  if (unclear(got) || put_off(got)) co_return false;
  if (got.status != 200) {
    violate("GET " + path + " is listed and answers " + std::to_string(got.status));
    co_return false;
  }
  if (got.body.size() != state.content.size()) violate(path + " is listed with another size than it has");
  if (bare(got.header("etag")) != state.etag) violate(path + " is listed with another ETag than it has");
  state.content = got.body;
  state.appended = static_cast<unsigned>(std::stoul("0" + got.header("x-ms-blob-committed-block-count")));
  state.sequence = std::stoull("0" + got.header("x-ms-blob-sequence-number"));
  state.sealed = got.header("x-ms-blob-sealed") == "true";
  if (state.type != State::Type::page) co_return true;
  const Answer pages = co_await send({"GET", path + (path.find('?') == std::string::npos ? "?" : "&") + "comp=pagelist", {}, ""});
  if (pages.status != 200) co_return false;
  for (const auto& range : elements(pages.body, "PageRange"))
    for (std::uint64_t p = std::stoull(element(range, "Start")); p < std::stoull(element(range, "End")); p += kPage) state.pages.insert(p);
  co_return true;
}

Task<bool> NameClient::look_at_blocks(Place at, Name& seen) {
  const Answer list = co_await send({"GET", at.path() + "?comp=blocklist&blocklisttype=uncommitted", {}, ""});
  if (list.status == 404) co_return true;
  if (list.status != 200) co_return false;
  const auto names = elements(list.body, "Name"), sizes = elements(list.body, "Size");
  for (std::size_t i = 0; i < names.size(); ++i) seen.uncommitted[names[i]] = sizes[i];
  co_return true;
}

Task<bool> NameClient::check(Place at) {
  auto seen = co_await look(at);
  if (!seen) co_return false;
  Name known = settled(at);
  if (const std::string other = compare(known, *seen); !other.empty()) violate(at.path() + " is not as it was left: " + other + ": " + describe(*seen) + " instead of " + describe(known));
  else name(at) = std::move(known);
  co_return true;
}

Task<void> NameClient::resolve(Place at, Name before, Name after) {
  for (int attempt = 0; attempt < 100 && play_.violation.empty(); ++attempt) {
    co_await sleep(15s);   // nothing of the request is under way any more
    std::optional<Server::Calm> calm;
    if (attempt > 10) calm.emplace(play_.server);
    auto seen = co_await look(at);
    if (!seen) continue;
    if (before.lease && after.lease && before.lease != after.lease) {   // a look does not tell them apart
      const Answer renewed = co_await send({"PUT", at.path() + "?comp=lease", {{"x-ms-lease-action", "renew"}, {"x-ms-lease-id", *after.lease}}, ""});
      if (renewed.status != 200 && renewed.status != 409) continue;
      (renewed.status == 200 ? before : after).lease = (renewed.status == 200 ? after : before).lease;
    }
    std::string why;
    for (Name* candidate : {&after, &before}) {
      Name known = *candidate;
      const std::string other = compare(known, *seen);
      why += (why.empty() ? "" : "; ") + other;
      if (!other.empty()) continue;
      name(at) = std::move(known);
      co_return;
    }
    violate(at.path() + " is neither before nor after a request: " + why + ": " + describe(*seen) + ", before " + describe(before) + ", after " + describe(after));
  }
}

Task<void> NameClient::fold(ops::BlobRef ref) { (void)co_await play_.server.service().fold_blob(std::move(ref)); }

// Find Blobs by Tags agrees with the model.
Task<void> NameClient::find() {
  const std::string key(1, static_cast<char>('s' + pick(3))), value = "v" + std::to_string(pick(3));
  const Answer answer = co_await send({"GET", "/?comp=blobs&where=" + in_query("\"" + key + "\"='" + value + "'"), {}, ""});
  if (unclear(answer) || put_off(answer)) co_return;
  if (answer.status != 200) co_return violate("a search answers " + std::to_string(answer.status));
  std::set<std::string> found, expected;
  for (const auto& blob : elements(answer.body, "Blob")) found.insert(element(blob, "ContainerName") + "/" + element(blob, "Name"));
  for (auto& [box, content] : boxes_)
    for (auto& [name, known] : content.names) {
      known.settle(wall(), settings_);
      const State* base = known.live();
      if (base && base->tags.contains(key) && base->tags.at(key) == value) expected.insert(box + "/" + name);
    }
  if (found != expected) violate("a search for " + key + "=" + value + " finds " + std::to_string(found.size()) + " blobs, not " + std::to_string(expected.size()));
}

Task<void> NameClient::verify() {
  settle_boxes();
  bool had = false;
  for (int i = 0; i < kLooks && !had; ++i) had = co_await check_boxes();
  if (!had) violate("the containers cannot be had at the end");
  for (auto& [box, content] : boxes_)
    for (auto& [name, known] : content.names) {
      had = false;
      for (int i = 0; i < kLooks && !had; ++i) had = co_await check({box, name});
      if (!had) violate("at the end /" + box + "/" + name + " cannot be had");
    }
  leave();
}

}  // namespace bascule::sim
