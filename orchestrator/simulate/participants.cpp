#include "orchestrator/simulate/participants.hpp"

#include <algorithm>

#include "sagas/naive.hpp"

namespace skald::sim {
using machine::choice;
using machine::naive;
using wire::outcome;

namespace {
constexpr std::string_view empty_reply = "skald.reply.v1";
const std::string inbox = std::string(prefix) + ".inbox";
constexpr std::int64_t longest_away_ms = 600'000;
constexpr std::int64_t lateness_ms[] = {1'000, 10'000, 60'000, 600'000, 4'000'000};
}  // namespace

struct participants::work {
  party& of;
  int saga;
  std::size_t step_no;
  const skald::step& step;
  step_books& books;
  wire::envelope envelope;
  std::span<const wire::header> headers;
  std::string_view key;
  std::string own_id;  // of the step's command
  std::uint16_t n;
};

std::int64_t participants::late() {
  return lateness_ms[w_.draw.below(std::size(lateness_ms))];
}

void participants::notice(const log_topic& topic, std::int32_t no, std::int64_t offset) {
  auto& mix = w_.mix;
  if (mix.happens(fault::participant_away))
    back_ms_[&topic] = w_.clock.passed_ms + w_.draw.between(1'000, longest_away_ms);
  const auto away = back_ms_.find(&topic);
  const auto from_ms = away == back_ms_.end() ? 0 : away->second - w_.clock.passed_ms;
  const auto deliver = [&, this](std::int64_t in_ms) {
    const log_topic* at = &topic;
    w_.in(std::max(in_ms, from_ms), [this, at, no, offset] { carry_out(*at, no, offset); });
  };
  if (mix.happens(fault::command_lost)) return;
  deliver(mix.happens(fault::command_slow) ? late() : soon());
  if (mix.happens(fault::command_twice))
    deliver(mix.happens(fault::command_slow) ? late() : soon());
}

void participants::carry_out(const log_topic& topic, std::int32_t no, std::int64_t offset) {
  const auto& record =
      topic.partitions[static_cast<std::size_t>(no)].records[static_cast<std::size_t>(offset)];
  wire::frame frame;
  std::string_view rest = record.packed;
  wire::read_frame(rest, frame);
  const auto parsed = wire::parse(frame.headers);
  int saga = -1;
  auto* of = w_.party_of(frame.key, &saga);
  const auto& e = parsed.envelope;
  const auto id = wire::parse_command_id(e.id);
  if (!parsed.problem.empty() || !of || !id || id->saga != of->id)
    return w_.violate(saga, "a command that no participant can read: " + std::string(e.id));
  const auto& steps = w_.spec().steps;
  std::size_t i = 0;
  while (i < steps.size() && steps[i].name != e.saga_step) ++i;
  if (i == steps.size()) return w_.violate(saga, "a command of no step");
  work it{*of, saga, i, steps[i], of->books[i], e, frame.headers, frame.key, {}, id->n};
  wire::append(it.own_id, {.saga = of->id, .step = steps[i].name});
  fence::question q{.kind = e.kind, .occurrence = e.occurrence, .own_id = it.own_id};
  q.pivot = e.kind == wire::kind::undo && it.step.kind() == kind::pivot;
  if (w_.mix.happens(fault::dies_before)) {
    if (w_.draw.below(2))
      w_.in(late(), [this, &topic, no, offset] { carry_out(topic, no, offset); });
    return w_.tell(saga, [&] { return "dies before " + std::string(e.id); });
  }
  const bool new_here = e.kind == wire::kind::do_ && it.books.memory.rows.empty();
  if (new_here && w_.mix.happens(fault::fenced_by_hand))
    fence::settle(it.books.memory, {.kind = wire::kind::settle, .own_id = it.own_id},
                  fence::state::fenced, {}, {});
  auto d = fence::decide(it.books.memory, q);
  if (e.kind == wire::kind::do_) {
    const auto& done = it.books.commands;
    const bool other = std::find(done.begin(), done.end(), it.n) == done.end() && !done.empty();
    const bool unfenced = naive(choice::fence_not_read) && d.outcome == outcome::refused;
    if (other || unfenced) d = {};  // its idempotency key is another one; or nobody looks
    if (d.act != fence::decision::what::run && !other && !unfenced) return repeat(it, d);
    return do_command(it);
  }
  if (d.act == fence::decision::what::answer) return repeat(it, d);
  undo_command(it, d, q);
}

void participants::repeat(work& it, const fence::decision& d) {
  ++w_.absorbed;
  w_.tell(it.saga, [&] { return "answers again: " + std::string(it.envelope.id); });
  const auto* r = d.remembered;
  reply(it, d.outcome, r && !r->reply_type.empty() ? r->reply_type : empty_reply,
        r && !r->reply_type.empty() ? r->reply : "{}");
}

void participants::do_command(work& it) {
  auto& mix = w_.mix;
  const auto& s = it.step;
  if (it.books.retry_kept || mix.happens(fault::says_retry)) {
    if (naive(choice::retry_remembered)) it.books.retry_kept = true;
    return reply(it, outcome::retry, empty_reply, "{}");
  }
  const bool may_decline = !s.failed.empty() || s.kind() == kind::retriable;
  const auto decline_type = s.failed.empty() ? empty_reply : s.failed[0];
  const auto decline_data = w_.script.of(decline_type).with(it.key, "none");
  if (may_decline && mix.happens(fault::declines)) {
    if (s.kind() != kind::retriable)
      fence::remember(it.books.memory, outcome::declined, "", decline_type, decline_data);
    w_.tell(it.saga, [&] { return "declines " + std::string(it.envelope.id); });
    return reply(it, outcome::declined, decline_type, decline_data);
  }
  const auto name = "e" + std::to_string(++effects_) + it.of.key;
  const auto data = w_.script.of(s.done).with(it.key, name);
  make_effect(it, name);
  fence::remember(it.books.memory, outcome::ok, name, s.done, data);
  if (may_decline && mix.happens(fault::lies)) {
    reply(it, outcome::declined, decline_type, decline_data, soon_or_late());
    return reply(it, outcome::ok, s.done, data, soon_or_late());
  }
  const bool twice = !s.occurrence.field.empty() && mix.happens(fault::does_twice);
  if (twice) {
    const auto again = "f" + std::to_string(++effects_) + it.of.key;
    const auto its_data = w_.script.of(s.done).with(it.key, again);
    make_effect(it, again);
    const bool untold = !s.not_idempotent && mix.of(fault::does_twice).below(2) == 0;
    it.books.effects.back().untold = untold;
    it.books.memory.rows.push_back({.occurrence = again,
                                    .now = fence::state::done,
                                    .effect = again,
                                    .reply_type = std::string(s.done),
                                    .reply = its_data});
    if (!untold) reply(it, outcome::ok, s.done, its_data, w_.draw.between(1, late()));
  }
  reply(it, outcome::ok, s.done, data, twice ? soon() : 0);
}

void participants::make_effect(work& it, std::string_view name) {
  w_.tell(it.saga, [&] {
    return "TAKES EFFECT as " + std::string(name) + ": " + std::string(it.envelope.id);
  });
  auto& done = it.books.commands;
  if (done.empty() || done.back() != it.n) done.push_back(it.n);
  if (done.size() > 1 && !it.step.not_idempotent)
    w_.violate(it.saga, "S1: one command of step " + std::string(it.step.name) +
                            " was carried out under two idempotency keys");
  it.books.effects.push_back({std::string(name)});
}

void participants::undo_command(work& it, const fence::decision& d, const fence::question& q) {
  auto& mix = w_.mix;
  if (!d.effects.empty()) {
    if (mix.happens(fault::undo_never)) it.books.undo_never = true;
    if ((it.books.undo_never && mix.on(fault::undo_never)) || mix.happens(fault::undo_fails)) {
      w_.tell(it.saga, [&] { return "cannot undo yet: " + std::string(it.envelope.id); });
      return reply(it, outcome::retry, empty_reply, "{}");
    }
  }
  for (const auto* row : d.effects)
    if (!undo_effect(it, q.occurrence, row)) return;
  const bool forgets = naive(choice::no_fence) && d.effects.empty();
  if (!forgets) fence::remember_undone(it.books.memory, q);
  w_.tell(it.saga, [&] { return "fenced: " + std::string(it.envelope.id); });
  reply(it, outcome::undone, empty_reply, "{}");
}

// False: a promise is broken.
bool participants::undo_effect(work& it, std::string_view named, const fence::row* row) {
  const std::string_view name = !row                  ? named
                                : row->effect.empty() ? std::string_view(row->occurrence)
                                                      : std::string_view(row->effect);
  auto& all = it.books.effects;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.name == name; });
  const auto step = std::string(it.step.name);
  if (found == all.end()) {
    if (named == it.own_id || it.books.word) return true;  // nothing was done: nothing is undone
    w_.violate(it.saga,
               "S2: step " + step + " is undone, and never was done: " + std::string(name));
    return false;
  }
  if (found->now == effect::state::undone && !it.step.not_idempotent) {
    w_.violate(it.saga, "S1: an effect of step " + step + " is undone twice: " + std::string(name));
    return false;
  }
  found->now = effect::state::undone;
  w_.tell(it.saga,
          [&] { return "UNDONE " + std::string(name) + ": " + std::string(it.envelope.id); });
  return true;
}

void participants::reply(work& it, outcome o, std::string_view type, std::string_view data,
                         std::int64_t surely_in_ms) {
  auto& mix = w_.mix;
  if (surely_in_ms == 0 && mix.happens(fault::reply_lost)) {
    w_.tell(it.saga, [&] { return "its answer is lost: " + std::string(it.envelope.id); });
    return;
  }
  const auto id = std::string(it.envelope.id) + "/" + std::string(name(o)) + "/" +
                  std::to_string(it.envelope.attempt);
  const auto after = std::to_string(w_.draw.below(3'000));
  const bool forged = mix.happens(fault::forged);
  std::vector<wire::header> headers{{"content-type", "application/json"},
                                    {"ce_specversion", "1.0"},
                                    {"ce_source", "/simulated"},
                                    {"ce_type", type},
                                    {"ce_id", id},
                                    {"ce_partitionkey", it.key},
                                    {"ce_causationid", it.envelope.id},
                                    {"ce_sagakind", "reply"},
                                    {"ce_sagaoutcome", name(o)}};
  if (o == outcome::retry) headers.push_back({"ce_sagaretryafter", after});
  for (const auto& h : it.headers)
    if (h.name == "ce_correlationid" || h.name == "ce_sagatype" || h.name == "ce_sagaversion" ||
        h.name == "ce_sagastep" || h.name == "ce_sagaoccurrence" || h.name == "ce_sagatoken")
      headers.push_back(h);
  std::string packed;
  wire::append_frame(packed, it.envelope.reply_to, it.key, headers, data);
  const auto say = [this, surely_in_ms, saga = it.saga](std::string bytes) {
    const auto after_ms = surely_in_ms > 0                            ? surely_in_ms
                          : w_.mix.happens(fault::reply_slow) ? late()
                                                              : soon();
    w_.in(after_ms, [=, this]() mutable {
      w_.tell(saga, [&] {
        wire::frame frame;
        std::string_view rest = bytes;
        wire::read_frame(rest, frame);
        const auto e = wire::parse(frame.headers).envelope;
        return "reply " + std::string(name(e.outcome)) + " to " + std::string(e.causation_id);
      });
      const auto& key = w_.parties[static_cast<std::size_t>(saga)].key;
      const bool misplaced = w_.mix.happens(fault::event_misplaced);
      w_.log.append_packed(inbox, key, std::move(bytes), misplaced ? 0 : -1);
    });
  };
  if (mix.happens(fault::reply_twice)) say(packed);
  say(std::move(packed));
  if (!forged) return;
  for (auto& h : headers)
    if (h.name == "ce_sagatoken") h.value = "1.AAAAAAAAAAAAAAAAAAAAAA";
  w_.log.append(it.envelope.reply_to, it.key, headers, data);
  const auto& topic = *w_.log.find(it.envelope.reply_to);
  for (std::size_t p = 0; p < topic.partitions.size(); ++p)
    if (!topic.partitions[p].records.empty() &&
        static_cast<std::int32_t>(p) ==
            murmur2_partition(it.key, static_cast<std::int32_t>(topic.partitions.size())))
      w_.inapplicable.emplace_back(topic.name, static_cast<std::int32_t>(p),
                                   topic.partitions[p].end() - 1);
}
}  // namespace skald::sim
