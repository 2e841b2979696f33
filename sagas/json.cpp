#include "skald/json.hpp"

#include <openssl/sha.h>

#include <nlohmann/json.hpp>

#include "sagas/json.hpp"
#include "sagas/json_names.hpp"

namespace skald {
namespace {
using nlohmann::ordered_json;

constexpr std::size_t readable_columns = 100;

ordered_json to(const value& v) {
  switch (v.kind) {
    case value::type::integer:
      return v.number;
    case value::type::boolean:
      return v.number != 0;
    case value::type::text:
      return std::string(v.words);
    case value::type::none:
      break;
  }
  return nullptr;
}

ordered_json to(const place& p) {
  return {{"event", p.event}, {"at", p.field}};
}

// Postfix back to a tree: {"and": [{"gt": [{"event": ..., "at": ...}, 0]}, ...]}.
ordered_json to(const guard& g) {
  std::vector<ordered_json> stack;
  for (auto& t : g.tokens) {
    if (t.kind == token::type::field) {
      stack.push_back(to(t.at));
    } else if (t.kind == token::type::literal) {
      stack.push_back(to(t.fixed));
    } else {
      ordered_json last = std::move(stack.back());
      stack.pop_back();
      if (t.what != token::op::negate) {
        ordered_json both = ordered_json::array({std::move(stack.back()), std::move(last)});
        stack.pop_back();
        last = std::move(both);
      }
      stack.push_back(ordered_json{{names::of(names::operators, t.what), std::move(last)}});
    }
  }
  return std::move(stack.back());
}

ordered_json to(const command& c) {
  ordered_json fields = ordered_json::array();
  for (auto& b : c.fields) {
    ordered_json field = {{"to", b.to}};
    if (b.from.event.empty())
      field["value"] = to(b.fixed);
    else
      field.update(to(b.from));
    if (b.optional) field["optional"] = true;
    fields.push_back(std::move(field));
  }
  return {{"command", c.type}, {"participant", c.participant}, {"fields", std::move(fields)}};
}

ordered_json to(const backoff& b) {
  return {{"times", b.times},
          {"first_ms", b.first.count()},
          {"factor", b.factor},
          {"cap_ms", b.cap.count()},
          {"jitter_percent", b.jitter_percent}};
}

ordered_json to(const source& s) {
  ordered_json j = {{"event", s.event}, {"topic", s.topic}, {"key", s.correlate}};
  if (!s.only.empty()) j["only"] = to(s.only);
  j["unclaimed"] = names::of(names::unclaimeds, s.unclaimed);
  return j;
}

ordered_json to(const trigger& t) {
  ordered_json j = {{"event", t.event}, {"key", t.key}};
  if (!t.topic.empty()) j["topic"] = t.topic;
  if (!t.only.empty()) j["only"] = to(t.only);
  return j;
}

ordered_json to(const step& s) {
  const step defaults;
  ordered_json j = {{"step", s.name}};
  if (s.awaits()) {
    j["await"] = to(s.await);
  } else {
    j["send"] = to(s.send);
    j["done"] = s.done;
  }
  if (!s.failed.empty()) j["failed"] = std::vector<string_view>(s.failed.begin(), s.failed.end());
  if (!s.occurrence.field.empty()) j["occurrence"] = s.occurrence.field;
  if (!s.when.empty()) j["when"] = to(s.when);
  j["within_ms"] = s.within.count();
  if (s.retry != defaults.retry) j["retry"] = to(s.retry);
  if (!s.fence.empty()) j["fence"] = to(s.fence);
  j["undo"] = s.has_undo() ? to(s.undo.send) : ordered_json(names::of(names::undos, s.undo.kind));
  if (s.undo_retry != defaults.undo_retry) j["undo_retry"] = to(s.undo_retry);
  if (s.surplus != defaults.surplus) j["surplus"] = names::of(names::surpluses, s.surplus);
  if (s.no_fence) j["no_fence"] = true;
  if (s.not_idempotent) j["not_idempotent"] = true;
  return j;
}

ordered_json to(const stages& all) {
  ordered_json steps = ordered_json::array();
  for (std::size_t i = 0; i < all.size();) {
    ordered_json together = ordered_json::array();
    const auto stage = all[i].stage;
    while (i < all.size() && all[i].stage == stage) together.push_back(to(all[i++]));
    if (together.size() == 1)
      steps.push_back(std::move(together[0]));
    else
      steps.push_back(ordered_json{{"together", std::move(together)}});
  }
  return steps;
}

ordered_json to(const definition& d) {
  const definition defaults;
  ordered_json j = {{"skald", definition_format},
                    {"saga", d.name},
                    {"version", d.version},
                    {"starts", to(d.starts)}};
  if (d.deadline != defaults.deadline) j["deadline_ms"] = d.deadline.count();
  if (d.parking != defaults.parking) j["parking_ms"] = d.parking.count();
  if (d.parallel_undo) j["parallel_undo"] = true;
  if (d.strict_order) j["strict_order"] = true;
  if (d.publish != defaults.publish) j["publish"] = names::of(names::publishes, d.publish);
  j["steps"] = to(d.steps);
  return j;
}

// One line for what fits in one, as people write it.
std::string spaced(const ordered_json& j) {
  if (!j.is_structured()) return j.dump();
  std::string line(1, j.is_object() ? '{' : '[');
  for (auto& [name, part] : j.items()) {
    if (line.size() > 1) line += ", ";
    if (j.is_object()) line += ordered_json(name).dump() + ": ";
    line += spaced(part);
  }
  return line + (j.is_object() ? '}' : ']');
}
std::string readable(const ordered_json& j, std::size_t indent, std::size_t taken) {
  std::string line = spaced(j);
  if (indent + taken + line.size() <= readable_columns || !j.is_structured()) return line;
  std::string text(1, line.front());
  for (auto& [name, part] : j.items()) {
    const std::string label = j.is_object() ? ordered_json(name).dump() + ": " : "";
    text += text.size() > 1 ? ",\n" : "\n";
    text += std::string(indent + 2, ' ') + label + readable(part, indent + 2, label.size() + 1);
  }
  return text + "\n" + std::string(indent, ' ') + line.back();
}
}  // namespace

std::string to_json(const definition& d) {
  return to(d).dump();
}
std::string to_readable_json(const definition& d) {
  return readable(to(d), 0, 0) + "\n";
}

std::string hash_of(const definition& d) {
  const std::string text = to_json(d);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}
}  // namespace skald
