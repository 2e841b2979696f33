#include "outbox/wire.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cstring>

namespace skald::wire {
namespace {
constexpr std::array<string_view, 8> kind_names{"",      "do",    "undo",  "settle",
                                                "reply", "event", "start", "action"};
constexpr std::array<string_view, 6> outcome_names{"",       "ok",    "declined",
                                                   "undone", "retry", "refused"};

// Everything that a record's headers can say to skald; what is not listed is not read.
enum field : std::uint8_t {
  content_type,
  specversion,
  type,
  source,
  id,
  kind_,
  correlation,
  causation,
  partition_key,
  token,
  outcome_,
  saga_type,
  saga_version,
  saga_step,
  attempt,
  reply_to,
  subject,
  time,
  occurrence,
  retry_after,
  traceparent,
  tracestate,
  field_count
};
constexpr std::array<string_view, field_count> field_names{
    "content-type",    "ce_specversion", "ce_type",           "ce_source",
    "ce_id",           "ce_sagakind",    "ce_correlationid",  "ce_causationid",
    "ce_partitionkey", "ce_sagatoken",   "ce_sagaoutcome",    "ce_sagatype",
    "ce_sagaversion",  "ce_sagastep",    "ce_sagaattempt",    "ce_sagareplyto",
    "ce_subject",      "ce_time",        "ce_sagaoccurrence", "ce_sagaretryafter",
    "traceparent",     "tracestate"};

struct values {
  std::array<string_view, field_count> text;
  std::array<bool, field_count> given{};
};

// The place of `name` in field_names, or field_count. Writers keep their own order, so the search
// begins behind the last hit.
std::size_t find_field(string_view name, std::size_t begin) {
  for (std::size_t k = 0; k < field_count; ++k) {
    auto i = begin + k < field_count ? begin + k : begin + k - field_count;
    if (field_names[i] == name) return i;
  }
  return field_count;
}

bool is_plain_ascii(string_view s) {
  unsigned odd = 0;
  for (unsigned char c : s)
    odd |= static_cast<unsigned>(c < 0x20) | static_cast<unsigned>(c > 0x7e);
  return odd == 0;
}

// What may be shown to people and stored as text: valid UTF-8 without control characters.
bool is_text(string_view s) {
  if (is_plain_ascii(s)) return true;
  for (unsigned char c : s)
    if (c < 0x20 || c == 0x7f) return false;
  return simdjson::validate_utf8(s.data(), s.size());
}

bool is_json(string_view content_type) {
  constexpr string_view json = "application/json";
  if (content_type.size() < json.size()) return false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    auto c = content_type[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c != json[i]) return false;
  }
  auto rest = content_type.substr(json.size());
  return rest.empty() || rest[0] == ';' || rest[0] == ' ';
}

template <class N>
bool read_number(string_view s, N& out) {
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc{} && end == s.data() + s.size() && out >= 0;
}

template <class E, std::size_t N>
bool read_name(const std::array<string_view, N>& names, string_view s, E& out) {
  for (std::size_t i = 1; i < N; ++i)
    if (names[i] == s) {
      out = static_cast<E>(i);
      return true;
    }
  return false;
}

string_view wrong_with(const header& h, bool given_before) {
  if (given_before) return "a header that skald reads is given twice";
  if (h.value.size() > max_header_bytes) return "a header that skald reads is too long";
  if (!is_text(h.value)) return "a header that skald reads is not plain UTF-8 text";
  return {};
}

// Fills `v` with all that can be read; returns the first problem.
string_view collect(std::span<const header> headers, values& v) {
  string_view problem;
  if (headers.size() > max_headers) problem = "the record has too many headers";
  std::size_t next = 0;
  for (auto& h : headers) {
    auto i = find_field(h.name, next);
    if (i == field_count) continue;
    if (const auto wrong = wrong_with(h, v.given[i]); !wrong.empty()) {
      if (problem.empty()) problem = wrong;
      continue;
    }
    v.given[i] = true;
    v.text[i] = h.value;
    next = i + 1;
  }
  return problem;
}

string_view read_numbers(const values& v, envelope& e) {
  if (v.given[saga_version] && !read_number(v.text[saga_version], e.saga_version))
    return "ce_sagaversion is not a whole number";
  if (v.given[attempt] && !read_number(v.text[attempt], e.attempt))
    return "ce_sagaattempt is not a whole number";
  if (v.given[retry_after] && !read_number(v.text[retry_after], e.retry_after_ms))
    return "ce_sagaretryafter is not a whole number of milliseconds";
  return {};
}

string_view check_command(const envelope& e) {
  if (e.correlation_id.empty()) return "a command needs ce_correlationid";
  if (e.saga_type.empty()) return "a command needs ce_sagatype";
  if (e.saga_version < 1) return "a command needs ce_sagaversion, from 1";
  if (e.saga_step.empty()) return "a command needs ce_sagastep";
  if (e.attempt < 1) return "a command needs ce_sagaattempt, from 1";
  if (e.reply_to.empty()) return "a command needs ce_sagareplyto";
  if (e.token.empty()) return "a command needs ce_sagatoken";
  return {};
}

string_view check_reply(const envelope& e) {
  if (e.correlation_id.empty()) return "a reply needs ce_correlationid";
  if (e.causation_id.empty()) return "a reply needs ce_causationid, the ce_id of its command";
  if (e.outcome == outcome::none) return "a reply needs ce_sagaoutcome";
  if (e.token.empty()) return "a reply needs the ce_sagatoken of its command";
  return {};
}

// What each kind must carry (docs/contract.md, table of headers).
string_view check(const values& v, const envelope& e) {
  if (e.type.empty()) return "ce_type is missing";
  if (e.id.empty()) return "ce_id is missing";
  if (e.source.empty()) return "ce_source is missing";
  if (e.kind == kind::none) return {};
  if (!is_json(v.text[content_type])) return "content-type must be application/json";
  if (!v.given[partition_key]) return "ce_partitionkey is missing";
  switch (e.kind) {
    case kind::do_:
    case kind::undo:
    case kind::settle:
      return check_command(e);
    case kind::reply:
      return check_reply(e);
    case kind::action:
      return e.token.empty() ? "an action needs ce_sagatoken" : string_view{};
    default:
      return {};
  }
}

envelope take_texts(const values& v) {
  envelope e;
  e.type = v.text[type];
  e.id = v.text[id];
  e.source = v.text[source];
  e.subject = v.text[subject];
  e.time = v.text[time];
  e.partition_key = v.text[partition_key];
  e.correlation_id = v.text[correlation];
  e.causation_id = v.text[causation];
  e.saga_type = v.text[saga_type];
  e.saga_step = v.text[saga_step];
  e.occurrence = v.text[occurrence];
  e.reply_to = v.text[reply_to];
  e.token = v.text[token];
  e.traceparent = v.text[traceparent];
  e.tracestate = v.text[tracestate];
  return e;
}
}  // namespace

parsed parse(std::span<const header> headers) {
  parsed p;
  values v;
  p.problem = collect(headers, v);
  auto& e = p.envelope = take_texts(v);
  if (!p.problem.empty()) return p;
  if (!v.given[specversion]) {
    if (v.given[kind_]) p.problem = "ce_specversion is missing";
    return p;  // not CloudEvents: a binding says where its type is
  }
  if (v.text[specversion] != "1.0") {
    p.problem = "ce_specversion is not 1.0";
  } else if (v.given[kind_] && !read_name(kind_names, v.text[kind_], e.kind)) {
    p.problem = "ce_sagakind is not a kind of message that skald knows";
  } else if (v.given[outcome_] && !read_name(outcome_names, v.text[outcome_], e.outcome)) {
    p.problem = "ce_sagaoutcome is not an outcome that skald knows";
  } else if (p.problem = read_numbers(v, e); p.problem.empty()) {
    p.problem = check(v, e);
  }
  return p;
}

string_view name(kind k) {
  return kind_names[static_cast<std::size_t>(k)];
}
string_view name(outcome o) {
  return outcome_names[static_cast<std::size_t>(o)];
}
}  // namespace skald::wire
