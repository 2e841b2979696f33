#include "outbox/conformance/trial.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "outbox/whole_json.hpp"

namespace skald::conformance {
namespace {
constexpr int max_retries = 8;  // answers `retry` to one command
constexpr int max_repeats = 8;  // answers to earlier attempts, behind a crash
constexpr milliseconds longest_retry_wait{2'000};
constexpr const char* unknown_header = "ce_sagafuture";

std::string with_key(std::string data, const std::string& key) {
  constexpr std::string_view mark = "{key}";
  for (auto at = data.find(mark); at != data.npos; at = data.find(mark, at + key.size()))
    data.replace(at, mark.size(), key);
  return data;
}

wire::outcome outcome_of(const letter& l) {
  const auto said = l.header("ce_sagaoutcome");
  for (auto o : {wire::outcome::ok, wire::outcome::declined, wire::outcome::undone,
                 wire::outcome::retry, wire::outcome::refused})
    if (name(o) == said) return o;
  return wire::outcome::none;
}

std::string both(const letter& command, const letter& reply) {
  return "command: " + to_text(command) + "\nreply: " + to_text(reply);
}
}  // namespace

trial::trial(desk& d, const script& s, const conformance::step& st, std::string key)
    : desk_(d),
      script_(s),
      step_(st),
      key_(std::move(key)),
      saga_(saga_id(saga_namespace(s.saga_type), key_)) {}

std::string trial::id(wire::kind k, int n) const {
  std::string id;
  wire::append(id,
               {.saga = saga_, .step = step_.name, .kind = k, .n = static_cast<std::uint16_t>(n)});
  return id;
}

letter trial::command(wire::kind k, int n, const message& m, int attempt) const {
  const auto own = id(k, n);
  letter l{.topic = desk_.settings().command_topic, .key = key_, .value = with_key(m.data, key_)};
  l.headers = {{"content-type", "application/json"},
               {"ce_specversion", "1.0"},
               {"ce_source", "/skald/conformance/" + script_.saga_type},
               {"ce_type", m.type},
               {"ce_id", own},
               {"ce_time", "2020-02-02T02:02:02Z"},
               {"ce_subject", key_},
               {"ce_partitionkey", key_},
               {"ce_correlationid", to_string(saga_)},
               {"ce_sagatype", script_.saga_type},
               {"ce_sagaversion", "1"},
               {"ce_sagastep", step_.name},
               {"ce_sagaattempt", std::to_string(attempt)},
               {"ce_sagakind", std::string(name(k))},
               {"ce_sagareplyto", desk_.settings().reply_topic},
               {"ce_sagatoken", desk_.token(own)},
               {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
               {unknown_header, "from a later contract"},
               {"x-unknown", std::string("\x00\xff", 2)}};
  return l;
}

letter trial::undo_named(const std::string& occurrence, int n) const {
  const auto& m = step_.undo_named.empty() ? step_.undo : step_.undo_named;
  auto l = command(wire::kind::undo, n, m, 1);
  l.headers.emplace_back("ce_sagaoccurrence", occurrence);
  return l;
}

letter trial::settle(const std::string& row, int n) const {
  return command(wire::kind::settle, n, {"skald.settle.v1", "{\"row\":\"" + row + "\"}"}, 1);
}

letter trial::answer(const letter& command) {
  for (int tries = 0; tries < max_retries; ++tries) {
    const auto reply = desk_.hear(std::string(command.header("ce_id")));
    if (!reply) throw broken("no answer came", "command: " + to_text(command));
    check_form(command, *reply);
    if (outcome_of(*reply) != wire::outcome::retry) return *reply;
    milliseconds wait{0};
    const auto after = reply->header("ce_sagaretryafter");
    if (!after.empty()) wait = milliseconds(std::atoll(std::string(after).c_str()));
    std::this_thread::sleep_for(std::min(wait, longest_retry_wait));
    desk_.send(command);
  }
  throw broken("`retry` is answered for ever", "command: " + to_text(command));
}

letter trial::ask(const letter& command) {
  send(command);
  return answer(command);
}

letter trial::ask_after_crash(const letter& command) {
  send(command);
  for (int repeats = 0; repeats < max_repeats; ++repeats) {
    const auto reply = desk_.hear(std::string(command.header("ce_id")));
    if (!reply) break;
    if (reply->header("ce_sagaattempt") != command.header("ce_sagaattempt")) continue;
    check_form(command, *reply);
    return *reply;
  }
  throw broken("no answer came", "command: " + to_text(command));
}

letter trial::expect(const letter& command, wire::outcome o, const std::string& what) {
  send(command);
  return expect_answer(command, o, what);
}

letter trial::expect_answer(const letter& command, wire::outcome o, const std::string& what) {
  auto reply = answer(command);
  if (outcome_of(reply) != o)
    throw broken(what + " must be answered `" + std::string(name(o)) + "`, not `" +
                     std::string(reply.header("ce_sagaoutcome")) + "`",
                 both(command, reply));
  return reply;
}

void trial::expect_same(const letter& first, const letter& again, const std::string& what) const {
  if (first.header("ce_sagaoutcome") == again.header("ce_sagaoutcome") &&
      first.header("ce_type") == again.header("ce_type") && first.value == again.value)
    return;
  throw broken(what + " must be answered with the same reply as at first",
               "first: " + to_text(first) + "\nagain: " + to_text(again));
}

// P1, and what every reply must carry.
void trial::check_form(const letter& command, const letter& reply) const {
  auto demand = [&](bool holds, const std::string& sentence) {
    if (!holds) throw broken(sentence, both(command, reply));
  };
  demand(reply.has_key && reply.key == command.key, "P1: a reply has the key of its command");
  demand(reply.partition == murmur2_partition(reply.key, desk_.settings().reply_partitions),
         "P1: a reply goes to the partition that murmur2 of its key says");
  constexpr std::array copied{"ce_correlationid",  "ce_sagatype",    "ce_sagaversion",
                              "ce_sagastep",       "ce_sagaattempt", "ce_sagatoken",
                              "ce_sagaoccurrence", "traceparent",    unknown_header};
  for (const auto* h : copied)
    demand(reply.header(h) == command.header(h),
           std::string("P1: a reply copies ") + h + " from its command");
  demand(reply.header("ce_sagakind") == "reply", "a reply has ce_sagakind reply");
  demand(reply.header("ce_partitionkey") == command.key, "a reply has its key in ce_partitionkey");
  demand(!reply.header("ce_id").empty() && reply.header("ce_id") != command.header("ce_id"),
         "a reply has a ce_id of its own");
  std::vector<wire::header> headers;
  for (const auto& [n, v] : reply.headers) headers.push_back({n, v});
  const auto p = wire::parse(headers);
  demand(p.problem.empty(), "a reply's headers must be readable: " + std::string(p.problem));
  const auto data = whole_json(reply.value);
  demand(data.is_object(), "a reply's value is a JSON object");
  demand(reply.header("ce_type") != "skald.reply.v1" || data.empty(),
         "a reply of type skald.reply.v1 is {}");
}
}  // namespace skald::conformance
