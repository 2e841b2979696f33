#include "tests/contract/wrong_participant.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace skald::test {
using wire::kind;
using wire::outcome;

memory_participant::memory_participant(std::string bootstrap, std::string topic, mistake m)
    : topic_(std::move(topic)), mistake_(m) {
  const kafka::connection to{.bootstrap = std::move(bootstrap)};
  writer_ = kafka::open_writer(to, {}, [](const log_writer::delivery&) {});
  reader_ = kafka::open_reader(to, {.group = topic_, .idle_fetch = milliseconds(20)});
  reader_->assign(std::array{position{{topic_, 0}, 0}});
  thread_ = std::thread([this] { run(); });
}

memory_participant::~memory_participant() {
  stop_ = true;
  thread_.join();
}

void memory_participant::run() {
  std::vector<wire::record> records;
  while (!stop_) {
    records.clear();
    reader_->poll(records, 100, 1 << 20);
    for (const auto& r : records)
      if (!stuck_) take(r);
    writer_->poll();
    reader_->wait(milliseconds(5));
  }
}

void memory_participant::take(const wire::record& r) {
  const auto p = wire::parse(r.headers);
  const auto& e = p.envelope;
  const auto id = wire::parse_command_id(e.id);
  const bool known =
      e.type == "fake.Do.v1" || e.type == "fake.Undo.v1" || e.type == "skald.settle.v1";
  const auto data = nlohmann::json::parse(r.value, nullptr, false);
  if (!p.problem.empty() || !id || to_string(id->saga) != e.correlation_id || !known ||
      !data.is_object()) {
    if (is(mistake::stops_at_poison)) stuck_ = true;
    if (is(mistake::answers_poison) && !e.reply_to.empty())
      reply(r, e, {.outcome = outcome::declined});
    return;
  }
  const auto a = decide(e, r.value);
  if (a.outcome != outcome::none) reply(r, e, a);
}

memory_participant::answer memory_participant::decide(const wire::envelope& e,
                                                      std::string_view data) {
  const auto at = std::string(e.correlation_id) + "/" + std::string(e.saga_step);
  const auto found = books_.find(at);
  auto* own = found == books_.end() ? nullptr : &found->second;
  if (e.kind == kind::do_) return act(own, at, e, data);
  if (e.kind == kind::settle) return settle(at, data);
  return undo(own, at, e);
}

memory_participant::answer memory_participant::act(remembered* own, const std::string& at,
                                                   const wire::envelope& e, std::string_view data) {
  if (is(mistake::retries_for_ever)) return {.outcome = outcome::retry};
  if (own) {
    const bool barred = own->state == "undone" || own->state == "fenced";
    const bool again = (is(mistake::acts_again) && own->state == "done") ||
                       (is(mistake::does_after_undo) && own->state == "undone") ||
                       (is(mistake::forgets_declined) && own->state == "declined");
    if (!again && barred) return {.outcome = outcome::refused};
    if (!again)
      return {own->state == "done" ? outcome::ok : outcome::declined, own->type, own->data,
              is(mistake::copies_attempt_of_first) ? own->attempt : ""};
  }
  const bool declined = !own && data.find("\"no\"") != data.npos;
  const auto effect = R"({"effect":)" + std::to_string(++effects_) + "}";
  books_[at] = {declined ? "declined" : "done", declined ? "fake.No.v1" : "fake.Done.v1", effect,
                std::to_string(e.attempt)};
  return {declined ? outcome::declined : outcome::ok, books_[at].type, effect, ""};
}

memory_participant::answer memory_participant::undo(remembered* own, const std::string& at,
                                                    const wire::envelope& e) {
  const bool pivot = e.saga_step == "pivot";
  const bool names_own = e.occurrence == at + "/do/0";
  if (!e.occurrence.empty() && !names_own) {
    if (is(mistake::named_undo_fences)) books_[at] = {"fenced", "", "", ""};
    return {.outcome = outcome::undone};
  }
  if (pivot && own && own->state == "done" && !is(mistake::gives_up_pivot))
    return {outcome::ok, own->type, own->data, ""};
  if (names_own && is(mistake::ignores_name)) return {.outcome = outcome::undone};
  if (own && own->state == "undone" && is(mistake::declines_undo))
    return {.outcome = outcome::declined};
  if (own) own->state = own->state == "done" || own->state == "undone" ? "undone" : "fenced";
  if (!own && !is(mistake::no_fence)) books_[at] = {"fenced", "", "", ""};
  return {.outcome = outcome::undone};
}

memory_participant::answer memory_participant::settle(const std::string& at,
                                                      std::string_view data) {
  if (is(mistake::ignores_settle)) return {};
  const auto row = nlohmann::json::parse(data).value("row", "");
  const bool done = row == "done";
  if (!is(mistake::settle_not_remembered)) {
    auto& own = books_[at];
    if (is(mistake::settle_reopens_nothing) && own.state == "fenced")
      return {done ? outcome::ok : outcome::undone};
    if (own.type.empty()) own = {"", "skald.reply.v1", "{}", "1"};
    own.state = row;
    if (done) return {outcome::ok, own.type, own.data, ""};
  }
  return {.outcome = done ? outcome::ok : outcome::undone};
}

void memory_participant::reply(const wire::record& r, const wire::envelope& e, const answer& a) {
  const auto id = is(mistake::id_of_command)
                      ? std::string(e.id)
                      : std::string(e.id) + "/" + std::string(name(a.outcome));
  const auto saga = std::string(e.correlation_id);
  const std::string_view key = is(mistake::other_key) ? std::string_view(saga) : r.key;
  std::vector<wire::header> headers{
      {"content-type", "application/json"},
      {"ce_specversion", "1.0"},
      {"ce_source", "/fake"},
      {"ce_type", a.type},
      {"ce_id", id},
      {"ce_partitionkey", key},
      {"ce_causationid", is(mistake::own_cause) ? std::string_view(id) : e.id},
      {"ce_sagakind", "reply"},
      {"ce_sagaoutcome", name(a.outcome)}};
  for (const auto& h : r.headers) {
    const bool saga_header =
        h.name.starts_with("ce_saga") && h.name != "ce_sagakind" && h.name != "ce_sagareplyto";
    const bool unknown = h.name == "ce_sagafuture" || h.name == "traceparent";
    if (!saga_header && h.name != "ce_correlationid" && h.name != "traceparent") continue;
    if (is(mistake::drops_saga_headers) && unknown) continue;
    if (is(mistake::no_token) && h.name == "ce_sagatoken") continue;
    if (h.name == "ce_sagaattempt" && !a.attempt.empty())
      headers.push_back({h.name, a.attempt});
    else
      headers.push_back(h);
  }
  const std::string_view value = is(mistake::no_json) ? std::string_view("done") : a.data;
  writer_->send(e.reply_to, key, headers, value, 0, is(mistake::own_partitioner) ? 0 : -1);
}
}  // namespace skald::test
