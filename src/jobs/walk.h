// Walks over the catalog's records, for those who must see all of them: the check, the recount and compaction. A record that does not
// open does not end a walk: it is handed over with what is wrong with it, under its key, and the walk goes on behind it.
#pragma once
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.h"

namespace bascule::jobs {

// A range in the order of its keys, in pages of one instant each. One coroutine.
class Walk {
 public:
  using Record = catalog::Catalog::Looked;
  Walk(catalog::Catalog& catalog, std::string begin, std::string end)
      : catalog_(catalog), begin_(std::move(begin)), end_(std::move(end)) {}
  // All of one table.
  Walk(catalog::Catalog& catalog, char table)
      : Walk(catalog, std::string(1, table), std::string(1, static_cast<char>(table + 1))) {}

  // Nothing at the end. Errors: the store's.
  Task<Result<std::optional<Record>>> next();

 private:
  catalog::Catalog& catalog_;
  std::string begin_;
  const std::string end_;
  std::vector<Record> page_;
  std::size_t at_ = 0;
  bool end_reached_ = false;
};

// The pieces that a record of this table names itself; not those in the pages of a manifest that it names. corrupt: it does
// not decode.
Result<std::vector<extent::Piece>> named_pieces(char table, std::string_view value);

// Everything that names pieces, in an order in which a piece that moves between records while one walks is met all the
// same. One coroutine.
class NamingWalk {
 public:
  struct Named {
    char table = 0;
    Walk::Record record;
    std::vector<extent::Piece> pieces;
  };
  explicit NamingWalk(catalog::Catalog& catalog) : catalog_(catalog) {}

  // Nothing at the end. Errors: corrupt, for a record that cannot be read, since it may name any piece; the store's.
  Task<Result<std::optional<Named>>> next();

 private:
  Task<Result<void>> find_borrowing();

  catalog::Catalog& catalog_;
  std::size_t table_ = 0;      // of those that name pieces
  std::optional<Walk> walk_;   // nothing: not begun
  // The beginnings of the page keys of manifests that never came to be, or have not yet, and own no pieces: what they name
  // is named elsewhere, or was buried meanwhile.
  std::set<std::string> borrowing_;
};

// The incarnation of the container that such a record belongs to.
Result<std::uint64_t> container_of_record(char table, const Walk::Record& record);

// Does the value decode as a record of its table? (Tables without a form of their own: any value does.)
Result<void> decodes(char table, std::string_view value);

// A key for people: the table's name and what the key consists of, numbers in hexadecimal, as docs/formats/catalog.md has
// it: "head 00f3… photos/a.jpg".
std::string key_text(std::string_view key);

}  // namespace bascule::jobs
