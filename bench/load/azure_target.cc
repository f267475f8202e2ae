#include <fmt/format.h>

#include "load/hmac.h"
#include "load/target.h"

namespace bench {
namespace {

constexpr Param kBlockBlob[] = {{"x-ms-blob-type", "BlockBlob"}};

class AzureTarget final : public Target {
 public:
  AzureTarget(std::unique_ptr<Dialect> dialect, TargetOptions options)
      : dialect_(std::move(dialect)), options_(std::move(options)), container_path_("/" + options_.container) {}

  bool supports(Work) const override { return true; }

  void write(const Operation& operation, std::time_t now, Request& request) override {
    path_.clear();
    object_path(options_, operation.key, path_);
    Call call;
    call.path = path_;
    switch (operation.work) {
      case Work::put:
        call.method = "PUT";
        call.headers = kBlockBlob;
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
      case Work::list: return write_list(operation, now, call, request);
      case Work::put_blocks: return write_block(operation, now, call, request);
      default: write_simple(operation.work, call, request);
    }
    dialect_->write_head(call, now, request.head);
  }

  Progress advance(Operation& operation, const Answer& answer) override {
    if (operation.work == Work::list) {
      return advance_listing(operation, answer.body, "<Name>", "NextMarker", options_.expected_names);
    }
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
    const Param first[] = {{"comp", "list"}, {"maxresults", page}, {"restype", "container"}};
    const Param next[] = {{"comp", "list"}, {"marker", operation.token}, {"maxresults", page}, {"restype", "container"}};
    call.query = operation.token.empty() ? std::span<const Param>(first) : std::span<const Param>(next);
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
};

}  // namespace

std::unique_ptr<Target> make_azure_target(std::unique_ptr<Dialect> dialect, TargetOptions options) {
  return std::make_unique<AzureTarget>(std::move(dialect), std::move(options));
}

}  // namespace bench
