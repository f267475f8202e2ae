#include "migrate/ops_target.h"

namespace bascule::migrate {
namespace {

class OpsReader final : public TargetReader {
 public:
  explicit OpsReader(std::unique_ptr<ops::BlobReader> reader)
      : reader_(std::move(reader)),
        properties_{reader_->blob().headers, reader_->blob().metadata, reader_->blob().tier} {}
  std::uint64_t size_bytes() const override { return reader_->blob().size_bytes; }
  const BlobProperties& properties() const override { return properties_; }
  std::uint64_t state() const override { return reader_->blob().etag; }
  Task<Result<Bytes>> next() override { return reader_->next(); }

 private:
  std::unique_ptr<ops::BlobReader> reader_;
  BlobProperties properties_;
};

class OpsTarget final : public Target {
 public:
  OpsTarget(ops::Operations& operations, std::string account)
      : operations_(operations), account_(std::move(account)) {}

  Task<Result<std::uint64_t>> ensure_container(SourceContainer container, SourceAccess access) override {
    const ops::ContainerRef ref{account_, container.name};
    auto view = co_await operations_.create_container(ref, container.metadata, access.public_access);
    const bool existed = !view && ops::reason_of(view.error()) == ops::Reason::container_exists;
    if (existed) view = co_await operations_.set_container_metadata(ref, container.metadata, {});
    if (!view) co_return fail(explain(std::move(view.error())));
    if (access.known && (existed || !access.policies.empty())) {
      view = co_await operations_.set_container_acl(ref, access.public_access, std::move(access.policies), {});
      if (!view) co_return fail(explain(std::move(view.error())));
    }
    co_return view->id;
  }

  Task<Result<void>> put_blob(std::string container, std::string blob, BlobProperties properties,
                              std::uint64_t size_bytes, ops::BodySource& body) override {
    ops::PutBlob put;
    put.body.length_bytes = size_bytes;
    put.headers = std::move(properties.headers);
    put.metadata = std::move(properties.metadata);
    put.tier = std::move(properties.tier);
    auto written = co_await operations_.put_blob({account_, container, blob}, std::move(put), body);
    if (!written) co_return fail(explain(std::move(written.error())));
    co_return Result<void>{};
  }

  Task<Result<void>> put_block(std::string container, std::string blob, std::string block_id, std::uint64_t size_bytes,
                               ops::BodySource& body) override {
    ops::PutBlock put;
    put.block_id = std::move(block_id);
    put.body.length_bytes = size_bytes;
    auto written = co_await operations_.put_block({account_, container, blob}, std::move(put), body);
    if (!written && ops::reason_of(written.error()) == ops::Reason::invalid_block_id_length) {
      // Blocks of an earlier state of the source stand in the way: an empty list makes an empty blob and drops them.
      auto dropped = co_await operations_.put_block_list({account_, container, blob}, {});
      if (!dropped) co_return fail(explain(std::move(dropped.error())));
      co_return fail(Code::unavailable, "the target held blocks of an earlier attempt; they are dropped now");
    }
    if (!written) co_return fail(explain(std::move(written.error())));
    co_return Result<void>{};
  }

  Task<Result<void>> commit(std::string container, std::string blob, BlobProperties properties,
                            std::vector<std::string> block_ids) override {
    ops::PutBlockList put;
    put.blocks.reserve(block_ids.size());
    for (std::string& id : block_ids) put.blocks.push_back({ops::BlockListEntry::From::uncommitted, std::move(id)});
    put.headers = std::move(properties.headers);
    put.metadata = std::move(properties.metadata);
    put.tier = std::move(properties.tier);
    auto written = co_await operations_.put_block_list({account_, container, blob}, std::move(put));
    if (!written) co_return fail(explain(std::move(written.error())));
    co_return Result<void>{};
  }

  Task<Result<std::uint64_t>> state(std::string container, std::string blob) override {
    auto view = co_await operations_.head_blob({account_, container, blob}, {});
    if (!view && ops::reason_of(view.error()) == ops::Reason::blob_not_found) co_return std::uint64_t{0};
    if (!view) co_return fail(explain(std::move(view.error())));
    co_return view->etag;
  }

  Task<Result<std::unique_ptr<TargetReader>>> open(std::string container, std::string blob) override {
    auto reader = co_await operations_.open_blob({account_, container, blob}, {});
    if (!reader) co_return fail(explain(std::move(reader.error())));
    co_return std::make_unique<OpsReader>(std::move(*reader));
  }

 private:
  // Refusals carry a reason instead of words.
  static Error explain(Error error) {
    if (error.code != Code::refused || !error.message.empty()) return error;
    switch (ops::reason_of(error)) {
      case ops::Reason::blob_not_found: error.message = "the blob is not at the target"; break;
      case ops::Reason::container_not_found: error.message = "the container is not at the target"; break;
      case ops::Reason::container_being_deleted: error.message = "the container is being deleted at the target"; break;
      case ops::Reason::account_not_found: error.message = "the account is not at the target"; break;
      case ops::Reason::blob_type_mismatch: error.message = "the target holds a blob of another type by this name"; break;
      case ops::Reason::lease_id_missing: error.message = "the target's blob is leased"; break;
      case ops::Reason::invalid_block_list: error.message = "the target lacks a block that was just written"; break;
      default: error.message = "the target refused it (reason " + std::to_string(error.reason) + ")";
    }
    return error;
  }

  ops::Operations& operations_;
  const std::string account_;
};

}  // namespace

std::unique_ptr<Target> make_ops_target(ops::Operations& operations, std::string account) {
  return std::make_unique<OpsTarget>(operations, std::move(account));
}

}  // namespace bascule::migrate
