// The assessment: what `bascule assess` found, as the terminal, the JSON and the page show it.
// Made once by assess() (assess.h) and never changed after; any number of threads may read it. Every text that came from an
// input (names, types, user agents, file names) is untrusted: control characters are gone, but whoever writes HTML escapes it.
// Everything that is a view points into the Assessment (or into the program's own data) and lives as long as it does.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estate/label.h"
#include "estate/words.h"

namespace bascule::estate {

// What becomes of a resource. Worst last among those that are ours to judge.
enum class Move : std::uint8_t {
  unchanged,   // through Bascule, now: the application keeps its SDK, its account and its keys
  managed,     // a managed equivalent exists at named providers; the application changes
  planned,     // Bascule will carry it, and does not yet
  rebuild,     // no equivalent of the same kind: to be built anew with what a provider offers
  none,        // nothing to move: it exists only to serve Azure (a role assignment, a lock, a network watcher)
  not_ours,    // no infrastructure: mail, Microsoft 365, identities of persons
  unknown,     // a type that is not in the data: never guessed
};
inline constexpr std::size_t kMoves = 7;
std::string_view name(Move move);    // "unchanged", "managed equivalent", … as in the JSON
Words words(Move move);              // for people

struct Equivalent {
  std::string_view provider;   // a profile's id: "ovhcloud"
  std::string_view service;    // what that provider calls it
  Label label;
};

// One line of data/types.tsv.
struct Mapping {
  std::string_view type;       // "Microsoft.Storage/storageAccounts", as Azure writes it
  std::string_view title;      // "Storage account"
  Move move = Move::unknown;
  Words reason;
  std::vector<Equivalent> equivalents;
  std::string_view holds;      // what data it keeps: "object", "disk", "file", "database"; empty = none of its own
  Label label;                 // declared, or unknown with the date of the look
};

// One line of data/blockers.tsv: something in a resource's properties that hinders its move.
struct Blocker {
  std::string_view id;         // "hierarchical-namespace"
  Words what;                  // what was seen, and what it means
  std::optional<Move> turns;   // what the resource becomes by it; nothing = the kind stays, somebody must look
  Label label;
};

struct Money {
  double amount = 0;
  std::string currency;        // "EUR"
};

// A number of which nothing may be known.
struct Quantity {
  std::optional<double> value;
  Label label;
};

// One resource, put together from all inputs that name it.
struct Resource {
  std::string id;                         // ARM id as first seen, or the best that the inputs allow (see `partial`)
  std::string_view name, type, title;     // title: the mapping's, or the type
  std::string subscription, resource_group;
  std::string_view location, sku, kind;   // empty = not said
  Move move = Move::unknown;              // the mapping's, or what a blocker turned it into
  Words reason;                           // why
  const Mapping* mapping = nullptr;       // null: an unknown type
  std::vector<const Blocker*> blockers;
  std::vector<std::uint32_t> depends_on;  // indexes of resources, ascending
  std::uint32_t wave = 0;                 // 1…; 0 = nothing to move
  std::uint32_t cycle = 0;                // 1…: the cycle that it is part of; 0 = none
  std::optional<std::uint64_t> size_bytes;
  Label size_label;
  std::optional<Money> cost;              // what the cost exports charge for it, over their period
  std::uint32_t inputs = 0;               // how many inputs name it
  std::uint32_t first_input = 0;          // index into inputs
  bool partial = false;                   // subscription or group are not known (templates and plans do not say)
  Label label;                            // how this answer is known
};

// What was read, and what was odd about it.
enum class Form : std::uint8_t {
  resource_graph_json, resource_graph_csv, arm_template, terraform_show, terraform_state, storage_log_json, storage_log_csv,
  cost_csv, metrics_json, unrecognised
};
inline constexpr std::size_t kForms = 10;
std::string_view name(Form form);    // "Resource Graph (JSON)", …

enum class Severity : std::uint8_t { note, warning, error };   // error: part of the input is not in the result

struct InputNote {
  Severity severity = Severity::note;
  std::string id;                         // "row-limit", "truncated", …: stable, for programs
  std::string text_en, text_fr;           // with the place and what to do
  std::uint64_t line = 0, offset_bytes = 0;   // 0 = about the whole input
};

struct Input {
  std::string file;                       // as given; "-" = standard input
  std::vector<Form> forms;                // what it turned out to hold, in the order met
  std::string date;                       // the file's: YYYY-MM-DD
  std::uint64_t size_bytes = 0;
  std::uint64_t records = 0;              // resources, log entries or cost rows
  std::uint64_t resources = 0;            // of them, resources
  std::vector<InputNote> notes;
  bool complete = true;                   // false: something in it could not be read
};

struct TypeCount {
  std::string_view type, title;
  const Mapping* mapping = nullptr;       // null: unknown
  std::uint64_t count = 0;
  std::array<std::uint64_t, kMoves> by_move{};   // blockers may part the resources of one type
  std::uint64_t size_bytes = 0, size_unknown = 0;
};

struct BlockerCount {
  const Blocker* blocker = nullptr;
  std::uint64_t count = 0;
  std::uint32_t example = 0;              // index of a resource
};

struct Wave {
  std::uint32_t number = 0;               // 1…
  std::uint64_t resources = 0;
  std::array<std::uint64_t, kMoves> by_move{};
  std::uint64_t size_bytes = 0;           // what is known
  std::uint64_t size_unknown = 0;         // resources that hold data of unknown size
  std::optional<double> transfer_seconds; // at the given bandwidth, of what is known
};

struct Cycle {
  std::uint32_t number = 0, wave = 0;
  std::uint64_t size = 0;
  std::vector<std::uint32_t> members;     // the first 50
};

// What applications really use: requests counted by account, operation, authentication and user agent.
struct AccessRow {
  std::string_view account, service, operation, authentication, user_agent;
  std::uint64_t requests = 0, failed = 0;
  std::uint64_t response_bytes = 0;
  Move move = Move::unknown;              // does Bascule serve this operation with this authentication today?
  Words reason;                           // why not, where it does not
};

struct CostLine {
  std::string_view subject;               // "storage", "disk", "egress", or an ARM type
  Words what;
  Quantity quantity;                      // of `unit`
  std::string_view unit;                  // "GB/month", "GB", "resource/month"
  std::optional<double> price;            // for one unit
  std::optional<Money> cost;              // nothing = unknown
  Label label;
};
struct ProviderCost {
  std::string provider;                   // as the prices' file names it
  std::vector<CostLine> lines;
  std::optional<Money> monthly, once;     // sums of what is known
  std::uint64_t unpriced_resources = 0;   // resources that cost something and have no price: the sums leave them out
};

// A step of the way out, or a date of the law.
struct ChecklistItem {
  std::string_view id;
  std::string_view group;                 // "data-act", "azure-exit", "estate"
  Words what;
  std::string_view date;                  // from when it holds; empty = none
  Label label;
  std::optional<std::uint64_t> count;     // how many resources of this estate it concerns
};

struct Assessment {
  std::string command;                    // "bascule assess"
  std::string made;                       // UTC, 2026-11-23T05:00:00Z
  std::string program_version;
  std::string data_version;               // of the mapping: its newest date
  bool complete = true;                   // every input was read to its end without errors

  std::vector<Input> inputs;
  std::uint64_t subscriptions = 0;        // that resources lie in
  std::uint64_t merged = 0;               // records that named a resource already known
  std::uint64_t missing = 0;              // ids that resources refer to and no input has
  std::vector<std::string> missing_examples;   // at most 20

  std::array<std::uint64_t, kMoves> by_move{};
  std::vector<TypeCount> types;           // most frequent first
  std::vector<BlockerCount> blockers;     // most frequent first
  std::vector<Wave> waves;
  std::vector<Cycle> cycles;
  std::vector<std::pair<std::string_view, std::uint64_t>> locations;   // most frequent first

  std::uint64_t size_bytes = 0;           // of what holds data and moves, where it is known
  std::uint64_t size_unknown = 0;         // resources that hold data of unknown size
  Label size_label;
  Quantity egress_bytes;                  // what leaves Azure once, in the move: the known sizes
  Quantity egress_month_bytes;            // what leaves Azure in a month today, from the cost exports
  std::optional<double> bandwidth_bits;   // --bandwidth, bits a second
  Quantity transfer_seconds;
  std::vector<Money> charged;             // what the cost exports charge, by currency
  std::string charged_from, charged_to;   // their period, YYYY-MM-DD
  Label charged_label;
  std::vector<ProviderCost> costs;        // at the given prices; empty = none given, so unknown

  std::uint64_t requests = 0;             // in the access logs
  std::uint64_t access_folded = 0;        // requests that are counted under "(others)", beyond 10,000 rows
  std::vector<AccessRow> access;          // most frequent first
  std::string access_from, access_to;     // UTC, to the second; empty = no logs
  std::vector<ChecklistItem> checklist;

  // Resources in the order of the waves, then of their ids. A view is made on the call; `Table` is private to the folder.
  std::uint64_t size() const;
  Resource resource(std::uint64_t index) const;

  class Table;
  std::shared_ptr<const Table> table;
};

}  // namespace bascule::estate
