#include "orchestrator/simulate/script.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sagas/guard.hpp"

namespace skald::sim {
namespace {
using tree = nlohmann::json;
constexpr std::string_view key_hole = "@key@", occurrence_hole = "@occurrence@";
constexpr std::size_t most_tries = 256;

// The fields of one event, each with the values that it may have.
using shape = std::map<std::string, std::vector<tree>>;

struct shapes {
  std::map<std::string, shape, std::less<>> of;

  void add(const place& p) {
    if (!p.event.empty()) of[std::string(p.event)][std::string(p.field)];
  }
  void add(const command& c) {
    for (const auto& b : c.fields) add(b.from);
  }
  void set(string_view event, string_view field, std::string_view hole) {
    if (!event.empty() && !field.empty())
      of[std::string(event)][std::string(field)] = {tree(hole)};
  }
  // A field beside a literal gets values on both sides of it.
  void add(const guard& g) {
    const place* last_field = nullptr;
    const value* last_literal = nullptr;
    for (const auto& t : g.tokens) {
      if (t.kind == token::type::field) {
        add(t.at);
        last_field = &t.at;
      } else if (t.kind == token::type::literal) {
        last_literal = &t.fixed;
      } else {
        if (last_field && last_literal) around(*last_field, *last_literal);
        last_field = nullptr, last_literal = nullptr;
      }
    }
  }
  void around(const place& p, const value& v) {
    auto& values = of[std::string(p.event)][std::string(p.field)];
    if (!values.empty() && values.front() == tree(key_hole)) return;
    const auto put = [&](tree one) {
      if (std::find(values.begin(), values.end(), one) == values.end()) values.push_back(one);
    };
    if (v.kind == value::type::integer)
      for (const auto by : {1, 0, -1}) put(v.number + by);
    if (v.kind == value::type::boolean) put(true), put(false);
    if (v.kind == value::type::text) put(std::string(v.words)), put("another");
  }
};

shapes shapes_of(const definition& d) {
  shapes all;
  all.of[std::string(d.starts.event)];
  for (const auto& s : d.steps) {
    all.add(s.send), all.add(s.undo.send), all.add(s.fence);
    all.of[std::string(s.done)];
    for (const auto type : s.failed) all.of[std::string(type)];
  }
  all.set(d.starts.event, d.starts.key, key_hole);
  for (const auto& s : d.steps) {
    if (s.awaits()) {
      all.set(s.done, s.await.correlate, key_hole);
      for (const auto type : s.failed) all.set(type, s.await.correlate, key_hole);
    }
    all.set(s.done, s.occurrence.field, occurrence_hole);
  }
  all.add(d.starts.only);
  for (const auto& s : d.steps) all.add(s.when), all.add(s.await.only);
  return all;
}

tree made(const shape& fields, std::size_t choice) {
  tree out = tree::object();
  std::vector<std::pair<std::string, tree>> all;
  for (const auto& [field, values] : fields) {
    const auto n = std::max<std::size_t>(1, values.size());
    all.emplace_back(field, values.empty() ? tree("some") : values[choice % n]);
    choice /= n;
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.first.size() > b.first.size();  // what is inside another field first
  });
  for (auto& [field, value] : all) {
    const tree::json_pointer at(field);
    if (!out.contains(at)) out[at] = value;
  }
  return out;
}

struct event_data {
  std::string_view type;
  const tree* data;
};
bool holds_for(const guard& g, std::initializer_list<event_data> events) {
  std::vector<std::string> kept;
  kept.reserve(max_tokens);
  return holds(g, [&](const place& p) -> std::string_view {
    for (const auto& e : events)
      if (e.data && e.type == p.event && e.data->contains(tree::json_pointer(std::string(p.field))))
        return kept.emplace_back((*e.data)[tree::json_pointer(std::string(p.field))].dump());
    return {};
  });
}

tree first_that(const shape& fields, std::string_view type, const guard& only) {
  for (std::size_t i = 0; i < most_tries; ++i)
    if (auto one = made(fields, i); holds_for(only, {{type, &one}})) return one;
  return made(fields, 0);
}

guard only_of(const definition& d, std::string_view type) {
  for (const auto& s : d.steps)
    if (s.awaits() && (s.done == type || s.failed.has(type))) return s.await.only;
  return {};
}
}  // namespace

payload::payload(std::string_view text) {
  while (true) {
    const auto k = text.find(key_hole), o = text.find(occurrence_hole);
    const auto at = std::min(k, o);
    if (at == text.npos) break;
    pieces_.push_back({std::string(text.substr(0, at)), at == k ? 'k' : 'o'});
    text.remove_prefix(at + (at == k ? key_hole.size() : occurrence_hole.size()));
  }
  pieces_.push_back({std::string(text), 0});
}

std::string payload::with(std::string_view key, std::string_view occurrence) const {
  std::string out;
  for (const auto& p : pieces_) {
    out += p.text;
    if (p.hole == 'k') out += key;
    if (p.hole == 'o') out += occurrence;
  }
  return out;
}

script::script(stored_definition d) : definition_(std::move(d)) {
  const auto& spec = *definition_;
  const auto all = shapes_of(spec);
  std::map<std::string, tree, std::less<>> others;
  for (const auto& [type, fields] : all.of) {
    if (type == spec.starts.event) continue;
    const auto data = first_that(fields, type, only_of(spec, type));
    others_.emplace(type, payload(data.dump()));
    others.emplace(type, data);
  }
  for (const auto& s : spec.steps) foreign_ |= s.awaits();
  const auto& fields = all.of.find(spec.starts.event)->second;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < most_tries && starts_.size() < max_starts; ++i) {
    const auto data = made(fields, i);
    if (!holds_for(spec.starts.only, {{spec.starts.event, &data}})) continue;
    if (!seen.insert(data.dump()).second) continue;
    start one{payload(data.dump()), 0};
    for (std::size_t step = 0; step < spec.steps.size(); ++step) {
      const auto& when = spec.steps[step].when;
      const tree* other = nullptr;
      std::string_view type;
      for (const auto& t : when.tokens)
        if (t.kind == token::type::field && t.at.event != spec.starts.event)
          if (const auto found = others.find(t.at.event); found != others.end())
            other = &found->second, type = found->first;
      if (holds_for(when, {{spec.starts.event, &data}, {type, other}}))
        one.guards |= static_cast<std::uint16_t>(1u << step);
    }
    starts_.push_back(std::move(one));
  }
}

const payload& script::of(std::string_view type) const {
  static const payload nothing("{}");
  const auto found = others_.find(type);
  return found == others_.end() ? nothing : found->second;
}
}  // namespace skald::sim
