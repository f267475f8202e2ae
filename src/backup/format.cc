#include "backup/format.h"

#include <algorithm>
#include <cstdio>

#include "catalog/record_parts.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "store/store.h"

namespace bascule::backup {

using catalog::Reader;
using catalog::Writer;

namespace {

constexpr std::string_view kManifestPrefix = "backup-", kSegmentPrefix = "segment-", kReadBackPrefix = "readback-";
constexpr std::size_t kIdDigits = 32, kNumberDigits = 10;
constexpr std::string_view kSegmentMagic = "BKS1";

std::string_view magic(Kind kind) { return kind == Kind::manifest ? "BKM1" : "BKV1"; }

std::optional<Id> parse_id(std::string_view digits) {
  if (digits.size() != kIdDigits || !std::ranges::all_of(digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }))
    return std::nullopt;
  const auto bytes = from_hex(digits);
  Id id{};
  std::memcpy(id.data(), bytes->data(), id.size());
  return id;
}

std::string bound_to(Kind kind, const Salt& salt, std::string_view name) {
  return std::string(magic(kind)).append(as_text(salt)).append(name);
}

crypto::Nonce nonce_of(std::uint64_t index) {
  crypto::Nonce nonce{};
  store_be64(nonce.data() + 4, index);
  return nonce;
}

}  // namespace

std::uint64_t Run::size_bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& s : segments) sum += s.size_bytes;
  return sum;
}
std::uint64_t Manifest::size_bytes() const {
  std::uint64_t sum = 0;
  for (const Run& r : runs) sum += r.size_bytes();
  return sum;
}

std::string encode(const Manifest& m) {
  return catalog::framed(512, [&](Writer& w) {
    w.raw(m.target);
    w.raw(m.id);
    w.varint(m.number);
    w.raw(m.previous);
    w.raw(m.previous_sha);
    w.fixed64(m.incarnation);
    w.fixed32(m.session);
    w.varint(m.epoch);
    catalog::put(w, m.instant);
    catalog::put(w, m.finished);
    w.varint(m.records);
    w.varint(m.bytes);
    w.raw(m.digest);
    w.varint(m.runs.size());
    for (const Run& run : m.runs) {
      w.raw(run.salt);
      w.varint(run.segments.size());
      for (const Segment& s : run.segments) {
        w.raw(s.id);
        w.varint(s.size_bytes);
        w.varint(s.entries);
        w.text(s.first_key);
      }
    }
  });
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  return catalog::unframed<Manifest>(bytes, "a backup's manifest:", [](Reader& r, Manifest& m) {
    r.raw(m.target);
    r.raw(m.id);
    m.number = r.varint();
    r.raw(m.previous);
    r.raw(m.previous_sha);
    m.incarnation = r.fixed64();
    m.session = r.fixed32();
    m.epoch = r.varint();
    m.instant = catalog::get_time(r);
    m.finished = catalog::get_time(r);
    m.records = r.varint();
    m.bytes = r.varint();
    r.raw(m.digest);
    m.runs.resize(r.count(33));
    for (Run& run : m.runs) {
      r.raw(run.salt);
      run.segments.resize(r.count(19));
      for (Segment& s : run.segments) {
        r.raw(s.id);
        s.size_bytes = r.varint();
        s.entries = r.varint();
        s.first_key = r.text();
        if (s.size_bytes <= kSegmentOverhead || s.size_bytes > kMostSegmentBytes + kSegmentOverhead || s.entries == 0 ||
            s.first_key.size() > store::kMaxKeyBytes)
          r.refuse();
      }
    }
    if (m.number == 0 || m.runs.empty()) r.refuse();
  });
}

std::string encode(const ReadBack& b) {
  return catalog::framed(96, [&](Writer& w) {
    w.raw(b.backup);
    w.raw(b.manifest_sha);
    catalog::put(w, b.when);
    w.u8(static_cast<std::uint8_t>(b.extents));
    w.varint(b.looked);
    w.varint(b.missing);
  });
}

Result<ReadBack> decode_read_back(std::string_view bytes) {
  return catalog::unframed<ReadBack>(bytes, "a backup's read-back", [](Reader& r, ReadBack& b) {
    r.raw(b.backup);
    r.raw(b.manifest_sha);
    b.when = catalog::get_time(r);
    const std::uint8_t extents = r.u8();
    if (extents > 2) r.refuse();
    b.extents = static_cast<ReadBack::Extents>(extents);
    b.looked = r.varint();
    b.missing = r.varint();
  });
}

std::string manifest_name(std::uint64_t number, const Id& id) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%010llu", static_cast<unsigned long long>(number));
  return std::string(kManifestPrefix).append(digits).append("-").append(to_hex(id));
}

std::optional<ManifestName> parse_manifest_name(std::string_view name) {
  if (!name.starts_with(kManifestPrefix)) return std::nullopt;
  name.remove_prefix(kManifestPrefix.size());
  if (name.size() != kNumberDigits + 1 + kIdDigits || name[kNumberDigits] != '-') return std::nullopt;
  ManifestName parsed;
  for (const char c : name.substr(0, kNumberDigits)) {
    if (c < '0' || c > '9') return std::nullopt;
    parsed.number = parsed.number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  const auto id = parse_id(name.substr(kNumberDigits + 1));
  if (!id || parsed.number == 0) return std::nullopt;
  parsed.id = *id;
  return parsed;
}

std::string segment_name(const Id& id) { return std::string(kSegmentPrefix).append(to_hex(id)); }
std::optional<Id> parse_segment_name(std::string_view name) {
  return name.starts_with(kSegmentPrefix) ? parse_id(name.substr(kSegmentPrefix.size())) : std::nullopt;
}
std::string read_back_name(const Id& backup, const Id& random) {
  return std::string(kReadBackPrefix).append(to_hex(backup)).append("-").append(to_hex(random));
}
std::optional<Id> parse_read_back_name(std::string_view name) {
  if (!name.starts_with(kReadBackPrefix)) return std::nullopt;
  name.remove_prefix(kReadBackPrefix.size());
  if (name.size() != 2 * kIdDigits + 1 || name[kIdDigits] != '-' || !parse_id(name.substr(kIdDigits + 1))) return std::nullopt;
  return parse_id(name.substr(0, kIdDigits));
}

std::string seal_object(const crypto::SecretKey& catalog_key, Kind kind, const Salt& salt, std::string_view name, std::string_view plain) {
  const crypto::AeadKey key(crypto::subkey(catalog_key, "bascule/backup-manifest/1", salt));
  std::string object = std::string(magic(kind)).append(as_text(salt));
  const std::size_t head = object.size();
  object.resize(head + plain.size() + crypto::kAeadTagBytes);
  key.seal({}, as_bytes(bound_to(kind, salt, name)), as_bytes(plain), as_writable(object).subspan(head));
  return object;
}

Result<std::string> open_object(const crypto::SecretKey& catalog_key, Kind kind, std::string_view name, std::string_view object) {
  if (!object.starts_with(magic(kind))) return fail(Code::corrupt, "it is of another kind, or of an unknown format");
  if (object.size() < kManifestOverhead) return fail(Code::corrupt, "it is cut short");
  Salt salt;
  std::memcpy(salt.data(), object.data() + 4, salt.size());
  const crypto::AeadKey key(crypto::subkey(catalog_key, "bascule/backup-manifest/1", salt));
  object.remove_prefix(4 + salt.size());
  std::string plain(object.size() - crypto::kAeadTagBytes, '\0');
  if (!key.open({}, as_bytes(bound_to(kind, salt, name)), as_bytes(object), as_writable(plain)))
    return fail(Code::corrupt, "it was changed, cut short, put under another name, or sealed under another installation's key");
  return plain;
}

struct RunKey::Sealer {
  crypto::AeadKey key;
};

RunKey::RunKey(const crypto::SecretKey& catalog_key, const Salt& salt)
    : sealer_(new Sealer{crypto::AeadKey(crypto::subkey(catalog_key, "bascule/backup-run/1", salt))}) {}
RunKey::~RunKey() = default;
RunKey::RunKey(RunKey&&) noexcept = default;

std::string RunKey::seal(std::uint64_t index, std::string_view plain) const {
  std::string object(kSegmentMagic);
  object.resize(kSegmentMagic.size() + plain.size() + crypto::kAeadTagBytes);
  sealer_->key.seal(nonce_of(index), as_bytes(kSegmentMagic), as_bytes(plain), as_writable(object).subspan(kSegmentMagic.size()));
  return object;
}

Result<std::string> RunKey::open(std::uint64_t index, std::string_view object) const {
  if (object.size() <= kSegmentOverhead || !object.starts_with(kSegmentMagic)) return fail(Code::corrupt, "it is no segment of a known format");
  object.remove_prefix(kSegmentMagic.size());
  std::string plain(object.size() - crypto::kAeadTagBytes, '\0');
  if (!sealer_->key.open(nonce_of(index), as_bytes(kSegmentMagic), as_bytes(object), as_writable(plain)))
    return fail(Code::corrupt, "it was changed, or is another one's content");
  return plain;
}

void SegmentWriter::add(std::string_view key, std::uint64_t version, std::string_view value) {
  std::size_t shared = 0;
  if (entries_ == 0) {
    first_key_ = key;
    plain_.reserve(kSegmentBytes + store::kMaxKeyBytes + store::kMaxValueBytes + 32);
  } else {
    const std::size_t most = std::min(key.size(), last_key_.size());
    while (shared < most && key[shared] == last_key_[shared]) ++shared;
  }
  Writer w(plain_);
  w.varint(shared);
  w.text(key.substr(shared));
  w.fixed64(version);
  if (version != 0) w.text(value);
  last_key_ = key;
  ++entries_;
}

std::string SegmentWriter::take() {
  entries_ = 0;
  return std::exchange(plain_, {});
}

Result<bool> SegmentReader::next() {
  if (at_ == plain_.size()) return false;
  const std::string_view rest = std::string_view(plain_).substr(at_);
  Reader r(rest);
  const std::uint64_t shared = r.varint();
  const std::string_view tail = r.text();
  version_ = r.fixed64();
  value_ = version_ != 0 ? r.text() : std::string_view();
  const bool first = entries_ == 0;
  if (!r.ok() || shared > key_.size() || (first && shared != 0) || shared + tail.size() > store::kMaxKeyBytes ||
      value_.size() > store::kMaxValueBytes || (!first && std::string_view(key_).substr(shared) >= tail))
    return fail(Code::corrupt, "a backup's segment holds what no backup writes");
  key_.resize(shared);
  key_.append(tail);
  const char* const end = version_ != 0 ? value_.data() + value_.size() : tail.data() + tail.size() + sizeof version_;
  at_ = static_cast<std::size_t>(end - plain_.data());
  ++entries_;
  return true;
}

void StateDigest::add(std::string_view key, std::uint64_t version, std::size_t value_bytes) {
  Writer w(waiting_);
  w.text(key);
  w.fixed64(version);
  ++records_;
  bytes_ += key.size() + value_bytes;
  if (waiting_.size() < 16 * 1024) return;
  sha_.update(as_bytes(waiting_));
  waiting_.clear();
}

Sha256Value StateDigest::finish() {
  sha_.update(as_bytes(waiting_));
  waiting_.clear();
  return sha_.finish();
}

}  // namespace bascule::backup
