// POST /v1/sagas: an event into the log; the node that owns its shard starts the saga.
#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"
#include "orchestrator/api/patience.hpp"
#include "orchestrator/api/sent.hpp"
#include "orchestrator/requests.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/trace/context.hpp"

namespace skald::api {
namespace {
using http::role;
constexpr std::size_t most_name_bytes = 128, most_tracestate_bytes = 512;

struct wanted {
  std::string definition, key, id, request_id, input;
  bool wait_for_end = true;
  milliseconds wait{0};
};

// `"abc"` and `abc` are the same key.
std::string idempotency_key(const request& q) {
  auto value = q.header("idempotency-key");
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  if (!value.empty() && !is_business_key(value))
    refuse(http::problem(400, "idempotency-key", "Bad header",
                         "Idempotency-Key must be 1 to 512 bytes of plain text."));
  return std::string(value);
}

// The key that the caller gives; that in the input where the definition looks for it; the
// Idempotency-Key. The first two must not differ.
std::string key_of(fields& body, const definition& d, const std::optional<std::string>& given,
                   const std::string& input, const std::string& idempotency) {
  const auto inside = requests::key_in(d, input);
  if (inside.problem.empty()) {
    if (given && *given != inside.key)
      body.mistake("/key", "differs from the business key in the input, " + inside.key);
    return inside.key;
  }
  if (given) return *given;
  if (idempotency.empty()) body.mistake("/input", inside.problem);
  return idempotency;
}

wanted read(backend& b, const request& q, std::optional<stored_definition>& d) {
  const query asked(q, {"wait", "until"});
  fields body(q, {"definition", "key", "input"});
  wanted w;
  w.wait = asked.time("wait", longest_wait);
  w.wait_for_end = asked.word("until", {"started", "finished"}).value_or("finished") == "finished";
  w.definition = body.text("definition", most_name_bytes);
  const auto key = body.maybe_text("key", max_key_bytes);
  const auto input = body.raw("input");
  if (!input || input->substr(0, 1) != "{") body.mistake("/input", "must be a JSON object");
  body.judge();
  w.input = *input;
  d = b.databases.ask([&](databases::session& s) { return b.active.find(s.on, w.definition); });
  if (!d)
    refuse(http::problem(422, "no-definition", "No active definition",
                         "No version of a definition " + w.definition + " is active.",
                         {{"/definition", "is not active"}}));
  const auto idempotency = idempotency_key(q);
  w.key = key_of(body, **d, key, w.input, idempotency);
  body.judge();
  w.id = to_string(requests::id_of({w.definition, w.key}));
  w.request_id = idempotency.empty() ? requests::new_id() : idempotency;
  return w;
}

response accepted(const wanted& w, const std::optional<read_model::detail>& d, unsigned status) {
  ordered_json body = {{"id", w.id}, {"definition", w.definition}, {"key", w.key}};
  body["saga"] = d ? to_json(*d) : ordered_json();
  auto out = json(status, body);
  out.headers.emplace_back("Location", "/v1/sagas/" + w.id);
  if (d) out.headers.emplace_back("ETag", etag(d->head.seq));
  return out;
}

bool finished(const read_model::detail& d) {
  return d.head.phase == "completed" || d.head.phase == "aborted";
}

response follow(backend& b, const wanted& w) {
  return patiently(w.wait, [&b, w](bool last) -> std::optional<response> {
    std::optional<read_model::detail> d;
    if (w.wait.count() > 0)
      d = b.databases.ask([&](databases::session& s) { return s.sagas.show(w.id); });
    const bool started = d && d->head.phase != "parked";
    if (started && (!w.wait_for_end || finished(*d))) return accepted(w, d, 200);
    if (!last) return std::nullopt;
    return accepted(w, d, 202);
  });
}

// True: this saga has been started with the same input; a repeat needs no second record. Another
// input under the same key is refused.
bool started_before(backend& b, const wanted& w) {
  const auto first = b.databases.ask([&](databases::session& s) -> std::optional<std::string> {
    const auto known = s.sagas.named(w.id);
    if (known.empty()) return std::nullopt;
    const auto row = s.on.exec(sql::read::first_input, {known.front().no});
    if (row.rows() == 0) return std::nullopt;
    return row.data(0, 0);
  });
  if (!first) return false;
  using nlohmann::json;
  if (json::parse(*first, nullptr, false) == json::parse(w.input, nullptr, false)) return true;
  refuse(http::problem(409, "other-input", "Conflict",
                       "The saga " + w.key + " of " + w.definition +
                           " was started with another input: see /v1/sagas/" + w.id + "."));
}

// The caller's trace goes on in the saga.
void pass_trace(requests::record& r, const request& q) {
  if (!trace::parse(q.header("traceparent")).present()) return;
  r.headers.emplace_back("traceparent", q.header("traceparent"));
  const auto state = q.header("tracestate");
  if (!state.empty() && state.size() <= most_tracestate_bytes)
    r.headers.emplace_back("tracestate", state);
}

response start(backend& b, const request& q) {
  std::optional<stored_definition> d;
  const auto w = read(b, q, d);
  if (started_before(b, w)) return follow(b, w);
  if (!b.takes_starts())
    throw http::unavailable("Too many sagas are open here; new ones must wait.");
  auto record = requests::start(b.sender(), **d, w.key, w.input, w.request_id);
  pass_trace(record, q);
  const auto sent = b.send(std::move(record));
  return when_acknowledged(sent, [&b, w] { return follow(b, w); });
}
}  // namespace

void add_start(http::router& to, backend& b) {
  to.add({"POST", "/v1/sagas", role::operator_, [&b](const request& q) { return start(b, q); }});
}
}  // namespace skald::api
