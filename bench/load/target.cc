#include "load/target.h"

#include <fmt/format.h>

namespace bench {

void object_path(const TargetOptions& options, std::uint64_t key, std::string& out) {
  fmt::format_to(std::back_inserter(out), "/{}/{}{:08}", options.container, options.prefix, key);
}

bool write_simple(Work work, Call& call, Request& request) {
  switch (work) {
    case Work::get: call.method = "GET"; break;
    case Work::head: call.method = "HEAD"; break;
    case Work::remove: call.method = "DELETE"; break;
    default: return false;
  }
  request.verify_content = work == Work::get;
  request.headers_only = work == Work::head;
  return true;
}

std::string_view xml_text(std::string_view body, std::string_view tag) {
  const std::string open = fmt::format("<{}>", tag);
  const std::size_t from = body.find(open);
  if (from == std::string_view::npos) return {};
  const std::size_t to = body.find("</", from);
  if (to == std::string_view::npos) return {};
  return body.substr(from + open.size(), to - from - open.size());
}

std::string xml_unescaped(std::string_view text) {
  constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  while (!text.empty()) {
    std::size_t taken = 1;
    char c = text.front();
    for (const auto& [entity, plain] : kEntities) {
      if (text.starts_with(entity)) {
        taken = entity.size();
        c = plain;
        break;
      }
    }
    out += c;
    text.remove_prefix(taken);
  }
  return out;
}

Progress advance_listing(Operation& operation, std::string_view body, std::string_view name_tag,
                         std::string_view marker_tag, std::uint64_t expected_names) {
  operation.page_names = 0;
  for (std::size_t at = body.find(name_tag); at != std::string_view::npos; at = body.find(name_tag, at + name_tag.size())) {
    operation.page_names++;
  }
  operation.names += operation.page_names;
  operation.token = xml_unescaped(xml_text(body, marker_tag));
  if (!operation.token.empty()) return Progress::done;
  const bool complete = expected_names == 0 || operation.names == expected_names;
  operation.names = 0;  // the next operation begins a new walk
  return complete ? Progress::done : Progress::wrong;
}

namespace {

class PlainTarget final : public Target {
 public:
  PlainTarget(std::unique_ptr<Dialect> dialect, TargetOptions options)
      : dialect_(std::move(dialect)), options_(std::move(options)) {}

  bool supports(Work work) const override { return work != Work::list && work < Work::create_append; }

  void write(const Operation& operation, std::time_t now, Request& request) override {
    path_.clear();
    object_path(options_, operation.key, path_);
    Call call;
    call.path = path_;
    if (operation.work == Work::create) {
      call.method = "MKCOL";
      path_ = "/" + options_.container + "/";
      call.path = path_;
      request.also_accepted = 405;  // there already
    } else if (!write_simple(operation.work, call, request)) {
      call.method = "PUT";
      call.length = request.content_length = operation.size;
    }
    dialect_->write_head(call, now, request.head);
  }

  Progress advance(Operation&, const Answer&) override { return Progress::done; }

 private:
  std::unique_ptr<Dialect> dialect_;
  TargetOptions options_;
  std::string path_;
};

}  // namespace

std::unique_ptr<Target> make_plain_target(std::unique_ptr<Dialect> dialect, TargetOptions options) {
  return std::make_unique<PlainTarget>(std::move(dialect), std::move(options));
}

}  // namespace bench
