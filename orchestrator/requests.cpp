#include "orchestrator/requests.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "orchestrator/consume.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/frame.hpp"
#include "outbox/whole_json.hpp"

namespace skald::requests {
namespace {
using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::array<std::string_view, 7> verb_names{"cancel", "pause", "resume",  "retry",
                                                     "settle", "done",  "not_done"};
// What the journal calls them.
constexpr std::array<std::string_view, 7> events{
    "cancel",          "pause",         "resume",           "operator_retry",
    "operator_settle", "operator_done", "operator_not_done"};
constexpr int most_quarantined_looked_at = 100;

std::string token_of(signer& tokens, std::string_view id) {
  std::string token;
  tokens.append_token(token, id);
  return token;
}

std::string to_text(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// The command whose participant keeps the books of this step's effects.
const command& keeper(const step& s) {
  return s.awaits() || s.send.participant.empty() ? s.undo.send : s.send;
}
}  // namespace

uuid id_of(const target& t) {
  return saga_id(saga_namespace(t.definition), t.key);
}

std::string new_id() {
  std::random_device dice;
  uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(dice());
  return to_string(id);
}

found_key key_in(const definition& d, std::string_view event) {
  const auto data = whole_json(event);
  if (!data.is_object()) return {{}, "the event must be one JSON object"};
  const json::json_pointer at{std::string(d.starts.key)};
  found_key found;
  if (data.contains(at) && data[at].is_string()) found.key = data[at].get<std::string>();
  if (data.contains(at) && data[at].is_number_integer()) found.key = data[at].dump();
  if (!is_business_key(found.key))
    found.problem = "the event has no business key: " + std::string(d.starts.key) +
                    " must be a text of 1 to " + std::to_string(max_key_bytes) +
                    " bytes without control characters, or an integer";
  return found;
}

record start(const sender& from, const definition& d, std::string_view key, std::string_view event,
             std::string_view request_id) {
  return {.topic = d.starts.topic.empty() ? topic_names(from.prefix).starts
                                          : std::string(d.starts.topic),
          .key = std::string(key),
          .headers = {{"content-type", "application/json"},
                      {"ce_specversion", "1.0"},
                      {"ce_source", from.source},
                      {"ce_type", std::string(d.starts.event)},
                      {"ce_id", std::string(request_id)},
                      {"ce_subject", std::string(key)},
                      {"ce_partitionkey", std::string(key)},
                      {"ce_sagakind", "start"},
                      {"ce_sagatype", std::string(d.name)}},
          .value = std::string(event)};
}

std::string_view name(verb v) {
  return verb_names[static_cast<std::size_t>(v)];
}

std::optional<verb> verb_named(std::string_view text) {
  for (std::size_t i = 0; i < verb_names.size(); ++i)
    if (verb_names[i] == text) return static_cast<verb>(i);
  return {};
}

record act(const sender& from, const target& saga, const action& a, std::string_view request_id,
           signer& tokens) {
  ordered_json data{{"action", name(a.verb)}};
  if (!a.step.empty()) data["step"] = a.step;
  if (!a.occurrence.empty()) data["occurrence"] = a.occurrence;
  if (a.if_seq) data["if_seq"] = *a.if_seq;
  if (about_an_effect(a.verb)) data["in_books"] = a.in_books;
  if (!a.accept_risk.empty()) data["accept_risk"] = a.accept_risk;
  data["actor"] = a.actor;
  data["reason"] = a.reason;
  return {.topic = topic_names(from.prefix).inbox,
          .key = saga.key,
          .headers = {{"content-type", "application/json"},
                      {"ce_specversion", "1.0"},
                      {"ce_source", from.source},
                      {"ce_type", "skald.action.v1"},
                      {"ce_id", std::string(request_id)},
                      {"ce_subject", saga.key},
                      {"ce_partitionkey", saga.key},
                      {"ce_correlationid", to_string(id_of(saga))},
                      {"ce_sagakind", "action"},
                      {"ce_sagatype", saga.definition},
                      {"ce_sagatoken", token_of(tokens, request_id)}},
          .value = to_text(data)};
}

std::optional<record> settle(const sender& from, const definition& d, const target& saga,
                             std::uint8_t step, const book_word& word, signer& tokens) {
  const auto& s = d.steps[step];
  const std::string participant(keeper(s).participant);
  if (participant.empty()) return {};
  std::string id;
  wire::append(id, {id_of(saga), s.name, wire::kind::settle, word.n});
  const std::string_view row = word.verb == verb::done       ? "done"
                               : word.verb == verb::not_done ? "fenced"
                                                             : "undone";
  record r{.topic = participant + ".commands",
           .key = saga.key,
           .headers = {{"content-type", "application/json"},
                       {"ce_specversion", "1.0"},
                       {"ce_source", from.source},
                       {"ce_type", "skald.settle.v1"},
                       {"ce_id", id},
                       {"ce_subject", saga.key},
                       {"ce_partitionkey", saga.key},
                       {"ce_correlationid", to_string(id_of(saga))},
                       {"ce_sagatype", saga.definition},
                       {"ce_sagaversion", std::to_string(d.version)},
                       {"ce_sagastep", std::string(s.name)},
                       {"ce_sagaattempt", "1"},
                       {"ce_sagakind", "settle"},
                       {"ce_sagareplyto", topic_names(from.prefix).inbox},
                       {"ce_sagatoken", token_of(tokens, id)}},
           .value = to_text({{"row", row}})};
  if (!word.occurrence.empty()) r.headers.emplace_back("ce_sagaoccurrence", word.occurrence);
  return r;
}

std::optional<verdict> find_verdict(pg::connection& db, std::int64_t saga_no,
                                    std::int64_t after_seq, std::string_view request_id, verb v) {
  const auto event = events[static_cast<std::size_t>(v)];
  const auto row = db.exec(sql::request::verdict, {saga_no, after_seq, request_id, event});
  if (row.rows() == 0) return {};
  return verdict{.seq = row.number(0, 0), .name = row.text(0, 1)};
}

std::optional<std::string> find_quarantined(pg::connection& db, std::string_view topic,
                                            std::string_view key, std::string_view request_id) {
  const auto rows =
      db.exec(sql::request::quarantined, {topic, pg::bytes{key}, most_quarantined_looked_at});
  wire::frame frame;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto bytes = rows.data(i, 1);
    std::string_view rest = bytes;
    if (!wire::read_frame(rest, frame)) continue;
    for (const auto& h : frame.headers)
      if (h.name == "ce_id" && h.value == request_id) return rows.text(i, 0);
  }
  return {};
}
}  // namespace skald::requests
