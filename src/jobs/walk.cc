#include "jobs/walk.h"

#include <algorithm>

#include "catalog/access.h"
#include "catalog/backups.h"
#include "catalog/copy_job.h"
#include "catalog/lifecycle.h"
#include "catalog/spans.h"

namespace bascule::jobs {

namespace keys = catalog::keys;

namespace {

std::string hex(std::string_view bytes) { return to_hex(as_bytes(bytes)); }

std::string_view table_name(char table) {
  switch (table) {
    case 'M': return "mark";
    case 'A': return "account";
    case 'X': return "account settings";
    case 'O': return "lifecycle";
    case 'F': return "access";
    case 'N': return "mapping";
    case 'Y': return "deleted container";
    case 'C': return "container";
    case 'B': return "head";
    case 'V': return "past state";
    case 'H': return "expiry";
    case 'L': return "end";
    case 'P': return "page";
    case 'W': return "write";
    case 'I': return "tag";
    case 'U': return "upload";
    case 'K': return "block";
    case 'R': return "reference";
    case 'Z': return "zombie";
    case 'E': return "extent";
    case 'T': return "dead total";
    case 'G': return "garbage";
    case 'D': return "drop";
    case 'Q': return "intent";
    case 'S': return "session";
    case 'J': return "job";
    default: return "record of an unknown table";
  }
}

// A piece goes from a block, a write or a head into a head, a past state or a page, and from there into a drop.
constexpr char kNamingTables[] = {'K', 'W', 'B', 'V', 'P', 'Z', 'D'};

// What the keys of one manifest's pages have in common.
std::string page_prefix(std::string_view key) { return std::string(key.substr(0, 17)); }

template <class T> Result<void> as(std::string_view value) {
  BASCULE_TRY(catalog::decode<T>(value));
  return {};
}

}  // namespace

Task<Result<std::optional<Walk::Record>>> Walk::next() {
  if (at_ == page_.size() && !end_reached_) {
    at_ = 0;
    BASCULE_CO_ASSIGN(page_, co_await catalog_.look({.begin = begin_, .end = end_, .limit = 500, .limit_bytes = 1 << 20, .fill_cache = false}));
    end_reached_ = page_.empty();
    if (!end_reached_) begin_ = page_.back().key + '\0';
  }
  if (end_reached_) co_return std::nullopt;
  co_return std::optional(std::move(page_[at_++]));
}

Result<std::vector<extent::Piece>> named_pieces(char table, std::string_view value) {
  std::vector<extent::Piece> pieces;
  const auto add = [&](const std::vector<catalog::ManifestEntry>& entries) {
    for (const auto& e : entries) pieces.push_back(e.piece);
  };
  const auto add_spans = [&](const std::vector<catalog::Span>& spans) {
    for (const auto& span : spans)
      if (!span.clear) pieces.push_back(span.piece);
  };
  if (table == 'W') {
    BASCULE_ASSIGN(const auto spans, catalog::decode_write(value));
    add_spans(spans);
  } else if (table == 'P' && catalog::is_span_page(value)) {
    BASCULE_ASSIGN(const auto spans, catalog::decode_span_page(value));
    add_spans(spans);
  } else if (table == 'K') {
    BASCULE_ASSIGN(auto block, catalog::decode<catalog::BlockRecord>(value));
    pieces = std::move(block.pieces);
  } else if (table == 'B' || table == 'V') {
    BASCULE_ASSIGN(const auto head, catalog::decode<catalog::HeadRecord>(value));
    add(head.manifest.entries);
  } else if (table == 'P') {
    BASCULE_ASSIGN(const auto entries, catalog::decode_page(value));
    add(entries);
  } else if (table == 'Z' || table == 'D') {
    BASCULE_ASSIGN(const auto drop, catalog::decode<catalog::DropRecord>(value));
    add(drop.manifest.entries);
    add(drop.kept.entries);
    pieces.insert(pieces.end(), drop.pieces.begin(), drop.pieces.end());
  }
  return pieces;
}

Result<std::uint64_t> container_of_record(char table, const Walk::Record& record) {
  if (table == 'D') {
    BASCULE_ASSIGN(const auto drop, catalog::decode<catalog::DropRecord>(record.value));
    return drop.cid;
  }
  if (record.key.size() < 9) return fail(Code::corrupt, "a key of a wrong length");
  return load_be64(record.key.data() + 1);
}

Task<Result<void>> NamingWalk::find_borrowing() {
  for (const char table : {'Q', 'D'}) {
    Walk walk(catalog_, table);
    while (true) {
      BASCULE_CO_ASSIGN(const auto record, co_await walk.next());
      if (!record) break;
      if (record->damage) continue;   // said by the walk, where it matters
      if (table == 'Q') {
        BASCULE_CO_ASSIGN(const auto intent, catalog::decode<catalog::IntentRecord>(record->value));
        if (!intent.owns_pieces && !intent.container_key)
          borrowing_.insert(page_prefix(keys::page(intent.cid, load_be64(record->key.data() + 9), 0)));
      } else {
        BASCULE_CO_ASSIGN(const auto drop, catalog::decode<catalog::DropRecord>(record->value));
        if (drop.kind == catalog::DropRecord::Kind::pages) borrowing_.insert(page_prefix(keys::page(drop.cid, drop.manifest.id, 0)));
      }
    }
  }
  co_return Result<void>{};
}

Task<Result<std::optional<NamingWalk::Named>>> NamingWalk::next() {
  if (!walk_) {
    BASCULE_CO_TRY(co_await find_borrowing());
    walk_.emplace(catalog_, kNamingTables[0]);
  }
  while (true) {
    BASCULE_CO_ASSIGN(auto record, co_await walk_->next());
    if (!record) {
      if (table_ + 1 == std::size(kNamingTables)) co_return std::nullopt;
      walk_.emplace(catalog_, kNamingTables[++table_]);
      continue;
    }
    const char table = kNamingTables[table_];
    if (table == 'P' && borrowing_.contains(page_prefix(record->key))) continue;
    auto pieces = record->damage ? Result<std::vector<extent::Piece>>(fail(*record->damage)) : named_pieces(table, record->value);
    if (!pieces) co_return fail(Code::corrupt, "the catalog's " + key_text(record->key) + ": " + pieces.error().message);
    co_return Named{table, std::move(*record), std::move(*pieces)};
  }
}

Result<void> decodes(char table, std::string_view value) {
  switch (table) {
    case 'J': return as<catalog::CopyJobRecord>(value);   // the only kind
    case 'A': return as<catalog::AccountRecord>(value);
    case 'X': return as<catalog::AccountSettings>(value);
    case 'O': return as<catalog::LifecycleRecord>(value);
    case 'F': return as<catalog::AccessRecord>(value);
    case 'N': return as<catalog::MappingRecord>(value);
    case 'Y': return as<catalog::DeletedContainerRecord>(value);
    case 'C': return as<catalog::ContainerRecord>(value);
    case 'B':
    case 'V': return as<catalog::HeadRecord>(value);
    case 'U': return as<catalog::UploadRecord>(value);
    case 'K': return as<catalog::BlockRecord>(value);
    case 'E': return as<catalog::ExtentRecord>(value);
    case 'Z':
    case 'D': return as<catalog::DropRecord>(value);
    case 'L': return as<catalog::EndRecord>(value);
    case 'Q': return as<catalog::IntentRecord>(value);
    case 'G': return as<catalog::GarbageRecord>(value);
    case 'P': {
      if (catalog::is_span_page(value)) {
        BASCULE_TRY(catalog::decode_span_page(value));
      } else {
        BASCULE_TRY(catalog::decode_page(value));
      }
      return {};
    }
    case 'W': {
      BASCULE_TRY(catalog::decode_write(value));
      return {};
    }
    case 'I':
    case 'R':
    case 'T':
    case 'H': {
      BASCULE_TRY(catalog::decode_total(value));
      return {};
    }
    default: return {};
  }
}

std::string key_text(std::string_view key) {
  if (key.empty()) return "an empty key";
  const char table = key[0];
  std::string text(table_name(table));
  std::string_view rest = key.substr(1);
  const auto number = [&](std::size_t bytes) {
    text += ' ' + hex(rest.substr(0, bytes));
    rest.remove_prefix(std::min(bytes, rest.size()));
  };
  switch (table) {
    case 'M':
    case 'A':
    case 'J':
    case 'F':
    case 'O':
    case 'X': break;
    case 'N':
      if (const auto split = rest.find('\0'); split != std::string_view::npos)
        return text + ' ' + std::string(rest.substr(0, split)) + '/' + std::string(rest.substr(split + 1));
      break;
    case 'Y': {
      const auto split = rest.find('\0');
      const auto end = split == std::string_view::npos ? split : rest.find('\0', split + 1);
      if (end == std::string_view::npos) break;
      text += ' ' + std::string(rest.substr(0, split)) + '/' + std::string(rest.substr(split + 1, end - split - 1));
      rest.remove_prefix(end + 1);
      number(8);
      break;
    }
    case 'B':
    case 'U': number(8); break;
    case 'K': {
      number(8);
      const auto split = rest.find('\0');
      if (split == std::string_view::npos) break;
      text += ' ' + std::string(rest.substr(0, split));
      rest.remove_prefix(split + 1);
      number(8);
      if (!rest.empty()) text += ' ' + hex(rest);   // a block's id is any bytes
      return text;
    }
    case 'I': {
      number(8);
      std::string parts(rest);
      std::ranges::replace(parts, '\0', ' ');
      return text + ' ' + parts;
    }
    case 'H':
      number(8);
      [[fallthrough]];
    case 'V': {
      number(8);
      if (rest.size() < catalog::keys::kPastTailBytes) break;
      text += ' ' + std::string(rest.substr(0, rest.size() - catalog::keys::kPastTailBytes));
      rest.remove_prefix(rest.size() - 8);
      number(8);
      return text;
    }
    case 'P':
    case 'R':
    case 'W':
      number(8);
      number(8);
      number(8);
      break;
    case 'L':
    case 'Z':
    case 'Q':
      number(8);
      number(8);
      break;
    default:
      return text + ' ' + hex(rest);
  }
  if (!rest.empty()) text += ' ' + std::string(rest);
  return text;
}

}  // namespace bascule::jobs
