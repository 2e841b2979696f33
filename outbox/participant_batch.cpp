#include "outbox/participant_batch.hpp"

#include <nlohmann/json.hpp>

#include "outbox/whole_json.hpp"

namespace skald {
namespace {
using wire::kind;
using wire::outcome;

constexpr std::string_view settle_type = "skald.settle.v1";

bool understood(const wire::envelope& e, const participant_handlers& known) {
  switch (e.kind) {
    case kind::do_:
      return known.commands.contains(e.type);
    case kind::undo:
      return known.undos.contains(e.type);
    case kind::settle:
      return e.type == settle_type;
    default:
      return false;
  }
}

std::string find_problem(const task& t, const wire::parsed& p, const participant_handlers& known) {
  if (!p.problem.empty()) return std::string(p.problem);
  const auto& e = p.envelope;
  if (e.kind != kind::do_ && e.kind != kind::undo && e.kind != kind::settle)
    return "not a command: ce_sagakind is not do, undo or settle";
  if (!understood(e, known))
    return "no handler for " + std::string(e.type) + " as " + std::string(name(e.kind));
  const auto id = wire::parse_command_id(e.id);
  const auto saga = parse_uuid(e.correlation_id);
  if (!id || !saga || id->saga != *saga || id->step != e.saga_step || id->kind != e.kind)
    return "ce_id is not <ce_correlationid>/<ce_sagastep>/<ce_sagakind>/<n>";
  if (!t.record->has_value) return "a command without a value";
  return {};
}

request request_of(const task& t) {
  const auto& e = t.envelope;
  return {.saga = e.correlation_id,
          .saga_type = e.saga_type,
          .step = e.saga_step,
          .id = e.id,
          .key = t.record->key,
          .attempt = e.attempt};
}

outcome outcome_of(response::what w) {
  switch (w) {
    case response::what::ok:
      return outcome::ok;
    case response::what::declined:
      return outcome::declined;
    case response::what::retry:
      break;
  }
  return outcome::retry;
}

answer repeat(outcome o, const fence::row* remembered) {
  answer a{.outcome = o, .repeated = true};
  if (remembered) {
    a.type = remembered->reply_type;
    a.data = remembered->reply;
  }
  return a;
}

answer run_command(transaction& tx, const task& t, fence::memory& m,
                   const participant_handlers& known) {
  const auto& handler = known.commands.find(t.envelope.type)->second;
  auto said = handler(tx, request_of(t), t.record->value);
  if (said.outcome != response::what::retry)
    fence::remember(m, outcome_of(said.outcome), said.effect, said.type, said.data);
  return {.outcome = outcome_of(said.outcome),
          .type = std::move(said.type),
          .data = std::move(said.data),
          .after = said.after};
}

effect effect_of(const request& of, std::string_view named, const fence::row* row) {
  if (!row) return {.of = of, .occurrence = named};
  return {.of = of,
          .occurrence = row->effect.empty() ? row->occurrence : row->effect,
          .remembered = true,
          .type = row->reply_type,
          .data = row->reply};
}

answer run_undo(transaction& tx, const task& t, fence::memory& m, const fence::question& q,
                std::span<const fence::row* const> effects, const participant_handlers& known) {
  const auto& handler = known.undos.find(t.envelope.type)->second;
  const auto of = request_of(t);
  for (const auto* row : effects) {
    const auto e = effect_of(of, t.envelope.occurrence, row);
    if (auto not_now = handler(tx, e, t.record->value))
      return {.outcome = outcome::retry, .after = not_now->after};
  }
  fence::remember_undone(m, q);
  return {.outcome = outcome::undone, .repeated = effects.empty()};
}

// {"row": "undone" | "fenced" | "done", "type": "...", "reply": {...}}; the last two with "done".
answer run_settle(const task& t, fence::memory& m, const fence::question& q) {
  const auto word = whole_json(t.record->value);
  fence::state to{};
  if (!word.is_object() || !word.contains("row") || !word["row"].is_string() ||
      !fence::read(word["row"].get<std::string>(), to) || to == fence::state::declined)
    throw not_understood("a settle needs {\"row\": \"undone\", \"fenced\" or \"done\"}");
  std::string type;
  if (word.contains("type") && word["type"].is_string()) type = word["type"];
  const auto reply = word.contains("reply") ? word["reply"].dump() : "{}";
  const auto& row = fence::settle(m, q, to, type, reply);
  if (to == fence::state::done)
    return {.outcome = outcome::ok, .type = row.reply_type, .data = row.reply};
  return {.outcome = outcome::undone};
}

answer do_task(transaction& tx, const task& t, fence::memory& m,
               const participant_handlers& known) {
  fence::question q{
      .kind = t.envelope.kind, .occurrence = t.envelope.occurrence, .own_id = t.own_id};
  if (q.kind == kind::settle) return run_settle(t, m, q);
  if (q.kind == kind::undo) q.pivot = !known.undos.find(t.envelope.type)->second;
  if (q.pivot && !q.occurrence.empty())
    throw not_understood(std::string(t.envelope.type) + " is a pivot's fence: it names no effect");
  auto d = fence::decide(m, q);
  switch (d.act) {
    case fence::decision::what::run:
      return run_command(tx, t, m, known);
    case fence::decision::what::undo:
      return run_undo(tx, t, m, q, d.effects, known);
    case fence::decision::what::answer:
      break;
  }
  return repeat(d.outcome, d.remembered);
}
}  // namespace

task read_task(const wire::record& record, const participant_handlers& known) {
  task t{.record = &record};
  const auto p = wire::parse(record.headers);
  t.envelope = p.envelope;
  t.problem = find_problem(t, p, known);
  if (!t.problem.empty()) return t;
  t.about = {*parse_uuid(t.envelope.correlation_id), std::string(t.envelope.saga_step)};
  wire::append(t.own_id, {.saga = t.about.saga, .step = t.about.step});
  return t;
}

void do_tasks(transaction& tx, std::span<task> tasks, const participant_handlers& known) {
  fence::memories memories;
  for (const auto& t : tasks)
    if (t.problem.empty()) memories.try_emplace(t.about);
  fence::load(tx, memories);
  for (auto& t : tasks) {
    try {
      if (t.problem.empty()) t.answer = do_task(tx, t, memories.at(t.about), known);
    } catch (const not_understood& e) {
      t.problem = e.what();
    }
    if (!t.problem.empty()) fence::set_aside(tx, *t.record, t.problem);
  }
  fence::save(tx, memories);
}
}  // namespace skald
