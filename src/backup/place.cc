#include "backup/place.h"

#include <algorithm>
#include <set>

namespace bascule::backup {
namespace {

Error about(const std::string& shown, const std::string& name, const Error& error) {
  return {error.code, error.reason, "the backup object " + name + " in " + shown + ": " + error.message};
}

}  // namespace

Task<Result<std::string>> Place::get_whole(std::string name, std::uint64_t most_bytes) {
  BASCULE_CO_ASSIGN(const std::uint64_t size, co_await provider_.size(name, deadline()));
  if (size > most_bytes) co_return fail(Code::corrupt, "it is larger than any of its kind");
  std::string object(size, '\0');
  BASCULE_CO_TRY(co_await provider_.get(std::move(name), 0, as_writable(object), deadline()));
  co_return object;
}

Task<Result<std::string>> Place::get(std::string name, std::uint64_t size_bytes) {
  auto size = co_await provider_.size(name, deadline());
  if (!size && size.error().code == Code::not_found)
    co_return fail(Code::corrupt, "the backup object " + name + " is missing in " + shown_);
  if (!size) co_return fail(size.error());
  if (*size != size_bytes)
    co_return fail(Code::corrupt, "the backup object " + name + " in " + shown_ + " has " + std::to_string(*size) + " bytes and should have " +
                                      std::to_string(size_bytes) + (*size < size_bytes ? ": it is cut short" : ": something was added to it"));
  std::string object(size_bytes, '\0');
  if (auto read = co_await provider_.get(name, 0, as_writable(object), deadline()); !read) co_return fail(about(shown_, name, read.error()));
  co_return object;
}

Task<Result<void>> Place::put(std::string name, std::string object) {
  const Bytes slice = as_bytes(object);
  auto put = co_await provider_.put(name, Slices(&slice, 1), deadline());
  if (!put) co_return fail(about(shown_, name, put.error()));
  co_return Result<void>{};
}

Task<Result<void>> Place::remove(std::string name) { co_return co_await provider_.remove(std::move(name), deadline()); }

Task<Result<Contents>> Place::look() {
  Contents contents;
  std::vector<std::string> manifests, read_backs;
  std::string after;
  while (true) {
    BASCULE_CO_ASSIGN(auto listing, co_await provider_.list("", after, 1000, deadline()));
    for (auto& object : listing.objects) {
      after = object.name;
      if (parse_manifest_name(object.name)) manifests.push_back(std::move(object.name));
      else if (parse_segment_name(object.name)) contents.segments.push_back(std::move(object.name));
      else if (parse_read_back_name(object.name)) read_backs.push_back(std::move(object.name));
      else contents.others.push_back(std::move(object.name));
    }
    if (listing.complete || listing.objects.empty()) break;
  }
  std::map<Id, std::size_t> by_id;
  for (std::string& name : manifests) {   // in the order of their numbers, which lead them
    Listed& one = contents.backups.emplace_back();
    one.name = std::move(name);
    one.parsed = *parse_manifest_name(one.name);
    by_id[one.parsed.id] = contents.backups.size() - 1;
    const auto object = co_await get_whole(one.name, kMostManifestBytes + kManifestOverhead);
    if (!object && object.error().code != Code::corrupt && object.error().code != Code::not_found) co_return fail(object.error());
    auto plain = object ? open_object(catalog_key_, Kind::manifest, one.name, *object) : Result<std::string>(fail(object.error()));
    auto manifest = plain ? decode_manifest(*plain) : Result<Manifest>(fail(plain.error()));
    if (manifest && (manifest->number != one.parsed.number || manifest->id != one.parsed.id))
      manifest = fail(Code::corrupt, "it is another backup's than its name says");
    if (!manifest) {
      one.damage = about(shown_, one.name, manifest.error());
      continue;
    }
    one.manifest = std::move(*manifest);
    one.sha = Sha256::of(as_bytes(*object));
  }
  for (std::string& name : read_backs) {
    const auto found = by_id.find(*parse_read_back_name(name));
    if (found == by_id.end() || contents.backups[found->second].damage) {
      contents.unread[*parse_read_back_name(name)] = std::move(name);
      continue;
    }
    Listed& one = contents.backups[found->second];
    const auto object = co_await get_whole(name, 4096);
    const auto plain = object ? open_object(catalog_key_, Kind::read_back, name, *object) : Result<std::string>(fail(object.error()));
    const auto word = plain ? decode_read_back(*plain) : Result<ReadBack>(fail(plain.error()));
    one.read_back_names.push_back(std::move(name));
    if (!word || word->backup != one.manifest.id || word->manifest_sha != one.sha) continue;   // a word that proves nothing
    if (!one.read_back || one.read_back->when < word->when) one.read_back = *word;
  }
  co_return contents;
}

Result<const Listed*> choose(const Contents& contents, std::optional<WallTime> at, const std::string& shown) {
  for (const Listed& one : contents.backups)
    if (at && !one.damage && one.manifest.instant == *at) return &one;   // whatever else does not open
  for (auto one = contents.backups.rbegin(); one != contents.backups.rend(); ++one) {
    if (one->damage) return fail(*one->damage);
    if (!at || one->manifest.instant <= *at) return &*one;
  }
  if (contents.backups.empty()) return fail(Code::not_found, "there is no backup in " + shown);
  return fail(Code::not_found, "there is no backup in " + shown + " of " + format_iso8601_seconds(*at) + " or before; the oldest is of " +
                                   format_iso8601_seconds(contents.backups.front().manifest.instant));
}

Task<Result<Pruned>> prune(Place& place, std::uint64_t keep) {
  Pruned pruned;
  BASCULE_CO_ASSIGN(const Contents contents, co_await place.look());
  std::set<std::string> needed;
  const std::size_t count = contents.backups.size(), gone = keep == 0 || count <= keep ? 0 : count - keep;
  for (const Listed& one : contents.backups)
    if (one.damage)
      co_return fail(Code::corrupt, one.damage->message + ". Nothing is removed while a backup does not open: what it needs is not known. "
                                                          "Remove that object by hand to give the backup up");
  // Beside another life's backups its gateway may still be at work: what nothing names may be a backup that it is making.
  bool alone = true;
  std::set<std::string> named;
  for (std::size_t i = 0; i < count; ++i) {
    const Manifest& manifest = contents.backups[i].manifest;
    alone = alone && manifest.incarnation == contents.backups.front().manifest.incarnation;
    for (const Run& run : manifest.runs)
      for (const Segment& segment : run.segments) (i < gone ? named : needed).insert(segment_name(segment.id));
  }
  for (std::size_t i = 0; i < gone; ++i) {   // manifests first: none ever names what is not there
    const Listed& one = contents.backups[i];
    BASCULE_CO_TRY(co_await place.remove(one.name));
    for (const std::string& name : one.read_back_names) BASCULE_CO_TRY(co_await place.remove(name));
    ++pruned.backups;
  }
  for (const auto& [id, name] : contents.unread) BASCULE_CO_TRY(co_await place.remove(name));
  for (const std::string& name : contents.segments) {
    if (needed.contains(name) || !(alone || named.contains(name))) continue;
    BASCULE_CO_TRY(co_await place.remove(name));
    ++pruned.segments;
  }
  co_return pruned;
}

}  // namespace bascule::backup
