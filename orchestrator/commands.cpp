#include "orchestrator/commands.hpp"

#include "orchestrator/json_text.hpp"
#include "orchestrator/values.hpp"
#include "outbox/frame.hpp"

namespace skald {
using machine::action_kind;

std::uint64_t hash_of(std::span<const machine::action> actions) {
  if (actions.empty()) return 0;
  std::uint64_t hash = 0;
  for (const auto& a : actions) {
    const std::uint64_t head = static_cast<std::uint64_t>(a.kind) << 40 |
                               static_cast<std::uint64_t>(a.step) << 32 |
                               static_cast<std::uint64_t>(a.attempt) << 16 | a.n;
    char bytes[24];
    auto* next = bytes;
    for (const auto number : {hash, head, a.occurrence})
      for (int shift = 0; shift < 64; shift += 8)
        *next++ = static_cast<char>(number >> shift & 255);
    hash = hash64({bytes, sizeof bytes});
  }
  return hash;
}

bool command_writer::write(const live_saga& saga, const machine::action& a,
                           const wire::envelope& caused_by, std::int64_t at_ms,
                           owned_shard& shard) {
  if (a.kind <= action_kind::send_fence) return write_command(saga, a, caused_by, at_ms, shard);
  write_saga_event(saga, a, at_ms, shard);
  return true;
}

bool command_writer::write_command(const live_saga& saga, const machine::action& a,
                                   const wire::envelope& caused_by, std::int64_t at_ms,
                                   owned_shard& shard) {
  const auto& d = *saga.definition;
  const auto& all = d.messages(a.step);
  const auto& m = a.kind == action_kind::send_do      ? all.forward
                  : a.kind == action_kind::send_fence ? all.fence
                                                      : all.undo;
  body_.clear();
  if (m.empty() || !m.body.write(saga_values(saga, a.step, a.occurrence), body_)) return false;

  saga_id_.clear();
  append(saga_id_, saga.id);
  id_.clear();
  wire::append(id_, {saga.id, d.spec().steps[a.step].name, m.kind, a.n});
  token_.clear();
  tokens_.append_token(token_, id_);
  attempt_ = std::to_string(a.attempt);

  headers_.clear();
  for (const auto& [name, value] : m.headers) headers_.push_back({name, value});
  headers_.push_back({"ce_id", id_});
  headers_.push_back({"ce_partitionkey", saga.key});
  headers_.push_back({"ce_correlationid", saga_id_});
  headers_.push_back({"ce_sagaattempt", attempt_});
  headers_.push_back({"ce_sagatoken", token_});
  std::string own;
  if (a.kind == action_kind::send_undo_named) {
    auto words = occurrence_words(saga, a.occurrence);
    if (!words) {
      wire::append(own, {saga.id, d.spec().steps[a.step].name, wire::kind::do_, 0});
      words = own;
    }
    headers_.push_back({"ce_sagaoccurrence", *words});
  }
  if (const auto traceparent = spans_.traceparent(saga, id_, a.attempt); !traceparent.empty()) {
    headers_.push_back({"traceparent", traceparent});
    if (!caused_by.tracestate.empty()) headers_.push_back({"tracestate", caused_by.tracestate});
    spans_.sent(saga, a, m.topic, id_, at_ms);
  }
  wire::append_frame(shard.packed, m.topic, saga.key, headers_, body_);
  ++shard.frames;
  return true;
}

void command_writer::write_saga_event(const live_saga& saga, const machine::action& a,
                                      std::int64_t at_ms, owned_shard& shard) {
  static constexpr std::string_view types[] = {"skald.saga.started.v1", "skald.saga.completed.v1",
                                               "skald.saga.aborted.v1", "skald.saga.stuck.v1",
                                               "skald.saga.step.v1"};
  static constexpr std::string_view names[] = {"started", "completed", "aborted", "stuck", "step"};
  const auto kind =
      static_cast<std::size_t>(a.kind) - static_cast<std::size_t>(action_kind::tell_started);
  const auto& spec = saga.definition->spec();
  saga_id_.clear();
  append(saga_id_, saga.id);
  id_ = saga_id_ + "/" + std::to_string(saga.seq) + "/" + std::string(names[kind]);
  const auto version = std::to_string(spec.version);

  body_ = "{\"saga\":\"" + saga_id_ + "\",\"definition\":";
  append_json(body_, spec.name);
  body_ += ",\"version\":" + version + ",\"key\":";
  append_json(body_, saga.key);
  body_ += ",\"seq\":" + std::to_string(saga.seq) + ",\"at_ms\":" + std::to_string(at_ms) +
           ",\"event\":\"" + std::string(names[kind]) + "\"";
  if (a.step < spec.steps.size()) {
    body_ += ",\"step\":";
    append_json(body_, spec.steps[a.step].name);
    id_ += "/" + std::string(spec.steps[a.step].name);
  }
  body_ += '}';

  headers_ = {{"content-type", "application/json"},
              {"ce_specversion", "1.0"},
              {"ce_source", saga.definition->source()},
              {"ce_type", types[kind]},
              {"ce_id", id_},
              {"ce_partitionkey", saga.key},
              {"ce_correlationid", saga_id_},
              {"ce_sagatype", spec.name},
              {"ce_sagaversion", version},
              {"ce_sagakind", "event"}};
  if (const auto traceparent = spans_.traceparent(saga); !traceparent.empty())
    headers_.push_back({"traceparent", traceparent});
  wire::append_frame(shard.packed, saga_events_, saga.key, headers_, body_);
  ++shard.frames;
}
}  // namespace skald
