// For this folder's tests: a source and a target in memory that can be told to misbehave, and a sink that remembers.
#pragma once
#include <filesystem>
#include <functional>
#include <map>

#include "migrate/migrate.h"

namespace bascule::migrate::testing {

struct StoredBlob {
  SourceBlob blob;
  std::string content;
  std::vector<SourceBlock> blocks;
  std::uint64_t uncommitted = 0;
};

class MemorySource final : public Source {
 public:
  struct Container {
    SourceContainer container;
    SourceAccess access{.known = true};
    std::map<std::string, StoredBlob> blobs;
    std::vector<SourceBlob> others;  // snapshots and the like
  };
  std::map<std::string, Container> containers;
  std::size_t page_size = 3;
  std::size_t opens = 0, listings = 0;
  std::size_t read_step = 1000;
  // Called before every call with its name and the blob's; what it returns is the answer.
  std::function<std::optional<Error>(std::string_view call, std::string_view blob)> fault;

  StoredBlob& add(std::string container, std::string name, std::string content) {
    Container& c = containers[container];
    c.container.name = container;
    StoredBlob& stored = c.blobs[name];
    stored.content = std::move(content);
    stored.blob.name = name;
    stored.blob.etag = "\"0x" + std::to_string(++etag_) + "\"";
    stored.blob.size_bytes = stored.content.size();
    stored.blob.headers.type = "application/octet-stream";
    return stored;
  }
  StoredBlob& add_blocks(std::string container, std::string name, std::vector<std::string> parts) {
    std::string content;
    std::vector<SourceBlock> blocks;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      blocks.push_back({"block-" + std::to_string(1000 + i * 7 % 1000), parts[i].size()});
      content += parts[i];
    }
    StoredBlob& stored = add(std::move(container), std::move(name), std::move(content));
    stored.blocks = std::move(blocks);
    return stored;
  }

  std::string describe() const override { return "memory"; }
  std::string identity() const override { return "memory source"; }

  Task<Result<SourceContainerPage>> list_containers(std::string marker) override {
    if (auto error = check("list_containers", "")) co_return fail(*error);
    SourceContainerPage page;
    for (auto it = containers.lower_bound(marker); it != containers.end(); ++it) {
      if (page.items.size() == page_size) {
        page.next = it->first;
        break;
      }
      page.items.push_back(it->second.container);
    }
    co_return page;
  }
  Task<Result<SourceContainer>> container(std::string name) override {
    if (auto error = check("container", "")) co_return fail(*error);
    if (!containers.contains(name)) co_return fail(Code::not_found, "no such container");
    co_return containers[name].container;
  }
  Task<Result<SourceAccess>> container_access(std::string name) override {
    if (auto error = check("container_access", "")) co_return fail(*error);
    co_return containers[name].access;
  }
  Task<Result<SourceBlobPage>> list_blobs(std::string container, std::string marker, bool everything) override {
    ++listings;
    if (auto error = check("list_blobs", marker)) co_return fail(*error);
    Container& c = containers[container];
    SourceBlobPage page;
    if (everything && marker.empty()) page.items = c.others;
    for (auto it = c.blobs.lower_bound(marker); it != c.blobs.end(); ++it) {
      if (page.items.size() >= page_size) {
        page.next = it->first;
        break;
      }
      page.items.push_back(it->second.blob);
    }
    co_return page;
  }
  Task<Result<SourceBlob>> head(std::string container, std::string blob) override {
    if (auto error = check("head", blob)) co_return fail(*error);
    auto& blobs = containers[container].blobs;
    if (!blobs.contains(blob)) co_return fail(Code::not_found, "no such blob");
    co_return blobs[blob].blob;
  }
  Task<Result<SourceBlockList>> block_list(std::string container, std::string blob, std::string etag) override {
    if (auto error = check("block_list", blob)) co_return fail(*error);
    auto found = current(container, blob, etag);
    if (!found) co_return fail(found.error());
    co_return SourceBlockList{(*found)->blocks, (*found)->uncommitted};
  }
  Task<Result<std::unique_ptr<SourceReader>>> open(std::string container, std::string blob, std::string etag,
                                                   std::uint64_t offset, std::uint64_t length, bool proven) override {
    if (auto error = check(proven ? "open proven" : "open", blob)) co_return fail(*error);
    ++opens;
    auto found = current(container, blob, etag);
    if (!found) co_return fail(found.error());
    co_return std::make_unique<Reader>(*this, blob, (*found)->content.substr(offset, length));
  }

 private:
  class Reader final : public SourceReader {
   public:
    Reader(MemorySource& source, std::string blob, std::string content)
        : source_(source), blob_(std::move(blob)), content_(std::move(content)) {}
    Task<Result<std::size_t>> read(MutableBytes into) override {
      if (auto error = source_.check("read", blob_)) co_return fail(*error);
      const std::size_t count = std::min({into.size(), content_.size() - at_, source_.read_step});
      std::memcpy(into.data(), content_.data() + at_, count);
      at_ += count;
      co_return count;
    }

   private:
    MemorySource& source_;
    std::string blob_, content_;
    std::size_t at_ = 0;
  };

  std::optional<Error> check(std::string_view call, std::string_view blob) {
    return fault ? fault(call, blob) : std::nullopt;
  }
  Result<StoredBlob*> current(const std::string& container, const std::string& blob, const std::string& etag) {
    auto& blobs = containers[container].blobs;
    if (!blobs.contains(blob)) return fail(Code::not_found, "no such blob");
    if (blobs[blob].blob.etag != etag) return fail(Code::conflict, "changed");
    return &blobs[blob];
  }
  int etag_ = 100;
};

class MemoryTarget final : public Target {
 public:
  struct Blob {
    std::string content;
    BlobProperties properties;
    std::vector<SourceBlock> blocks;
    std::map<std::string, std::string> uncommitted;
    std::uint64_t state = 0;
  };
  struct Container {
    std::uint64_t life = 0;
    SourceContainer container;
    SourceAccess access;
    std::map<std::string, Blob> blobs;
  };
  std::map<std::string, Container> containers;
  std::size_t writes = 0, reads = 0, under_way = 0, most_under_way = 0;
  std::function<std::optional<Error>(std::string_view call, std::string_view blob)> fault;

  Task<Result<std::uint64_t>> ensure_container(SourceContainer container, SourceAccess access) override {
    if (auto error = check("ensure_container", container.name)) co_return fail(*error);
    Container& c = containers[container.name];
    if (c.life == 0) c.life = ++lives_;
    c.container = container;
    c.access = access;
    co_return c.life;
  }
  Task<Result<void>> put_blob(std::string container, std::string blob, BlobProperties properties,
                              std::uint64_t size_bytes, ops::BodySource& body) override {
    BASCULE_CO_ASSIGN(std::string content, co_await take("put_blob", blob, size_bytes, body));
    containers[container].blobs[blob] = {std::move(content), std::move(properties), {}, {}, ++states_};
    co_return Result<void>{};
  }
  Task<Result<void>> put_block(std::string container, std::string blob, std::string block_id, std::uint64_t size_bytes,
                               ops::BodySource& body) override {
    BASCULE_CO_ASSIGN(std::string content, co_await take("put_block", blob, size_bytes, body));
    containers[container].blobs[blob].uncommitted[block_id] = std::move(content);
    co_return Result<void>{};
  }
  Task<Result<void>> commit(std::string container, std::string blob, BlobProperties properties,
                            std::vector<std::string> block_ids) override {
    if (auto error = check("commit", blob)) co_return fail(*error);
    Blob& b = containers[container].blobs[blob];
    Blob fresh{{}, std::move(properties), {}, {}, ++states_};
    for (const std::string& id : block_ids) {
      if (!b.uncommitted.contains(id)) co_return fail(Code::invalid_argument, "unknown block");
      fresh.content += b.uncommitted[id];
      fresh.blocks.push_back({id, b.uncommitted[id].size()});
    }
    b = std::move(fresh);
    co_return Result<void>{};
  }
  Task<Result<std::uint64_t>> state(std::string container, std::string blob) override {
    if (auto error = check("state", blob)) co_return fail(*error);
    auto& blobs = containers[container].blobs;
    co_return blobs.contains(blob) ? blobs[blob].state : 0;
  }
  Task<Result<std::unique_ptr<TargetReader>>> open(std::string container, std::string blob) override {
    ++reads;
    if (auto error = check("open", blob)) co_return fail(*error);
    auto& blobs = containers[container].blobs;
    if (!blobs.contains(blob)) co_return fail(Code::not_found, "the blob is not at the target");
    co_return std::make_unique<Reader>(blobs[blob]);
  }

 private:
  class Reader final : public TargetReader {
   public:
    explicit Reader(Blob blob) : blob_(std::move(blob)) {}
    std::uint64_t size_bytes() const override { return blob_.content.size(); }
    const BlobProperties& properties() const override { return blob_.properties; }
    std::uint64_t state() const override { return blob_.state; }
    Task<Result<Bytes>> next() override {
      const Bytes all = as_bytes(blob_.content);
      const Bytes part = all.subspan(at_, std::min<std::size_t>(700, all.size() - at_));
      at_ += part.size();
      co_return part;
    }

   private:
    Blob blob_;
    std::size_t at_ = 0;
  };

  std::optional<Error> check(std::string_view call, std::string_view blob) {
    return fault ? fault(call, blob) : std::nullopt;
  }
  Task<Result<std::string>> take(std::string_view call, std::string blob, std::uint64_t size_bytes, ops::BodySource& body) {
    ++writes;
    most_under_way = std::max(most_under_way, ++under_way);
    auto taken = co_await take_body(call, std::move(blob), size_bytes, body);
    --under_way;
    co_return taken;
  }
  Task<Result<std::string>> take_body(std::string_view call, std::string blob, std::uint64_t size_bytes,
                                      ops::BodySource& body) {
    if (auto error = check(call, blob)) co_return fail(*error);
    std::string content;
    std::string buffer(333, '\0');
    for (;;) {
      auto count = co_await body.read(as_writable(buffer));
      if (!count) co_return fail(Code::cancelled, "the body broke off");
      if (*count == 0) break;
      content.append(buffer, 0, *count);
    }
    if (content.size() != size_bytes) co_return fail(Code::refused, "body incomplete");
    co_return content;
  }
  std::uint64_t lives_ = 0, states_ = 0;
};

class RecordingSink final : public ProgressSink {
 public:
  std::vector<Progress> progresses;
  std::vector<Failure> failures;
  std::optional<Inventory> before;
  bool is_finished = false;
  void progress(const Progress& p) override { progresses.push_back(p); }
  void inventory(const Inventory& i) override { before = i; }
  void failure(const Failure& f) override { failures.push_back(f); }
  void finished(const Report&) override { is_finished = true; }
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "migrate-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace bascule::migrate::testing
