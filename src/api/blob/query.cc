// Query Blob Contents: the request's document, and a blob's content fed to src/query. Source: "Query Blob Contents";
// AZURE-ANSWERS (Query); the code of a statement that is none: as clients report it of the real service.
#include <algorithm>

#include "api/blob/blob_headers.h"
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "api/common/xml_reader.h"
#include "base/log.h"
#include "query/run.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kRequestBytes = 512 * 1024;
constexpr std::size_t kStatementBytes = 256 * 1024;
constexpr std::size_t kSeparatorBytes = 16;
constexpr std::size_t kStepBytes = 256 * 1024;   // of content between two turns of the loop

// A separator, quote or escape, as it stands where the document has it.
Parsed<> take_mark(const XmlNode& node, std::initializer_list<std::string_view> names, bool may_be_empty, std::string& mark) {
  for (const std::string_view name : names) {
    const XmlNode* child = node.child(name);
    if (!child || (child->text.empty() && !may_be_empty)) continue;
    if (child->text.size() > kSeparatorBytes) return bad_node(*child);
    mark = child->text;
  }
  return {};
}

Parsed<query::Format> parse_format(const XmlNode* serialization) {
  query::Format format;
  if (!serialization) return format;
  BASCULE_ASSIGN(const XmlNode* node, required_child(*serialization, "Format"));
  BASCULE_ASSIGN(const XmlNode* type, required_child(*node, "Type"));
  format.json = type->text == "json";
  if (!format.json && type->text != "delimited") return bad_node(*type);
  const XmlNode* text = node->child(format.json ? "JsonTextConfiguration" : "DelimitedTextConfiguration");
  if (!text) return format;
  BASCULE_TRY(take_mark(*text, {"RecordSeparator"}, false, format.record_separator));
  BASCULE_TRY(take_mark(*text, {"ColumnSeparator"}, false, format.column_separator));
  BASCULE_TRY(take_mark(*text, {"FieldQuote"}, true, format.quote));
  BASCULE_TRY(take_mark(*text, {"EscapeChar", "EscapeCharacter"}, true, format.escape));
  for (const std::string_view name : {"HasHeaders", "HeadersPresent"})
    if (const XmlNode* headers = text->child(name); headers && !headers->text.empty()) {
      format.headers = same_text(headers->text, "true");
      if (!format.headers && !same_text(headers->text, "false")) return bad_node(*headers);
    }
  return format;
}

Parsed<query::Request> parse_request(std::string_view document) {
  BASCULE_ASSIGN(const XmlNode root, parse_xml(document, {.nodes = 100, .keep_space = true}));
  if (root.name != "QueryRequest") return bad_xml_at(document, root.offset, "QueryRequest was expected");
  BASCULE_ASSIGN(const XmlNode* type, required_child(root, "QueryType"));
  if (!same_text(type->text, "SQL")) return bad_node(*type);
  BASCULE_ASSIGN(const XmlNode* expression, required_child(root, "Expression"));
  if (expression->text.size() > kStatementBytes) return refuse(Fault::query_expression);
  auto statement = query::parse(expression->text);
  if (!statement) return refuse({Fault::query_expression, {{"Reason", statement.error()}}});
  query::Request request{.statement = std::move(*statement)};
  const XmlNode* output = root.child("OutputSerialization");
  BASCULE_ASSIGN(request.input, parse_format(root.child("InputSerialization")));
  if (!output) request.output = request.input, request.output.headers = false;
  else { BASCULE_ASSIGN(request.output, parse_format(output)); }
  if (!request.input.json && !request.statement.from.empty())
    return refuse({Fault::query_expression, {{"Reason", "a path below BlobStorage needs JSON"}}});
  if (request.input.json && request.statement.split) return refuse({Fault::query_expression, {{"Reason", "sys.split needs delimited text"}}});
  return request;
}

http::Response query_response(Call& call, const ops::BlobView& blob) {
  Reply reply(call, 200);
  reply.add("Content-Type", "avro/binary");
  reply.add("Last-Modified", http_date(blob.last_modified));
  reply.add("Accept-Ranges", "bytes");
  reply.add("ETag", etag_text(call, blob.etag));
  reply.common();
  add_properties(reply, call, blob, {});
  return std::move(reply.response());
}

query::AvroWriter::Mark mark_of(const Call& call) {
  query::AvroWriter::Mark mark{};
  std::copy_n(call.request_id.begin(), std::min(mark.size(), call.request_id.size()), mark.begin());
  return mark;
}

// False where the client has gone.
Task<bool> send(Call& call, std::string& answer) {
  if (answer.empty()) co_return true;
  const Bytes slice = as_bytes(answer);
  const bool sent = (co_await call.exchange.write({&slice, 1})).has_value();
  answer.clear();
  co_return sent;
}

// The rest of the answer. An error now can only be told by cutting the connection.
Task<void> run(Call& call, ops::BlobReader& reader, query::Run& query, Bytes part) {
  std::uint64_t left = reader.length_bytes();
  std::string answer;
  while (true) {
    left -= part.size();
    do {
      const Bytes step = part.first(std::min(part.size(), kStepBytes));
      part = part.subspan(step.size());
      query.feed(as_text(step), left == 0 && part.empty(), answer);
      if (!co_await send(call, answer)) co_return;
      co_await yield_to_loop();
    } while (!part.empty() && !query.done());
    if (query.done()) break;
    const Result<Bytes> next = co_await reader.next();
    if (!next || next->empty() || next->size() > left) {
      log::error("query cut", {{"request_id", call.request_id}, {"error", next ? std::string_view("wrong length") : std::string_view(next.error().message)}});
      call.exchange.cut();
      co_return;
    }
    part = *next;
  }
  query.finish(answer);
  if (co_await send(call, answer)) (void)co_await call.exchange.finish();
}

}  // namespace

// The first part is read before the head goes out, so that a damaged blob answers with a clean error.
Task<Answer> query_blob(Call& call) {
  if (call.version < since::kQueries) co_return bad_query("comp", call.target.get("comp"));
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::read));
  BASCULE_CO_ASSIGN(conditions.encryption, asked_encryption(call, KeyUse::read));
  BASCULE_CO_ASSIGN(const std::string document, co_await read_document(call, kRequestBytes));
  BASCULE_CO_ASSIGN(query::Request request, parse_request(document));
  BASCULE_CO_ASSIGN(const std::unique_ptr<ops::BlobReader> reader, co_await call.ops().open_blob(call.blob(), {.conditions = std::move(conditions)}));
  if (reader->blob().type != ops::BlobType::block) co_return refuse(Fault::invalid_blob_type);
  Bytes first;
  if (reader->length_bytes() > 0) {
    BASCULE_CO_ASSIGN(first, co_await reader->next());
    if (first.empty() || first.size() > reader->length_bytes()) co_return refuse(Error{Code::internal, 0, "a read gave a wrong length"});
  }
  const query::Timestamp now{std::chrono::floor<std::chrono::milliseconds>(call.now()).time_since_epoch().count(), 0};
  query::Run query(std::move(request), reader->length_bytes(), now, mark_of(call));
  if (!co_await call.exchange.start(query_response(call, reader->blob()), std::nullopt)) co_return Answer();
  co_await run(call, *reader, query, first);
  co_return Answer();
}

}  // namespace bascule::api::blob
