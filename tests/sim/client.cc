#include "sim/client.h"

#include <algorithm>

namespace bascule::sim {

using namespace std::chrono_literals;

namespace {

void name_scope(Request& request, const std::string& scope) {
  if (!scope.empty()) request.headers.push_back({"x-ms-encryption-scope", scope});
}

}  // namespace

Client::Client(Play& play, int number, std::uint64_t seed) : Speaker(play, play.account, number, seed) {
  for (const char* c : {"a", "b"})
    for (int i = 0; i < 2; ++i) own_["/own" + std::to_string(number) + c + "/blob" + std::to_string(i)];
}

std::string Client::scope(const std::string& usual) {
  if (pick(8)) return usual;
  return pick(2) ? "" : kScope;
}

Task<void> Client::step() { return pick(4) ? own_step() : shared_step(); }

bool Client::guard(const OwnBlob& blob, Op& op) {
  if (blob.lease) {
    if (pick(6) == 0) {
      op.expected = 412;
      return false;
    }
    op.request.headers.push_back({"x-ms-lease-id", *blob.lease});
  }
  if (blob.exists && pick(4) == 0) {
    const bool right = pick(2) && !blob.etag.empty();
    op.request.headers.push_back({"If-Match", right ? blob.etag : "\"0x8D4BCC2E4835CD0\""});
    if (!right) {
      op.expected = 412;
      return false;
    }
  }
  return true;
}

Client::Op Client::put(const OwnBlob& blob, const std::string& key) {
  Op op{{"PUT", key, {{"x-ms-blob-type", "BlockBlob"}}, value()}, 201, blob};
  std::string metadata = pick(2) ? "m" + std::to_string(pick(100)) : "";
  if (!metadata.empty()) op.request.headers.push_back({"x-ms-meta-k", metadata});
  const std::string under = scope(blob.scope);
  name_scope(op.request, under);
  if (!guard(blob, op)) return op;
  op.after.exists = true;
  op.after.content = op.request.body;
  op.after.metadata = metadata;
  op.after.scope = under;
  op.after.blocks.clear();
  op.after.uncommitted.clear();
  op.after.blocks_scope.clear();
  return op;
}

Client::Op Client::put_block(const OwnBlob& blob, const std::string& key) {
  const std::string id = block_id(pick(6));
  Op op{{"PUT", key + "?comp=block&blockid=" + in_query(id), {}, value()}, 201, blob};
  if (blob.lease) {
    if (pick(6) == 0) {
      op.expected = 412;
      return op;
    }
    op.request.headers.push_back({"x-ms-lease-id", *blob.lease});
  }
  const std::string under = scope(blob.blocks_scope);
  name_scope(op.request, under);
  if (!blob.uncommitted.empty() && under != blob.blocks_scope) {   // all blocks of a blob are under one key
    op.expected = 409;
    return op;
  }
  op.after.blocks_scope = under;
  op.after.uncommitted[id] = op.request.body;
  return op;
}

Client::Op Client::put_list(const OwnBlob& blob, const std::string& key) {
  std::map<std::string, std::string> known;
  for (const auto& [id, text] : blob.blocks) known.try_emplace(id, text);
  for (const auto& [id, text] : blob.uncommitted) known[id] = text;
  Op op{{"PUT", key + "?comp=blocklist", {}, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>"}, 201, blob};
  std::vector<std::pair<std::string, std::string>> blocks;
  const std::size_t most = pick(12) ? 8 : 700;
  while (!known.empty() && blocks.size() < most && (most > 8 || pick(5))) {
    auto it = std::next(known.begin(), static_cast<std::ptrdiff_t>(pick(known.size())));
    if (most > 8 && it->second.size() > 3000) break;
    blocks.push_back(*it);
  }
  for (const auto& [id, text] : blocks) op.request.body += "<Latest>" + id + "</Latest>";
  const bool unknown = pick(10) == 0;
  if (unknown) op.request.body += "<Latest>" + block_id(60) + "</Latest>";
  op.request.body += "</BlockList>";
  const std::string under = scope(blob.uncommitted.empty() ? blob.scope : blob.blocks_scope);
  name_scope(op.request, under);
  if (!guard(blob, op)) return op;
  if (unknown) {
    op.expected = 400;
    return op;
  }
  for (const auto& [id, text] : blocks) {
    if (under == (blob.uncommitted.contains(id) ? blob.blocks_scope : blob.scope)) continue;
    op.expected = 409;
    return op;
  }
  op.after.exists = true;
  op.after.content.clear();
  for (const auto& [id, text] : blocks) op.after.content += text;
  op.after.blocks = std::move(blocks);
  op.after.metadata.clear();
  op.after.scope = under;
  op.after.uncommitted.clear();
  op.after.blocks_scope.clear();
  return op;
}

Client::Op Client::copy(const OwnBlob& blob, const std::string& key) {
  auto from = std::next(own_.begin(), static_cast<std::ptrdiff_t>(pick(own_.size())));
  Op op{{"PUT", key, {{"x-ms-copy-source", "http://" + host_of(account_) + from->first}}, ""}, 202, blob};
  if (!from->second.exists) {
    op.expected = 404;
    if (blob.lease) op.request.headers.push_back({"x-ms-lease-id", *blob.lease});
    return op;
  }
  if (!guard(blob, op)) return op;
  op.after.exists = true;
  op.after.content = from->second.content;
  op.after.blocks = from->second.blocks;
  op.after.metadata = from->second.metadata;
  op.after.scope.clear();   // sealed as new content of its container, which has no scope of its own
  op.after.uncommitted.clear();
  op.after.blocks_scope.clear();
  return op;
}

Client::Op Client::other(const OwnBlob& blob, const std::string& key) {
  Op op{{"PUT", key, {}, ""}, 0, blob};
  switch (pick(3)) {
    case 0:
      op.request.method = "DELETE";
      // Azure deletes a name with only uncommitted blocks too.
      op.expected = blob.exists || !blob.uncommitted.empty() ? 202 : 404;
      if (blob.exists && !guard(blob, op)) return op;
      op.after = OwnBlob{};
      return op;
    case 1:
      op.request.target += "?comp=metadata";
      op.expected = blob.exists ? 200 : 404;
      op.after.metadata = "n" + std::to_string(pick(100));
      op.request.headers.push_back({"x-ms-meta-k", op.after.metadata});
      if (!blob.exists || !guard(blob, op)) op.after = blob;
      return op;
    default:
      op.request.target += "?comp=lease";
      if (blob.lease) {
        op.request.headers = {{"x-ms-lease-action", "release"}, {"x-ms-lease-id", *blob.lease}};
        op.expected = 200;
        op.after.lease.reset();
      } else {
        char id[37];
        std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012llx", static_cast<unsigned long long>(pick(1u << 30)));
        op.request.headers = {{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "-1"}, {"x-ms-proposed-lease-id", id}};
        op.expected = blob.exists ? 201 : 404;
        if (blob.exists) op.after.lease = id;
      }
      return op;
  }
}

Task<void> Client::own_step() {
  auto at = std::next(own_.begin(), static_cast<std::ptrdiff_t>(pick(own_.size())));
  const std::string key = at->first;
  const OwnBlob& blob = at->second;
  switch (pick(12)) {
    case 0: case 1: co_return co_await do_op(key, put(blob, key));
    case 2: case 3: case 4: co_return co_await do_op(key, put_block(blob, key));
    case 5: case 6: co_return co_await do_op(key, put_list(blob, key));
    case 7: co_return co_await do_op(key, copy(blob, key));
    case 8: case 9: co_return co_await do_op(key, other(blob, key));
    case 10: co_return co_await list(key.substr(0, key.rfind('/')));
    default: co_return co_await read(key);
  }
}

Task<void> Client::do_op(std::string key, Op op) {
  const OwnBlob before = own_[key];
  const std::string what = op.request.method + " " + op.request.target;
  const Answer answer = co_await send(std::move(op.request));
  if (answer.status == 0) co_return co_await resolve(key, before, op.after);
  if (answer.status == op.expected) {
    if (op.expected < 300) {
      if (const auto etag = answer.header("etag"); !etag.empty()) op.after.etag = etag;
      if (!op.after.exists) op.after.etag.clear();
      own_[key] = std::move(op.after);
    }
    co_return;
  }
  if (answer.status == 500 || answer.status == 503) co_return;
  play_.violate("client " + std::to_string(number_) + ": " + what + " should answer " + std::to_string(op.expected) + ", not " +
                std::to_string(answer.status) + " " + answer.header("x-ms-error-code"));
}

// The blob as the server shows it. Nothing if it cannot be had just now.
Task<std::optional<OwnBlob>> Client::look(std::string key, const OwnBlob& like) {
  OwnBlob seen;
  const Answer got = co_await send({"GET", key, {}, ""});
  if (got.status != 200 && got.status != 404) co_return std::nullopt;
  if (got.status == 200) {
    seen.exists = true;
    seen.content = got.body;
    seen.etag = got.header("etag");
    seen.metadata = got.header("x-ms-meta-k");
    seen.scope = got.header("x-ms-encryption-scope");
    if (got.header("x-ms-lease-status") == "locked") seen.lease = like.lease ? like.lease : "?";
  }
  const Answer list = co_await send({"GET", key + "?comp=blocklist&blocklisttype=all", {}, ""});
  if (list.status != 200 && list.status != 404) co_return std::nullopt;
  const std::size_t cut = list.body.find("<UncommittedBlocks");
  const auto names = elements(list.body.substr(0, cut), "Name");
  const auto sizes = elements(list.body.substr(0, cut), "Size");
  std::size_t offset = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t size = std::stoul(sizes[i]);
    seen.blocks.push_back({names[i], seen.content.substr(std::min(offset, seen.content.size()), size)});
    offset += size;
  }
  if (cut != std::string::npos) {
    const auto loose = elements(list.body.substr(cut), "Name"), loose_sizes = elements(list.body.substr(cut), "Size");
    for (std::size_t i = 0; i < loose.size(); ++i) {
      const auto known = like.uncommitted.find(loose[i]);
      const bool same = known != like.uncommitted.end() && std::to_string(known->second.size()) == loose_sizes[i];
      seen.uncommitted[loose[i]] = same ? known->second : "?";
    }
  }
  if (!seen.uncommitted.empty()) seen.blocks_scope = like.blocks_scope;   // nothing shows it
  co_return seen;
}

Task<void> Client::resolve(std::string key, OwnBlob before, OwnBlob after) {
  for (int attempt = 0; attempt < 100 && play_.violation.empty(); ++attempt) {
    co_await play_.server.world().clock.sleep_for(15s);   // nothing of the request is under way any more
    std::optional<Server::Calm> calm;
    if (attempt > 10) calm.emplace(play_.server);
    for (const OwnBlob* candidate : {&after, &before}) {
      auto seen = co_await look(key, *candidate);
      if (!seen) break;
      OwnBlob expected = *candidate;
      expected.etag = seen->etag;
      if (*seen == expected) {
        own_[key] = std::move(*seen);
        co_return;
      }
      if (candidate == &before) play_.violate("client " + std::to_string(number_) + ": " + key + " is neither before nor after a request");
    }
  }
}

Task<void> Client::read(std::string key) {
  const OwnBlob blob = own_[key];
  Request request{"GET", key, {}, ""};
  std::string expected = blob.content;
  if (blob.exists && !blob.content.empty() && pick(2)) {
    const std::size_t first = pick(blob.content.size()), last = first + pick(5000);
    request.headers.push_back({"Range", "bytes=" + std::to_string(first) + "-" + std::to_string(last)});
    expected = blob.content.substr(first, last - first + 1);
  }
  const Answer answer = co_await send(std::move(request));
  if (answer.status == 0 || answer.status == 500 || answer.status == 503) co_return;
  if ((answer.status == 404) != !blob.exists) play_.violate(key + " is there or not: status " + std::to_string(answer.status));
  if (blob.exists && (answer.body != expected || answer.header("etag") != blob.etag || answer.header("x-ms-meta-k") != blob.metadata ||
                      answer.header("x-ms-encryption-scope") != blob.scope))
    play_.violate(key + " reads differently from what was written");
}

Task<void> Client::list(std::string container) {
  std::vector<std::string> expected, found;
  for (const auto& [key, blob] : own_)
    if (key.starts_with(container + "/") && blob.exists) expected.push_back(key.substr(container.size() + 1));
  std::string marker;
  do {
    const Answer answer = co_await send({"GET", container + "?restype=container&comp=list&maxresults=1" +
                                                    (marker.empty() ? "" : "&marker=" + marker), {}, ""});
    if (answer.status != 200) {
      if (answer.status != 0 && answer.status != 500 && answer.status != 503) play_.violate("a list answers " + std::to_string(answer.status));
      co_return;
    }
    for (auto& name : elements(answer.body, "Name")) found.push_back(name);
    const auto next = elements(answer.body, "NextMarker");
    marker = next.empty() ? "" : next[0];
  } while (!marker.empty() && found.size() < 10);
  if (found != expected) play_.violate("the list of " + container + " is not what is there");
}

Task<void> Client::shared_step() {
  const std::string name = "/shared/s" + std::to_string(pick(2));
  SharedBlob& blob = play_.shared[name];
  const auto& clock = play_.server.world().clock;
  const std::uint64_t kind = pick(8);
  if (kind >= 5) {  // to replace what is there now, as others do
    const Answer now = co_await send({"HEAD", name, {}, ""});
    if (now.status == 200) seen_[name] = now.header("etag");
  }
  const Instant began = clock.now();
  if (kind < 3) {
    const Answer answer = co_await send({"GET", name, {}, ""});
    if (answer.status == 200) seen_[name] = answer.header("etag");
    if (answer.status == 200 || answer.status == 404) {
      const std::string got = answer.status == 200 ? answer.body : SharedBlob::kAbsent;
      if (!blob.may_read(got, began, clock.now()))
        play_.violate(name + " gave a value that was not current: " + (got.empty() ? "absent" : got.substr(0, got.rfind(':'))));
    } else if (answer.status != 0 && answer.status != 500 && answer.status != 503) {
      play_.violate(name + " answers a read with " + std::to_string(answer.status));
    }
    co_return;
  }
  Request request{"PUT", name, {{"x-ms-blob-type", "BlockBlob"}}, ""};
  std::string matched;
  if (kind == 7) request = {"DELETE", name, {}, ""};
  else request.body = value();
  if (kind >= 5 && seen_.contains(name)) request.headers.push_back({"If-Match", matched = seen_[name]});
  else if (kind == 4) request.headers.push_back({"If-None-Match", "*"});
  const std::size_t write = blob.begin(request.body, began);
  const Answer answer = co_await send(std::move(request));
  switch (answer.status) {
    case 0: break;   // unknown, for ever
    case 201: case 202:
      blob.done(write, clock.now());
      if (!matched.empty() && !blob.consume(matched)) play_.violate(name + ": two writes replaced the same state " + matched);
      if (answer.status == 201) seen_[name] = answer.header("etag");
      break;
    case 404: case 409: case 412: case 500: case 503: blob.refused(write); break;
    default: play_.violate(name + " answers a write with " + std::to_string(answer.status));
  }
}

Task<void> Client::verify() {
  for (const auto& [key, blob] : own_) {
    auto seen = co_await look(key, blob);
    if (!seen) seen = co_await look(key, blob);   // the first connection may be one that is cut
    if (!seen) seen = co_await look(key, blob);
    OwnBlob expected = blob;
    if (!seen || expected != *seen) play_.violate("at the end " + key + " is not as it was left");
  }
  leave();
}

}  // namespace bascule::sim
