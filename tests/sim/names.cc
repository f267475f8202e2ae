#include "sim/names.h"

#include <algorithm>

namespace bascule::sim {

void State::put_pages(std::uint64_t first, std::uint64_t length, const std::string* bytes) {
  if (bytes) content.replace(first, length, *bytes);
  else content.replace(first, length, length, '\0');
  ++writes;
  for (std::uint64_t at = first; at < first + length; at += kPage) {
    written[at] = writes;
    if (bytes) pages.insert(at);
    else pages.erase(at);
  }
}

void State::resize(std::uint64_t size) {
  if (size < content.size()) ++writes;
  for (std::uint64_t at = size; at < content.size(); at += kPage) written[at] = writes;
  content.resize(size, '\0');
  pages.erase(pages.lower_bound(size), pages.end());
}

State::Difference State::since(const State& then) const {
  Difference d;
  for (const auto& [page, write] : written) {
    if (write <= then.writes || page >= content.size()) continue;
    if (pages.contains(page)) d.written.insert(page);
    else if (then.pages.contains(page)) d.cleared.insert(page);
  }
  return d;
}

bool Name::has_snapshots() const {
  return std::ranges::any_of(past, [](const State& s) { return s.kind == State::Kind::snapshot && !s.deleted; });
}

void Name::settle(WallTime now, const Settings& s) {
  const auto tier = [now](State& state) {
    if (state.coming.empty() || state.back > now) return;
    state.tier = std::exchange(state.coming, {});
  };
  std::erase_if(past, [now](const State& state) { return state.deleted && state.due <= now; });
  for (State& state : past) tier(state);
  if (base && base->deleted && base->due <= now) base.reset();
  if (!base) return;
  tier(*base);
  if (base->deleted || base->expires == WallTime() || base->expires > now) return;
  base->expires = {};
  auto loose = std::exchange(uncommitted, {});   // they are of the next blob
  remove(Snapshots::include, s, now);
  uncommitted = std::move(loose);
}

void Name::put_aside(State state, State::Kind kind) {
  if (kind == State::Kind::snapshot || state.id.empty()) state.id = kUnknown;
  state.kind = kind;
  state.expires = {};
  past.push_back(std::move(state));
}

void Name::delete_softly(State& state, const Settings& s, WallTime now) {
  state.deleted = true;
  state.due = now + std::chrono::duration_cast<Ticks>(std::chrono::days(s.retention_days));
}

void Name::succeed(State next, const Settings& s, WallTime now) {
  if (base) {
    State old = std::move(*base);
    if (old.deleted) put_aside(std::move(old), State::Kind::snapshot);
    else if (s.versioning || !old.id.empty()) put_aside(std::move(old), State::Kind::version);
    else if (s.retention_days != 0 && !old.archived()) {
      delete_softly(old, s, now);
      put_aside(std::move(old), State::Kind::snapshot);
    }
  }
  next.kind = State::Kind::base;
  next.deleted = false;
  next.id = s.versioning ? kUnknown : "";
  next.etag.clear();
  next.set_free();   // what kept another state does not keep this one
  base = std::move(next);
}

void Name::change_metadata(std::string metadata, const Settings& s) {
  State next = *base;
  next.metadata = std::move(metadata);
  next.set_free();
  next.etag.clear();
  if (s.versioning || !base->id.empty()) {
    put_aside(std::move(*base), State::Kind::version);
    next.id = s.versioning ? kUnknown : "";
  }
  base = std::move(next);
}

void Name::snapshot(std::string id, const Settings& s) {
  State copy = *base;
  put_aside(copy, State::Kind::snapshot);
  past.back().id = std::move(id);
  past.back().set_free();
  if (!s.versioning) return;
  put_aside(std::move(copy), State::Kind::version);
  base->id = kUnknown;
}

void Name::remove(Snapshots snapshots, const Settings& s, WallTime now) {
  if (!live()) {
    uncommitted.clear();
    return;
  }
  for (std::size_t i = past.size(); i-- > 0;)
    if (past[i].kind == State::Kind::snapshot && !past[i].deleted) remove_past(i, s, now);
  if (snapshots == Snapshots::only) return;
  uncommitted.clear();
  lease.reset();
  if (s.versioning || !base->id.empty()) {
    put_aside(std::move(*base), State::Kind::version);
    base.reset();
  } else if (s.retention_days != 0) {
    delete_softly(*base, s, now);
  } else {
    base.reset();
  }
}

void Name::remove_past(std::size_t which, const Settings& s, WallTime now) {
  if (s.retention_days != 0) delete_softly(past[which], s, now);
  else past.erase(past.begin() + static_cast<std::ptrdiff_t>(which));
}

bool Name::undelete() {
  bool any = false;
  const auto restore = [&any](State& state) { any |= std::exchange(state.deleted, false); };
  if (base) restore(*base);
  for (State& state : past) restore(state);
  return any;
}

namespace {

constexpr Ticks kMinute = std::chrono::minutes(1);   // more than a request takes

std::string differs(const State& model, const State& seen) {
  const auto id = [](const State& s) { return s.id.empty() ? std::string("the base") : s.id; };
  const auto says = [&](const char* what) { return std::string(what) + " of " + id(seen) + " (" + id(model) + ")"; };
  if (model.kind != seen.kind) return says("the kind");
  if (model.deleted != seen.deleted) return says("whether it is deleted");
  if (!model.etag.empty() && model.etag != seen.etag) return says("the ETag");
  if (model.id.empty() != seen.id.empty() || (model.id != kUnknown && model.id != seen.id)) return says("the id");
  if (model.type != seen.type) return says("the type");
  if (model.metadata != seen.metadata) return says("the metadata");
  if (model.tags != seen.tags) return says("the tags");
  if (model.tier != seen.tier) return says("the tier");
  if (model.coming != seen.coming) return says("the tier to come");
  const bool ends = model.expires != WallTime() && !model.deleted;
  if (!model.deleted && (ends != (seen.expires != WallTime()) || model.expires - seen.expires > kMinute || seen.expires - model.expires > kMinute))
    return says("its end");
  if (model.until != seen.until || model.hold != seen.hold) return says("what keeps it");
  if (model.content.size() != seen.content.size()) return says("the size");
  if (model.deleted || model.archived()) return {};
  if (model.content != seen.content) return says("the content");
  if (model.pages != seen.pages) return says("the pages");
  if (model.sequence != seen.sequence) return says("the sequence number");
  if (model.appended != seen.appended) return says("the count of appended blocks");
  if (model.sealed != seen.sealed) return says("whether it is sealed");
  return {};
}

void learn(State& model, const State& seen) {
  model.etag = seen.etag;
  model.id = seen.id;
  if (model.expires != WallTime() && seen.expires != WallTime()) model.expires = seen.expires;
}

}  // namespace

std::string compare(Name& model, const Name& seen) {
  if (model.base.has_value() != seen.base.has_value()) return seen.base ? "a blob that is not there" : "the blob is missing";
  if (model.base) {
    if (auto other = differs(*model.base, *seen.base); !other.empty()) return other;
    learn(*model.base, *seen.base);
  }
  if (model.past.size() != seen.past.size())
    return "past states: " + std::to_string(seen.past.size()) + ", not " + std::to_string(model.past.size());
  std::vector<const State*> rest;
  for (const State& s : seen.past) rest.push_back(&s);
  // Those whose ids are known first; what is left is told apart by what it is.
  for (const bool known : {true, false}) {
    for (State& state : model.past) {
      if ((state.id != kUnknown) != known) continue;
      std::string why = "a past state that is missing: " + state.id;
      const auto at = std::ranges::find_if(rest, [&](const State* s) {
        if (known && s->id != state.id) return false;
        const std::string other = differs(state, *s);
        if (!other.empty()) why = other;
        return other.empty();
      });
      if (at == rest.end()) return why;
      learn(state, **at);
      rest.erase(at);
    }
  }
  if (model.lease.has_value() != seen.lease.has_value()) return "the lease";
  std::vector<std::string> mine, theirs;
  for (const auto& [block, text] : model.uncommitted) mine.push_back(block + " " + std::to_string(text.size()));
  for (const auto& [block, text] : seen.uncommitted) theirs.push_back(block + " " + text);
  if (mine != theirs) return "the uncommitted blocks";
  return {};
}

std::string describe(const Name& name) {
  std::string text;
  const auto add = [&text](const State& s) {
    constexpr const char* kKinds[] = {"base ", "snapshot ", "version "};
    text += "[" + std::string(kKinds[static_cast<int>(s.kind)]) + s.id + " etag " + s.etag + " size " + std::to_string(s.content.size());
    if (s.deleted) text += s.due == WallTime() ? " deleted" : " deleted until " + format_iso8601(s.due);
    if (!s.tier.empty()) text += " " + s.tier + (s.coming.empty() ? "" : ">" + s.coming);
    text += "]";
  };
  for (const State& s : name.past) add(s);
  if (name.base) add(*name.base);
  if (!name.uncommitted.empty()) text += "[" + std::to_string(name.uncommitted.size()) + " blocks]";
  return text.empty() ? "nothing" : text;
}

}  // namespace bascule::sim
