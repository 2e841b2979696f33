// One shard's open sagas and when to look at each again. In memory; the truth is saga.due_ms.
//
// A saga has at most one entry in the heap: a later due time waits until the earlier entry fires
// and is put back then, so a saga that moves often costs nothing here.
#pragma once
#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "outbox/ids.hpp"

namespace skald {
class timers {
 public:
  static constexpr std::uint8_t not_started = 0;  // a facet: a row of phase none, too
  struct due {
    std::int64_t no;
    uuid id;
  };

  // Saga `no` is open, as what, and due at `due_ms`; 0 = it has no timer.
  void set(std::int64_t no, const uuid& id, std::int64_t due_ms, std::uint8_t facet) {
    const auto [found, first] = sagas_.try_emplace(no);
    auto& saga = found->second;
    if (!first && saga.facet == not_started) --not_started_;
    if (facet == not_started) ++not_started_;
    saga.id = id;
    saga.facet = facet;
    saga.due_ms = due_ms;
    if (due_ms == 0 || (saga.queued_ms != 0 && saga.queued_ms <= due_ms)) return;
    saga.queued_ms = due_ms;
    heap_.push({due_ms, no});
  }
  void forget(std::int64_t no) {
    const auto found = sagas_.find(no);
    if (found == sagas_.end()) return;
    if (found->second.facet == not_started) --not_started_;
    sagas_.erase(found);
  }

  // Sagas that are due at `now_ms`, at most `most`. Each must be `set` again by the caller.
  void take(std::int64_t now_ms, std::size_t most, std::vector<due>& out) {
    while (!heap_.empty() && heap_.top().due_ms <= now_ms && most > 0) {
      const auto top = heap_.top();
      heap_.pop();
      const auto found = sagas_.find(top.no);
      if (found == sagas_.end() || found->second.queued_ms != top.due_ms) continue;  // outdated
      auto& saga = found->second;
      saga.queued_ms = 0;
      if (saga.due_ms > now_ms) {
        set(top.no, saga.id, saga.due_ms, saga.facet);
      } else if (saga.due_ms != 0) {
        out.push_back({top.no, saga.id});
        --most;
      }
    }
  }
  // When `take` next has something to look at; 0 = never.
  std::int64_t next_ms() const { return heap_.empty() ? 0 : heap_.top().due_ms; }
  std::size_t size() const { return sagas_.size(); }
  // Of them, those that only hold events which came before their start.
  std::size_t waiting_for_start() const { return not_started_; }
  std::size_t armed() const { return heap_.size(); }  // about: outdated entries count too
  // What table open says, or would say, of saga `no`; null: it is not an open saga.
  struct listing {
    std::uint8_t facet = 0;
    bool has_row = false;
  };
  listing* find(std::int64_t no) {
    const auto found = sagas_.find(no);
    return found == sagas_.end() ? nullptr : &found->second;
  }

 private:
  struct watched : listing {
    uuid id;
    std::int64_t due_ms = 0, queued_ms = 0;  // queued: of its entry in the heap
  };
  struct entry {
    std::int64_t due_ms, no;
    bool operator>(const entry& other) const { return due_ms > other.due_ms; }
  };
  std::unordered_map<std::int64_t, watched> sagas_;
  std::size_t not_started_ = 0;
  std::priority_queue<entry, std::vector<entry>, std::greater<>> heap_;
};
}  // namespace skald
