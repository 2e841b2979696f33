// A definition's JSON, member by member; every mistake becomes a sentence with its place.
#include <algorithm>

#include "sagas/json.hpp"
#include "sagas/json_names.hpp"
#include "sagas/json_parse.hpp"
#include "skald/check.hpp"

namespace skald {
using nlohmann::json;

class definition_reader {
 public:
  explicit definition_reader(std::vector<complaint>& complaints) : complaints_(complaints) {}

  void read(const json& j, stored_definition::content& out) {
    texts_ = &out.texts;
    definition& d = out.value;
    if (!object(j, "",
                {"skald", "saga", "version", "starts", "deadline_ms", "parking_ms", "parallel_undo",
                 "strict_order", "publish", "steps"}))
      return;
    int format = 0;
    number(j, "", "skald", format, required);
    if (complaints_.empty() && format != definition_format)
      return complain("/skald", "the definition's format is " + std::to_string(format) +
                                    "; this skald reads format " +
                                    std::to_string(definition_format));
    text(j, "", "saga", d.name, required);
    number(j, "", "version", d.version, required);
    if (const json* starts = member(j, "", "starts", required)) trigger_of(*starts, d.starts);
    wait(j, "", "deadline_ms", d.deadline);
    wait(j, "", "parking_ms", d.parking);
    flag(j, "", "parallel_undo", d.parallel_undo);
    flag(j, "", "strict_order", d.strict_order);
    choice(j, "", "publish", names::publishes, d.publish);
    if (const json* steps = member(j, "", "steps", required)) stages_of(*steps, d.steps);
  }

 private:
  enum need { optional, required };
  using path = std::string;

  void complain(const path& at, std::string sentence) {
    if (complaints_.size() < max_complaints) complaints_.push_back({at, std::move(sentence)});
  }
  string_view keep(const std::string& s) { return texts_->emplace_back(s); }

  bool object(const json& j, const path& at, std::initializer_list<string_view> known) {
    if (!j.is_object()) {
      complain(at, "an object was expected here");
      return false;
    }
    for (auto& [name, value] : j.items()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      std::string words;
      for (auto k : known) words += (words.empty() ? "" : ", ") + std::string(k);
      complain(at + "/" + token_of(name), "this member is not known; known here are: " + words);
    }
    return true;
  }
  static std::string token_of(const std::string& name) {
    std::string token;
    for (char c : name.substr(0, max_word))
      token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return token;
  }
  const json* member(const json& j, const path& at, const char* name, need n) {
    const auto found = j.find(name);
    if (found != j.end()) return &*found;
    if (n == required) complain(at + "/" + name, "this member is missing");
    return nullptr;
  }
  void text(const json& j, const path& at, const char* name, string_view& out, need n) {
    const json* m = member(j, at, name, n);
    if (!m) return;
    if (!m->is_string()) return complain(at + "/" + name, "a text was expected here");
    out = keep(m->get_ref<const std::string&>());
    if (out.empty()) complain(at + "/" + name, "this text is empty");
  }
  void flag(const json& j, const path& at, const char* name, bool& out) {
    const json* m = member(j, at, name, optional);
    if (!m) return;
    if (m->is_boolean())
      out = m->get<bool>();
    else
      complain(at + "/" + name, "true or false was expected here");
  }
  void number(const json& j, const path& at, const char* name, int& out, need n) {
    const json* m = member(j, at, name, n);
    if (!m) return;
    if (whole(*m) && m->get<std::int64_t>() >= 0 && m->get<std::int64_t>() <= max_version)
      out = m->get<int>();
    else
      complain(at + "/" + name, "an integer between 0 and 1000000000 was expected here");
  }
  void wait(const json& j, const path& at, const char* name, milliseconds& out, need n = optional) {
    const json* m = member(j, at, name, n);
    if (!m) return;
    if (whole(*m) && m->get<std::int64_t>() >= 0 && m->get<std::int64_t>() <= max_wait.count())
      out = milliseconds(m->get<std::int64_t>());
    else
      complain(at + "/" + name, "milliseconds were expected here, an integer from 0 to 400 days");
  }
  static bool whole(const json& j) {  // an integer that 64 bits hold, signed
    return j.is_number_integer() &&
           (!j.is_number_unsigned() || j.get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  }
  template <class E, std::size_t N>
  void choice(const json& j, const path& at, const char* name, const names::entry<E> (&all)[N],
              E& out, need n = optional) {
    const json* m = member(j, at, name, n);
    if (!m) return;
    const auto found =
        m->is_string() ? names::find(all, m->get_ref<const std::string&>()) : std::nullopt;
    if (found)
      out = *found;
    else
      complain(at + "/" + name, "one of these was expected here: " + names::listed(all));
  }

  void trigger_of(const json& j, trigger& out) {
    if (!object(j, "/starts", {"event", "key", "topic", "only"})) return;
    text(j, "/starts", "event", out.event, required);
    text(j, "/starts", "key", out.key, required);
    text(j, "/starts", "topic", out.topic, optional);
    condition(j, "/starts", "only", out.only);
  }

  void stages_of(const json& j, stages& out) {
    if (!j.is_array()) return complain("/steps", "a list of steps was expected here");
    for (std::size_t i = 0; i < j.size(); ++i) {
      const path at = "/steps/" + std::to_string(i);
      if (!j[i].is_object() || !j[i].contains("together")) {
        add(step_of(j[i], at), at, out);
        continue;
      }
      object(j[i], at, {"together"});
      parallel_of(j[i]["together"], at + "/together", out);
    }
  }
  void parallel_of(const json& j, const path& at, stages& out) {
    if (!j.is_array() || j.size() < 2 || j.size() > max_parallel)
      return complain(
          at, "a list of 2 to " + std::to_string(max_parallel) + " steps was expected here");
    parallel all;
    for (std::size_t k = 0; k < j.size(); ++k)
      all.steps.push(step_of(j[k], at + "/" + std::to_string(k)));
    add(all, at, out, all.steps.size());
  }
  template <class Part>
  void add(const Part& part, const path& at, stages& out, std::size_t size = 1) {
    if (out.size() + size > max_steps)
      return complain(at, "a saga has at most " + std::to_string(max_steps) + " steps");
    out.add(part);
  }

  step step_of(const json& j, const path& at) {
    step s;
    if (!object(j, at,
                {"step", "send", "await", "done", "failed", "occurrence", "when", "within_ms",
                 "retry", "fence", "undo", "undo_retry", "surplus", "no_fence", "not_idempotent"}))
      return s;
    text(j, at, "step", s.name, required);
    if (const json* send = member(j, at, "send", optional)) command_of(*send, at + "/send", s.send);
    if (const json* await = member(j, at, "await", optional))
      source_of(*await, at + "/await", s.await);
    text(j, at, "done", s.done, optional);
    if (s.awaits() && s.done.empty()) s.done = s.await.event;
    failed_of(j, at, s);
    text(j, at, "occurrence", s.occurrence.field, optional);
    if (!s.occurrence.field.empty()) s.occurrence.event = s.done;
    condition(j, at, "when", s.when);
    wait(j, at, "within_ms", s.within);
    retry_of(j, at, "retry", s.retry);
    if (const json* fence = member(j, at, "fence", optional))
      command_of(*fence, at + "/fence", s.fence);
    undo_of(j, at, s);
    retry_of(j, at, "undo_retry", s.undo_retry);
    choice(j, at, "surplus", names::surpluses, s.surplus);
    flag(j, at, "no_fence", s.no_fence);
    flag(j, at, "not_idempotent", s.not_idempotent);
    return s;
  }
  void failed_of(const json& j, const path& at, step& s) {
    const json* all = member(j, at, "failed", optional);
    if (!all) return;
    if (!all->is_array() || all->size() > max_replies)
      return complain(at + "/failed",
                      "a list of at most " + std::to_string(max_replies) + " events was expected");
    for (std::size_t i = 0; i < all->size(); ++i)
      if ((*all)[i].is_string())
        s.failed.push(keep((*all)[i].get_ref<const std::string&>()));
      else
        complain(at + "/failed/" + std::to_string(i), "a text was expected here");
  }
  void undo_of(const json& j, const path& at, step& s) {
    const json* u = member(j, at, "undo", optional);
    if (!u) return;
    if (u->is_object()) {
      s.undo.kind = undo::type::by;
      command_of(*u, at + "/undo", s.undo.send);
    } else {
      choice(j, at, "undo", names::undos, s.undo.kind);
    }
  }
  void retry_of(const json& j, const path& parent, const char* name, backoff& out) {
    const json* m = member(j, parent, name, optional);
    const path at = parent + "/" + name;
    if (!m || !object(*m, at, {"times", "first_ms", "factor", "cap_ms", "jitter_percent"})) return;
    number(*m, at, "times", out.times, optional);
    wait(*m, at, "first_ms", out.first);
    number(*m, at, "factor", out.factor, optional);
    wait(*m, at, "cap_ms", out.cap);
    number(*m, at, "jitter_percent", out.jitter_percent, optional);
  }
  void source_of(const json& j, const path& at, source& out) {
    if (!object(j, at, {"event", "topic", "key", "only", "unclaimed"})) return;
    text(j, at, "event", out.event, required);
    text(j, at, "topic", out.topic, required);
    text(j, at, "key", out.correlate, required);
    condition(j, at, "only", out.only);
    choice(j, at, "unclaimed", names::unclaimeds, out.unclaimed);
  }

  void command_of(const json& j, const path& at, command& out) {
    if (!object(j, at, {"command", "participant", "fields"})) return;
    text(j, at, "command", out.type, required);
    text(j, at, "participant", out.participant, required);
    const json* fields = member(j, at, "fields", required);
    if (!fields) return;
    if (!fields->is_array() || fields->size() > max_fields)
      return complain(at + "/fields",
                      "a list of at most " + std::to_string(max_fields) + " fields was expected");
    for (std::size_t i = 0; i < fields->size(); ++i)
      out.fields.push(binding_of((*fields)[i], at + "/fields/" + std::to_string(i)));
  }
  binding binding_of(const json& j, const path& at) {
    binding b;
    if (!object(j, at, {"to", "event", "at", "value", "optional"})) return b;
    text(j, at, "to", b.to, required);
    if (const json* v = member(j, at, "value", optional)) {
      b.fixed = value_of(*v, at + "/value");
      if (j.contains("event") || j.contains("at"))
        complain(at, "a field is filled either from an event or with a value, not both");
    } else {
      text(j, at, "event", b.from.event, required);
      text(j, at, "at", b.from.field, required);
    }
    flag(j, at, "optional", b.optional);
    return b;
  }
  value value_of(const json& j, const path& at) {
    if (j.is_boolean()) return {value::type::boolean, j.get<bool>(), {}};
    if (whole(j)) return {value::type::integer, j.get<std::int64_t>(), {}};
    if (j.is_string()) return {value::type::text, 0, keep(j.get_ref<const std::string&>())};
    complain(at, "a text, an integer of 64 bits, true or false was expected here");
    return {};
  }

  // A tree to postfix. Recursion is bounded by max_definition_depth.
  void condition(const json& j, const path& at, const char* name, guard& out) {
    if (const json* g = member(j, at, name, optional)) condition_of(*g, at + "/" + name, out);
  }
  void condition_of(const json& j, const path& at, guard& out) {
    const auto op = j.is_object() && j.size() == 1 ? names::find(names::operators, j.begin().key())
                                                   : std::nullopt;
    if (!op)
      return complain(at, "a condition was expected here: an object with one of " +
                              names::listed(names::operators));
    const path in = at + "/" + j.begin().key();
    const json& arguments = j.begin().value();
    if (*op == token::op::negate) {
      condition_of(arguments, in, out);
    } else if (!arguments.is_array() || arguments.size() != 2) {
      return complain(in, "a list of two was expected here");
    } else {
      for (int i : {0, 1}) {
        const path argument = in + "/" + std::to_string(i);
        if (*op >= token::op::both)
          condition_of(arguments[static_cast<std::size_t>(i)], argument, out);
        else
          operand_of(arguments[static_cast<std::size_t>(i)], argument, out);
      }
    }
    push({token::type::op, {}, {}, *op}, at, out);
  }
  void operand_of(const json& j, const path& at, guard& out) {
    token t;
    if (j.is_object()) {
      t.kind = token::type::field;
      object(j, at, {"event", "at"});
      text(j, at, "event", t.at.event, required);
      text(j, at, "at", t.at.field, required);
    } else {
      t.kind = token::type::literal;
      t.fixed = value_of(j, at);
    }
    push(t, at, out);
  }
  void push(const token& t, const path& at, guard& out) {
    if (out.tokens.size() == max_tokens)
      return complain(at, "a guard has at most " + std::to_string(max_tokens) +
                              " fields, values and operators");
    out.tokens.push(t);
  }

  std::vector<complaint>& complaints_;
  std::deque<std::string>* texts_ = nullptr;
};

loading read_definition(std::string_view text) {
  loading result;
  complaint why;
  const auto j = parse_bounded(text, why);
  if (!j) {
    result.complaints.push_back(std::move(why));
    return result;
  }
  auto content = std::make_shared<stored_definition::content>();
  definition_reader(result.complaints).read(*j, *content);
  if (!result.complaints.empty()) return result;
  check(content->value, [&](string_view rule, string_view step, const spot& at) {
    if (result.complaints.size() == max_complaints) return;
    const std::string about = step.empty() ? "" : "step \"" + std::string(step) + "\": ";
    result.complaints.push_back({std::string(at.text()), about + std::string(rule)});
  });
  if (!result.complaints.empty()) return result;
  content->json = to_json(content->value);
  content->hash = hash_of(content->value);
  result.definition = stored_definition(std::move(content));
  return result;
}

bad_definition::bad_definition(const std::vector<complaint>& all)
    : std::runtime_error([&] {
        std::string words = "the definition cannot be used:";
        for (auto& c : all) words += "\n  " + c.at + (c.at.empty() ? "" : ": ") + c.sentence;
        return words;
      }()) {}

stored_definition load_definition(std::string_view text) {
  auto loaded = read_definition(text);
  if (!loaded.definition) throw bad_definition(loaded.complaints);
  return *std::move(loaded.definition);
}
}  // namespace skald
