// Sagas in memory: a cache of what the database has, bounded in sagas and in bytes, kept by the one
// worker that owns the shard. A finished saga leaves at once; its row answers duplicates.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "orchestrator/compiled.hpp"
#include "orchestrator/slices.hpp"
#include "orchestrator/trace/context.hpp"
#include "outbox/ids.hpp"
#include "sagas/machine.hpp"

namespace skald {
struct live_saga {
  std::int64_t no = 0;
  uuid id;
  const compiled* definition = nullptr;
  std::string key;
  machine::saga state;
  slices values;
  trace::context trace;       // which its messages belong to
  std::int64_t stage_ms = 0;  // when the stage under way began; 0: not known
  std::int32_t seq = 0;
  std::int16_t shard = 0;
  bool retraced = false;  // its start brought another trace than the row has
  bool fresh = true;      // has no row yet
  bool touched = false;   // to be written by the batch under way

  std::uint32_t weighed = 0;  // the bytes() that its cache counts
  // What it takes of memory, nearly: itself, what it holds, its place in the cache. Reads a few
  // capacities and walks nothing.
  std::size_t bytes() const {
    constexpr std::size_t place = 160;  // links, index, and the allocator's own of each block
    const auto room = [](const auto& held) { return held.capacity() * sizeof(*held.data()); };
    return sizeof *this + place + room(key) + room(state.surpluses) + room(state.parked) +
           room(state.counted) + room(state.held) + values.memory();
  }
};

struct uuid_hash {
  std::size_t operator()(const uuid& id) const noexcept {  // or the map would keep it too
    std::size_t h;                                         // a saga id is a hash already
    static_assert(sizeof h <= sizeof id.bytes);
    __builtin_memcpy(&h, id.bytes.data(), sizeof h);
    return h;
  }
};

class saga_cache {
 public:
  saga_cache(std::size_t most, std::size_t most_bytes) : most_(most), most_bytes_(most_bytes) {}

  // Marks it as used last.
  live_saga* find(const uuid& id) {
    const auto found = index_.find(id);
    if (found == index_.end()) return nullptr;
    sagas_.splice(sagas_.begin(), sagas_, found->second);
    return &*found->second;
  }
  live_saga& add(const uuid& id) {
    auto& saga = sagas_.emplace_front();
    saga.id = id;
    index_[id] = sagas_.begin();
    return saga;
  }
  void erase(const uuid& id) {
    const auto found = index_.find(id);
    if (found == index_.end()) return;
    bytes_ -= found->second->weighed;
    sagas_.erase(found->second);
    index_.erase(found);
  }
  // After each change of what it holds.
  void weigh(live_saga& saga) {
    bytes_ -= saga.weighed;
    saga.weighed = static_cast<std::uint32_t>(saga.bytes());
    bytes_ += saga.weighed;
  }
  void erase_shard(std::int16_t shard) {
    for (auto it = sagas_.begin(); it != sagas_.end();) {
      if (it->shard == shard) {
        bytes_ -= it->weighed;
        index_.erase(it->id);
        it = sagas_.erase(it);
      } else {
        ++it;
      }
    }
  }
  // Between batches: back to both bounds, oldest use first.
  void trim() {
    while (sagas_.size() > most_ || bytes_ > most_bytes_) erase(sagas_.back().id);
  }
  std::size_t size() const { return sagas_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  const std::size_t most_, most_bytes_;
  std::size_t bytes_ = 0;
  std::list<live_saga> sagas_;
  std::unordered_map<uuid, std::list<live_saga>::iterator, uuid_hash> index_;
};
}  // namespace skald
