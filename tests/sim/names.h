// The reference model of a name and its past: what Azure's documentation says ("Blob snapshots", "Blob versioning", "Soft
// delete for blobs", "Set Blob Tier", "Set Blob Expiry"), and nothing of how Bascule does it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace bascule::sim {

constexpr std::uint64_t kPage = 512;
constexpr const char* kUnknown = "?";    // an id that the server chose and has not told yet

struct Settings {
  bool versioning = false;
  int retention_days = 0;                // of blobs; 0: none
  int container_retention_days = 0;
  bool keeps = false;                    // versioning stays on, and one container has policies and holds of single states
};

struct State {
  enum class Type { block, append, page } type = Type::block;
  enum class Kind { base, snapshot, version } kind = Kind::base;
  std::string content, metadata, etag;   // etag "": not known
  std::map<std::string, std::string> tags;
  std::vector<std::pair<std::string, std::string>> blocks;   // committed: id, content
  std::string tier, coming;              // as sent; where it is being brought back to
  WallTime back{};                       // ... and when
  std::set<std::uint64_t> pages;         // of a page blob, those that were written and not cleared
  std::map<std::uint64_t, std::uint64_t> written;   // ... and in which of its writes each page was written or cleared last
  std::uint64_t writes = 0, life = 0;    // how many there were, since which creation
  std::uint64_t sequence = 0;
  unsigned appended = 0;
  bool sealed = false;
  std::string id;                        // of a snapshot or version; of the base: its version id. "": none
  WallTime expires{};                    // the base alone
  bool deleted = false;                  // softly,
  WallTime due{};                        // until then
  WallTime until{};                      // kept so long by a policy of its own,
  bool locked = false;                   // which is locked;
  bool hold = false;                     // or by a hold

  void put_pages(std::uint64_t first, std::uint64_t length, const std::string* bytes);   // null: cleared
  void resize(std::uint64_t size);
  // What Get Page Ranges tells of this state since `then`, an earlier one of the same life.
  struct Difference {
    std::set<std::uint64_t> written, cleared;
    bool operator==(const Difference&) const = default;
  };
  Difference since(const State& then) const;
  void set_free() { until = {}, locked = hold = false; }
  bool kept(WallTime lawful) const { return hold || until > lawful; }
  bool archived() const { return tier == "Archive"; }
};

struct Name {
  std::optional<State> base;             // there, or deleted softly
  std::vector<State> past;
  std::map<std::string, std::string> uncommitted;
  std::optional<std::string> lease;      // an infinite one

  State* live() { return base && !base->deleted ? &*base : nullptr; }
  const State* live() const { return base && !base->deleted ? &*base : nullptr; }
  bool has_snapshots() const;

  // What time has done since.
  void settle(WallTime now, const Settings& s);
  // The base is another from now on; what was there is put aside as the account's settings have it.
  void succeed(State next, const Settings& s, WallTime now);
  // What of a state changes with its metadata: a version of its own where there are versions.
  void change_metadata(std::string metadata, const Settings& s);
  void snapshot(std::string id, const Settings& s);
  enum class Snapshots { none, include, only };
  void remove(Snapshots snapshots, const Settings& s, WallTime now);   // only what may be removed so
  void remove_past(std::size_t which, const Settings& s, WallTime now);
  bool undelete();                       // false: there was nothing to bring back

 private:
  void put_aside(State state, State::Kind kind);
  void delete_softly(State& state, const Settings& s, WallTime now);
};

// The name as the server shows it holds nothing else than the model: nothing where it does, else what differs. `ids` of
// the model that were not known are taken over.
std::string compare(Name& model, const Name& seen);
std::string describe(const Name& name);   // for people: each state in a few letters

}  // namespace bascule::sim
