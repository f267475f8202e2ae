// A small stand-in for the use cases, for the tests of this folder: it keeps what it is given and answers what it is told.
#pragma once
#include <functional>
#include <map>

#include "base/crc64.h"
#include "base/digest.h"
#include "catalog/access.h"
#include "ops/operations.h"

namespace bascule::api::blob {

class FakeReader final : public ops::BlobReader {
 public:
  FakeReader(ops::BlobView view, std::string content, std::uint64_t first, std::uint64_t length, std::size_t part,
             std::optional<std::size_t> damaged_part)
      : view_(std::move(view)), content_(std::move(content)), first_(first), length_(length), part_(part),
        damaged_part_(damaged_part) {}
  const ops::BlobView& blob() const override { return view_; }
  std::uint64_t first_byte() const override { return first_; }
  std::uint64_t length_bytes() const override { return length_; }
  Task<Result<Bytes>> next() override {
    if (damaged_part_ && parts_++ == *damaged_part_) co_return fail(Code::corrupt, "a damaged chunk");
    const std::size_t size = std::min<std::size_t>(part_, length_ - given_);
    const Bytes part = as_bytes(content_).subspan(first_ + given_, size);
    given_ += size;
    co_return part;
  }

 private:
  ops::BlobView view_;
  std::string content_;
  std::uint64_t first_, length_, given_ = 0;
  std::size_t part_, parts_ = 0;
  std::optional<std::size_t> damaged_part_;
};

class FakeOperations final : public ops::Operations {
 public:
  struct Blob {
    ops::BlobView view;
    std::string content;
  };
  std::map<std::string, ops::ContainerView> containers;
  std::map<std::string, Blob> blobs;  // "container/blob"
  std::shared_ptr<ops::Account> known;
  std::optional<Error> error;         // answers every call that can fail
  std::size_t part_bytes = 1 << 20;
  std::optional<std::size_t> damaged_part;
  // What was last asked for.
  ops::PutBlob last_put;
  ops::PutBlock last_block;
  ops::PutBlockList last_list;
  ops::ListBlobs last_blob_list;
  ops::CopyBlob last_copy;
  ops::BlobRef last_source;
  ops::LeaseAction last_lease;
  ops::Conditions last_conditions;
  ops::RestoreContainer last_restore;
  ops::BlobPage page;
  ops::BlockList block_list;

  FakeOperations() {
    known = std::make_shared<ops::Account>();
    known->name = "acct";
    known->keys = {std::string(64, 'k'), std::string(64, 'l')};
  }

  std::shared_ptr<const ops::Account> account(std::string_view name) const override {
    return name == known->name ? known : nullptr;
  }
  Task<Result<ops::ContainerView>> create_container(ops::ContainerRef ref, ops::Metadata m, ops::PublicAccess a,
                                                      ops::ContainerEncryption e) override {
    if (containers.contains(ref.container)) co_return ops::refuse(ops::Reason::container_exists);
    auto& view = containers[ref.container];
    view = {.name = ref.container, .etag = 0xAB, .metadata = std::move(m), .public_access = a,
            .default_encryption_scope = e.default_scope, .deny_encryption_scope_override = e.deny_override};
    co_return view;
  }
  Task<Result<ops::ContainerView>> get_container(ops::ContainerRef ref, std::optional<std::string>) override {
    const auto found = containers.find(ref.container);
    if (error) co_return std::unexpected(*error);
    if (found == containers.end()) co_return ops::refuse(ops::Reason::container_not_found);
    co_return found->second;
  }
  Task<Result<void>> delete_container(ops::ContainerRef ref, ops::Conditions) override {
    if (containers.erase(ref.container) == 0) co_return ops::refuse(ops::Reason::container_not_found);
    co_return Result<void>();
  }
  Task<Result<ops::ContainerView>> set_container_metadata(ops::ContainerRef ref, ops::Metadata m, ops::Conditions) override {
    containers[ref.container].metadata = std::move(m);
    co_return containers[ref.container];
  }
  Task<Result<ops::ContainerView>> set_container_acl(ops::ContainerRef ref, ops::PublicAccess access,
                                                     std::vector<ops::StoredPolicy> policies, ops::Conditions) override {
    containers[ref.container].public_access = access;
    containers[ref.container].policies = std::move(policies);
    co_return containers[ref.container];
  }
  Task<Result<ops::ContainerPage>> list_containers(std::string, ops::ListContainers) override {
    ops::ContainerPage found;
    for (const auto& [name, view] : containers) found.items.push_back(view);
    co_return found;
  }
  Task<Result<void>> note_delegation(std::string, catalog::DelegationHolder) override { co_return Result<void>{}; }
  Task<Result<void>> change_settings(std::string, ops::SettingsChange change) override {
    auto changed = std::make_shared<ops::Account>(*known);
    BASCULE_CO_TRY(change(changed->settings));
    known = std::move(changed);
    co_return Result<void>();
  }
  Task<Result<ops::ContainerView>> restore_container(ops::ContainerRef ref, ops::RestoreContainer restore) override {
    last_restore = std::move(restore);
    if (error) co_return std::unexpected(*error);
    co_return ops::ContainerView{.name = ref.container};
  }
  Task<Result<ops::ContainerView>> rename_container(ops::ContainerRef ref, std::string source,
                                                    std::optional<std::string>) override {
    if (!containers.contains(source)) co_return ops::refuse(ops::Reason::container_not_found);
    co_return ops::ContainerView{.name = ref.container};
  }
  Task<Result<ops::Written>> put_blob(ops::BlobRef ref, ops::PutBlob put, ops::BodySource& body) override {
    if (error) co_return std::unexpected(*error);
    std::string content(put.body.length_bytes, '\0');
    for (std::size_t at = 0; at < content.size();) {
      BASCULE_CO_ASSIGN(const std::size_t got, co_await body.read(as_writable(content).subspan(at)));
      at += got;
    }
    Blob& blob = blobs[ref.container + "/" + ref.blob];
    blob.view = {.name = ref.blob, .size_bytes = content.size(), .etag = 0xCD, .headers = put.headers,
                 .metadata = put.metadata, .tier = put.tier};
    blob.content = std::move(content);
    last_put = std::move(put);
    const auto md5 = Md5::of(as_bytes(blob.content));
    if (!blob.view.headers.md5) blob.view.headers.md5 = md5;
    co_return ops::Written{.etag = 0xCD, .md5 = md5, .crc64 = crc64(as_bytes(blob.content))};
  }
  Task<Result<ops::Written>> put_block(ops::BlobRef, ops::PutBlock put, ops::BodySource& body) override {
    if (error) co_return std::unexpected(*error);
    last_block = std::move(put);
    std::string content(last_block.body.length_bytes, '\0');
    for (std::size_t at = 0; at < content.size();) {
      BASCULE_CO_ASSIGN(const std::size_t got, co_await body.read(as_writable(content).subspan(at)));
      at += got;
    }
    ops::Written written{.crc64 = crc64(as_bytes(content))};
    if (last_block.body.want_md5) written.md5 = Md5::of(as_bytes(content));
    co_return written;
  }
  Task<Result<ops::Written>> put_block_list(ops::BlobRef, ops::PutBlockList put) override {
    if (error) co_return std::unexpected(*error);
    last_list = std::move(put);
    co_return ops::Written{.etag = 0xEF};
  }
  Task<Result<ops::BlockList>> get_block_list(ops::BlobRef, ops::Conditions) override { co_return block_list; }
  Task<Result<std::unique_ptr<ops::BlobReader>>> open_blob(ops::BlobRef ref, ops::OpenBlob open) override {
    last_conditions = open.conditions;
    if (error) co_return std::unexpected(*error);
    const auto found = blobs.find(ref.container + "/" + ref.blob);
    if (found == blobs.end()) co_return ops::refuse(ops::Reason::blob_not_found);
    const std::uint64_t size = found->second.content.size();
    std::uint64_t first = 0, length = size;
    if (open.range) {
      first = open.range->first;
      if (first >= size) co_return ops::refuse(ops::Reason::invalid_range, std::to_string(size));
      length = std::min(open.range->last.value_or(size - 1), size - 1) - first + 1;
    }
    co_return std::make_unique<FakeReader>(found->second.view, found->second.content, first, length, part_bytes,
                                           damaged_part);
  }
  Task<Result<ops::BlobView>> head_blob(ops::BlobRef ref, ops::Conditions) override {
    if (error) co_return std::unexpected(*error);
    const auto found = blobs.find(ref.container + "/" + ref.blob);
    if (found == blobs.end()) co_return ops::refuse(ops::Reason::blob_not_found);
    co_return found->second.view;
  }
  Task<Result<ops::Deleted>> delete_blob(ops::BlobRef ref, ops::DeleteBlob) override {
    if (blobs.erase(ref.container + "/" + ref.blob) == 0) co_return ops::refuse(ops::Reason::blob_not_found);
    co_return ops::Deleted();
  }
  Task<Result<void>> undelete_blob(ops::BlobRef ref) override {
    if (!blobs.contains(ref.container + "/" + ref.blob)) co_return ops::refuse(ops::Reason::blob_not_found);
    co_return Result<void>();
  }
  Task<Result<ops::TakenSnapshot>> snapshot_blob(ops::BlobRef, std::optional<ops::Metadata>, ops::Conditions) override {
    co_return ops::TakenSnapshot{.snapshot = WallTime(Ticks(1)), .etag = 1};
  }
  Task<Result<ops::Written>> set_blob_metadata(ops::BlobRef, ops::Metadata, ops::Conditions) override {
    co_return ops::Written{.etag = 1};
  }
  Task<Result<ops::Written>> set_blob_headers(ops::BlobRef, ops::ContentHeaders, ops::Conditions) override {
    co_return ops::Written{.etag = 1};
  }
  Task<Result<ops::LeaseResult>> lease_container(ops::ContainerRef, ops::LeaseAction action) override {
    return lease_blob({}, std::move(action));
  }
  Task<Result<ops::LeaseResult>> lease_blob(ops::BlobRef, ops::LeaseAction action) override {
    if (error) co_return std::unexpected(*error);
    last_lease = std::move(action);
    co_return ops::LeaseResult{.etag = 1, .lease_id = "11111111-1111-1111-1111-111111111111", .remaining_seconds = 5};
  }
  Task<Result<ops::Copied>> copy_blob(ops::BlobRef, ops::BlobRef source, ops::CopyBlob copy) override {
    last_source = std::move(source);
    last_copy = std::move(copy);
    if (error) co_return std::unexpected(*error);
    co_return ops::Copied{{.etag = 1}, "22222222-2222-2222-2222-222222222222", "success"};
  }
  Task<Result<ops::Copied>> copy_incrementally(ops::BlobRef, ops::BlobRef, ops::IncrementalCopy) override {
    co_return ops::refuse(ops::Reason::none);
  }
  Task<Result<ops::Copied>> start_copy(ops::BlobRef, ops::StartCopy) override { co_return ops::refuse(ops::Reason::none); }
  Task<Result<void>> abort_copy(ops::BlobRef, std::string, ops::Conditions) override { co_return ops::refuse(ops::Reason::no_pending_copy); }
  Task<Result<ops::ImmutabilityView>> set_immutability(ops::BlobRef, ops::SetImmutability) override { co_return Result<ops::ImmutabilityView>(); }
  Task<Result<void>> delete_immutability(ops::BlobRef) override { co_return Result<void>(); }
  Task<Result<void>> set_legal_hold(ops::BlobRef, bool) override { co_return Result<void>(); }
  Task<Result<bool>> set_blob_tier(ops::BlobRef, ops::SetTier) override { co_return false; }
  Task<Result<ops::Written>> set_blob_expiry(ops::BlobRef, ops::SetExpiry) override { co_return ops::Written{}; }
  Task<Result<ops::Tags>> get_blob_tags(ops::BlobRef ref, ops::Conditions) override {
    const auto found = blobs.find(ref.container + "/" + ref.blob);
    if (found == blobs.end()) co_return ops::refuse(ops::Reason::blob_not_found);
    co_return found->second.view.tags;
  }
  Task<Result<void>> set_blob_tags(ops::BlobRef ref, ops::Tags tags, ops::Conditions) override {
    blobs[ref.container + "/" + ref.blob].view.tags = std::move(tags);
    co_return Result<void>();
  }
  Task<Result<ops::TagPage>> find_by_tags(std::string, ops::FindByTags) override { co_return ops::TagPage{}; }
  Task<Result<ops::BlobPage>> list_blobs(ops::ContainerRef, ops::ListBlobs list) override {
    last_blob_list = std::move(list);
    co_return page;
  }
  // --- append and page blobs ---
  static Task<Result<void>> read_body(ops::BodySource& body) {
    std::string part(4096, '\0');
    while (true) {
      BASCULE_CO_ASSIGN(const std::size_t got, co_await body.read(as_writable(part)));
      if (got == 0) co_return Result<void>{};
    }
  }
  ops::CreateBlob last_create;
  ops::AppendBlock last_append;
  ops::PutPages last_pages;
  ops::SetPageProperties last_page_properties;
  ops::GetPageRanges last_ranges;
  ops::PageRanges ranges;
  Task<Result<ops::Written>> create_blob(ops::BlobRef, ops::CreateBlob create) override {
    last_create = std::move(create);
    if (error) co_return std::unexpected(*error);
    co_return ops::Written{.etag = 1};
  }
  Task<Result<ops::Appended>> append_block(ops::BlobRef, ops::AppendBlock append, ops::BodySource& body) override {
    last_append = std::move(append);
    if (error) co_return std::unexpected(*error);
    BASCULE_CO_TRY(co_await read_body(body));
    co_return ops::Appended{{.etag = 1}, 7, 2};
  }
  Task<Result<ops::Written>> seal_blob(ops::BlobRef, ops::Conditions, std::optional<std::uint64_t>) override {
    if (error) co_return std::unexpected(*error);
    co_return ops::Written{.etag = 1};
  }
  Task<Result<ops::PagesWritten>> put_pages(ops::BlobRef, ops::PutPages put, ops::BodySource& body) override {
    last_pages = std::move(put);
    if (error) co_return std::unexpected(*error);
    BASCULE_CO_TRY(co_await read_body(body));
    co_return ops::PagesWritten{{.etag = 1}, 3};
  }
  Task<Result<ops::PagesWritten>> set_page_properties(ops::BlobRef, ops::SetPageProperties set) override {
    last_page_properties = std::move(set);
    if (error) co_return std::unexpected(*error);
    co_return ops::PagesWritten{{.etag = 1}, 3};
  }
  Task<Result<ops::PageRanges>> get_page_ranges(ops::BlobRef, ops::GetPageRanges get) override {
    last_ranges = std::move(get);
    if (error) co_return std::unexpected(*error);
    co_return ranges;
  }
};

}  // namespace bascule::api::blob
