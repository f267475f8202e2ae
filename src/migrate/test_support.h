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
  std::vector<ops::PageRange> ranges;   // page blobs
  std::uint64_t uncommitted = 0;
};

class MemorySource final : public Source {
 public:
  struct Container {
    SourceContainer container;
    SourceAccess access{.known = true};
    std::map<std::string, StoredBlob> blobs;
    std::vector<StoredBlob> past;    // snapshots and versions, in the order in which they are listed
    std::vector<SourceBlob> others;  // deleted blobs and the like
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

  // A snapshot, or with `version` a former version, of the name.
  StoredBlob& add_past(std::string container, std::string name, std::string time, std::string content, bool version) {
    Container& c = containers[container];
    c.container.name = container;
    StoredBlob& stored = c.past.emplace_back();
    stored.content = std::move(content);
    stored.blob.name = std::move(name);
    stored.blob.etag = "\"0x" + std::to_string(++etag_) + "\"";
    stored.blob.size_bytes = stored.content.size();
    (version ? stored.blob.version_id : stored.blob.snapshot) = std::move(time);
    stored.blob.is_current = !version;
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
      for (const StoredBlob& past : c.past)
        if (everything && past.blob.name == it->first) page.items.push_back(past.blob);
      page.items.push_back(it->second.blob);
    }
    if (everything && page.next.empty()) {   // of names that mean nothing now
      for (const StoredBlob& past : c.past)
        if (!c.blobs.contains(past.blob.name)) page.items.push_back(past.blob);
    }
    co_return page;
  }
  Task<Result<SourceBlob>> head(SourceState state) override {
    if (auto error = check("head", state.blob)) co_return fail(*error);
    StoredBlob* found = find(state);
    if (!found) co_return fail(Code::not_found, "no such blob");
    co_return found->blob;
  }
  Task<Result<SourceBlockList>> block_list(SourceState state) override {
    if (auto error = check("block_list", state.blob)) co_return fail(*error);
    auto found = current(state);
    if (!found) co_return fail(found.error());
    co_return SourceBlockList{(*found)->blocks, (*found)->uncommitted};
  }
  Task<Result<fetch::PageList>> page_ranges(SourceState state, std::string marker) override {
    if (auto error = check("page_ranges", state.blob)) co_return fail(*error);
    auto found = current(state);
    if (!found) co_return fail(found.error());
    fetch::PageList page;
    const std::size_t from = marker.empty() ? 0 : std::stoul(marker);
    for (std::size_t i = from; i < (*found)->ranges.size() && page.ranges.size() < page_size; ++i) page.ranges.push_back((*found)->ranges[i]);
    if (from + page.ranges.size() < (*found)->ranges.size()) page.next = std::to_string(from + page.ranges.size());
    co_return page;
  }
  Task<Result<std::unique_ptr<SourceReader>>> open(SourceState state, std::uint64_t offset, std::uint64_t length, bool proven) override {
    if (auto error = check(proven ? "open proven" : "open", state.blob)) co_return fail(*error);
    ++opens;
    auto found = current(state);
    if (!found) co_return fail(found.error());
    co_return std::make_unique<Reader>(*this, state.blob, (*found)->content.substr(offset, length));
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
  StoredBlob* find(const SourceState& state) {
    Container& c = containers[state.container];
    if (state.snapshot.empty() && state.version_id.empty()) return c.blobs.contains(state.blob) ? &c.blobs[state.blob] : nullptr;
    for (StoredBlob& past : c.past)
      if (past.blob.name == state.blob && past.blob.snapshot == state.snapshot && (state.version_id.empty() || past.blob.version_id == state.version_id)) return &past;
    return nullptr;
  }
  Result<StoredBlob*> current(const SourceState& state) {
    StoredBlob* found = find(state);
    if (!found) return fail(Code::not_found, "no such blob");
    if (found->blob.etag != state.etag) return fail(Code::conflict, "changed");
    return found;
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
    std::vector<ops::PageRange> ranges{};
  };
  using Place = std::pair<int, std::string>;   // of the past: the kind, and the time as text
  struct Container {
    std::uint64_t life = 0;
    SourceContainer container;
    SourceAccess access;
    std::map<std::string, Blob> blobs;
    std::map<std::pair<std::string, Place>, Blob> past;
    std::vector<std::string> order;   // what was imported, one after the other: the name, "@" and the time
  };
  std::map<std::string, Container> containers;
  std::map<std::string, ops::Keep> kept;
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
  Task<Result<void>> import_blob(std::string container, std::string blob, ops::At at, BlobProperties properties,
                                 std::uint64_t size_bytes, ops::ImportBody& body) override {
    ++writes;
    if (auto error = check("import_blob", blob)) co_return fail(*error);
    Container& c = containers[container];
    Blob fresh{std::string(size_bytes, '\0'), std::move(properties), {}, {}, ++states_};
    while (true) {
      BASCULE_CO_ASSIGN(const auto stretch, co_await body.next());
      if (!stretch) break;
      BASCULE_CO_ASSIGN(const std::string part, co_await take_body("stretch", blob, stretch->length_bytes, body));
      fresh.content.replace(stretch->offset, part.size(), part);
      if (stretch->block_id) fresh.blocks.push_back({*stretch->block_id, part.size()});
      fresh.ranges.push_back({stretch->offset, stretch->offset + part.size() - 1});
    }
    c.order.push_back(blob + (at.base() ? "" : "@" + format_iso8601(at.time)));
    (at.base() ? c.blobs[blob] : c.past[{blob, place(at)}]) = std::move(fresh);
    co_return Result<void>{};
  }
  Task<Result<void>> keep(std::string container, std::string blob, ops::At at, ops::Keep keep) override {
    if (auto error = check("keep", blob)) co_return fail(*error);
    if (!find(container, blob, at)) co_return fail(Code::not_found, "the blob is not at the target");
    kept[container + "/" + blob] = keep;
    co_return Result<void>{};
  }
  Task<Result<std::uint64_t>> state(std::string container, std::string blob, ops::At at) override {
    if (auto error = check("state", blob)) co_return fail(*error);
    const Blob* found = find(container, blob, at);
    co_return found ? found->state : 0;
  }
  Task<Result<std::unique_ptr<TargetReader>>> open(std::string container, std::string blob, ops::At at) override {
    ++reads;
    if (auto error = check("open", blob)) co_return fail(*error);
    const Blob* found = find(container, blob, at);
    if (!found) co_return fail(Code::not_found, "the blob is not at the target");
    co_return std::make_unique<Reader>(*found);
  }

  static Place place(ops::At at) { return {static_cast<int>(at.kind), format_iso8601(at.time)}; }
  const Blob* find(const std::string& container, const std::string& blob, ops::At at) {
    Container& c = containers[container];
    if (at.base()) return c.blobs.contains(blob) ? &c.blobs[blob] : nullptr;
    const auto it = c.past.find({blob, place(at)});
    return it == c.past.end() ? nullptr : &it->second;
  }

 private:
  class Reader final : public TargetReader {
   public:
    explicit Reader(Blob blob) : blob_(std::move(blob)), shown_(blob_.content) {
      if (blob_.properties.type != ops::BlobType::page) return;
      shown_.clear();   // without the holes
      for (const auto& range : blob_.ranges) {
        shown_ += blob_.content.substr(range.first, range.last - range.first + 1);
        sum_.add(range.first, range.last - range.first + 1);
      }
    }
    std::uint64_t size_bytes() const override { return blob_.content.size(); }
    const BlobProperties& properties() const override { return blob_.properties; }
    std::uint64_t state() const override { return blob_.state; }
    Task<Result<Bytes>> next() override {
      const Bytes all = as_bytes(shown_);
      const Bytes part = all.subspan(at_, std::min<std::size_t>(700, all.size() - at_));
      at_ += part.size();
      co_return part;
    }
    std::uint64_t ranges() override { return sum_.finish(); }

   private:
    Blob blob_;
    std::string shown_;
    RangesSum sum_;
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
