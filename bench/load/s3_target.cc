#include <fmt/format.h>
#include <openssl/evp.h>

#include "load/hmac.h"
#include "load/target.h"

namespace bench {
namespace {

class S3Target final : public Target {
 public:
  S3Target(std::unique_ptr<Dialect> dialect, TargetOptions options, const Content& content)
      : dialect_(std::move(dialect)), options_(std::move(options)), content_(content),
        container_path_("/" + options_.container), page_(std::to_string(options_.page_names)) {}

  bool supports(Work work) const override { return work < Work::create_append; }

  void write(const Operation& operation, std::time_t now, Request& request) override {
    path_.clear();
    object_path(options_, operation.key, path_);
    Call call;
    call.path = path_;
    switch (operation.work) {
      case Work::put:
        call.method = "PUT";
        call.length = request.content_length = operation.size;
        break;
      case Work::create:
        call.method = "PUT";
        call.path = container_path_;
        call.length = 0;
        request.also_accepted = 409;
        break;
      case Work::list: return write_list(operation, now, call, request);
      case Work::put_blocks: return write_part(operation, now, call, request);
      default: write_simple(operation.work, call, request);
    }
    finish(operation, now, call, request);
  }

  Progress advance(Operation& operation, const Answer& answer) override {
    if (operation.work == Work::list) {
      return advance_listing(operation, answer.body, "<Key>", "NextContinuationToken", options_.expected_names);
    }
    if (operation.work != Work::put_blocks) return Progress::done;
    if (operation.part == 0) {
      operation.token = xml_unescaped(xml_text(answer.body, "UploadId"));
      operation.etags.clear();
      if (operation.token.empty()) return Progress::wrong;
    } else if (operation.part <= parts(operation)) {
      operation.etags.emplace_back(answer.etag);
    } else {
      operation.token.clear();
      // A completion may fail after its 200: then the body is an error document.
      return answer.body.find("<Error>") == std::string_view::npos ? Progress::done : Progress::wrong;
    }
    operation.part++;
    return Progress::more;
  }

 private:
  std::uint64_t parts(const Operation& operation) const {
    return (operation.size + options_.block_size - 1) / options_.block_size;
  }

  void write_list(const Operation& operation, std::time_t now, Call& call, Request& request) {
    call.method = "GET";
    call.path = container_path_;
    const Param first[] = {{"list-type", "2"}, {"max-keys", page_}};
    const Param next[] = {{"continuation-token", operation.token}, {"list-type", "2"}, {"max-keys", page_}};
    call.query = operation.token.empty() ? std::span<const Param>(first) : std::span<const Param>(next);
    request.collect_body = true;
    finish(operation, now, call, request);
  }

  void write_part(const Operation& operation, std::time_t now, Call& call, Request& request) {
    if (operation.part == 0) {
      static constexpr Param kQuery[] = {{"uploads", ""}};
      call.method = "POST";
      call.query = kQuery;
      call.length = 0;
      request.collect_body = true;
      return finish(operation, now, call, request);
    }
    if (operation.part <= parts(operation)) {
      const std::string number = std::to_string(operation.part);
      const Param query[] = {{"partNumber", number}, {"uploadId", operation.token}};
      call.method = "PUT";
      call.query = query;
      request.content_position = (operation.part - 1) * options_.block_size;
      request.content_length = std::min(options_.block_size, operation.size - request.content_position);
      call.length = request.content_length;
      return finish(operation, now, call, request);
    }
    request.text = "<CompleteMultipartUpload>";
    for (std::size_t i = 0; i < operation.etags.size(); ++i) {
      fmt::format_to(std::back_inserter(request.text), "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                     operation.etags[i]);
    }
    request.text += "</CompleteMultipartUpload>";
    const Param query[] = {{"uploadId", operation.token}};
    call.method = "POST";
    call.query = query;
    call.length = request.text.size();
    request.collect_body = true;
    finish(operation, now, call, request);
  }

  void finish(const Operation& operation, std::time_t now, Call& call, Request& request) {
    std::string digest;
    if (options_.sign_payload) {
      append_hex(digest, payload_digest(operation, request));
      call.payload_sha256 = digest;
    }
    dialect_->write_head(call, now, request.head);
  }

  Digest payload_digest(const Operation& operation, const Request& request) const {
    if (request.content_length == 0) return sha256(request.text);
    Digest digest;
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
    for (std::uint64_t done = 0; done < request.content_length;) {
      const auto part = content_.at(operation.key, request.content_position + done, request.content_length - done);
      EVP_DigestUpdate(context, part.data(), part.size());
      done += part.size();
    }
    EVP_DigestFinal_ex(context, digest.data(), nullptr);
    EVP_MD_CTX_free(context);
    return digest;
  }

  std::unique_ptr<Dialect> dialect_;
  TargetOptions options_;
  const Content& content_;
  std::string container_path_;
  std::string page_;
  std::string path_;
};

}  // namespace

std::unique_ptr<Target> make_s3_target(std::unique_ptr<Dialect> dialect, TargetOptions options, const Content& content) {
  return std::make_unique<S3Target>(std::move(dialect), std::move(options), content);
}

}  // namespace bench
