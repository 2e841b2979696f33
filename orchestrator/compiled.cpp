#include "orchestrator/compiled.hpp"

#include <algorithm>

#include "sagas/assert.hpp"

namespace skald {
compiled::compiled(int no, std::shared_ptr<const void> keep, const definition& spec,
                   std::string_view prefix)
    : no_(no),
      keep_(std::move(keep)),
      spec_(spec),
      namespace_(saga_namespace(spec.name)),
      source_("/skald/" + std::string(prefix) + "/" + std::string(spec.name)),
      reply_to_(std::string(prefix) + ".inbox"),
      version_(std::to_string(spec.version)) {
  collect_places();
  for (const auto& s : spec_.steps) {
    step_messages m;
    m.forward = make(s.send, s, wire::kind::do_);
    m.undo = make(s.undo.send, s, wire::kind::undo);
    m.fence = make(s.fence, s, wire::kind::undo);
    messages_.push_back(std::move(m));
  }
}

void compiled::collect_places() {
  for (const auto& s : spec_.steps) {
    collect(s.send, true);
    collect(s.undo.send, true);
    collect(s.fence, true);
    for (const auto& t : s.when.tokens)
      if (t.kind == token::type::field) add_place(t.at, false);
  }
}

void compiled::collect(const command& c, bool required) {
  for (const auto& b : c.fields)
    if (!b.from.event.empty()) add_place(b.from, required && !b.optional);
}

void compiled::add_place(const place& p, bool required) {
  auto shape = std::find_if(shapes_.begin(), shapes_.end(),
                            [&](const auto& s) { return s.type == p.event; });
  if (shape == shapes_.end()) shape = shapes_.insert(shape, {p.event, {}});
  for (auto& known : shape->cuts)
    if (known.field == p.field) {
      known.required |= required;
      return;
    }
  shape->cuts.push_back({static_cast<std::uint16_t>(places_.size()), p.field, required});
  places_.push_back(p);
  auto& owners = owners_.emplace_back();
  for (std::uint8_t i = 0; i < spec_.steps.size(); ++i)
    if (spec_.steps[i].done == p.event) owners.push_back(i);
}

std::uint16_t compiled::place_no(const place& p) const {
  for (std::uint16_t i = 0; i < places_.size(); ++i)
    if (places_[i] == p) return i;
  SKALD_ASSERT(false, "a place of the definition is not numbered");
  return 0;
}

compiled::message compiled::make(const command& c, const step& s, wire::kind kind) const {
  message m;
  if (c.empty()) return m;
  m.kind = kind;
  m.topic = std::string(c.participant) + ".commands";
  m.body = body_template(c, [this](const place& p) { return place_no(p); });
  m.headers = {{"content-type", "application/json"},
               {"ce_specversion", "1.0"},
               {"ce_source", source_},
               {"ce_type", std::string(c.type)},
               {"ce_sagatype", std::string(spec_.name)},
               {"ce_sagaversion", version_},
               {"ce_sagastep", std::string(s.name)},
               {"ce_sagakind", std::string(wire::name(kind))},
               {"ce_sagareplyto", reply_to_}};
  return m;
}

std::optional<std::uint8_t> compiled::step_named(std::string_view name) const {
  for (std::uint8_t i = 0; i < spec_.steps.size(); ++i)
    if (spec_.steps[i].name == name) return i;
  return {};
}

const compiled::event_shape* compiled::shape(std::string_view type) const {
  for (const auto& s : shapes_)
    if (s.type == type) return &s;
  return nullptr;
}
}  // namespace skald
