#include "orchestrator/simulate/customers.hpp"

#include <algorithm>

namespace skald::sim {
namespace {
const std::string starts_topic = std::string(prefix) + ".starts";
const std::string inbox_topic = std::string(prefix) + ".inbox";
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
    w_.agenda.at(std::max<std::int64_t>(0, at - 50), [this, saga] {
      act(saga, R"({"action":"cancel"})");
    });
  if (mix.happens(fault::cancels))
    w_.agenda.at(at + w_.draw.between(0, 3'000), [this, saga] {
      act(saga, R"({"action":"cancel"})");
    });
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
  const auto some_ms = std::min<std::int64_t>(s.within.count(), 60'000);
  auto at = early ? start_ms - w_.draw.between(1, 2'000) : start_ms + w_.draw.between(0, some_ms);
  at = std::max(at, w_.topics_ms + 1);
  const bool declines = !s.failed.empty() && mix.happens(fault::declines);
  const auto type = declines ? s.failed[0] : s.done;
  const auto id = "m" + std::to_string(++messages_) + "-" + std::to_string(saga);
  const auto name = "c" + std::to_string(messages_);
  const auto once = [=, this] { say(saga, step, type, id, name); };
  w_.agenda.at(at, once);
  if (mix.happens(fault::event_twice)) w_.agenda.at(at + w_.draw.between(0, some_ms), once);
  if (!mix.happens(fault::event_other)) return;
  const auto other = "o" + std::to_string(messages_);
  w_.agenda.at(at + w_.draw.between(0, 2 * some_ms),
               [=, this] { say(saga, step, s.done, id + "-other", other); });
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
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto start = [&](std::string_view type, std::string_view kind) {
    return std::vector<wire::header>{{"content-type", "application/json"},
                                     {"ce_specversion", "1.0"},
                                     {"ce_source", "/simulated"},
                                     {"ce_type", w_.spec().starts.event},
                                     {"ce_id", "poison"},
                                     {"ce_partitionkey", p.key},
                                     {"ce_sagakind", kind},
                                     {"ce_sagatype", type}};
  };
  const std::string deep(10'000, '[');
  std::vector<wire::header> headers = start(w_.spec().name, "start");
  std::string_view key = p.key, value = "{}";
  switch (w_.draw.below(8)) {
    case 0:
      headers = start("nobody's", "start");
      break;
    case 1:
      headers = start(w_.spec().name, "riddle");
      break;
    case 2:
      headers.pop_back(), headers.pop_back(), headers.pop_back();  // it is not said for whom
      break;
    case 3:
      value = std::string_view();  // a tombstone
      break;
    case 4:
      key = std::string_view();
      break;
    case 5:
      key = std::string_view("a\0b", 3);
      break;
    case 6:
      value = deep, headers = start("nobody's", "start");
      break;
    case 7:
      headers[3].value = "\xff\xfe";
      break;
  }
  const auto& topic = *w_.log.find(starts_topic);
  const auto on = static_cast<std::int32_t>(w_.draw.below(topic.partitions.size()));
  w_.log.append(starts_topic, key, headers, value, on);
  const auto partitions = static_cast<std::int32_t>(topic.partitions.size());
  const bool stays = !key.data() || key.find('\0') != key.npos ||
                     murmur2_partition(key, partitions) == on;
  if (stays)
    w_.inapplicable.emplace_back(starts_topic, on,
                                 topic.partitions[static_cast<std::size_t>(on)].end() - 1);
}
}  // namespace skald::sim
