#include "orchestrator/definitions.hpp"

#include <algorithm>

#include "orchestrator/service.hpp"
#include "orchestrator/sql.hpp"
#include "sagas/json.hpp"

namespace skald::definitions {
namespace {
std::string title(std::string_view name, std::int32_t version) {
  return std::string(name) + " version " + std::to_string(version);
}

void audit(pg::transaction& t, std::string_view actor, const char* action,
           const std::string& target, std::string_view reason) {
  t.exec(sql::installation::audit, {actor, action, target, reason});
}

std::vector<std::string> foreign_topics(const definition& d) {
  std::vector<std::string> all;
  const auto add = [&](std::string_view topic) {
    if (!topic.empty() && std::find(all.begin(), all.end(), topic) == all.end())
      all.emplace_back(topic);
  };
  add(d.starts.topic);
  for (const auto& s : d.steps) add(s.await.topic);
  return all;
}

// Empty, or why the topic cannot be read.
std::string begin_reading(pg::transaction& t, log_admin& log, const std::string& topic,
                          bool from_earliest) {
  if (t.exec(sql::topic::known, {topic}).number(0, 0) > 0) return {};
  const auto partitions = log.partitions(topic);
  if (partitions == 0)
    return "Topic " + topic + " does not exist. Create it, then activate the definition again.";
  std::vector<std::int64_t> from;
  for (std::int32_t p = 0; p < partitions; ++p) {
    const auto marks = log.watermarks({topic, p});
    from.push_back(from_earliest ? marks.low : marks.high);
  }
  const auto shards = t.exec(sql::shard::count).number(0, 0);
  const bool direct = partitions == shards;
  const auto forward = direct ? pg::parameter(nullptr) : pg::parameter(pg::array(from));
  const auto no = t.exec(sql::topic::add, {topic, partitions, forward}).number(0, 0);
  for (std::int64_t shard = 0; shard < shards; ++shard)
    t.exec(sql::shard::start_offset,
           {shard, no, direct ? from[static_cast<std::size_t>(shard)] : std::int64_t{-1}});
  return {};
}
}  // namespace

std::vector<std::string> participants(const definition& d) {
  std::vector<std::string> all;
  const auto add = [&](const command& c) {
    if (!c.empty() && std::find(all.begin(), all.end(), c.participant) == all.end())
      all.emplace_back(c.participant);
  };
  for (const auto& s : d.steps) {
    add(s.send);
    add(s.undo.send);
    add(s.fence);
  }
  return all;
}

done add(pg::connection& to, std::string_view json, const verdict& v, std::string_view accept_risk,
         std::string_view actor) {
  done r;
  const auto read = read_definition(json);
  if (!read.definition) {
    for (const auto& c : read.complaints)
      r.problem += (r.problem.empty() ? "" : "\n") + (c.at.empty() ? "" : c.at + ": ") + c.sentence;
    return r;
  }
  const auto& d = *read.definition;
  r.name = d->name;
  r.version = d->version;
  pg::transaction t(to);
  t.exec(sql::definition::lock);
  const auto known = t.exec(sql::definition::by_name_version, {r.name, r.version});
  if (known.rows() > 0) {
    r.no = static_cast<std::int32_t>(known.number(0, 0));
    r.already = known.text(0, 1) == d.hash();
    if (!r.already)
      r.problem =
          title(r.name, r.version) +
          " is stored already and differs. A stored version is never changed: give this one "
          "a new version number.";
    return r;
  }
  if (!v.proven && accept_risk.empty()) {
    r.problem = title(r.name, r.version) + " is not proven (" + v.words +
                "). Correct it, or store it with --accept-risk REASON.";
    return r;
  }
  const auto reason = v.proven ? std::string_view() : accept_risk;
  r.no = static_cast<std::int32_t>(
      t.exec(sql::definition::insert, {r.name, r.version, d.hash(), d.json(), v.words, reason})
          .number(0, 0));
  audit(t, actor, "definition register", title(r.name, r.version), reason);
  t.commit();
  return r;
}

done activate(pg::connection& to, log_admin& log, const settings& of, std::string_view name,
              std::int32_t version, bool from_earliest, std::string_view actor) {
  done r{.problem = {}, .no = 0, .name = std::string(name), .version = version};
  pg::transaction t(to);
  t.exec(sql::definition::lock);
  t.exec(sql::topic::lock);
  const auto known = t.exec(sql::definition::by_name_version, {name, version});
  if (known.rows() == 0) {
    r.problem = title(name, version) + " is not registered. List what is: skald definition list.";
    return r;
  }
  r.no = static_cast<std::int32_t>(known.number(0, 0));
  if ((r.already = known.text(0, 2) == "active")) return r;
  if (t.exec(sql::shard::count).number(0, 0) == 0) {
    r.problem = "No service has run on this database yet. Start one (skald serve), then activate.";
    return r;
  }
  const auto d = load_definition(t.exec(sql::definition::read, {r.no}).text(0, 4));
  if (!(r.problem = broken_promise(of, d->parking.count())).empty()) return r;
  const auto inbox = of.prefix + ".inbox";
  const auto shards = static_cast<std::int32_t>(t.exec(sql::shard::count).number(0, 0));
  for (const auto& p : participants(*d))
    log.ensure_topic(p + ".commands", shards, of.topic_retention_ms);
  for (const auto& topic : foreign_topics(*d)) {
    if (topic == inbox) {
      r.problem = "A definition cannot await events on " + inbox + ": that topic is skald's own.";
      return r;
    }
    if (!(r.problem = begin_reading(t, log, topic, from_earliest)).empty()) return r;
  }
  t.exec(sql::definition::supersede, {name});
  t.exec(sql::definition::activate, {r.no});
  audit(t, actor, "definition activate", title(name, version), "");
  t.commit();
  return r;
}

done retire(pg::connection& to, std::string_view name, std::int32_t version,
            std::string_view actor) {
  done r{.problem = {}, .no = 0, .name = std::string(name), .version = version};
  pg::transaction t(to);
  const auto known = t.exec(sql::definition::by_name_version, {name, version});
  if (known.rows() == 0) {
    r.problem = title(name, version) + " is not registered. List what is: skald definition list.";
    return r;
  }
  r.no = static_cast<std::int32_t>(known.number(0, 0));
  r.already = t.exec(sql::definition::retire, {name, version}).rows() == 0;
  audit(t, actor, "definition retire", title(name, version), "");
  t.commit();
  return r;
}

std::vector<stored> list(pg::connection& from) {
  std::vector<stored> all;
  const auto r = from.exec(sql::definition::list);
  for (std::size_t i = 0; i < r.rows(); ++i)
    all.push_back({static_cast<std::int32_t>(r.number(i, 0)), r.text(i, 1),
                   static_cast<std::int32_t>(r.number(i, 2)), r.text(i, 3), r.text(i, 4),
                   r.text(i, 5), r.text(i, 6), r.text(i, 7)});
  return all;
}

std::optional<std::string> show(pg::connection& from, std::string_view name, std::int32_t version) {
  const auto known = from.exec(sql::definition::by_name_version, {name, version});
  if (known.rows() == 0) return {};
  return from.exec(sql::definition::read, {known.number(0, 0)}).text(0, 4);
}
}  // namespace skald::definitions
