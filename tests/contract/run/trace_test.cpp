// The trace that a start brings goes through every hop, however long the saga takes.
#include "examples/vending/saga.hpp"
#include "orchestrator/trace/context.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
constexpr char caller[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

void start_traced(world& w, const std::string& key, const std::string& traceparent) {
  w.publish(w.prefix + ".starts", key,
            {{"ce_specversion", "1.0"},
             {"ce_id", "start-" + key},
             {"ce_source", "/test"},
             {"ce_type", "vending.ItemSelected.v1"},
             {"ce_partitionkey", key},
             {"ce_sagakind", "start"},
             {"ce_sagatype", w.definition},
             {"traceparent", traceparent},
             {"tracestate", "vendor=1"},
             {"content-type", "application/json"}},
            "{\"order_id\": \"" + key + "\", \"slot\": 7, \"price_cents\": 250}");
}

std::vector<std::string> traceparents(const world& w, const std::string& key) {
  std::vector<std::string> all;
  for (const auto& c : w.commands)
    if (c.key == key) all.push_back(c.header("traceparent"));
  return all;
}
const answer reserved{"ok", "vending.ItemReserved.v1",
                      R"({"order_id":"t-1","reservation_id":"r-1"})"};
}  // namespace

TEST_CASE("every command carries the trace of the start, also after a restart in between") {
  world w(broker::real, vending_json());
  w.on["vending.ReserveItem.v1"] = [](const seen_command&) { return std::nullopt; };
  w.serve();
  start_traced(w, "t-1", caller);
  start_traced(w, "t-2", "not a traceparent");
  w.until("both are asked to reserve", [&] { return w.commands.size() == 2; });
  w.stop_service();
  w.serve();
  w.reply_early("t-1", "reserve", reserved);  // and brings no trace
  w.until_phase("t-1", "completed");
  CHECK(traceparents(w, "t-1").size() >= 3);  // what the outbox held is sent again
  for (const auto& t : traceparents(w, "t-1")) CHECK(t == caller);
  for (const auto& t : traceparents(w, "t-2")) CHECK(t == "");
  CHECK(w.commands[0].header("tracestate") == (w.commands[0].key == "t-1" ? "vendor=1" : ""));
  CHECK(w.count("select count(*) from saga where octet_length(trace) = 25") == 1);
}

TEST_CASE("an early event is parked; the start's trace is the saga's") {
  world w(broker::real, vending_json());
  w.serve();
  w.reply_early("t-1", "reserve", reserved);
  w.until_phase("t-1", "parked");
  start_traced(w, "t-1", caller);
  w.until_phase("t-1", "completed");
  for (const auto& t : traceparents(w, "t-1")) CHECK(t == caller);
  CHECK(w.count("select count(*) from saga where octet_length(trace) = 25") == 1);
}

TEST_CASE("with a collector that is away: sagas go on, each command is a span of its own") {
  world w(broker::real, vending_json());
  w.adjust = [](settings& s) { s.trace_url = "http://127.0.0.1:1/v1/traces"; };
  w.serve();
  start_traced(w, "t-1", caller);
  w.until_phase("t-1", "completed");
  std::set<std::string> different;
  for (const auto& t : traceparents(w, "t-1")) {
    CHECK(t.substr(0, 35) == std::string(caller).substr(0, 35));
    different.insert(t);
  }
  CHECK(different.size() == 3);
  w.until("the loss is counted", [&] { return w.served().counts().spans_dropped.value() >= 8; });
  w.stop_service();
  CHECK(w.reports.front().find("spans are lost, the collector cannot be reached") !=
        std::string::npos);
}
