#include "orchestrator/read_model.hpp"
#include "orchestrator/read_model_installation.hpp"

namespace skald::read_model {
namespace {
ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}
ordered_json or_null(const std::optional<std::string>& text) {
  return text ? ordered_json(*text) : ordered_json();
}
}  // namespace

ordered_json to_json(const saga& s) {
  return {{"key", s.key},
          {"definition", s.definition},
          {"version", s.version},
          {"phase", s.phase},
          {"facets", s.facets},
          {"started_at", or_null(s.started_at)},
          {"changed_at", or_null(s.changed_at)},
          {"due_at", or_null(s.due_at)},
          {"seq", s.seq},
          {"id", s.id},
          {"no", s.no}};
}

ordered_json to_json(const detail& d) {
  auto out = to_json(d.head);
  auto& waits = out["waits_for"] = ordered_json::array();
  for (const auto& w : d.waits_for) waits.push_back(skald::to_json(w));
  out["operator_items"] = d.operator_items;
  out["heard"] = d.heard;
  out["state"] = d.state;
  return out;
}

ordered_json to_json(const journal_line& l, bool with_payload) {
  ordered_json out = {{"seq", l.seq},
                      {"at", or_null(l.at)},
                      {"event", l.event},
                      {"step", or_null(l.step)},
                      {"outcome", l.outcome},
                      {"type", or_null(l.type)},
                      {"message_id", or_null(l.message_id)}};
  if (with_payload) out["data"] = or_null(l.payload);
  return out;
}

ordered_json to_json(const participant& p) {
  return {{"name", p.name},
          {"topic", p.topic},
          {"definitions", p.definitions},
          {"waiting", p.waiting},
          {"retrying", p.retrying}};
}

ordered_json to_json(const quarantined& q, bool with_payload) {
  ordered_json out = {{"no", q.no},
                      {"at", q.at},
                      {"topic", q.topic},
                      {"partition", q.partition},
                      {"offset", q.offset},
                      {"reason", q.reason},
                      {"key", or_null(q.key)},
                      {"redriven_at", or_null(q.redriven_at)}};
  if (!with_payload) return out;
  auto& headers = out["headers"] = ordered_json::array();
  for (const auto& [name, value] : q.headers) headers.push_back({{"name", name}, {"value", value}});
  out["payload"] = or_null(q.payload);
  return out;
}

ordered_json to_json(const node& n) {
  return {{"id", n.id},           {"host", n.host},
          {"version", n.version}, {"started_at", n.started_at},
          {"seen_at", n.seen_at}, {"alive", n.alive}};
}
}  // namespace skald::read_model
