// POST /v1/sagas/{id}/actions/{verb}: the operator's word, sent to the saga's owner like any other
// message. The answer is the verdict that the owner wrote into the saga's journal.
#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"
#include "orchestrator/api/found_saga.hpp"
#include "orchestrator/api/patience.hpp"
#include "orchestrator/api/sent.hpp"
#include "orchestrator/prepare.hpp"
#include "orchestrator/replay/history.hpp"
#include "orchestrator/requests.hpp"
#include "orchestrator/sql.hpp"
#include "sagas/encoding.hpp"

namespace skald::api {
namespace {
using http::role;
using requests::verb;
constexpr milliseconds verdict_within{10'000};
constexpr std::size_t most_step_bytes = 128;

struct instruction {
  read_model::saga saga;
  requests::action action;
  std::string request_id;
  requests::target target() const { return {saga.definition, saga.key}; }
};

std::int64_t expected_sequence(const request& q, const read_model::saga& saga) {
  const auto expected = if_match(q);
  if (!expected)
    refuse(http::problem(428, "if-match", "Precondition required",
                         "Send If-Match with the saga's ETag, now " + etag(saga.seq) +
                             ", or * to act whatever has happened since."));
  if (*expected == any_sequence || *expected == saga.seq) return *expected;
  auto stale = http::problem(412, "changed", "Precondition failed",
                             "The saga has gone on: its ETag is " + etag(saga.seq) + " now.");
  stale.headers.emplace_back("ETag", etag(saga.seq));
  refuse(std::move(stale));
}

instruction read(backend& b, const request& q, std::string_view name) {
  const query asked(q, {"definition"});
  fields body(q, {"reason", "step", "occurrence", "outcome", "accept_risk"});
  instruction w;
  auto& a = w.action;
  a.actor = q.principal.name.empty() ? "anonymous" : q.principal.name;
  a.reason = body.text("reason", most_reason_bytes);
  a.step = body.maybe_text("step", most_step_bytes).value_or("");
  a.occurrence = body.maybe_text("occurrence", max_key_bytes).value_or("");
  a.accept_risk = body.maybe_text("accept_risk", most_reason_bytes).value_or("");
  const auto resolves = name == "resolve";
  const auto outcome = resolves ? body.word("outcome", {"done", "not_done"}) : std::string(name);
  a.verb = requests::verb_named(outcome).value_or(verb::cancel);
  if (resolves && a.step.empty()) body.mistake("/step", "is missing: which step is resolved");
  body.judge();
  const auto id = q.header("idempotency-key");
  w.request_id = is_business_key(id) ? std::string(id) : requests::new_id();
  w.saga = found_saga(b, q, asked.text("definition"));
  if (const auto seq = expected_sequence(q, w.saga); seq != any_sequence) a.if_seq = seq;
  return w;
}

// The word for the books of the step's participant. Nothing: it keeps none of this step.
std::optional<requests::record> word_for_books(backend& b, pg::connection& on, const instruction& w,
                                               signer& tokens) {
  const auto past = read_history(on, w.saga.no);
  if (!past) return std::nullopt;
  const auto d = load_definition(on.exec(sql::definition::read, {past->definition}).text(0, 4));
  const auto state = machine::decode(past->state);
  for (std::uint8_t i = 0; i < d->steps.size(); ++i)
    if (d->steps[i].name == w.action.step && state && i < state->steps.size())
      return requests::settle(b.sender(), *d, w.target(), i,
                              {w.action.verb, w.action.occurrence, state->steps[i].n}, tokens);
  return std::nullopt;
}

struct records {
  std::shared_ptr<signer> tokens;
  std::optional<requests::record> books;
  requests::record action;
};

records make(backend& b, instruction& w) {
  return b.databases.ask([&](databases::session& s) {
    records out;
    out.tokens = std::make_shared<signer>(live_secrets(s.on));
    const bool whole_saga = w.action.step.empty();  // a conflict that was seen to: no effect
    if (requests::about_an_effect(w.action.verb) && w.action.accept_risk.empty() && !whole_saga)
      out.books = word_for_books(b, s.on, w, *out.tokens);
    w.action.in_books = out.books.has_value();
    out.action = requests::act(b.sender(), w.target(), w.action, w.request_id, *out.tokens);
    return out;
  });
}

std::string id_of(const requests::record& r) {
  for (const auto& [name, value] : r.headers)
    if (name == "ce_id") return value;
  return {};
}

// Why the engine refused it: decided again, with the same words.
std::string why_refused(backend& b, pg::connection& on, const instruction& w, std::int64_t seq) {
  const auto report = replay_of(on, w.saga.no, static_cast<std::int32_t>(seq), b.service.prefix);
  if (!report || !report->contains("steps") || (*report)["steps"].empty()) return {};
  const auto& last = (*report)["steps"].back();
  return last.contains("why") && last["why"].is_string() ? last["why"].get<std::string>() : "";
}

response told(backend& b, pg::connection& on, const instruction& w, const requests::verdict& v) {
  ordered_json body = {
      {"id", w.saga.id}, {"request", w.request_id}, {"verdict", v.name}, {"seq", v.seq}};
  if (v.accepted()) {
    auto out = json(v.name == "held" ? 202 : 200, body);
    out.headers.emplace_back("ETag", etag(v.seq));
    return out;
  }
  if (v.name == "stale")
    return http::problem(412, "changed", "Precondition failed",
                         "The saga went on before the action came: nothing was done.");
  return http::problem(409, "refused", "Refused",
                       "The saga refuses this (" + v.name + "): " + why_refused(b, on, w, v.seq) +
                           "; see its journal, event " + std::to_string(v.seq) + ".");
}

response follow(backend& b, const instruction& w) {
  return patiently(verdict_within, [&b, w](bool last) -> std::optional<response> {
    return b.databases.ask([&](databases::session& s) -> std::optional<response> {
      if (const auto v = requests::find_verdict(s.on, w.saga.no, 0, w.request_id, w.action.verb))
        return told(b, s.on, w, *v);
      if (const auto why = requests::find_quarantined(s.on, b.service.prefix + ".inbox", w.saga.key,
                                                      w.request_id))
        return http::problem(422, "quarantined", "Unprocessable content",
                             "The saga cannot take this: " + *why + ".");
      if (!last) return std::nullopt;
      return json(
          202,
          {{"id", w.saga.id}, {"request", w.request_id}, {"verdict", nullptr}, {"seq", nullptr}});
    });
  });
}

// The same request again: its verdict is there already.
bool asked_before(backend& b, const instruction& w) {
  return b.databases.ask([&](databases::session& s) {
    return requests::find_verdict(s.on, w.saga.no, 0, w.request_id, w.action.verb).has_value();
  });
}

std::shared_ptr<books_desk::wait> listen(backend& b, const instruction& w,
                                         const std::string& id) try {
  return b.books.listen(w.saga.key, id);
} catch (const log_error& e) {
  throw http::unavailable(e.what());
}

bool answered(books_desk::wait& heard, signer& tokens) try {
  return heard.answered(tokens);
} catch (const log_error& e) {
  throw http::unavailable(e.what());
}

response act(backend& b, const request& q, std::string_view name) {
  auto w = read(b, q, name);
  if (!q.header("idempotency-key").empty() && asked_before(b, w)) return follow(b, w);
  const auto records = make(b, w);
  const auto send_action = [&b, w, action = records.action] {
    return when_acknowledged(b.send(action), [&b, w] { return follow(b, w); });
  };
  if (!records.books) return send_action();
  const auto heard = listen(b, w, id_of(*records.books));
  return when_acknowledged(
      b.send(*records.books), [&b, step = w.action.step, heard, records, send_action] {
        return patiently(b.books_within, [=](bool last) -> std::optional<response> {
          if (answered(*heard, *records.tokens)) return send_action();
          if (!last) return std::nullopt;
          return http::problem(
              409, "books", "Conflict",
              "The participant of step " + step +
                  " has not answered the word for its books in time, so the saga was not told. See "
                  "that it runs and send this again, or say why not to wait for it: accept_risk.");
        });
      });
}
}  // namespace

void add_actions(http::router& to, backend& b) {
  for (const std::string name : {"cancel", "retry", "settle", "resolve", "pause", "resume"})
    to.add({"POST", "/v1/sagas/{id}/actions/" + name, role::operator_,
            [&b, name](const request& q) { return act(b, q, name); }});
}
}  // namespace skald::api
