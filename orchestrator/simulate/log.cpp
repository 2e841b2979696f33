#include "orchestrator/simulate/log.hpp"

#include <algorithm>

#include "orchestrator/simulate/member.hpp"
#include "outbox/ids.hpp"

namespace skald::sim {
log_topic& cluster::make_topic(const std::string& name, std::int32_t partitions) {
  auto& topic = topics_[name];
  if (!topic.partitions.empty()) return topic;
  topic.name = name;
  topic.partitions.resize(static_cast<std::size_t>(partitions));
  return topic;
}

log_topic* cluster::find(std::string_view name) {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

bool cluster::append(std::string_view name, std::string_view key,
                     std::span<const wire::header> headers, std::string_view value,
                     std::int32_t no) {
  log_topic* topic = nullptr;
  auto* to = place(name, key, no, topic);
  if (!to) return false;
  auto& record = to->records.emplace_back();
  record.has_key = key.data();
  record.has_value = value.data();
  wire::append_frame(record.packed, name, key, headers, value);
  if (appended) appended(*topic, no, to->end() - 1);
  return true;
}

bool cluster::append_packed(std::string_view name, std::string_view key, std::string frame,
                            std::int32_t no) {
  log_topic* topic = nullptr;
  auto* to = place(name, key, no, topic);
  if (!to) return false;
  to->records.push_back({std::move(frame)});
  if (appended) appended(*topic, no, to->end() - 1);
  return true;
}

log_partition* cluster::place(std::string_view name, std::string_view key, std::int32_t& no,
                              log_topic*& found) {
  found = find(name);
  if (!found) return nullptr;
  const auto count = static_cast<std::int32_t>(found->partitions.size());
  if (no < 0) no = murmur2_partition(key, count);
  return no < count ? &found->partitions[static_cast<std::size_t>(no)] : nullptr;
}

void cluster::enter(member& m) {
  members_.push_back(&m);
  deal(nullptr, 0);
}

void cluster::leave(member& m) {
  if (std::find(members_.begin(), members_.end(), &m) == members_.end()) return;
  for (const auto& [p, owner] : owners_)
    if (owner == &m) m.lose(p, 0);
  m.hear();
  forget(m);
}

void cluster::forget(member& m) {
  std::erase(members_, &m);
  std::erase_if(owners_, [&](const auto& o) { return o.second == &m; });
  deal(nullptr, 0);
}

void cluster::rebalance(dice& d, int late) {
  deal(&d, late);
}

void cluster::send_away(std::size_t process) {
  for (auto* m : members_)
    if (m->process == process) m->away = true;
  deal(nullptr, 1);
}

void cluster::take_back(std::size_t process) {
  for (auto* m : members_)
    if (m->process == process) m->away = false;
  deal(nullptr, 0);
}

// Evenly; without dice as few move as must.
void cluster::deal(dice* d, int late) {
  std::vector<member*> here;
  for (auto* m : members_)
    if (!m->away) here.push_back(m);
  std::set<partition> all;
  for (const auto* m : here)
    if (const auto* topic = find(m->topic()))
      for (std::size_t i = 0; i < topic->partitions.size(); ++i)
        all.insert({topic->name, static_cast<std::int32_t>(i)});
  const auto most = here.empty() ? 0 : (all.size() + here.size() - 1) / here.size();
  std::map<member*, std::size_t> held;
  std::map<partition, member*> dealt;
  if (!d)
    for (const auto& p : all)
      if (const auto o = owners_.find(p);
          o != owners_.end() && !o->second->away && held[o->second] < most)
        dealt[p] = o->second, ++held[o->second];
  auto next = d ? d->below(std::max<std::size_t>(1, here.size())) : 0;
  for (const auto& p : all) {
    if (dealt.contains(p)) continue;
    while (held[here[next % here.size()]] >= most) ++next;
    auto* m = here[next++ % here.size()];
    dealt[p] = m;
    ++held[m];
  }
  for (const auto& [p, owner] : owners_)
    if (const auto now = dealt.find(p); now == dealt.end() || now->second != owner)
      owner->lose(p, late);
  for (const auto& [p, owner] : dealt)
    if (const auto o = owners_.find(p); o == owners_.end() || o->second != owner) owner->gain(p);
  owners_ = std::move(dealt);
}
}  // namespace skald::sim
