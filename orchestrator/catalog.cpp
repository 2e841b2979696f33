#include "orchestrator/catalog.hpp"

#include <algorithm>

#include "sagas/json.hpp"

namespace skald {
void catalog::refresh(store& from) {
  for (auto& row : from.definitions()) {
    auto& known = entries_[row.no];
    known.state = row.state;
    if (known.definition) continue;
    auto loaded =
        std::make_shared<stored_definition>(load_definition(from.definition_spec(row.no)));
    const auto& spec = loaded->value();
    known.definition = std::make_unique<compiled>(row.no, std::move(loaded), spec, prefix_);
  }
  index();
}

void catalog::refresh_topics(store& from) {
  topics_ = from.topics();
}

void catalog::index() {
  names_.clear();
  bindings_.clear();
  for (const auto& [no, known] : entries_) {
    const auto* d = known.definition.get();
    auto& of_name = names_[std::string(d->spec().name)];
    if (known.state == "active") of_name.active = d;
    if (!of_name.newest || of_name.newest->spec().version < d->spec().version) of_name.newest = d;
  }
  // The active version of a name binds first: its word on where the key is counts.
  for (const bool active : {true, false})
    for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
      const auto* d = it->second.definition.get();
      if ((it->second.state == "active") != active || it->second.state == "registered") continue;
      const auto& spec = d->spec();
      if (active && !spec.starts.topic.empty()) bind(spec.starts.topic, spec.starts.event, {d, -1});
      for (int i = 0; i < static_cast<int>(spec.steps.size()); ++i) {
        const auto& step = spec.steps[static_cast<std::size_t>(i)];
        if (!step.awaits()) continue;
        bind(step.await.topic, step.done, {d, i});
        for (const auto type : step.failed) bind(step.await.topic, type, {d, i});
      }
    }
}

void catalog::bind(std::string_view topic, std::string_view type, binding b) {
  auto& all = bindings_[{std::string(topic), std::string(type)}];
  const auto same_name = [&](const binding& other) {
    return other.definition->spec().name == b.definition->spec().name;
  };
  if (std::none_of(all.begin(), all.end(), same_name)) all.push_back(b);
}

const compiled* catalog::by_no(std::int32_t no) const {
  const auto found = entries_.find(no);
  return found == entries_.end() ? nullptr : found->second.definition.get();
}

const compiled* catalog::active(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second.active;
}

const compiled* catalog::newest(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return nullptr;
  return found->second.active ? found->second.active : found->second.newest;
}

std::span<const catalog::binding> catalog::bindings(std::string_view topic,
                                                    std::string_view type) const {
  const auto found = bindings_.find({std::string(topic), std::string(type)});
  if (found == bindings_.end()) return {};
  return found->second;
}

bool catalog::only_starts(std::string_view topic) const {
  for (auto at = bindings_.lower_bound({std::string(topic), std::string()});
       at != bindings_.end() && at->first.first == topic; ++at)
    for (const auto& b : at->second)
      if (b.step >= 0) return false;
  return binds(topic);
}

bool catalog::binds(std::string_view topic) const {
  const auto first = bindings_.lower_bound({std::string(topic), std::string()});
  return first != bindings_.end() && first->first.first == topic;
}

const topic_row* catalog::topic(std::string_view name) const {
  for (const auto& t : topics_)
    if (t.name == name) return &t;
  return nullptr;
}
}  // namespace skald
