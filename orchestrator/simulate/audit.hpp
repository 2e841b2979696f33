// The audit of a world that has come to rest. It believes the participants' ledgers and the log;
// what the orchestrator says of itself must agree with them.
#pragma once
#include "orchestrator/compiled.hpp"
#include "orchestrator/replay/fold.hpp"
#include "orchestrator/simulate/world.hpp"

namespace skald::sim {
struct findings {
  std::string violation;  // one sentence; empty: none
  int saga = -1;          // of which; -1: of none in particular
  std::uint64_t completed = 0, aborted = 0, strangers = 0, with_items = 0, seen_to = 0;
  std::uint64_t effects = 0, standing = 0, undone = 0;  // of the ledgers
  std::uint64_t journal_rows = 0, commands = 0, quarantined = 0;
};

class auditor {
 public:
  auditor(world& w, const compiled& definition) : w_(w), fold_(definition, {}, "") {}
  findings audit();

 private:
  void audit_saga(int saga);
  void audit_history(int saga, const stored_saga&, const machine::saga&);
  void audit_ledger(int saga, const machine::saga&);
  void audit_step(int saga, std::size_t step, const machine::saga&);
  bool named(int saga, std::size_t step, const effect&, const machine::saga&) const;
  void audit_strangers(int saga);
  bool in_quarantine(int saga, const std::string& name) const;
  void expect_published(int saga, const machine::action&);
  void audit_rest();
  void violate(int saga, const std::string& what);

  world& w_;
  folder fold_;
  findings found_;
  std::vector<std::uint64_t> implied_;
  std::string id_;
};

// How a record that the orchestrator published is told from others.
std::uint64_t published_hash(std::string_view ce_id, std::string_view attempt);
}  // namespace skald::sim
