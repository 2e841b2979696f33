// Collects the spans of one batch; they are handed over when it has been committed, or forgotten.
// One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "orchestrator/input.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/trace/span.hpp"

namespace skald::trace {
// Takes spans over; any thread, never waits. Empty: nothing is exported.
using sink = std::function<void(std::vector<span>&&)>;

struct settings {
  trace::sink sink;
  bool every = false;  // sagas whose start brings no trace context get a trace of their own
};

class recorder {
 public:
  explicit recorder(settings s) : set_(std::move(s)) {}

  // The trace that a saga has, or gets from this input.
  void join(live_saga&, const input&) const;

  // What a command of this id is sent with; empty: nothing. Lives until the next call.
  std::string_view traceparent(const live_saga&, std::string_view command_id, int attempt);

  std::string_view traceparent(const live_saga&);  // of an event about the saga

  void received(const live_saga&, const input&, std::string_view outcome, std::int64_t at_ms);
  void sent(const live_saga&, const machine::action&, std::string_view topic,
            std::string_view command_id, std::int64_t at_ms);
  void step_over(const live_saga&, std::uint8_t step, std::string_view outcome,
                 std::int64_t begin_ms, std::int64_t end_ms);
  void saga_over(const live_saga&, std::string_view outcome, std::int64_t begin_ms,
                 std::int64_t end_ms);

  void hand_over(std::int64_t now_ms);  // the batch is committed
  void forget() { spans_.clear(); }

 private:
  // All of a trace that is sampled. Of a saga that is aborted its own span, sampled or not.
  bool wanted(const live_saga& s) const { return set_.sink && s.trace.sampled(); }
  span about(const live_saga&, span_kind, std::string name) const;

  const settings set_;
  std::vector<span> spans_;
  std::string text_;
};
}  // namespace skald::trace
