#include "orchestrator/simulate/world.hpp"

#include <charconv>

namespace skald::sim {
namespace {
constexpr int shard_counts[] = {1, 2, 4, 8};
}

world::world(const sim::plan& p, const sim::script& s)
    : plan(p),
      script(s),
      mix(p.seed, p.without, p.always, p.most_faults),
      draw(p.seed, fault_kinds + 1),
      tokens({{1, "a key of the simulated installation"}}) {
  const auto shards = shard_counts[draw.below(std::size(shard_counts))];
  const std::string name(prefix);
  auto& t = database.tables;
  database.clock = &clock;
  database.mix = &mix;
  for (const auto* topic : {".inbox", ".starts"}) {
    log.make_topic(name + topic, shards);
    t.add_topic(name + topic, shards, 0);
  }
  log.make_topic(name + ".saga-events", 1);
  for (std::int16_t i = 0; i < shards; ++i) t.add_shard(i);
  t.add_definition(std::string(spec().name), spec().version, script.json());
  for (const auto& step : spec().steps)
    for (const auto* c : {&step.send, &step.undo.send, &step.fence})
      if (!c->empty()) log.make_topic(std::string(c->participant) + ".commands", 1);
  span_ms = plan.sagas * draw.between(1, 20);
  const bool late = mix.happens(fault::late_topic);
  topics_ms = late ? span_ms / 2 : 0;
  const auto add_foreign = [this, shards] {
    std::vector<std::string> foreign;
    if (!spec().starts.topic.empty()) foreign.emplace_back(spec().starts.topic);
    for (const auto& step : spec().steps)
      if (step.awaits()) foreign.emplace_back(step.await.topic);
    for (const auto& topic : foreign) {
      log.make_topic(topic, shards);
      auto& tables = database.tables;
      bool known = false;
      for (const auto& row : tables.topics) known |= row.name == topic;
      if (!known) tables.add_topic(topic, shards, 0);
    }
  };
  late ? agenda.at(topics_ms, add_foreign) : add_foreign();
  const auto ns = saga_namespace(spec().name);
  parties.resize(static_cast<std::size_t>(plan.sagas));
  for (std::size_t i = 0; i < parties.size(); ++i) {
    parties[i].key = "s" + std::to_string(i);
    parties[i].id = saga_id(ns, parties[i].key);
    parties[i].books.resize(spec().steps.size());
  }
}

party* world::party_of(std::string_view key, int* index) {
  std::size_t i = 0;
  const auto* end = key.data() + key.size();
  if (key.size() < 2 || std::from_chars(key.data() + 1, end, i).ptr != end) return nullptr;
  if (i >= parties.size()) return nullptr;
  if (index) *index = static_cast<int>(i);
  return &parties[i];
}

void world::violate(int saga, std::string what) {
  write_story(saga, "BROKEN: " + what);
  if (!broken.empty()) return;
  broken = std::move(what);
  broken_saga = saga;
}

void world::write_story(int saga, const std::string& text) {
  constexpr std::size_t most_lines = 2'000;
  if (plan.trace < 0 || story.size() >= most_lines) return;
  const auto who = saga < 0 ? "all" : "s" + std::to_string(saga);
  story.push_back(std::to_string(clock.passed_ms) + " ms  " + who + "  " + text);
}
}  // namespace skald::sim
