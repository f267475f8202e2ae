// Block blobs, and copies of any blob from any state of any name.
#include "sim/name_client.h"

namespace bascule::sim {

std::map<std::string, std::string> NameClient::some_tags() {
  std::map<std::string, std::string> tags;
  for (const char* key : {"s", "t", "u"})
    if (pick(2)) tags[key] = "v" + std::to_string(pick(3));
  return tags;
}

namespace {

void name_tags(Request& request, const std::map<std::string, std::string>& tags) {
  std::string text;
  for (const auto& [key, value] : tags) text.append(text.empty() ? "" : "&").append(key).append("=").append(value);
  if (!text.empty()) request.headers.push_back({"x-ms-tags", text});
}

}  // namespace

NameClient::Op NameClient::put(const Name& name, const Place& at) {
  Op op{{"PUT", at.path(), {{"x-ms-blob-type", "BlockBlob"}}, value()}, {201}, name};
  State next;
  if (pick(2)) op.request.headers.push_back({"x-ms-meta-k", next.metadata = "m" + std::to_string(pick(100))});
  name_tags(op.request, next.tags = some_tags());
  if (name.live() && !name.live()->coming.empty()) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (!guard(name, op)) return op;
  next.content = op.request.body;
  op.after.succeed(std::move(next), settings_, wall());
  op.after.uncommitted.clear();
  return op;
}

NameClient::Op NameClient::put_block(const Name& name, const Place& at) {
  const std::string id = block_id(pick(6));
  Op op{{"PUT", at.path() + "?comp=block&blockid=" + in_query(id), {}, value()}, {201}, name, false};
  if (name.lease && pick(6) == 0) return refused(std::move(op), 412);
  lease(name, op);
  op.after.uncommitted[id] = op.request.body;
  return op;
}

NameClient::Op NameClient::put_list(const Name& name, const Place& at) {
  Op op{{"PUT", at.path() + "?comp=blocklist", {}, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>"}, {201}, name};
  if (name.live() && name.live()->archived()) return {};
  std::map<std::string, std::string> known;
  if (name.live())
    for (const auto& [id, text] : name.live()->blocks) known.try_emplace(id, text);
  for (const auto& [id, text] : name.uncommitted) known[id] = text;
  State next;
  while (!known.empty() && next.blocks.size() < 8 && pick(5))
    next.blocks.push_back(*std::next(known.begin(), static_cast<std::ptrdiff_t>(pick(known.size()))));
  for (const auto& [id, text] : next.blocks) {
    op.request.body += "<Latest>" + id + "</Latest>";
    next.content += text;
  }
  op.request.body += "</BlockList>";
  name_tags(op.request, next.tags = some_tags());
  if (!guard(name, op)) return op;
  op.after.succeed(std::move(next), settings_, wall());
  op.after.uncommitted.clear();
  return op;
}

NameClient::Op NameClient::copy(const Name& name, const Place& at) {
  // From a name of its kind, in this container or another; what is there, or a past state.
  std::vector<std::pair<Place, const Name*>> sources;
  for (auto& [box, content] : boxes_)
    for (auto& [other, known] : content.names) {
      if (other[0] != at.name[0]) continue;
      known.settle(wall(), settings_);
      sources.emplace_back(Place{box, other}, &known);
    }
  const auto& [from, source] = sources[pick(sources.size())];
  const State* state = source->base && pick(2) ? &*source->base : nullptr;
  if (!state && !source->past.empty()) state = &source->past[pick(source->past.size())];
  if (state && state->id == kUnknown) return {};
  const std::string url = "http://" + host_of(account_) + (state ? path_of(from.path(), *state) : from.path());
  Op op{{"PUT", at.path(), {{"x-ms-copy-source", url}}, ""}, {202}, name};
  lease(name, op);
  if (!state) {
    if (source->live()) return {};
    return refused(std::move(op), 404);
  }
  if (state->deleted) return refused(std::move(op), 404);
  if (state->archived()) return refused(std::move(op), 409);
  if (name.live() && !name.live()->coming.empty()) return refused(std::move(op), 409);
  State next = *state;
  const bool onto_itself = state->kind == State::Kind::base && from.path() == at.path();
  if (!onto_itself) next.life = ++lives_;   // its pages are written anew
  next.expires = {};
  if (pick(3) == 0) op.request.headers.push_back({"x-ms-meta-k", next.metadata = "c" + std::to_string(pick(100))});
  name_tags(op.request, next.tags = some_tags());
  op.after.succeed(std::move(next), settings_, wall());
  op.after.uncommitted.clear();
  return op;
}

}  // namespace bascule::sim
