// Append and page blobs.
#include "sim/name_client.h"

namespace bascule::sim {

namespace {
constexpr std::uint64_t kMostPages = 40;
}

NameClient::Op NameClient::create(const Name& name, const Place& at) {
  State next;
  next.type = at.name[0] == 'a' ? State::Type::append : State::Type::page;
  Op op{{"PUT", at.path(), {}, ""}, {201}, name};
  if (next.type == State::Type::append) {
    op.request.headers = {{"x-ms-blob-type", "AppendBlob"}};
  } else {
    next.content.resize(kPage * pick(kMostPages), '\0');
    next.sequence = pick(5);
    next.life = ++lives_;
    op.request.headers = {{"x-ms-blob-type", "PageBlob"}, {"x-ms-blob-content-length", std::to_string(next.content.size())},
                          {"x-ms-blob-sequence-number", std::to_string(next.sequence)}};
  }
  if (pick(2)) op.request.headers.push_back({"x-ms-meta-k", next.metadata = "m" + std::to_string(pick(100))});
  if (!guard(name, op)) return op;
  op.after.succeed(std::move(next), settings_, wall());
  return op;
}

NameClient::Op NameClient::append(const Name& name, const Place& at) {
  const State& base = *name.live();
  const bool seal = pick(20) == 0;
  Op op{{"PUT", at.path() + (seal ? "?comp=seal" : "?comp=appendblock"), {}, seal ? "" : value()}, {seal ? 200 : 201}, name};
  if (seal && (base.hold || base.until != WallTime())) return {};
  if (kept(base)) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (!seal && base.sealed) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (!guard(name, op)) return op;
  if (pick(4) == 0) {
    const bool right = pick(2);
    op.request.headers.push_back({"x-ms-blob-condition-appendpos", std::to_string(base.content.size() + (right ? 0 : 1))});
    if (!right) return refused(std::move(op), 412);
  }
  State& next = *op.after.base;
  next.etag.clear();
  if (seal) {
    next.sealed = true;
    return op;
  }
  if (pick(8) == 0) {
    const bool right = pick(2);
    op.request.headers.push_back({"x-ms-blob-condition-maxsize", std::to_string(base.content.size() + op.request.body.size() - (right ? 0 : 1))});
    if (!right) return refused(std::move(op), 412);
  }
  next.content += op.request.body;
  ++next.appended;
  return op;
}

NameClient::Op NameClient::write_pages(const Name& name, const Place& at) {
  const State& base = *name.live();
  const std::uint64_t pages = pick(8) ? base.content.size() / kPage : kMostPages;   // beyond the end now and then
  if (pages == 0) return {};
  const std::uint64_t page = pick(pages), first = page * kPage, length = std::min(1 + pick(8), pages - page) * kPage;
  const bool clear = pick(3) == 0;
  Op op{{"PUT", at.path() + "?comp=page", {{"x-ms-page-write", clear ? "clear" : "update"},
         {"Range", "bytes=" + std::to_string(first) + "-" + std::to_string(first + length - 1)}}, ""}, {201}, name};
  if (!clear) op.request.body = ops::testing::content(length, random_.next_u64());
  if (base.hold || base.until != WallTime()) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (first + length > base.content.size()) {
    lease(name, op);
    return refused(std::move(op), 416);
  }
  if (!guard(name, op)) return op;
  if (pick(4) == 0) {
    const bool right = pick(2);
    op.request.headers.push_back({"x-ms-if-sequence-number-eq", std::to_string(base.sequence + (right ? 0 : 1))});
    if (!right) return refused(std::move(op), 412);
  }
  op.after.base->etag.clear();
  op.after.base->put_pages(first, length, clear ? nullptr : &op.request.body);
  return op;
}

// What changed since a snapshot, of what is there now or of a later snapshot.
Task<void> NameClient::differences(Name now, Place at) {
  std::vector<const State*> states;
  for (const State& s : now.past)
    if (s.kind == State::Kind::snapshot && !s.deleted && s.id != kUnknown) states.push_back(&s);
  std::ranges::sort(states, {}, &State::id);
  if (now.live()) states.push_back(now.live());
  if (states.size() < 2) co_return;
  const std::size_t later = 1 + pick(states.size() - 1);
  const State &then = *states[pick(later)], &shown = *states[later];
  if (then.kind != State::Kind::snapshot) co_return;
  std::string path = at.path() + "?comp=pagelist&prevsnapshot=" + in_query(then.id);
  if (&shown != now.live()) path += "&snapshot=" + in_query(shown.id);
  const Answer answer = co_await send({"GET", path, {}, ""});
  if (unclear(answer) || put_off(answer)) co_return;
  const int expected = shown.life == then.life ? 200 : 409;
  if (answer.status != expected)
    co_return violate("GET " + path + " should answer " + std::to_string(expected) + ", not " + std::to_string(answer.status));
  if (answer.status != 200) co_return;
  State::Difference told;
  for (const auto& [tag, into] : {std::pair("PageRange", &told.written), std::pair("ClearRange", &told.cleared)})
    for (const auto& range : elements(answer.body, tag))
      for (std::uint64_t p = std::stoull(element(range, "Start")); p < std::stoull(element(range, "End")); p += kPage) into->insert(p);
  if (told != shown.since(then)) violate("GET " + path + " does not tell what changed");
}

NameClient::Op NameClient::page_properties(const Name& name, const Place& at) {
  Op op{{"PUT", at.path() + "?comp=properties", {}, ""}, {200}, name};
  const State& base = *name.live();
  State& next = *op.after.base;
  next.etag.clear();
  const std::uint64_t number = pick(12);
  switch (pick(4)) {
    case 0:
      op.request.headers = {{"x-ms-sequence-number-action", "increment"}};
      ++next.sequence;
      break;
    case 1:
      op.request.headers = {{"x-ms-sequence-number-action", "max"}, {"x-ms-blob-sequence-number", std::to_string(number)}};
      next.sequence = std::max(next.sequence, number);
      break;
    default:
      if (base.hold || base.until != WallTime()) {
        op.request.headers = {{"x-ms-blob-content-length", "0"}};
        lease(name, op);
        return refused(std::move(op), 409);
      }
      next.resize(pick(kMostPages) * kPage);
      op.request.headers = {{"x-ms-blob-content-length", std::to_string(next.content.size())}};
  }
  if (!guard(name, op)) op.after = name;
  return op;
}

}  // namespace bascule::sim
