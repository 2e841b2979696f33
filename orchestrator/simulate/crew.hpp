// The orchestrator's processes: workers of orchestrator/worker.hpp over the simulated seams, which
// die at any failpoint, stand still, lose their shards and are started again.
#pragma once
#include <array>
#include <memory>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/simulate/world.hpp"
#include "orchestrator/worker.hpp"

namespace skald::sim {
// Not a std::exception: nobody catches it but the crew.
struct killed {};

struct failpoint_count {
  std::string_view name;
  std::uint64_t passes = 0, deaths = 0;
};

class crew {
 public:
  using opener = std::function<std::unique_ptr<store>(database&)>;
  crew(world&, opener);
  ~crew();
  crew(const crew&) = delete;

  bool turn();                   // of every worker that lives; false: none has more to do
  void heal();                   // all live and hear of everything
  std::int64_t next_ms() const;  // when somebody comes back; 0: nobody is away
  const metrics& counts() const { return metrics_; }
  const std::vector<failpoint_count>& failpoints() const { return failpoints_; }
  std::uint64_t sessions_failed = 0;

 private:
  struct process {
    std::unique_ptr<worker> live;
    std::int64_t back_ms = 0;  // dead or still until then
    bool stalled = false;
  };
  void trouble(std::size_t which);
  bool turn(std::size_t which);
  failpoint::effect pass(std::string_view name);
  void start(std::size_t which);

  world& w_;
  const opener open_store_;
  metrics metrics_;
  std::vector<process> processes_;
  std::vector<failpoint_count> failpoints_;
  std::string_view doomed_at_;  // the failpoint where a worker dies next; empty: none does
  std::int64_t passes_to_live_ = 0;
};
}  // namespace skald::sim
