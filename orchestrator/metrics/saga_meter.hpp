// Measures what decisions do to sagas: compares a saga before and after an event. One thread.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "orchestrator/input.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/metrics/counts.hpp"
#include "orchestrator/trace/recorder.hpp"

namespace skald {
class saga_meter {
 public:
  saga_meter(metrics& m, trace::recorder& spans) : metrics_(m), spans_(spans), sagas_(m) {}

  void before(const live_saga&, const machine::event&);
  // The saga that was given to `before`, as `step` left it; notes in it when its stage began.
  void after(live_saga&, const machine::event&, const machine::outcome&,
             std::span<const machine::action>);
  void counted(const input&, const machine::outcome&) const;  // a record's fate
  void sent(const live_saga&, const machine::action&);
  void not_sent(const live_saga&, const machine::action&);
  void timer_fired(std::int64_t late_ms);

 private:
  void step_moved(const live_saga&, std::size_t step, machine::status from, std::int64_t at_ms);

  metrics& metrics_;
  trace::recorder& spans_;
  saga_counts sagas_;
  std::array<machine::status, max_steps> status_{};
  std::uint8_t stage_ = 0;
  bool begun_ = false, unanswered_ = false;
};
}  // namespace skald
