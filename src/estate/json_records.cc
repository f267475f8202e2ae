#include "estate/json_records.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <string>
#include <vector>

#include "estate/arena.h"

namespace bascule::estate {
namespace {

namespace json = boost::json;

// Where the walk stands, outside of what is being kept.
enum class Level : std::uint8_t {
  page,       // an object whose members are looked at one by one
  pages,      // an array of such objects
  records,    // an array of records
  rows,       // an array of a table's rows
  named,      // an object of records, each under a name
};

// What becomes of a value that begins.
enum class Doing : std::uint8_t { enter_page, enter_pages, enter_records, enter_rows, enter_named, keep, skip };

class Handler {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using error_code = boost::system::error_code;

  explicit Handler(JsonRecords::Events events) : events_(std::move(events)) {}

  std::uint64_t records = 0;

  void reset() {
    levels_.clear();
    around_.objects.clear();
    pages_.clear();
    page_memory_.release();
    kept_depth_ = skipped_depth_ = 0;
    keeping_ = skipping_ = false;
    stack_.reset();
    record_memory_.release();
    key_.clear();
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
  bool on_number_part(json::string_view, error_code&) { return true; }

  bool on_object_begin(error_code&) { return begin(true); }
  bool on_array_begin(error_code&) { return begin(false); }
  bool on_object_end(std::size_t n, error_code&) { return end(n, true); }
  bool on_array_end(std::size_t n, error_code&) { return end(n, false); }

  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    if (keeping_) {
      keep_chars(part);
    } else if (!skipping_) {
      if (key_done_) key_.clear();
      key_done_ = false;
      if (key_.size() < kMostKey) key_.append(part.data(), part.size());
    }
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code&) {
    if (keeping_) {
      if (count(part.size() + 16)) stack_.push_key(part);
    } else if (!skipping_) {
      if (key_done_) key_.clear();
      if (key_.size() < kMostKey) key_.append(part.data(), part.size());
      key_done_ = true;
    }
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) {
    if (!keeping_ && !skipping_ && !scalar_begun_) {
      scalar_begun_ = true;
      if (decide_scalar()) keep_begin();
    }
    if (keeping_) keep_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    return scalar([&] { stack_.push_string(part); }, part.size());
  }
  bool on_int64(std::int64_t n, json::string_view, error_code&) { return scalar([&] { stack_.push_int64(n); }, 0); }
  bool on_uint64(std::uint64_t n, json::string_view, error_code&) { return scalar([&] { stack_.push_uint64(n); }, 0); }
  bool on_double(double n, json::string_view, error_code&) { return scalar([&] { stack_.push_double(n); }, 0); }
  bool on_bool(bool b, error_code&) { return scalar([&] { stack_.push_bool(b); }, 0); }
  bool on_null(error_code&) { return scalar([&] { stack_.push_null(); }, 0); }

 private:
  static constexpr std::size_t kMostKey = 1024;

  struct Page {
    json::object members;
    std::size_t bytes = 0;
    bool entered = false;      // it holds records: it is none itself
    bool may_be_record = true;
    bool dropped = false;      // something in it was too large to keep: it is no record
    explicit Page(json::storage_ptr memory) : members(std::move(memory)) {}
  };

  bool at_page() const { return !levels_.empty() && levels_.back() == Level::page; }

  static bool is_one_of(std::string_view key, std::initializer_list<std::string_view> keys) { return std::ranges::find(keys, key) != keys.end(); }

  // What a value that begins here is for. `object`: it is an object, else an array.
  Doing decide(bool object) {
    if (levels_.empty()) return object ? Doing::enter_page : Doing::enter_records;
    switch (levels_.back()) {
      // An element of the outermost array may be a page of its own.
      case Level::records: return !object ? Doing::skip : levels_.size() == 1 ? Doing::enter_page : Doing::keep;
      case Level::rows: return object ? Doing::skip : Doing::keep;
      case Level::named: return object ? Doing::keep : Doing::skip;
      case Level::pages: return object ? Doing::enter_page : Doing::skip;
      case Level::page: break;
    }
    const Page& page = *pages_.back();
    const bool is_record = page.members.contains("id") && page.members.contains("type");
    if (!is_record) {
      if (key_ == "data") return object ? Doing::enter_page : Doing::enter_records;
      if (!object && is_one_of(key_, {"value", "records"})) return Doing::enter_records;
      if (key_ == "resources") return object ? Doing::enter_named : Doing::enter_records;
      if (object && is_one_of(key_, {"values", "planned_values", "prior_state", "root_module"})) return Doing::enter_page;
      if (!object && is_one_of(key_, {"child_modules", "tables", "Tables"})) return Doing::enter_pages;
      if (!object && key_ == "rows") return Doing::enter_rows;
      if (is_one_of(key_, {"outputs", "resource_changes", "resource_drift", "output_changes", "configuration", "relevant_attributes",
                           "checks", "facets"}))
        return Doing::skip;
    }
    return Doing::keep;
  }

  bool begin(bool object) {
    if (skipping_) {
      ++skipped_depth_;
      return true;
    }
    if (keeping_) {
      ++kept_depth_;
      return count(32), true;
    }
    const Doing doing = decide(object);
    key_done_ = true;
    if (doing == Doing::keep || doing == Doing::skip) {
      if (doing == Doing::keep) keep_begin();
      else skip_begin();
      (doing == Doing::keep ? kept_depth_ : skipped_depth_) = 1;
      return true;
    }
    if (!pages_.empty()) pages_.back()->entered = true;
    if (doing == Doing::enter_page) {
      pages_.push_back(std::make_unique<Page>(json::storage_ptr(&page_memory_)));
      around_.objects.push_back(&pages_.back()->members);
      levels_.push_back(Level::page);
    } else {
      levels_.push_back(doing == Doing::enter_pages ? Level::pages : doing == Doing::enter_rows ? Level::rows
                        : doing == Doing::enter_named ? Level::named : Level::records);
    }
    key_.clear();
    key_done_ = false;
    return true;
  }

  bool end(std::size_t n, bool object) {
    if (skipping_) {
      if (--skipped_depth_ == 0) skipping_ = false;
      return true;
    }
    if (keeping_) {
      if (object) stack_.push_object(n);
      else stack_.push_array(n);
      if (--kept_depth_ == 0) kept();
      return true;
    }
    const Level level = levels_.back();
    levels_.pop_back();
    key_done_ = true;
    if (level == Level::page) end_page();
    return true;
  }

  void end_page() {
    Page& page = *pages_.back();
    const bool element = levels_.empty() || levels_.back() == Level::records;
    if (page.entered) {
      events_.page_end(around_);
    } else if (element && !page.dropped) {
      ++records;
      around_.objects.pop_back();
      events_.record(page.members, around_);
      around_.objects.push_back(&page.members);
    } else if (page.dropped) {
      events_.too_large();
    }
    pages_.pop_back();
    around_.objects.pop_back();
    if (pages_.empty()) page_memory_.release();
  }

  // A scalar is kept where it is a page's member, and nowhere else of its own.
  bool decide_scalar() { return at_page(); }
  template <class Push> bool scalar(Push push, std::size_t bytes) {
    if (skipping_ && skipped_depth_ > 0) return true;
    if (keeping_ && kept_depth_ > 0) {
      if (count(bytes + 16)) push();
      return true;
    }
    if (skipping_) {          // a string too long to keep ends here
      skipping_ = scalar_begun_ = false;
      return true;
    }
    if (!keeping_ && !scalar_begun_ && decide_scalar()) keep_begin();
    scalar_begun_ = false;
    if (!keeping_) return true;
    if (!count(bytes + 16)) {
      skipping_ = false;
      return true;
    }
    push();
    kept();
    return true;
  }

  void keep_begin() {
    keeping_ = true;
    kept_depth_ = 0;
    kept_bytes_ = 0;
    stack_.reset(json::storage_ptr(at_page() ? &page_memory_ : &record_memory_));
  }
  void skip_begin() {
    skipping_ = true;
    skipped_depth_ = 0;
  }
  void keep_chars(json::string_view part) {
    if (count(part.size())) stack_.push_chars(part);
  }

  // Counts towards the limit; beyond it the rest of the value is passed over.
  bool count(std::size_t bytes) {
    kept_bytes_ += bytes;
    const std::size_t before = at_page() ? pages_.back()->bytes : 0;
    if (kept_bytes_ + before <= kMostRecordBytes) return true;
    keeping_ = false;
    skipping_ = true;
    skipped_depth_ = kept_depth_;
    stack_.reset();
    if (at_page()) pages_.back()->dropped = true;
    else events_.too_large();
    return false;
  }

  // A whole value lies on the stack.
  void kept() {
    keeping_ = false;
    json::value value = stack_.release();
    if (at_page()) {
      pages_.back()->bytes += kept_bytes_;
      pages_.back()->members.insert_or_assign(key_, std::move(value));
      return;
    }
    const Level level = levels_.empty() ? Level::records : levels_.back();
    if (level == Level::rows && value.is_array()) {
      ++records;
      events_.row(value.get_array(), around_);
    } else if (value.is_object()) {
      ++records;
      if (level == Level::named && !value.get_object().contains("name")) value.get_object()["name"] = key_;
      events_.record(value.get_object(), around_);
    }
    value = nullptr;
    stack_.reset();
    record_memory_.release();
  }

  JsonRecords::Events events_;
  std::vector<Level> levels_;
  std::vector<std::unique_ptr<Page>> pages_;
  Around around_;
  Arena page_memory_, record_memory_;
  json::value_stack stack_;
  std::string key_;
  std::size_t kept_depth_ = 0, skipped_depth_ = 0, kept_bytes_ = 0;
  bool key_done_ = false, keeping_ = false, skipping_ = false, scalar_begun_ = false;
};

json::parse_options options() {
  json::parse_options chosen;
  chosen.max_depth = kMostJsonDepth;
  return chosen;
}

bool between(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\x1e' || c == ','; }

}  // namespace

struct JsonRecords::Impl {
  explicit Impl(Events events) : parser(options(), std::move(events)) {}
  json::basic_parser<Handler> parser;
  bool begun = false;
  std::uint64_t offset = 0, line = 1, root_line = 1;

  void pass(const char* from, std::size_t size) {
    offset += size;
    line += static_cast<std::uint64_t>(std::count(from, from + size, '\n'));
  }
  void fresh() {
    parser.reset();
    parser.handler().reset();
    begun = false;
  }
};

const json::value* Around::find(std::string_view key) const {
  for (auto object = objects.rbegin(); object != objects.rend(); ++object)
    if (const json::value* found = (*object)->if_contains(key)) return found;
  return nullptr;
}

JsonRecords::JsonRecords(Events events) : impl_(std::make_unique<Impl>(std::move(events))) {}
JsonRecords::~JsonRecords() = default;
std::uint64_t JsonRecords::offset() const { return impl_->offset; }
std::uint64_t JsonRecords::line() const { return impl_->line; }
bool JsonRecords::within_one_line() const { return impl_->root_line == impl_->line; }
std::uint64_t JsonRecords::records() const { return impl_->parser.handler().records; }

void JsonRecords::resume(std::string_view skipped) {
  impl_->fresh();
  impl_->pass(skipped.data(), skipped.size());
}

Result<void> JsonRecords::write(std::string_view text, bool last) {
  Impl& in = *impl_;
  std::size_t at = 0;
  while (at < text.size()) {
    if (!in.begun) {
      std::size_t next = at;
      while (next < text.size() && between(text[next])) ++next;
      in.pass(text.data() + at, next - at);
      at = next;
      if (at == text.size()) break;
      if (text[at] != '{' && text[at] != '[') return fail(Code::invalid_argument, "here should begin an object or an array");
      in.fresh();
      in.begun = true;
      in.root_line = in.line;
    }
    boost::system::error_code error;
    const std::size_t took = in.parser.write_some(true, text.data() + at, text.size() - at, error);
    in.pass(text.data() + at, took);
    at += took;
    if (error) return fail(Code::invalid_argument, error.message());
    if (!in.parser.done()) continue;
    in.begun = false;
  }
  if (last && in.begun) return fail(Code::invalid_argument, "the text ends in the middle of a value");
  return {};
}

}  // namespace bascule::estate
