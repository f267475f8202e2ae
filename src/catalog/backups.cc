#include "catalog/backups.h"

#include "catalog/record_parts.h"

namespace bascule::catalog {

std::string encode(const BackupsRecord& r) {
  return framed(16 + 96 * r.targets.size(), [&](Writer& w) {
    w.varint(r.epoch);
    w.varint(r.targets.size());
    for (const BackupTarget& t : r.targets) {
      w.raw(t.id);
      w.text(t.place);
      w.varint(t.number);
      w.varint(t.epoch);
      put(w, t.instant);
      w.fixed32(t.running_session);
      w.varint(t.running_epoch);
    }
  });
}

template <> Result<BackupsRecord> decode(std::string_view bytes) {
  return unframed<BackupsRecord>(bytes, "backups", [](Reader& r, BackupsRecord& record) {
    record.epoch = r.varint();
    record.targets.resize(r.count(16 + 1 + 1 + 1 + 8 + 4 + 1));
    for (BackupTarget& t : record.targets) {
      r.raw(t.id);
      t.place = r.text();
      t.number = r.varint();
      t.epoch = r.varint();
      t.instant = get_time(r);
      t.running_session = r.fixed32();
      t.running_epoch = r.varint();
    }
  });
}

std::string encode(const RestoredRecord& r) {
  return framed(8 + 40 * r.lives.size(), [&](Writer& w) {
    w.varint(r.lives.size());
    for (const FormerLife& life : r.lives) {
      w.fixed64(life.incarnation);
      put(w, life.instant);
      put(w, life.restored);
      put(w, life.taken_over);
      w.u8(life.settled);
    }
  });
}

template <> Result<RestoredRecord> decode(std::string_view bytes) {
  return unframed<RestoredRecord>(bytes, "restored", [](Reader& r, RestoredRecord& record) {
    record.lives.resize(r.count(33));
    for (FormerLife& life : record.lives) {
      life.incarnation = r.fixed64();
      life.instant = get_time(r);
      life.restored = get_time(r);
      life.taken_over = get_time(r);
      const std::uint8_t settled = r.u8();
      if (settled > 1) r.refuse();
      life.settled = settled == 1;
    }
  });
}

std::string encode(const GarbageRecord& r) {
  return framed(32, [&](Writer& w) {
    w.fixed64(r.bytes);
    if (r.epoch == 0) return;
    w.varint(r.epoch);
    put(w, r.died);
  });
}

template <> Result<GarbageRecord> decode(std::string_view bytes) {
  return unframed<GarbageRecord>(bytes, "garbage", [](Reader& r, GarbageRecord& record) {
    record.bytes = r.fixed64();
    if (!r.ok() || r.at_end()) return;
    record.epoch = r.varint();
    if (record.epoch == 0) r.refuse();
    record.died = get_time(r);
  });
}

}  // namespace bascule::catalog
