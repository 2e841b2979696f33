// The simulated participants: one for each step, with the shipped fence as its memory and a ledger
// of what it really did. They die, lie, repeat themselves and come late, as the run's faults say.
#pragma once
#include "orchestrator/simulate/world.hpp"

namespace skald::sim {
class participants {
 public:
  explicit participants(world& w) : w_(w) {}

  // A record lies in a commands topic: it will be carried out some time, or never, or twice.
  void notice(const log_topic&, std::int32_t partition, std::int64_t offset);

 private:
  struct work;
  void carry_out(const log_topic&, std::int32_t partition, std::int64_t offset);
  void do_command(work&);
  void make_effect(work&, std::string_view name);
  void undo_command(work&, const fence::decision&, const fence::question&);
  bool undo_effect(work&, std::string_view named, const fence::row*);
  void repeat(work&, const fence::decision&);
  void reply(work&, wire::outcome, std::string_view type, std::string_view data,
             std::int64_t surely_in_ms = 0);  // 0: soon, late, or never
  std::int64_t soon() { return w_.draw.between(1, 15); }
  std::int64_t late();
  std::int64_t soon_or_late() { return w_.draw.below(2) == 0 ? late() : soon(); }

  world& w_;
  std::map<const log_topic*, std::int64_t> back_ms_;  // who is away, and until when
  std::uint64_t effects_ = 0;
};
}  // namespace skald::sim
