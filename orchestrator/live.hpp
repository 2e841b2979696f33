// Sagas in memory: a bounded cache of what the database has, kept by the one worker that owns the
// shard. A finished saga leaves at once; its row answers duplicates.
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
  explicit saga_cache(std::size_t most) : most_(most) {}

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
    sagas_.erase(found->second);
    index_.erase(found);
  }
  void erase_shard(std::int16_t shard) {
    for (auto it = sagas_.begin(); it != sagas_.end();) {
      if (it->shard == shard) {
        index_.erase(it->id);
        it = sagas_.erase(it);
      } else {
        ++it;
      }
    }
  }
  // Between batches: back to the bound, oldest use first.
  void trim() {
    while (sagas_.size() > most_) {
      index_.erase(sagas_.back().id);
      sagas_.pop_back();
    }
  }
  std::size_t size() const { return sagas_.size(); }

 private:
  const std::size_t most_;
  std::list<live_saga> sagas_;
  std::unordered_map<uuid, std::list<live_saga>::iterator, uuid_hash> index_;
};
}  // namespace skald
