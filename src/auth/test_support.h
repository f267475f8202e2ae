// For this folder's tests: one account, containers with policies, and requests made of text.
#pragma once
#include <map>

#include "auth/authorise.h"
#include "catalog/access.h"

namespace bascule::auth::testing {

inline std::string test_key(char first = 0) {
  std::string key(64, '\0');
  for (int i = 0; i < 64; ++i) key[static_cast<std::size_t>(i)] = static_cast<char>(first + i);
  return key;
}

class FakeOperations final : public ops::Operations {
 public:
  std::map<std::string, std::shared_ptr<const ops::Account>, std::less<>> accounts;
  std::map<std::string, ops::ContainerView> containers;
  std::optional<Error> container_error;

  void add_account(std::string name, std::string key1, std::string key2) {
    accounts[name] = std::make_shared<ops::Account>(ops::Account{name, {std::move(key1), std::move(key2)}});
  }

  std::shared_ptr<const ops::Account> account(std::string_view name) const override {
    const auto found = accounts.find(name);
    return found == accounts.end() ? nullptr : found->second;
  }
  Task<Result<ops::ContainerView>> get_container(ops::ContainerRef ref, std::optional<std::string>) override {
    if (container_error) co_return fail(*container_error);
    const auto found = containers.find(ref.container);
    if (found == containers.end()) co_return ops::refuse(ops::Reason::container_not_found);
    co_return found->second;
  }

  // Authorisation calls nothing else.
  template <class T> static Task<Result<T>> unused() { co_return fail(Code::internal, "not expected"); }
  Task<Result<ops::ContainerView>> create_container(ops::ContainerRef, ops::Metadata, ops::PublicAccess, ops::ContainerEncryption) override {
    return unused<ops::ContainerView>();
  }
  Task<Result<void>> delete_container(ops::ContainerRef, ops::Conditions) override { return unused<void>(); }
  Task<Result<ops::ContainerView>> set_container_metadata(ops::ContainerRef, ops::Metadata, ops::Conditions) override {
    return unused<ops::ContainerView>();
  }
  Task<Result<ops::ContainerView>> set_container_acl(ops::ContainerRef, ops::PublicAccess,
                                                     std::vector<ops::StoredPolicy>, ops::Conditions) override {
    return unused<ops::ContainerView>();
  }
  Task<Result<ops::ContainerPage>> list_containers(std::string, ops::ListContainers) override {
    return unused<ops::ContainerPage>();
  }
  Task<Result<void>> change_settings(std::string, ops::SettingsChange) override { return unused<void>(); }
  Task<Result<void>> note_delegation(std::string, catalog::DelegationHolder) override { return unused<void>(); }
  Task<Result<ops::ContainerView>> restore_container(ops::ContainerRef, ops::RestoreContainer) override {
    return unused<ops::ContainerView>();
  }
  Task<Result<ops::ContainerView>> rename_container(ops::ContainerRef, std::string, std::optional<std::string>) override {
    return unused<ops::ContainerView>();
  }
  Task<Result<ops::Written>> put_blob(ops::BlobRef, ops::PutBlob, ops::BodySource&) override {
    return unused<ops::Written>();
  }
  Task<Result<ops::Written>> put_block(ops::BlobRef, ops::PutBlock, ops::BodySource&) override {
    return unused<ops::Written>();
  }
  Task<Result<ops::Written>> put_block_list(ops::BlobRef, ops::PutBlockList) override { return unused<ops::Written>(); }
  Task<Result<ops::BlockList>> get_block_list(ops::BlobRef, ops::Conditions) override {
    return unused<ops::BlockList>();
  }
  Task<Result<std::unique_ptr<ops::BlobReader>>> open_blob(ops::BlobRef, ops::OpenBlob) override {
    return unused<std::unique_ptr<ops::BlobReader>>();
  }
  Task<Result<ops::BlobView>> head_blob(ops::BlobRef, ops::Conditions) override { return unused<ops::BlobView>(); }
  Task<Result<ops::Deleted>> delete_blob(ops::BlobRef, ops::DeleteBlob) override { return unused<ops::Deleted>(); }
  Task<Result<void>> undelete_blob(ops::BlobRef) override { return unused<void>(); }
  Task<Result<ops::TakenSnapshot>> snapshot_blob(ops::BlobRef, std::optional<ops::Metadata>, ops::Conditions) override {
    return unused<ops::TakenSnapshot>();
  }
  Task<Result<ops::Written>> set_blob_metadata(ops::BlobRef, ops::Metadata, ops::Conditions) override {
    return unused<ops::Written>();
  }
  Task<Result<ops::Written>> set_blob_headers(ops::BlobRef, ops::ContentHeaders, ops::Conditions) override {
    return unused<ops::Written>();
  }
  Task<Result<ops::LeaseResult>> lease_container(ops::ContainerRef, ops::LeaseAction) override {
    co_return ops::LeaseResult{};
  }
  Task<Result<ops::LeaseResult>> lease_blob(ops::BlobRef, ops::LeaseAction) override {
    return unused<ops::LeaseResult>();
  }
  Task<Result<ops::Copied>> copy_blob(ops::BlobRef, ops::BlobRef, ops::CopyBlob) override {
    return unused<ops::Copied>();
  }
  Task<Result<ops::Copied>> start_copy(ops::BlobRef, ops::StartCopy) override { return unused<ops::Copied>(); }
  Task<Result<ops::Copied>> copy_incrementally(ops::BlobRef, ops::BlobRef, ops::IncrementalCopy) override { return unused<ops::Copied>(); }
  Task<Result<void>> abort_copy(ops::BlobRef, std::string, ops::Conditions) override { return unused<void>(); }
  Task<Result<ops::ImmutabilityView>> set_immutability(ops::BlobRef, ops::SetImmutability) override { return unused<ops::ImmutabilityView>(); }
  Task<Result<void>> delete_immutability(ops::BlobRef) override { return unused<void>(); }
  Task<Result<void>> set_legal_hold(ops::BlobRef, bool) override { return unused<void>(); }
  Task<Result<bool>> set_blob_tier(ops::BlobRef, ops::SetTier) override { return unused<bool>(); }
  Task<Result<ops::Written>> set_blob_expiry(ops::BlobRef, ops::SetExpiry) override { return unused<ops::Written>(); }
  Task<Result<ops::Tags>> get_blob_tags(ops::BlobRef, ops::Conditions) override { return unused<ops::Tags>(); }
  Task<Result<void>> set_blob_tags(ops::BlobRef, ops::Tags, ops::Conditions) override { return unused<void>(); }
  Task<Result<ops::TagPage>> find_by_tags(std::string, ops::FindByTags) override { return unused<ops::TagPage>(); }
  Task<Result<ops::BlobPage>> list_blobs(ops::ContainerRef, ops::ListBlobs) override { return unused<ops::BlobPage>(); }
  Task<Result<ops::Written>> create_blob(ops::BlobRef, ops::CreateBlob) override { return unused<ops::Written>(); }
  Task<Result<ops::Appended>> append_block(ops::BlobRef, ops::AppendBlock, ops::BodySource&) override {
    return unused<ops::Appended>();
  }
  Task<Result<ops::Written>> seal_blob(ops::BlobRef, ops::Conditions, std::optional<std::uint64_t>) override {
    return unused<ops::Written>();
  }
  Task<Result<ops::PagesWritten>> put_pages(ops::BlobRef, ops::PutPages, ops::BodySource&) override {
    return unused<ops::PagesWritten>();
  }
  Task<Result<ops::PagesWritten>> set_page_properties(ops::BlobRef, ops::SetPageProperties) override {
    return unused<ops::PagesWritten>();
  }
  Task<Result<ops::PageRanges>> get_page_ranges(ops::BlobRef, ops::GetPageRanges) override {
    return unused<ops::PageRanges>();
  }
};

// A request with the storage that its views need.
struct TestRequest {
  std::string method = "GET", target, account = "myaccount", container, blob, version = "2026-10-06";
  std::string snapshot, version_id, peer = "10.0.0.5";
  std::vector<http::Header> headers;
  bool tls = true, path_style = false;

  AuthRequest view() {
    const std::size_t mark = target.find('?');
    path_ = target.substr(0, mark);
    query_ = mark == std::string::npos ? Query{} : parse_query(std::string_view(target).substr(mark + 1)).value();
    views_.clear();
    for (const http::Header& header : headers) views_.push_back({header.name, header.value});
    AuthRequest request;
    request.method = method;
    request.raw_path = path_;
    request.query = &query_;
    request.headers = views_;
    request.account = account;
    request.container = container;
    request.blob = blob;
    request.snapshot = snapshot;
    request.version_id = version_id;
    request.path_style = path_style;
    request.version = version;
    request.tls = tls;
    request.peer_address = peer;
    return request;
  }

  std::string path_;
  Query query_;
  std::vector<http::HeaderView> views_;
};

}  // namespace bascule::auth::testing
