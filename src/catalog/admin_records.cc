#include "catalog/admin_records.h"

#include "catalog/record_parts.h"

namespace bascule::catalog {
namespace {
constexpr std::uint8_t kMostRole = 3;
}

std::string encode(const AdminTokenRecord& t) {
  return framed(128, [&](Writer& w) {
    w.text(t.name);
    w.u8(t.role);
    w.raw(t.digest);
    put(w, t.made);
    put(w, t.expires);
    w.text(t.made_by);
    put(w, t.revoked);
    w.text(t.revoked_by);
  });
}

template <> Result<AdminTokenRecord> decode(std::string_view bytes) {
  return unframed<AdminTokenRecord>(bytes, "admin token", [](Reader& r, AdminTokenRecord& t) {
    t.name = r.text();
    t.role = r.u8();
    if (t.role >= kMostRole) r.refuse();   // no token is the owner's
    r.raw(t.digest);
    t.made = get_time(r);
    t.expires = get_time(r);
    t.made_by = r.text();
    t.revoked = get_time(r);
    t.revoked_by = r.text();
  });
}

std::string encode(const ApprovalRecord& a) {
  return framed(256 + a.body.size(), [&](Writer& w) {
    w.u8(static_cast<std::uint8_t>(a.state));
    for (const std::string* text : {&a.request, &a.body, &a.asked_by, &a.asked_token}) w.text(*text);
    w.u8(a.asked_role);
    put(w, a.asked);
    put(w, a.expires);
    w.text(a.decided_by);
    w.text(a.decided_token);
    put(w, a.decided);
    w.fixed32(a.session);
    w.text(a.outcome);
  });
}

template <> Result<ApprovalRecord> decode(std::string_view bytes) {
  return unframed<ApprovalRecord>(bytes, "approval", [](Reader& r, ApprovalRecord& a) {
    const std::uint8_t state = r.u8();
    if (state >= static_cast<std::uint8_t>(ApprovalRecord::State::count_)) r.refuse();
    a.state = static_cast<ApprovalRecord::State>(state);
    for (std::string* text : {&a.request, &a.body, &a.asked_by, &a.asked_token}) *text = r.text();
    a.asked_role = r.u8();
    if (a.asked_role > kMostRole) r.refuse();
    a.asked = get_time(r);
    a.expires = get_time(r);
    a.decided_by = r.text();
    a.decided_token = r.text();
    a.decided = get_time(r);
    a.session = r.fixed32();
    a.outcome = r.text();
  });
}

}  // namespace bascule::catalog
