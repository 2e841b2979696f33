// The rules of a definition. One function judges at compile time, where a broken rule is the
// compiler's error (saga.hpp), and at load time, where it is a sentence and a place
// (sagas/json.hpp).
//
// `report` is called with the rule as a sentence about the step ("has no time limit; ..."), the
// step's name (empty: the saga itself) and the JSON Pointer to the place in the definition's JSON.
#pragma once
#include "skald/model.hpp"

namespace skald {
inline constexpr milliseconds max_wait = 24h * 400;  // no time limit, pause or deadline is longer
inline constexpr int max_retries = 200;
inline constexpr int max_version = 1'000'000'000;
inline constexpr std::size_t max_name = 63;       // of a saga, a step, a participant
inline constexpr std::size_t max_word = 200;      // of an event, a topic, a JSON Pointer
inline constexpr std::size_t max_literal = 1000;  // bytes of a fixed text

// A JSON Pointer into a definition, built while checking: spot() / "steps" / 2 / "undo".
class spot {
 public:
  constexpr spot operator/(string_view word) const {
    spot s = *this;
    s.add('/');
    for (char c : word) s.add(c);
    return s;
  }
  constexpr spot operator/(std::size_t index) const {
    spot s = *this;
    s.add('/');
    if (index > 9) s.add(static_cast<char>('0' + index / 10));
    s.add(static_cast<char>('0' + index % 10));
    return s;
  }
  constexpr string_view text() const { return {chars_.data(), size_}; }

 private:
  constexpr void add(char c) { chars_[size_++] = c; }
  std::array<char, 64> chars_{};  // the longest: /steps/15/together/15/undo/fields/15/at
  std::size_t size_ = 0;
};

namespace detail {
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

constexpr bool is_name(string_view s) {  // [a-z][a-z0-9_-]{0,62}
  if (s.empty() || s.size() > max_name || !is_lower(s[0])) return false;
  for (char c : s)
    if (!is_lower(c) && !is_digit(c) && c != '_' && c != '-') return false;
  return true;
}
constexpr bool is_word(string_view s) {  // an event's full name, a topic: [A-Za-z0-9._-]+
  if (s.empty() || s.size() > max_word || s == "." || s == "..") return false;
  for (char c : s)
    if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '_' && c != '-' && c != '.')
      return false;
  return true;
}
constexpr bool is_pointer(string_view s) {  // RFC 6901, not the whole document
  if (s.empty() || s.size() > max_word || s[0] != '/') return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (static_cast<unsigned char>(s[i]) < 0x20) return false;
    if (s[i] == '~' && (i + 1 == s.size() || (s[i + 1] != '0' && s[i + 1] != '1'))) return false;
  }
  return true;
}

template <class Report>
class judge {
 public:
  constexpr judge(const definition& d, Report& report) : d_(d), report_(report) {}
  constexpr void all() {
    saga();
    for (std::size_t i = 0; i < d_.steps.size(); ++i) {
      step_ = d_.steps[i].name;
      here_ = spot_of(i);
      names(i);
      shape(i);
      times(d_.steps[i]);
      if (d_.steps[i].awaits())
        awaited(d_.steps[i]);
      else
        commanded(d_.steps[i]);
      undoing(d_.steps[i]);
      reads(d_.steps[i]);
    }
  }

 private:
  constexpr void broken(string_view rule, const spot& at) { report_(rule, step_, at); }
  constexpr void require(bool kept, string_view rule, const spot& at) {
    if (!kept) broken(rule, at);
  }

  constexpr spot spot_of(std::size_t step) const {
    std::size_t position = 0, inside = 0, together = 0;
    const auto stage = d_.steps[step].stage;
    for (std::size_t i = 0; i < step; ++i) {
      if (d_.steps[i].stage == stage)
        ++inside;
      else if (d_.steps[i].stage != d_.steps[i + 1].stage)
        ++position;
    }
    for (auto& s : d_.steps) together += s.stage == stage;
    const spot at = spot() / "steps" / position;
    return together > 1 ? at / "together" / inside : at;
  }

  constexpr void saga() {
    require(is_name(d_.name), "the saga's name must match [a-z][a-z0-9_-]{0,62}", spot() / "saga");
    require(d_.version >= 1 && d_.version <= max_version, "the saga's version must be 1 or more",
            spot() / "version");
    const spot starts = spot() / "starts";
    require(is_word(d_.starts.event), "the saga has no event that starts it (starts)", starts);
    require(is_pointer(d_.starts.key),
            "the starting event has no key field; say which field is the business key", starts);
    require(d_.starts.topic.empty() || is_word(d_.starts.topic),
            "a topic's name must match [A-Za-z0-9._-]{1,200}", starts / "topic");
    require(d_.starts.only.empty() || !d_.starts.topic.empty(),
            "a filter on the start is for events of a foreign topic; here guard the first step",
            starts / "only");
    condition(d_.starts.only, starts / "only");
    for (auto& t : d_.starts.only.tokens)
      require(t.kind != token::type::field || t.at.event == d_.starts.event,
              "the filter on the start may read the starting event alone", starts / "only");
    require(!d_.steps.empty(), "the saga has no steps", spot() / "steps");
    require(d_.deadline.count() >= 0 && d_.deadline <= max_wait,
            "the saga's deadline must be between 0 (none) and 400 days", spot() / "deadline_ms");
    require(d_.parking.count() > 0 && d_.parking <= max_wait,
            "the saga's parking time must be more than 0 and at most 400 days",
            spot() / "parking_ms");
  }

  constexpr void names(std::size_t index) {
    const step& s = d_.steps[index];
    require(is_name(s.name), "a step's name must match [a-z][a-z0-9_-]{0,62}", here_ / "step");
    for (std::size_t i = 0; i < index; ++i)
      require(d_.steps[i].name != s.name, "has the name of another step", here_ / "step");
    require(is_word(s.done), "does not say which event ends it well (done)", here_ / "done");
    require(s.done != d_.starts.event || s.done == no_data,
            "ends with the event that starts the saga", here_ / "done");
    for (std::size_t i = 0; i < s.failed.size(); ++i) {
      require(is_word(s.failed[i]), "has a declining event without a name", here_ / "failed" / i);
      require(s.failed[i] != s.done || s.done == no_data,
              "has the same event for done and for failed", here_ / "failed" / i);
    }
    require(s.occurrence.field.empty() || is_pointer(s.occurrence.field),
            "its occurrence must be a JSON Pointer", here_ / "occurrence");
    require(s.occurrence.event.empty() || s.occurrence.event == s.done,
            "its occurrence must be a field of the event in done", here_ / "occurrence");
  }

  // compensatable* pivot? retriable*, by stage; a pivot is alone in its stage.
  constexpr void shape(std::size_t index) {
    const step& s = d_.steps[index];
    for (std::size_t i = 0; i < index; ++i) {
      const step& before = d_.steps[i];
      if (before.stage == s.stage) {
        require(s.kind() != kind::pivot && before.kind() != kind::pivot,
                "shares its stage with an irreversible step, which must stand alone", here_);
        require(s.kind() == before.kind(),
                "shares its stage with a step of another kind; retriable steps come later", here_);
      } else if (before.kind() == kind::pivot && s.kind() == kind::pivot) {
        return broken("is irreversible, but a saga has at most one irreversible step",
                      here_ / "undo");
      } else if (before.kind() == kind::pivot && s.kind() != kind::retriable) {
        return broken("comes after the irreversible step, so it must be retriable", here_ / "undo");
      } else if (before.kind() == kind::retriable && s.kind() != kind::retriable) {
        return broken("comes after a retriable step, so it must be retriable too", here_ / "undo");
      }
    }
  }

  constexpr void times(const step& s) {
    require(s.within.count() > 0, "has no time limit; say how long it may take (within)",
            here_ / "within_ms");
    require(s.within <= max_wait, "has a time limit of more than 400 days", here_ / "within_ms");
    backoff_of(s.retry, here_ / "retry");
    backoff_of(s.undo_retry, here_ / "undo_retry");
  }
  constexpr void backoff_of(const backoff& b, const spot& at) {
    require(b.times >= 0 && b.times <= max_retries, "retries must be between 0 and 200 times",
            at / "times");
    require(b.first.count() >= 0 && b.first <= b.cap && b.cap <= max_wait,
            "a retry's first pause must not be longer than its cap, nor the cap than 400 days", at);
    require(b.factor >= 1 && b.factor <= 10, "a retry's factor must be between 1 and 10",
            at / "factor");
    require(b.jitter_percent >= 0 && b.jitter_percent <= 100,
            "a retry's jitter must be between 0 and 100 percent", at / "jitter_percent");
  }

  constexpr void commanded(const step& s) {
    require(!s.send.empty(), "neither sends a command nor awaits an event", here_ / "send");
    if (!s.send.empty()) words(s.send, here_ / "send");
    require(s.kind() != kind::retriable || s.failed.empty(),
            "is retriable, so nothing may decline it (failed)", here_ / "failed");
    require(s.kind() != kind::retriable || s.retry.times > 0,
            "is retriable, so it must be retried (retry)", here_ / "retry");
  }

  constexpr void awaited(const step& s) {
    const spot at = here_ / "await";
    require(s.send.empty(), "awaits an event, so it cannot send a command too", here_ / "send");
    require(s.done == s.await.event, "must end with the event it awaits", here_ / "done");
    require(is_word(s.await.topic), "awaits an event, but does not say on which topic",
            at / "topic");
    require(is_pointer(s.await.correlate), "awaits an event, but does not say where its key is",
            at / "key");
    require(s.await.unclaimed != unclaimed::unsaid,
            "awaits an event, but does not say what becomes of one that no saga claims "
            "(unclaimed: undo or ignore)",
            at / "unclaimed");
    require(s.kind() != kind::pivot, "awaits an event, so it cannot be the point of no return",
            here_ / "undo");
    require(s.failed.empty(), "awaits an event, so only its time limit can fail it",
            here_ / "failed");
    require(s.retry.times == 0, "awaits an event, so there is nothing to send again",
            here_ / "retry");
    require(!s.no_fence && !s.not_idempotent,
            "awaits an event, so it has no participant whose weakness could be declared", here_);
    condition(s.await.only, at / "only");
    for (auto& t : s.await.only.tokens)
      require(t.kind != token::type::field || t.at.event == s.await.event,
              "its filter (only) may read the awaited event alone", at / "only");
    for (auto& other : d_.steps)
      require(&other == &s || other.await.event != s.await.event,
              "awaits the same event as another step", at / "event");
  }

  constexpr void undoing(const step& s) {
    require(s.undo.kind != undo::type::missing,
            "has no undo; say send<...>(...), harmless, irreversible or retriable", here_ / "undo");
    if (s.has_undo()) words(s.undo.send, here_ / "undo");
    require(s.await.unclaimed != unclaimed::undo || s.has_undo(),
            "undoes what no saga claims, so it needs a command that undoes it", here_ / "undo");
    require(s.surplus != surplus::undo || s.has_undo(),
            "undoes its surplus, so it needs a command that undoes it", here_ / "surplus");
    require(s.fence.empty() || s.kind() == kind::pivot,
            "has a fence, which only an irreversible step needs", here_ / "fence");
    if (!s.fence.empty()) words(s.fence, here_ / "fence");
  }

  constexpr void words(const command& c, const spot& at) {
    require(is_word(c.type), "a command's name must match [A-Za-z0-9._-]{1,200}", at / "command");
    require(is_name(c.participant), "a participant's name must match [a-z][a-z0-9_-]{0,62}",
            at / "participant");
    for (std::size_t i = 0; i < c.fields.size(); ++i) {
      const binding& b = c.fields[i];
      const spot field = at / "fields" / i;
      require(is_pointer(b.to), "a command's field must be a JSON Pointer", field / "to");
      require(b.fixed.words.size() <= max_literal, "a fixed text is longer than 1000 bytes",
              field / "value");
      require(b.from.event.empty() != (b.fixed.kind == value::type::none),
              "a command's field is filled either from an event or with a value", field);
      require(b.from.event.empty() || is_pointer(b.from.field),
              "a copied field must be a JSON Pointer", field / "at");
      for (std::size_t k = 0; k < i; ++k)
        require(!overlap(c.fields[k].to, b.to), "a command's field is filled twice", field / "to");
    }
  }
  static constexpr bool overlap(string_view a, string_view b) {  // the same place, or one inside
    if (a.size() > b.size()) return overlap(b, a);
    return b.substr(0, a.size()) == a && (b.size() == a.size() || b[a.size()] == '/');
  }

  // What is known of an event when a step of `stage` is sent.
  enum class known { certain, perhaps, later, never, several };
  constexpr known when_sending(string_view event, std::size_t stage) const {
    int sources = event == d_.starts.event;
    known found = sources ? known::certain : known::never;
    for (auto& s : d_.steps) {
      if (s.done != event) continue;
      ++sources;
      found = s.stage >= stage ? known::later : s.when.empty() ? known::certain : known::perhaps;
    }
    return sources > 1 ? known::several : found;
  }

  constexpr void reads(const step& s) {
    readable(s.send, s, false, here_ / "send");
    readable(s.fence, s, true, here_ / "fence");
    readable(s.undo.send, s, true, here_ / "undo");
    condition(s.when, here_ / "when");
    for (auto& t : s.when.tokens)
      if (t.kind == token::type::field) {
        const known k = when_sending(t.at.event, s.stage);
        happened(k, here_ / "when");
      }
  }
  constexpr void happened(known k, const spot& at) {
    require(k != known::later, "reads an event that has not happened yet", at);
    require(k != known::never, "reads an event that is no part of this saga", at);
    require(k != known::several, "reads an event with which several steps end", at);
  }
  constexpr void readable(const command& c, const step& s, bool undoes, const spot& at) {
    for (std::size_t i = 0; i < c.fields.size(); ++i) {
      const binding& b = c.fields[i];
      const spot field = at / "fields" / i / "event";
      if (b.from.event.empty()) continue;
      if (undoes && s.awaits()) {
        require(b.from.event == s.done,
                "awaits an event, so its undo may read that event alone (the key is in it)", field);
      } else if (undoes && b.from.event == s.done) {
        require(b.optional,
                "its undo needs the event of its own step, which may never have arrived; "
                "make that field of the command optional",
                field);
      } else {
        const known k = when_sending(b.from.event, s.stage);
        happened(k, field);
        require(k != known::perhaps || b.optional,
                "reads an event of a step that may be skipped; "
                "make that field of the command optional",
                field);
      }
    }
  }

  // Postfix, so a stack: conditions and comparable values.
  constexpr void condition(const guard& g, const spot& at) {
    bool is_condition[max_tokens + 1]{}, other_literal = false;
    std::size_t depth = 0;
    for (auto& t : g.tokens) {
      if (t.kind != token::type::op) {
        require(t.kind != token::type::field || is_pointer(t.at.field),
                "a guard's field must be a JSON Pointer", at);
        require(t.kind != token::type::literal || t.fixed.kind != value::type::none,
                "a guard compares with nothing", at);
        require(t.fixed.words.size() <= max_literal, "a fixed text is longer than 1000 bytes", at);
        other_literal |= t.kind == token::type::literal && t.fixed.kind != value::type::integer;
        is_condition[depth++] = false;
        continue;
      }
      const bool joins = t.what >= token::op::both;
      const std::size_t takes = t.what == token::op::negate ? 1 : 2;
      if (depth < takes) return broken("has a guard that is not a condition", at);
      for (std::size_t i = depth - takes; i < depth; ++i)
        if (is_condition[i] != joins) return broken("has a guard that is not a condition", at);
      const bool orders = t.what >= token::op::lt && t.what <= token::op::ge;
      require(!orders || !other_literal, "a guard can order integers only", at);
      other_literal = false;
      depth -= takes;
      is_condition[depth++] = true;
    }
    if (!g.empty() && (depth != 1 || !is_condition[0]))
      broken("has a guard that is not a condition", at);
  }

  const definition& d_;
  Report& report_;
  string_view step_{};
  spot here_{};
};
}  // namespace detail

template <class Report>
constexpr void check(const definition& d, Report&& report) {
  detail::judge(d, report).all();
}
}  // namespace skald
