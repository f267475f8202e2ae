#include "catalog/head_cache.h"

#include <functional>

namespace bascule::catalog {
namespace {
std::uint64_t hash_of(std::string_view key) { return std::hash<std::string_view>{}(key); }
}  // namespace

HeadCache::Way* HeadCache::way_of(std::uint64_t hash, std::string_view key) {
  Way* ways = set(hash);
  for (std::size_t i = 0; i < kWays; ++i) {
    if (ways[i].hash == hash && ways[i].head && ways[i].key == key) return &ways[i];
  }
  return nullptr;
}

HeadRef HeadCache::find(std::string_view key, Ticket& ticket) {
  ticket.hash = hash_of(key);
  Stripe& s = stripe(ticket.hash);
  const std::lock_guard lock(s.mutex);
  ticket.generation = s.changing == 0 ? s.generation : 0;
  Way* way = way_of(ticket.hash, key);
  if (way == nullptr) return nullptr;
  way->touched = true;
  return way->head;
}

void HeadCache::keep(std::string_view key, const Ticket& ticket, HeadRef head) {
  HeadRef freed_outside_the_lock;
  Stripe& s = stripe(ticket.hash);
  const std::lock_guard lock(s.mutex);
  if (s.changing != 0 || s.generation != ticket.generation) return;
  Way* way = way_of(ticket.hash, key);
  Way* ways = set(ticket.hash);
  for (std::size_t i = 0; i < kWays && way == nullptr; ++i) {
    if (!ways[i].head) way = &ways[i];
  }
  while (way == nullptr) {
    Way& next = ways[s.hand++ % kWays];
    if (next.touched) next.touched = false;
    else way = &next;
  }
  freed_outside_the_lock = std::exchange(way->head, std::move(head));
  way->hash = ticket.hash;
  way->key.assign(key);
  way->touched = false;
}

void HeadCache::begin_change(std::string_view key) {
  HeadRef freed_outside_the_lock;
  const std::uint64_t hash = hash_of(key);
  Stripe& s = stripe(hash);
  const std::lock_guard lock(s.mutex);
  ++s.changing;
  ++s.generation;
  if (Way* way = way_of(hash, key)) freed_outside_the_lock = std::move(way->head);
}

void HeadCache::end_change(std::string_view key) {
  Stripe& s = stripe(hash_of(key));
  const std::lock_guard lock(s.mutex);
  --s.changing;
}

}  // namespace bascule::catalog
