#include <fmt/format.h>

#include "load/hmac.h"
#include "load/target.h"

namespace bench {
namespace {

constexpr Param kBlockBlob[] = {{"x-ms-blob-type", "BlockBlob"}};
constexpr Param kAppendBlob[] = {{"x-ms-blob-type", "AppendBlob"}};

class AzureTarget final : public Target {
 public:
  AzureTarget(std::unique_ptr<Dialect> dialect, TargetOptions options)
      : dialect_(std::move(dialect)), options_(std::move(options)), container_path_("/" + options_.container) {}

  bool supports(Work work) const override { return work != Work::find || options_.tag_hits != 0; }

  void write(const Operation& operation, std::time_t now, Request& request) override {
    path_.clear();
    object_path(options_, operation.key, path_);
    Call call;
    call.path = path_;
    switch (operation.work) {
      case Work::put:
        call.method = "PUT";
        call.headers = kBlockBlob;
        if (options_.tag_hits != 0) {
          tag_ = "group=" + group(operation);
          tagged_[1].value = tag_;
          call.headers = tagged_;
        }
        call.length = request.content_length = operation.size;
        break;
      case Work::create: {
        call.method = "PUT";
        call.path = container_path_;
        call.length = 0;
        static constexpr Param kQuery[] = {{"restype", "container"}};
        call.query = kQuery;
        request.also_accepted = 409;  // there already
        break;
      }
      case Work::create_append:
        call.method = "PUT";
        call.headers = kAppendBlob;
        call.length = 0;
        break;
      case Work::append: {
        call.method = "PUT";
        static constexpr Param kQuery[] = {{"comp", "appendblock"}};
        call.query = kQuery;
        call.length = request.content_length = operation.size;
        break;
      }
      case Work::create_pages:
      case Work::put_page:
      case Work::get_page: return write_pages(operation, now, call, request);
      case Work::list: return write_list(operation, now, call, request);
      case Work::find: return write_find(operation, now, call, request);
      case Work::put_blocks: return write_block(operation, now, call, request);
      default: write_simple(operation.work, call, request);
    }
    dialect_->write_head(call, now, request.head);
  }

  Progress advance(Operation& operation, const Answer& answer) override {
    if (operation.work == Work::list) {
      return advance_listing(operation, answer.body, "<Name>", "NextMarker", options_.expected_names);
    }
    if (operation.work == Work::find) return advance_listing(operation, answer.body, "<Name>", "NextMarker", options_.tag_hits);
    if (operation.work != Work::put_blocks) return Progress::done;
    return operation.part++ < blocks(operation) ? Progress::more : Progress::done;
  }

 private:
  std::uint64_t blocks(const Operation& operation) const {
    return (operation.size + options_.block_size - 1) / options_.block_size;
  }

  void write_list(const Operation& operation, std::time_t now, Call& call, Request& request) {
    call.method = "GET";
    call.path = container_path_;
    const std::string page = std::to_string(options_.page_names);
    Param query[5] = {{"comp", "list"}};   // in the order of their names, as they are signed
    std::size_t count = 1;
    if (!options_.include.empty()) query[count++] = {"include", options_.include};
    if (!operation.token.empty()) query[count++] = {"marker", operation.token};
    query[count++] = {"maxresults", page};
    query[count++] = {"restype", "container"};
    call.query = std::span<const Param>(query, count);
    request.collect_body = true;
    dialect_->write_head(call, now, request.head);
  }

  // One page blob: a key is a place in it.
  void write_pages(const Operation& operation, std::time_t now, Call& call, Request& request) {
    path_.clear();
    object_path(options_, 0, path_);
    call.path = path_;
    const std::uint64_t first = operation.key * operation.size;
    const std::string length = std::to_string(options_.blob_bytes);
    const std::string range = fmt::format("bytes={}-{}", first, first + operation.size - 1);
    const Param create[] = {{"x-ms-blob-content-length", length}, {"x-ms-blob-type", "PageBlob"}};
    const Param update[] = {{"x-ms-page-write", "update"}, {"x-ms-range", range}};
    const Param read[] = {{"x-ms-range", range}};
    static constexpr Param kQuery[] = {{"comp", "page"}};
    if (operation.work == Work::get_page) {
      call.method = "GET";
      call.headers = read;
      request.verify_content = true;
    } else {
      call.method = "PUT";
      const bool put = operation.work == Work::put_page;
      call.headers = put ? std::span<const Param>(update) : std::span<const Param>(create);
      if (put) call.query = kQuery;
      call.length = request.content_length = put ? operation.size : 0;
    }
    dialect_->write_head(call, now, request.head);
  }

  std::string group(const Operation& operation) const { return fmt::format("g{}", operation.key / options_.tag_hits); }

  void write_find(const Operation& operation, std::time_t now, Call& call, Request& request) {
    call.method = "GET";
    call.path = container_path_;
    const std::string where = "group='" + group(operation) + "'";
    const Param query[] = {{"comp", "blobs"}, {"restype", "container"}, {"where", where}};
    call.query = query;
    request.collect_body = true;
    dialect_->write_head(call, now, request.head);
  }

  void write_block(const Operation& operation, std::time_t now, Call& call, Request& request) {
    call.method = "PUT";
    if (operation.part < blocks(operation)) {
      const std::string id = block_id(operation.part);
      const Param query[] = {{"blockid", id}, {"comp", "block"}};
      call.query = query;
      request.content_position = operation.part * options_.block_size;
      request.content_length = std::min(options_.block_size, operation.size - request.content_position);
      call.length = request.content_length;
      dialect_->write_head(call, now, request.head);
      return;
    }
    request.text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
    for (unsigned part = 0; part < blocks(operation); ++part) {
      request.text += "<Latest>" + block_id(part) + "</Latest>";
    }
    request.text += "</BlockList>";
    static constexpr Param kQuery[] = {{"comp", "blocklist"}};
    call.query = kQuery;
    call.content_type = "application/xml";
    call.length = request.text.size();
    dialect_->write_head(call, now, request.head);
  }

  static std::string block_id(unsigned part) {
    std::string id;
    append_base64(id, fmt::format("block-{:06}", part));
    return id;
  }

  std::unique_ptr<Dialect> dialect_;
  TargetOptions options_;
  std::string container_path_;
  std::string path_;
  std::string tag_;
  Param tagged_[2] = {kBlockBlob[0], {"x-ms-tags", {}}};
};

}  // namespace

std::unique_ptr<Target> make_azure_target(std::unique_ptr<Dialect> dialect, TargetOptions options) {
  return std::make_unique<AzureTarget>(std::move(dialect), std::move(options));
}

}  // namespace bench
