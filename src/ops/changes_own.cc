// Changes between two snapshots of a page blob of this installation: known where they lie.
#include <algorithm>

#include "ops/change_source.h"
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::HeadRecord;
using catalog::Span;

namespace {

// As the copy's failure is told; status 0: none, the copy may go on later.
struct Failure { int status = 0; std::string_view code; };
Failure failure_of(Reason reason) {
  switch (reason) {
    case Reason::source_not_found: return {404, "BlobNotFound"};
    case Reason::source_container_not_found: return {404, "ContainerNotFound"};
    case Reason::previous_snapshot_not_found: return {409, "PreviousSnapshotNotFound"};
    case Reason::blob_overwritten: return {409, "BlobOverwritten"};
    default: return {};
  }
}

class OwnedBody final : public BodySource {
 public:
  explicit OwnedBody(std::unique_ptr<BlobReader> reader) : reader_(std::move(reader)), body_(*reader_) {}
  Task<Result<std::size_t>> read(MutableBytes into) override { return body_.read(into); }

 private:
  const std::unique_ptr<BlobReader> reader_;
  ReaderBody body_;
};

}  // namespace

Task<Result<Service::IncrementalSource>> Service::incremental_source(BlobRef source, WallTime former) {
  IncrementalSource found;
  auto container = co_await resolve({source.account, source.container});
  if (!container && reason_of(container.error()) == Reason::container_not_found) co_return refuse(Reason::source_container_not_found);
  if (!container) co_return fail(container.error());
  const std::uint64_t cid = (*container)->cid;
  for (const WallTime time : {former, source.at.time}) {
    if (time == WallTime()) continue;
    const bool itself = time == source.at.time;
    const std::string key = keys::past(cid, source.blob, time);
    BASCULE_CO_ASSIGN(auto state, co_await parts_.catalog.get<HeadRecord>(key));
    if (!catalog::live(state) || !is_state(state->record, {At::Kind::snapshot, time}))
      co_return refuse(itself ? Reason::source_not_found : Reason::previous_snapshot_not_found);
    found.required.emplace_back(key, state->version);
    if (itself) found.head = std::move(state->record);
    if (time == former) {
      found.before = itself ? found.head.manifest.writes : state->record.manifest.writes;
      found.former_manifest = itself ? found.head.manifest.id : state->record.manifest.id;
    }
    if (itself && time == former) break;
  }
  if (found.head.type != static_cast<std::uint8_t>(BlobType::page)) co_return refuse(Reason::source_type_mismatch);
  if (found.before && found.former_manifest != found.head.manifest.id) co_return refuse(Reason::blob_overwritten);
  const catalog::EncryptionRecord* used = encryption_of(found.head);
  BASCULE_CO_TRY(check_encryption(used, {}));
  BASCULE_CO_ASSIGN(found.container, co_await keyed(*container, source.account, used ? std::optional(*used) : std::nullopt, {}));
  co_return found;
}

class Service::OwnChanges final : public ChangeSource {
 public:
  OwnChanges(Service& service, catalog::CopyJobRecord job) : service_(service), job_(std::move(job)) {}

  Task<Result<void>> look() override {
    token_ = service_.read_token();   // what both snapshots see stays until it is copied
    auto found = co_await service_.incremental_source(
        {job_.source_account, job_.source_container, job_.source_blob, {At::Kind::snapshot, job_.source_time}}, job_.former);
    if (!found) {
      const Failure failure = failure_of(reason_of(found.error()));
      co_return failure.status == 0 ? fail(found.error()) : source_failed(failure.status, failure.code);
    }
    if (found->head.etag != job_.source_state) co_return source_failed(412, "ConditionNotMet");
    from_ = std::move(*found);
    co_return Result<void>{};
  }

  Task<Result<Changes>> next(std::uint64_t from) override {
    const LineageId id{from_.container->cid, from_.head.manifest.id};
    BASCULE_CO_ASSIGN(SpanView view, co_await SpanView::past(service_.parts_.catalog, id, from_.head.manifest.writes));
    Changes changes{.end = from};
    while (changes.end < job_.total_bytes && !changes.full()) {
      BASCULE_CO_ASSIGN(const auto stretch, co_await view.stretch(changes.end, job_.total_bytes));
      changes.end = stretch.end;
      for (const Span& span : stretch.spans) {
        if (from_.before ? span.birth <= *from_.before : span.clear) continue;
        if (changes.full()) {
          changes.end = span.offset;
          break;
        }
        auto& ranges = span.clear ? changes.cleared : changes.written;
        if (!ranges.empty() && *ranges.back().last + 1 == span.offset) ranges.back().last = span.end() - 1;
        else ranges.push_back({span.offset, span.end() - 1});
        if (!span.clear) changes.bytes += span.length;
      }
    }
    co_return changes;
  }

  Task<Result<std::unique_ptr<BodySource>>> open(ByteRange range) override {
    const BlobView shown = to_view(job_.source_blob, from_.head, service_.now());
    co_return std::make_unique<OwnedBody>(service_.span_reader(from_.container, shown, from_.head.manifest, range.first,
                                                               *range.last - range.first + 1, token_));
  }

  Result<Properties> properties() const override {
    return Properties{headers_of(from_.head), from_.head.metadata, from_.head.extras ? from_.head.extras->page : std::nullopt};
  }
  std::vector<std::pair<std::string, std::uint64_t>> required() const override { return from_.required; }

 private:
  Service& service_;
  const catalog::CopyJobRecord job_;
  IncrementalSource from_;
  std::shared_ptr<void> token_;
};

std::unique_ptr<ChangeSource> Service::own_changes(catalog::CopyJobRecord job) {
  return std::make_unique<OwnChanges>(*this, std::move(job));
}

}  // namespace bascule::ops
