#include "api/blob/router.h"

#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

using Op = auth::Operation;
enum class Level : std::uint8_t { service, container, blob };
enum class Verb : std::uint8_t { get, head, put, post, delete_, options, count_ };

// Beyond method and comp, what tells operations apart.
bool always(const HeaderIndex&) { return true; }
bool from_url(const HeaderIndex& h) { return h.has(H::copy_source); }
bool sync_copy(const HeaderIndex& h) { return h.has(H::copy_source) && same_text(h.get(H::requires_sync), "true"); }
bool block_from_url(const HeaderIndex& h) { return h.has(H::copy_source) && same_text(h.get(H::blob_type), "BlockBlob"); }
bool append_type(const HeaderIndex& h) { return same_text(h.get(H::blob_type), "AppendBlob"); }
bool page_type(const HeaderIndex& h) { return same_text(h.get(H::blob_type), "PageBlob"); }
bool clear_pages(const HeaderIndex& h) { return same_text(h.get(H::page_write), "clear"); }
bool breaks_lease(const HeaderIndex& h) { return same_text(h.get(H::lease_action), "break"); }
bool page_properties(const HeaderIndex& h) {
  return h.has(H::blob_content_length) || h.has(H::sequence_number_action) || h.has(H::blob_sequence_number);
}

struct Row {
  Level level;
  Verb verb;
  std::string_view comp;
  Op operation;
  HandlerFunction handler = nullptr;
  bool (*applies)(const HeaderIndex&) = always;
};

constexpr Row kRows[] = {
    // the hot ones first
    {Level::blob, Verb::get, "", Op::get_blob, get_blob},
    {Level::blob, Verb::head, "", Op::get_blob_properties, head_blob},
    {Level::blob, Verb::put, "", Op::copy_blob_from_url, copy_blob_from_url, sync_copy},
    {Level::blob, Verb::put, "", Op::put_blob_from_url, put_blob_from_url, block_from_url},
    {Level::blob, Verb::put, "", Op::copy_blob, copy_blob, from_url},
    {Level::blob, Verb::put, "", Op::create_append_blob, create_append_blob, append_type},
    {Level::blob, Verb::put, "", Op::create_page_blob, create_page_blob, page_type},
    {Level::blob, Verb::put, "", Op::put_blob, put_blob},
    {Level::blob, Verb::put, "block", Op::put_block_from_url, put_block_from_url, from_url},
    {Level::blob, Verb::put, "block", Op::put_block, put_block},
    {Level::blob, Verb::put, "blocklist", Op::put_block_list, put_block_list},
    {Level::blob, Verb::get, "blocklist", Op::get_block_list, get_block_list},
    {Level::blob, Verb::delete_, "", Op::delete_blob, delete_blob},

    {Level::blob, Verb::get, "metadata", Op::get_blob_metadata, get_blob_metadata},
    {Level::blob, Verb::head, "metadata", Op::get_blob_metadata, get_blob_metadata},
    {Level::blob, Verb::put, "metadata", Op::set_blob_metadata, set_blob_metadata},
    {Level::blob, Verb::put, "properties", Op::set_page_blob_properties, set_page_properties, page_properties},
    {Level::blob, Verb::put, "properties", Op::set_blob_headers, set_blob_headers},
    {Level::blob, Verb::put, "lease", Op::break_blob_lease, lease_blob, breaks_lease},
    {Level::blob, Verb::put, "lease", Op::lease_blob, lease_blob},
    {Level::blob, Verb::put, "copy", Op::abort_copy, abort_copy},
    {Level::blob, Verb::put, "snapshot", Op::snapshot_blob, snapshot_blob},
    {Level::blob, Verb::put, "tier", Op::set_blob_tier, set_blob_tier},
    {Level::blob, Verb::get, "tags", Op::get_blob_tags, get_blob_tags},
    {Level::blob, Verb::put, "tags", Op::set_blob_tags, set_blob_tags},
    {Level::blob, Verb::put, "expiry", Op::set_blob_expiry, set_blob_expiry},
    {Level::blob, Verb::put, "immutabilitypolicies", Op::set_immutability_policy, set_immutability_policy},
    {Level::blob, Verb::delete_, "immutabilitypolicies", Op::delete_immutability_policy, delete_immutability_policy},
    {Level::blob, Verb::put, "legalhold", Op::set_legal_hold, set_legal_hold},
    {Level::blob, Verb::post, "query", Op::query_blob, query_blob},
    {Level::blob, Verb::put, "undelete", Op::undelete_blob, undelete_blob},
    {Level::blob, Verb::put, "appendblock", Op::append_block_from_url, append_block_from_url, from_url},
    {Level::blob, Verb::put, "appendblock", Op::append_block, append_block},
    {Level::blob, Verb::put, "seal", Op::seal_append_blob, seal_append_blob},
    {Level::blob, Verb::put, "page", Op::put_page_from_url, put_page_from_url, from_url},
    {Level::blob, Verb::put, "page", Op::clear_page, put_page, clear_pages},
    {Level::blob, Verb::put, "page", Op::put_page, put_page},
    {Level::blob, Verb::get, "pagelist", Op::get_page_ranges, get_page_ranges},
    {Level::blob, Verb::put, "incrementalcopy", Op::incremental_copy, incremental_copy},

    {Level::container, Verb::get, "list", Op::list_blobs, list_blobs},
    {Level::container, Verb::put, "", Op::create_container, create_container},
    {Level::container, Verb::get, "", Op::get_container_properties, get_container_properties},
    {Level::container, Verb::head, "", Op::get_container_properties, get_container_properties},
    {Level::container, Verb::delete_, "", Op::delete_container, delete_container},
    {Level::container, Verb::get, "metadata", Op::get_container_metadata, get_container_metadata},
    {Level::container, Verb::head, "metadata", Op::get_container_metadata, get_container_metadata},
    {Level::container, Verb::put, "metadata", Op::set_container_metadata, set_container_metadata},
    {Level::container, Verb::get, "acl", Op::get_container_acl, get_container_acl},
    {Level::container, Verb::head, "acl", Op::get_container_acl, get_container_acl},
    {Level::container, Verb::put, "acl", Op::set_container_acl, set_container_acl},
    {Level::container, Verb::put, "lease", Op::break_container_lease, lease_container, breaks_lease},
    {Level::container, Verb::put, "lease", Op::lease_container, lease_container},
    {Level::container, Verb::put, "undelete", Op::restore_container, restore_container},
    {Level::container, Verb::put, "rename", Op::rename_container, rename_container},
    {Level::container, Verb::post, "batch", Op::container_batch, submit_batch},
    {Level::container, Verb::get, "blobs", Op::container_find_by_tags, find_blobs_by_tags_in_container},

    {Level::service, Verb::get, "list", Op::list_containers, list_containers},
    {Level::service, Verb::get, "properties", Op::get_service_properties, get_service_properties},
    {Level::service, Verb::put, "properties", Op::set_service_properties, set_service_properties},
    {Level::service, Verb::get, "stats", Op::get_service_stats, get_service_stats},
    {Level::service, Verb::post, "userdelegationkey", Op::get_user_delegation_key, get_user_delegation_key},
    {Level::service, Verb::post, "batch", Op::batch, submit_batch},
    {Level::service, Verb::get, "blobs", Op::find_blobs_by_tags, find_blobs_by_tags},
};

std::optional<Verb> verb_of(std::string_view method) {
  if (method == "GET") return Verb::get;
  if (method == "HEAD") return Verb::head;
  if (method == "PUT") return Verb::put;
  if (method == "POST") return Verb::post;
  if (method == "DELETE") return Verb::delete_;
  if (method == "OPTIONS") return Verb::options;
  return std::nullopt;
}

// Put Blob needs to be told the type.
Parsed<> check_blob_type(const HeaderIndex& headers) {
  const auto type = headers.find(H::blob_type);
  if (!type) return missing_header(name(H::blob_type));
  if (!same_text(*type, "BlockBlob")) return bad_header(name(H::blob_type), *type);
  return {};
}

Parsed<Level> level_of(const Target& target, std::string_view restype) {
  if (!target.blob.empty()) return Level::blob;
  const std::string_view wanted = target.container.empty() ? "service" : "container";
  if (target.container.empty() && restype.empty()) return Level::service;  // ?comp=list has none
  if (!same_text(restype, wanted)) {
    if (restype.empty()) return refuse(Fault::invalid_uri);
    return bad_query("restype", restype);
  }
  return target.container.empty() ? Level::service : Level::container;
}

// comp is one that the level knows with other methods: 405; with none: 400.
std::unexpected<Problem> no_route(Level level, std::string_view comp) {
  std::string allowed;
  static constexpr std::string_view kVerbs[] = {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"};
  bool listed[static_cast<std::size_t>(Verb::count_)] = {};
  for (const Row& row : kRows) {
    const auto verb = static_cast<std::size_t>(row.verb);
    if (row.level != level || row.comp != comp || listed[verb]) continue;
    listed[verb] = true;
    allowed += allowed.empty() ? "" : ",";
    allowed += kVerbs[verb];
  }
  if (allowed.empty()) return bad_query("comp", comp);
  Problem problem(Fault::unsupported_http_verb);
  problem.headers.push_back({"Allow", std::move(allowed)});
  return refuse(std::move(problem));
}

// Where the query refines what needs to be allowed.
Op refined(Op operation, const Target& target) {
  if (target.query.empty()) return operation;
  if (operation == Op::get_block_list) {
    const std::string_view type = target.get("blocklisttype");
    if (!type.empty() && !same_text(type, "committed")) return Op::get_uncommitted_block_list;
  }
  if (operation == Op::delete_blob) {
    if (target.find("deletetype")) return Op::permanently_delete_blob;
    if (target.find("versionid")) return Op::delete_blob_version;
  }
  return operation;
}

Op account_information(const Target& target) {
  if (target.container.empty()) return Op::get_account_information;
  return target.blob.empty() ? Op::get_container_account_information : Op::get_blob_account_information;
}

}  // namespace

Parsed<Route> find_route(std::string_view method, const Target& target, const HeaderIndex& headers) {
  const auto verb = verb_of(method);
  if (!verb) return refuse(Fault::invalid_http_verb);
  if (*verb == Verb::options) return Route{Op::preflight, preflight, Subject::blob, false};

  std::string comp;
  std::string_view restype;
  if (!target.query.empty()) {
    comp = target.get("comp");
    for (char& c : comp) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    restype = target.get("restype");
  }
  if (same_text(restype, "account") && comp == "properties" && (*verb == Verb::get || *verb == Verb::head))
    return Route{account_information(target), get_account_information};

  // Microsoft's JavaScript SDK takes the account's segment of a path-style address for a container.
  if (comp == "batch" && target.path_style && target.container.empty() && target.blob.empty()) restype = {};
  BASCULE_ASSIGN(const Level level, level_of(target, restype));
  for (const Row& row : kRows) {
    if (row.level != level || row.verb != *verb || row.comp != comp || !row.applies(headers)) continue;
    if (row.operation == Op::put_blob) BASCULE_TRY(check_blob_type(headers));
    return Route{refined(row.operation, target), row.handler, level == Level::container ? Subject::container : Subject::blob};
  }
  return no_route(level, comp);
}

}  // namespace bascule::api::blob
