// The vectors that the independent script made from docs/formats/backup.md alone.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "backup/reading.h"
#include "provider/memory/memory_provider.h"
#include "runtime/run.h"
#include "runtime/sim.h"

namespace bascule::backup {
namespace {

namespace json = boost::json;

std::string text(const json::value& value) { return {value.as_string().data(), value.as_string().size()}; }

// Hexadecimal strings, and numbers that stand for so many zero bytes.
std::string join(const json::array& parts) {
  std::string bytes;
  for (const json::value& part : parts) {
    if (part.is_string()) bytes += from_hex(text(part)).value();
    else bytes.append(part.to_number<std::size_t>(), '\0');
  }
  return bytes;
}

// What stands in the backup whose manifest has this name, or why it is refused.
Result<std::map<std::string, store::Versioned>> state_of(Loop& loop, SimClock& clock, Place& place, const std::string& name) {
  BASCULE_ASSIGN(const Contents contents, run_simulated(loop, clock, place.look()));
  for (const Listed& one : contents.backups) {
    if (one.name != name) continue;
    if (one.damage) return fail(*one.damage);
    std::map<std::string, store::Versioned> state;
    StateDigest digest;
    Stack stack(place, one.manifest, "", "");
    while (true) {
      BASCULE_ASSIGN(const store::Entry* const entry, run_simulated(loop, clock, stack.next()));
      if (!entry) break;
      digest.add(entry->key, entry->version, entry->value.size());
      state[entry->key] = {entry->version, entry->value};
    }
    if (digest.records() != one.manifest.records || digest.bytes() != one.manifest.bytes || digest.finish() != one.manifest.digest)
      return fail(Code::corrupt, "what stands is not what the manifest says");
    return state;
  }
  return fail(Code::not_found, "no such manifest");
}

TEST(BackupVectors, Are_read_or_refused_as_they_should) {
  std::ifstream in(BASCULE_VECTORS "/backups.json");
  const std::string file(std::istreambuf_iterator<char>(in), {});
  const json::value document = json::parse(file);
  ASSERT_EQ(document.at("format").as_string(), "bascule-backup-1");
  int opened = 0, refused = 0;
  for (const json::value& vector : document.at("vectors").as_array()) {
    SCOPED_TRACE(text(vector.at("name")));
    Loop loop;
    SimClock clock;
    provider::MemoryProvider objects;
    for (const auto& [name, parts] : vector.at("objects").as_object()) {
      const std::string object = join(parts.as_array());
      const Bytes slice = as_bytes(object);
      ASSERT_TRUE(run_simulated(loop, clock, objects.put(std::string(name), Slices(&slice, 1), kNoDeadline)));
    }
    crypto::SecretKey key;
    const std::string raw = from_hex(text(vector.at("catalog_key"))).value();
    std::memcpy(key.writable().data(), raw.data(), raw.size());
    Place place(objects, clock, key, "vectors");
    const auto state = state_of(loop, clock, place, text(vector.at("manifest")));
    if (text(vector.at("expect")) == "failure") {
      ++refused;
      ASSERT_FALSE(state);
      EXPECT_EQ(state.error().code, Code::corrupt) << state.error().message;
      continue;
    }
    ++opened;
    ASSERT_TRUE(state) << state.error().message;
    const json::object& wanted = vector.at("state").as_object();
    EXPECT_EQ(state->size(), wanted.size());
    for (const auto& [name, value] : wanted) {
      const auto found = state->find(from_hex(std::string(name)).value());
      ASSERT_NE(found, state->end());
      EXPECT_EQ(found->second.version, value.at(0).to_number<std::uint64_t>());
      EXPECT_EQ(found->second.value, from_hex(text(value.at(1))).value());
    }
  }
  EXPECT_EQ(opened, 2);
  EXPECT_GE(refused, 20);
}

TEST(BackupFormat, What_is_sealed_is_what_the_vectors_have) {
  // The same manifest and segment, sealed here, open there: the reader's test reads one of this program's (tests/backup).
  crypto::SecretKey key;
  Salt salt{};
  Manifest m{.number = 7};
  m.runs.resize(1);
  const std::string name = manifest_name(m.number, m.id), object = seal_object(key, Kind::manifest, salt, name, encode(m));
  const auto plain = open_object(key, Kind::manifest, name, object);
  ASSERT_TRUE(plain);
  EXPECT_EQ(decode_manifest(*plain)->number, 7u);
  EXPECT_FALSE(open_object(key, Kind::read_back, name, object));
  EXPECT_FALSE(open_object(key, Kind::manifest, manifest_name(8, m.id), object));
  EXPECT_EQ(parse_manifest_name(name)->number, 7u);
  for (const char* wrong : {"backup-0000000000-00000000000000000000000000000000", "backup-1-00000000000000000000000000000000",
                            "backup-0000000001-0000000000000000000000000000000g", "backup-0000000001-0000000000000000000000000000000"})
    EXPECT_FALSE(parse_manifest_name(wrong)) << wrong;
}

}  // namespace
}  // namespace bascule::backup
