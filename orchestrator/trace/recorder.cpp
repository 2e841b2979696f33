#include "orchestrator/trace/recorder.hpp"

#include <utility>

namespace skald::trace {
namespace {
std::uint64_t saga_span(const live_saga& s) {
  return span_id("saga " + to_string(s.id));
}
std::uint64_t step_span(const live_saga& s, std::uint8_t step) {
  return span_id("step " + to_string(s.id) + "/" +
                 std::string(s.definition->spec().steps[step].name));
}
std::uint64_t send_span(std::string_view command_id, int attempt) {
  return span_id("send " + std::string(command_id) + "/" + std::to_string(attempt));
}
}  // namespace

void recorder::join(live_saga& s, const input& in) const {
  const bool starts = in.from == input::source::start && s.state.phase == machine::phase::none;
  if (!in.envelope.traceparent.empty() && (starts || (s.fresh && !s.trace.present()))) {
    if (const auto c = parse(in.envelope.traceparent); c.present()) {
      s.retraced = !s.fresh;
      s.trace = c;
      return;
    }
  }
  if (!s.trace.present() && set_.sink && set_.every) s.trace = own_trace(s.id);
}

std::string_view recorder::traceparent(const live_saga& s, std::string_view command_id,
                                       int attempt) {
  text_.clear();
  if (s.trace.present())
    append_traceparent(text_, s.trace, wanted(s) ? send_span(command_id, attempt) : s.trace.parent);
  return text_;
}

std::string_view recorder::traceparent(const live_saga& s) {
  text_.clear();
  if (s.trace.present())
    append_traceparent(text_, s.trace, wanted(s) ? saga_span(s) : s.trace.parent);
  return text_;
}

span recorder::about(const live_saga& s, span_kind kind, std::string name) const {
  span made;
  made.of = s.trace;
  made.of.parent = saga_span(s);
  made.kind = kind;
  made.name = std::move(name);
  made.saga = s.id;
  made.definition = s.definition->spec().name;
  return made;
}

void recorder::received(const live_saga& s, const input& in, std::string_view outcome,
                        std::int64_t at_ms) {
  if (!in.record || !wanted(s)) return;
  auto made = about(s, span_kind::consumer, "process " + std::string(in.record->topic));
  if (const auto from = parse(in.envelope.traceparent); from.present()) {
    if (from.trace == s.trace.trace)
      made.of.parent = from.parent;
    else
      made.link = from;
  }
  made.id = span_id(made.name + "/" + std::to_string(in.record->partition) + "/" +
                    std::to_string(in.record->offset));
  made.begin_ms = at_ms;
  made.topic = in.record->topic;
  made.partition = in.record->partition;
  made.offset = in.record->offset;
  made.message_id = in.message_id;
  made.step = in.envelope.saga_step;
  made.outcome = outcome;
  spans_.push_back(std::move(made));
}

void recorder::sent(const live_saga& s, const machine::action& a, std::string_view topic,
                    std::string_view command_id, std::int64_t at_ms) {
  if (!wanted(s)) return;
  auto made = about(s, span_kind::producer, "send " + std::string(topic));
  if (a.kind == machine::action_kind::send_do) made.of.parent = step_span(s, a.step);
  made.id = send_span(command_id, a.attempt);
  made.begin_ms = at_ms;
  made.topic = topic;
  made.message_id = command_id;
  made.step = s.definition->spec().steps[a.step].name;
  made.attempt = a.attempt;
  spans_.push_back(std::move(made));
}

void recorder::step_over(const live_saga& s, std::uint8_t step, std::string_view outcome,
                         std::int64_t begin_ms, std::int64_t end_ms) {
  if (!wanted(s)) return;
  const auto name = s.definition->spec().steps[step].name;
  auto made = about(s, span_kind::internal, "step " + std::string(name));
  made.id = step_span(s, step);
  made.begin_ms = begin_ms;
  made.end_ms = end_ms;
  made.step = name;
  made.outcome = outcome;
  spans_.push_back(std::move(made));
}

void recorder::saga_over(const live_saga& s, std::string_view outcome, std::int64_t begin_ms,
                         std::int64_t end_ms) {
  const bool failed = outcome == "aborted";
  if (!set_.sink || (!failed && !s.trace.sampled())) return;
  auto made = about(s, span_kind::internal, "saga " + std::string(s.definition->spec().name));
  if (!s.trace.present()) made.of = own_trace(s.id);
  made.of.parent = s.trace.parent;
  made.id = saga_span(s);
  made.begin_ms = begin_ms;
  made.end_ms = end_ms;
  made.outcome = outcome;
  made.failed = failed;
  spans_.push_back(std::move(made));
}

void recorder::hand_over(std::int64_t now_ms) {
  if (spans_.empty()) return;
  for (auto& s : spans_)
    if (s.end_ms == 0) s.end_ms = now_ms;
  set_.sink(std::exchange(spans_, {}));
}
}  // namespace skald::trace
