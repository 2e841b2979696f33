// What people are told of sagas that the service runs: lists, pages, what is waited for.
#include "orchestrator/read_model.hpp"

#include <algorithm>

#include "examples/vending/saga.hpp"
#include "orchestrator/read_model_installation.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using strings = std::vector<std::string>;

namespace {
struct asked_world : world {
  explicit asked_world(std::string json = vending_json()) : world(broker::real, json) {
    on["vending.ChargePayment.v1"] = [](const seen_command& c) -> std::optional<answer> {
      if (c.key.starts_with("waits")) return std::nullopt;
      return answer{"ok", "vending.PaymentCompleted.v1",
                    "{\"order_id\":\"" + c.key + "\",\"payment_id\":\"p\"}"};
    };
    serve();
  }
  read_model::reader ask() { return read_model::reader(database()); }
  std::optional<read_model::detail> show(const std::string& key) {
    return ask().show(saga_of(key));
  }
  strings keys(const read_model::saga_filter& f) {
    strings out;
    for (const auto& s : ask().sagas(f).sagas) out.push_back(s.key);
    return out;
  }
};
}  // namespace

TEST_CASE("sagas are listed by phase and facet, newest first, in pages without gap or repeat") {
  asked_world w;
  for (const auto* key : {"a", "b", "waits-1", "c", "waits-2"}) w.start_drink(key);
  for (const auto* key : {"a", "b", "c"}) w.until_phase(key, "completed");
  w.until("both wait for their payment", [&] { return w.keys({.phase = "running"}).size() == 2; });
  w.action("waits-2", R"({"action":"pause"})");
  w.until("it is paused", [&] { return w.keys({.facet = "paused"}) == strings{"waits-2"}; });

  CHECK(w.keys({.phase = "aborted"}).empty());
  CHECK(w.keys({.phase = "nonsense"}).empty());
  CHECK(w.keys({.definition = "another"}).empty());
  CHECK(w.keys({.phase = "completed"}).size() == 3);
  strings all;
  read_model::saga_filter f{.limit = 2};
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = w.ask().sagas(f);
    for (const auto& s : page.sagas) all.push_back(s.key);
    f.below_no = page.next_below;
    if (!f.below_no) break;
  }
  CHECK(all == w.keys({}));
  std::sort(all.begin(), all.end());
  CHECK(all == strings{"a", "b", "c", "waits-1", "waits-2"});
}

TEST_CASE("one saga: by id or key, what it waits for and until when, what it heard") {
  auto patient = vending::vending_saga;
  patient.steps[1].within = std::chrono::milliseconds(50);
  patient.steps[1].retry = {.times = 100, .first = std::chrono::milliseconds(50)};
  asked_world w(json_of(patient));
  w.start_drink("waits");
  w.start_drink("waits");
  w.until("the payment is asked for again", [&] {
    const auto s = w.show("waits");
    return s && !s->head.facets.empty() && s->heard.count("duplicate");
  });
  const auto s = *w.show("waits");
  CHECK(s.head.facets == strings{"retrying"});
  CHECK(s.head.phase == "running");
  CHECK(s.head.started_at.ends_with("Z"));
  REQUIRE(s.waits_for.size() == 1);
  CHECK(s.waits_for[0].step == "charge");
  CHECK(s.waits_for[0].what.find("payments-" + w.run + ", attempt ") == 0);
  CHECK(s.waits_for[0].until_ms > 0);
  CHECK(s.operator_items.empty());
  CHECK(to_json(s)["state"]["steps"]["charge"]["status"] == "pending");
  CHECK(w.ask().named("waits").size() == 1);
  CHECK(w.ask().named(w.saga_of("waits")).size() == 1);
  CHECK(w.ask().named("nobody").empty());
  CHECK_FALSE(w.ask().show("no id"));

  const auto lines = read_model::history(w.database(), s.head.no, 1, 1);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].seq == 2);
  const auto all = w.ask().participants();
  REQUIRE(all.size() == 3);
  CHECK(all[0].definitions == strings{"vending/1"});
  w.until("the node tells that it is there", [&] {
    const auto nodes = read_model::nodes(w.database());
    return nodes.size() == 1 && nodes[0].alive;
  });
}

TEST_CASE("what cannot be applied is shown with its bytes") {
  asked_world w;
  w.publish(w.prefix + ".inbox", "k", {{"ce_specversion", "1.0"}, {"ce_id", "\xff"}}, "\xfe");
  w.until("it is in quarantine", [&] { return !read_model::quarantine(w.database(), {}).empty(); });
  const auto q = read_model::quarantine(w.database(), {})[0];
  CHECK(q.topic == w.prefix + ".inbox");
  CHECK(q.payload == "\xfe");
  CHECK(q.headers == std::vector<std::pair<std::string, std::string>>{{"ce_specversion", "1.0"},
                                                                      {"ce_id", "\xff"}});
  CHECK(read_model::quarantine(w.database(), {.topic = "other"}).empty());
  CHECK(read_model::quarantine(w.database(), {.below_no = q.no}).empty());
  REQUIRE(read_model::quarantined_record(w.database(), q.no));
  CHECK_FALSE(read_model::quarantined_record(w.database(), q.no + 1));
  w.sql("update quarantine set redriven_at = now()");
  CHECK(read_model::quarantine(w.database(), {}).empty());
  CHECK(read_model::quarantine(w.database(), {.redriven_too = true}).size() == 1);
}
