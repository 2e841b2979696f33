// The conformance kit itself: it passes a right participant, and catches each wrong one by the rule
// that it breaks. All in this process, over the embedded broker.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <sstream>

#include "outbox/conformance/kit.hpp"
#include "outbox/kafka/mock_cluster.hpp"
#include "tests/contract/wrong_participant.hpp"

using namespace skald;
using namespace std::chrono_literals;
using test::mistake;

namespace {
const conformance::script script{
    .participant = "fake",
    .steps = {{.name = "plain",
               .act = {"fake.Do.v1", R"({"key":"{key}"})"},
               .ok_type = "fake.Done.v1",
               .decline = {"fake.Do.v1", R"({"key":"{key}","please":"no"})"},
               .undo = {"fake.Undo.v1", "{}"},
               .undo_named = {"fake.Undo.v1", "{}"}},
              {.name = "pivot",
               .act = {"fake.Do.v1", R"({"key":"{key}"})"},
               .undo = {"fake.Undo.v1", "{}"},
               .pivot = true}}};

std::vector<conformance::finding> run_kit(mistake m, milliseconds answer_within) {
  kafka::mock_cluster cluster;
  cluster.create_topic("fake.commands", 1);
  cluster.create_topic("replies", 4);
  test::memory_participant participant(cluster.bootstrap(), "fake.commands", m);
  conformance::kit_settings k;
  k.desk.kafka.bootstrap = cluster.bootstrap();
  k.desk.reply_topic = "replies";
  k.desk.answer_within = answer_within;
  k.run = "r";
  return test_participant(script, k);
}

std::string broken_rules(const std::vector<conformance::finding>& all) {
  std::ostringstream text;
  for (const auto& f : all)
    if (f.tried && !f.kept) print(text, f);
  return text.str();
}

struct wrong {
  mistake what;
  const char* told;  // part of what the kit must say
};
constexpr wrong wrongs[] = {
    {mistake::acts_again, "the same reply as at first"},
    {mistake::forgets_declined, "a declined do that comes again"},
    {mistake::no_fence, "the do that comes after its undo"},
    {mistake::does_after_undo, "a do that comes late, after it was undone,"},
    {mistake::declines_undo, "an undo that comes a second time"},
    {mistake::gives_up_pivot, "the fence of what is done"},
    {mistake::named_undo_fences, "it fences nothing"},
    {mistake::ignores_name, "the do after its effect was undone by name"},
    {mistake::ignores_settle, "no answer came"},
    {mistake::settle_not_remembered, "the do after a settle to fenced"},
    {mistake::settle_reopens_nothing, "a settle to done of what was settled otherwise"},
    {mistake::drops_saga_headers, "P1: a reply copies traceparent"},
    {mistake::no_token, "P1: a reply copies ce_sagatoken"},
    {mistake::other_key, "P1: a reply has the key of its command"},
    {mistake::own_partitioner, "P1: a reply goes to the partition"},
    {mistake::own_cause, "replies answer no command that was sent"},
    {mistake::id_of_command, "a ce_id of its own"},
    {mistake::no_json, "a reply's value is a JSON object"},
    {mistake::retries_for_ever, "`retry` is answered for ever"},
    {mistake::stops_at_poison, "no answer came"},
    {mistake::answers_poison, "a do behind records that make no sense"},
    {mistake::copies_attempt_of_first, "P1: a reply copies ce_sagaattempt"},
};
}  // namespace

TEST_CASE("the kit passes a participant that keeps the contract") {
  const auto all = run_kit(mistake::none, 20s);
  INFO(broken_rules(all));
  CHECK(all_kept(all));
  CHECK(all.size() >= 26);  // two steps, and the strays
  // Nobody restarts this one: the rule about it is reported for each step, not passed over.
  CHECK(std::ranges::count(all, false, &conformance::finding::tried) == 2);
}

TEST_CASE("the kit catches each wrong participant, and says why") {
  // At once: a run waits most of its time for the embedded broker's fetches.
  std::vector<std::future<std::vector<conformance::finding>>> runs;
  for (const auto& w : wrongs) {
    const bool silent = w.what == mistake::ignores_settle || w.what == mistake::own_cause ||
                        w.what == mistake::stops_at_poison;
    runs.push_back(std::async(std::launch::async, run_kit, w.what,
                              silent ? milliseconds(200ms) : milliseconds(20s)));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CAPTURE(wrongs[i].told);
    const auto all = runs[i].get();
    CHECK_FALSE(all_kept(all));
    const auto said = broken_rules(all);
    INFO(said);
    CHECK(said.find(wrongs[i].told) != said.npos);
  }
}

TEST_CASE("a bad script is refused with its place") {
  auto sentence = [](const char* text) -> std::string {
    try {
      conformance::read_script(text);
    } catch (const conformance::bad_script& e) {
      return e.what();
    }
    return "accepted";
  };
  CHECK(sentence("{") == "the script is not JSON");
  CHECK(sentence("{}") == "/participant is missing");
  CHECK(sentence(R"({"participant":"p","steps":[]})") ==
        "/steps must be a list of at least one step");
  CHECK(sentence(R"({"participant":"p","steps":[{"step":"s"}]})") == "/steps/0/do is missing");
  CHECK(sentence(R"({"participant":"p","steps":[{"step":"s","do":{"type":"t"}}]})") ==
        "/steps/0/do/data must be an object");
  CHECK(sentence(R"({"participant":"p","steps":[{"step":"s","do":{"type":"t","data":{}}}]})") ==
        "/steps/0/undo is missing");
}
