#include "migrate/ops_target.h"

namespace bascule::migrate {

namespace {

constexpr Ticks kLastMinutes = std::chrono::minutes(5);

// Refusals carry a reason instead of words.
Error explain(Error error) {
  if (error.code != Code::refused || !error.message.empty()) return error;
  switch (ops::reason_of(error)) {
    case ops::Reason::blob_not_found: error.message = "the blob is not at the target"; break;
    case ops::Reason::container_not_found: error.message = "the container is not at the target"; break;
    case ops::Reason::container_being_deleted: error.message = "the container is being deleted at the target"; break;
    case ops::Reason::account_not_found: error.message = "the account is not at the target"; break;
    case ops::Reason::blob_type_mismatch: error.message = "the target holds a blob of another type by this name"; break;
    case ops::Reason::lease_id_missing: error.message = "the target's blob is leased"; break;
    case ops::Reason::invalid_block_list: error.message = "the target lacks a block that was just written"; break;
    case ops::Reason::blob_under_policy: error.message = "a retention at the target keeps what is there"; break;
    case ops::Reason::blob_under_legal_hold: error.message = "a legal hold at the target keeps what is there"; break;
    default: error.message = "the target refused it (reason " + std::to_string(error.reason) + ")";
  }
  return error;
}

BlobProperties properties_of(const ops::BlobView& view) {
  BlobProperties p{view.headers, view.metadata, view.tier, view.tags, view.type};
  p.sealed = view.sealed;
  p.committed_blocks = view.committed_blocks;
  p.sequence_number = view.sequence_number;
  p.stamps.version = view.version;
  p.expires = view.expires;
  return p;
}

ops::Conditions same_state(std::uint64_t etag) {
  ops::Conditions conditions;
  conditions.if_match = ops::ETagSet{.any = false, .values = {etag}};
  return conditions;
}

class OpsReader final : public TargetReader {
 public:
  explicit OpsReader(std::unique_ptr<ops::BlobReader> reader)
      : reader_(std::move(reader)), properties_(properties_of(reader_->blob())) {}
  std::uint64_t size_bytes() const override { return reader_->blob().size_bytes; }
  const BlobProperties& properties() const override { return properties_; }
  std::uint64_t state() const override { return reader_->blob().etag; }
  Task<Result<Bytes>> next() override { return reader_->next(); }
  std::uint64_t ranges() override { return 0; }

 private:
  std::unique_ptr<ops::BlobReader> reader_;
  BlobProperties properties_;
};

// A page blob without its holes, range by range.
class PagesReader final : public TargetReader {
 public:
  PagesReader(ops::Operations& operations, ops::BlobRef ref, ops::BlobView view)
      : operations_(operations), ref_(std::move(ref)), view_(std::move(view)), properties_(properties_of(view_)) {}
  std::uint64_t size_bytes() const override { return view_.size_bytes; }
  const BlobProperties& properties() const override { return properties_; }
  std::uint64_t state() const override { return view_.etag; }
  std::uint64_t ranges() override { return sum_.finish(); }

  Task<Result<Bytes>> next() override {
    while (true) {
      if (reader_) {
        BASCULE_CO_ASSIGN(const Bytes bytes, co_await reader_->next());
        if (!bytes.empty()) co_return bytes;
        reader_.reset();
      }
      if (at_ == page_.ranges.size()) {
        if (asked_ && !page_.next) co_return Bytes();
        BASCULE_CO_ASSIGN(page_, co_await operations_.get_page_ranges(ref_, {.start = page_.next.value_or(0), .conditions = same_state(view_.etag)}));
        asked_ = true;
        at_ = 0;
        continue;
      }
      const ops::PageRange range = page_.ranges[at_++];
      sum_.add(range.first, range.last - range.first + 1);
      BASCULE_CO_ASSIGN(reader_, co_await operations_.open_blob(ref_, {.range = ops::ByteRange{range.first, range.last}, .conditions = same_state(view_.etag)}));
    }
  }

 private:
  ops::Operations& operations_;
  const ops::BlobRef ref_;
  const ops::BlobView view_;
  BlobProperties properties_;
  ops::PageRanges page_;
  std::size_t at_ = 0;
  bool asked_ = false;
  std::unique_ptr<ops::BlobReader> reader_;
  RangesSum sum_;
};

class OpsTarget final : public Target {
 public:
  OpsTarget(ops::Service& operations, std::string account) : operations_(operations), account_(std::move(account)) {}

  Task<Result<std::uint64_t>> ensure_container(SourceContainer container, SourceAccess access) override {
    const ops::ContainerRef ref{account_, container.name};
    const auto account = operations_.account(account_);
    if (container.version_immutability && account && !account->settings.versioning)
      co_return fail(Code::unsupported, "its blobs may have policies and holds of their own, which needs versioning here: "
                                        "`bascule account set " + account_ + " --versioning on`, and run the same command again");
    auto view = co_await operations_.create_container(ref, container.metadata, access.public_access);
    const bool existed = !view && ops::reason_of(view.error()) == ops::Reason::container_exists;
    if (existed) view = co_await operations_.set_container_metadata(ref, container.metadata, {});
    if (!view) co_return fail(explain(std::move(view.error())));
    if (access.known && (existed || !access.policies.empty())) {
      view = co_await operations_.set_container_acl(ref, access.public_access, std::move(access.policies), {});
      if (!view) co_return fail(explain(std::move(view.error())));
    }
    if (container.version_immutability) {
      const WallTime now = operations_.lawful_now();
      auto rules = co_await operations_.change_container_immutability(ref, [now](catalog::ContainerImmutability& rules) {
        return ops::enable_versions(rules, now);
      });
      if (!rules) co_return fail(explain(std::move(rules.error())));
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
    put.tags = std::move(properties.tags);
    put.imported = properties.stamps;
    auto written = co_await operations_.put_blob({account_, container, blob}, std::move(put), body);
    if (!written) co_return fail(explain(std::move(written.error())));
    co_return co_await set_expiry(std::move(container), std::move(blob), properties.expires);
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
    put.tags = std::move(properties.tags);
    put.imported = properties.stamps;
    auto written = co_await operations_.put_block_list({account_, container, blob}, std::move(put));
    if (!written) co_return fail(explain(std::move(written.error())));
    co_return co_await set_expiry(std::move(container), std::move(blob), properties.expires);
  }

  Task<Result<void>> import_blob(std::string container, std::string blob, ops::At at, BlobProperties properties,
                                 std::uint64_t size_bytes, ops::ImportBody& body) override {
    ops::ImportBlob import{properties.type, size_bytes, std::move(properties.headers), std::move(properties.metadata),
                           std::move(properties.tier), std::move(properties.tags), properties.stamps};
    import.committed_blocks = properties.committed_blocks;
    import.sealed = properties.sealed;
    import.sequence_number = properties.sequence_number;
    auto written = co_await operations_.import_blob({account_, container, blob, at}, std::move(import), body);
    if (!written) co_return fail(explain(std::move(written.error())));
    if (!at.base()) co_return Result<void>{};
    co_return co_await set_expiry(std::move(container), std::move(blob), properties.expires);
  }

  Task<Result<void>> keep(std::string container, std::string blob, ops::At at, ops::Keep keep) override {
    const ops::BlobRef ref{account_, container, blob, at};
    if (keep.policy && keep.policy->until > operations_.lawful_now()) {
      auto set = co_await operations_.set_immutability(ref, {.policy = *keep.policy});
      if (!set) co_return fail(explain(std::move(set.error())));
    }
    if (keep.legal_hold) {
      auto set = co_await operations_.set_legal_hold(ref, true);
      if (!set) co_return fail(explain(std::move(set.error())));
    }
    co_return Result<void>{};
  }

  Task<Result<std::uint64_t>> state(std::string container, std::string blob, ops::At at) override {
    auto view = co_await operations_.head_blob({account_, container, blob, at}, {});
    if (!view && ops::reason_of(view.error()) == ops::Reason::blob_not_found) co_return std::uint64_t{0};
    if (!view) co_return fail(explain(std::move(view.error())));
    co_return view->etag;
  }

  Task<Result<std::unique_ptr<TargetReader>>> open(std::string container, std::string blob, ops::At at) override {
    const ops::BlobRef ref{account_, container, blob, at};
    auto reader = co_await operations_.open_blob(ref, {});
    if (!reader) co_return fail(explain(std::move(reader.error())));
    if ((*reader)->blob().type == ops::BlobType::page)
      co_return std::make_unique<PagesReader>(operations_, ref, (*reader)->blob());
    co_return std::make_unique<OpsReader>(std::move(*reader));
  }

 private:
  Task<Result<void>> set_expiry(std::string container, std::string blob, WallTime at) {
    if (at == WallTime()) co_return Result<void>{};
    const ops::BlobRef ref{account_, container, blob};
    auto set = co_await operations_.set_blob_expiry(ref, {.from = ops::SetExpiry::From::epoch, .at = at});
    if (!set && ops::reason_of(set.error()) == ops::Reason::expiry_in_the_past)   // it ended while it was carried
      set = co_await operations_.set_blob_expiry(ref, {.from = ops::SetExpiry::From::now, .after = kLastMinutes});
    if (!set) co_return fail(explain(std::move(set.error())));
    co_return Result<void>{};
  }

  ops::Service& operations_;
  const std::string account_;
};

}  // namespace

std::unique_ptr<Target> make_ops_target(ops::Service& operations, std::string account) {
  return std::make_unique<OpsTarget>(operations, std::move(account));
}

}  // namespace bascule::migrate
