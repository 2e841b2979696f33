#include "orchestrator/simulate/customers.hpp"

#include <algorithm>

#include "orchestrator/simulate/poison.hpp"

namespace skald::sim {
namespace {
const std::string starts_topic = std::string(prefix) + ".starts";
const std::string inbox_topic = std::string(prefix) + ".inbox";
constexpr int floods = 100;  // more than one saga may keep
}  // namespace

void customers::plan_all() {
  for (int i = 0; i < w_.plan.sagas; ++i) plan_one(i);
}

// All draws are made now, one saga after the other, so that a saga left out changes no other's.
void customers::plan_one(int saga) {
  auto& mix = w_.mix;
  dice own(w_.plan.seed, 1'000 + static_cast<std::uint64_t>(saga));
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto& all = w_.script.starts();
  const auto& start_data = all[own.below(all.size())];
  p.guards = start_data.guards;
  auto at = w_.topics_ms / 2 + own.between(0, w_.span_ms);
  if (!w_.spec().starts.topic.empty() && at < w_.topics_ms) at = w_.topics_ms + at % 100;
  if (!w_.speaks(saga)) return;
  const bool late = mix.happens(fault::start_late), never = mix.happens(fault::start_never);
  const bool early = late || never || mix.happens(fault::event_early);
  for (std::size_t i = 0; i < w_.spec().steps.size(); ++i)
    if (w_.spec().steps[i].awaits()) plan_events(saga, i, at, early);
  if (mix.happens(fault::cancels_early))
    w_.agenda.at(std::max<std::int64_t>(0, at - 50),
                 [this, saga] { act(saga, R"({"action":"cancel"})"); });
  if (mix.happens(fault::cancels))
    w_.agenda.at(at + w_.draw.between(0, 3'000),
                 [this, saga] { act(saga, R"({"action":"cancel"})"); });
  if (mix.happens(fault::poison)) w_.agenda.at(at, [this, saga] { poison(saga); });
  if (never) return;
  if (late) at += w_.spec().parking.count() + 1'000;
  const int copies = mix.happens(fault::start_twice) ? 2 : 1;
  w_.agenda.at(at, [this, saga, &start_data, copies] { start(saga, start_data.payload, copies); });
}

void customers::plan_events(int saga, std::size_t step, std::int64_t start_ms, bool early) {
  auto& mix = w_.mix;
  if (mix.happens(fault::event_never)) return;
  const auto& s = w_.spec().steps[step];
  const bool skipped = !(w_.parties[static_cast<std::size_t>(saga)].guards >> step & 1);
  if (skipped && !mix.happens(fault::event_unasked)) return;
  const auto some_ms = std::min<std::int64_t>(s.within.count() / 2, 60'000);
  auto at = early ? start_ms - w_.draw.between(1, 2'000) : start_ms + w_.draw.between(0, some_ms);
  at = std::max(at, w_.topics_ms + 1);
  const bool declines = !s.failed.empty() && mix.happens(fault::declines);
  const auto type = declines ? s.failed[0] : s.done;
  const auto id = "m" + std::to_string(++messages_) + "-" + std::to_string(saga);
  const auto name = "c" + std::to_string(messages_);
  const auto once = [=, this] { say(saga, step, type, id, name); };
  w_.agenda.at(at, once);
  if (mix.happens(fault::event_twice)) w_.agenda.at(at + w_.draw.between(0, some_ms), once);
  if (mix.happens(fault::floods)) flood(saga, step, at, some_ms);
  if (!mix.happens(fault::event_other)) return;
  const auto other = "o" + std::to_string(messages_);
  w_.agenda.at(at + w_.draw.between(0, 2 * some_ms),
               [=, this] { say(saga, step, s.done, id + "-other", other); });
}

void customers::flood(int saga, std::size_t step, std::int64_t from_ms, std::int64_t within_ms) {
  for (int i = 0; i < floods; ++i) {
    const auto name = "flood" + std::to_string(++messages_) + ".";
    w_.agenda.at(from_ms + w_.draw.between(0, within_ms),
                 [=, this] { say(saga, step, w_.spec().steps[step].done, name, name); });
  }
  if (!w_.mix.happens(fault::pauses)) return;
  w_.agenda.at(from_ms, [=, this] { act(saga, R"({"action":"pause"})"); });
  w_.agenda.at(from_ms + within_ms + 100, [=, this] { act(saga, R"({"action":"resume"})"); });
}

void customers::publish(int saga, std::string_view topic, std::span<const wire::header> headers,
                        std::string_view value) {
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  p.spoken = true;
  const bool misplaced = w_.mix.happens(fault::event_misplaced);
  w_.log.append(topic, p.key, headers, value, misplaced ? 0 : -1);
}

void customers::start(int saga, const payload& data, int copies) {
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  p.started = true;
  const auto& d = w_.spec();
  const auto id = "start-" + p.key;
  const auto value = data.with(p.key, "at-start");
  std::vector<wire::header> headers{{"content-type", "application/json"},
                                    {"ce_specversion", "1.0"},
                                    {"ce_source", "/simulated"},
                                    {"ce_type", d.starts.event},
                                    {"ce_id", id}};
  if (d.starts.topic.empty()) {
    headers.push_back({"ce_partitionkey", p.key});
    headers.push_back({"ce_sagakind", "start"});
    headers.push_back({"ce_sagatype", d.name});
  }
  w_.tell(saga, [&] { return "start"; });
  for (int i = 0; i < copies; ++i)
    publish(saga, d.starts.topic.empty() ? starts_topic : d.starts.topic, headers, value);
}

void customers::say(int saga, std::size_t step, std::string_view type,
                    const std::string& message_id, const std::string& occurrence) {
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto& s = w_.spec().steps[step];
  if (type == s.done) {
    const auto& name = s.occurrence.field.empty() ? message_id : occurrence;
    auto& effects = p.books[step].effects;
    const auto same = [&](const effect& e) { return e.name == name; };
    if (std::none_of(effects.begin(), effects.end(), same)) effects.push_back({name});
  }
  w_.tell(saga, [&] { return "event " + std::string(type) + " " + occurrence; });
  const wire::header headers[] = {{"content-type", "application/json"},
                                  {"ce_specversion", "1.0"},
                                  {"ce_source", "/simulated"},
                                  {"ce_type", type},
                                  {"ce_id", message_id}};
  publish(saga, s.await.topic, headers, w_.script.of(type).with(p.key, occurrence));
}

void customers::act(int saga, const std::string& json) {
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  p.cancelled |= json.find("\"cancel\"") != json.npos;
  w_.tell(saga, [&] { return "action " + json; });
  const auto id = "action-" + std::to_string(++messages_) + p.key;
  std::string token, words = to_string(p.id);
  w_.tokens.append_token(token, id);
  const wire::header headers[] = {{"content-type", "application/json"},
                                  {"ce_specversion", "1.0"},
                                  {"ce_source", "/simulated"},
                                  {"ce_type", "skald.action.v1"},
                                  {"ce_id", id},
                                  {"ce_partitionkey", p.key},
                                  {"ce_sagakind", "action"},
                                  {"ce_sagatype", w_.spec().name},
                                  {"ce_correlationid", words},
                                  {"ce_sagatoken", token}};
  publish(saga, inbox_topic, headers, json);
}

void customers::poison(int saga) {
  std::vector<const sim::poison*> small;
  for (const auto& p : all_poison())
    if (!p.large) small.push_back(&p);
  // Of a key of its own: a start that comes again is a duplicate, whatever it says.
  auto record = good_start(w_.script, "poison-" + std::to_string(saga));
  w_.draw.pick(small)->spoil(record);
  const auto& topic = *w_.log.find(starts_topic);
  const auto partitions = static_cast<std::int32_t>(topic.partitions.size());
  const auto on = record.key ? murmur2_partition(*record.key, partitions) : 0;
  const auto view = [](const auto& text) {
    return text ? std::string_view(*text) : std::string_view();
  };
  w_.log.append(starts_topic, view(record.key), record.views(), view(record.value), on);
  w_.inapplicable.emplace_back(starts_topic, on,
                               topic.partitions[static_cast<std::size_t>(on)].end() - 1);
}
}  // namespace skald::sim
