// The API beside the service: start, follow, break, repair, all through the routes' own functions.
#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>

#include "examples/vending/saga.hpp"
#include "orchestrator/api/face.hpp"
#include "orchestrator/api/keys.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using http::request;
using http::response;
using http::role;
using nlohmann::json;

namespace {
struct faced_world : world {
  explicit faced_world(broker b, const std::string& spec = vending_json(),
                       std::chrono::milliseconds books_within = patience)
      : world(b, spec) {
    serve();
    api::face_settings s;
    s.service = service_settings();
    s.without_keys = true;
    s.books_within = books_within;
    s.report = [](const std::string& sentence) { MESSAGE(sentence); };
    face.emplace(s, api::served{[](std::size_t) { return std::string("# none\n"); },
                                [this] { return served().healthy(); }, [] { return true; }});
    face->start();
  }
  ~faced_world() { face.reset(); }

  response ask(request q) {
    q.principal = {"ann", role::admin};
    if (const auto mark = q.path.find('?'); mark != q.path.npos) {
      const auto pair = q.path.substr(mark + 1);
      q.query[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
      q.path.resize(mark);
    }
    auto r = face->routes().answer(q);
    until("an answer", [&] {
      if (r.again) r = r.again();
      return !r.again;
    });
    return r;
  }
  response get(std::string path, std::map<std::string, std::string, std::less<>> headers = {}) {
    return ask({"GET", std::move(path), {}, {}, std::move(headers), {}, {}});
  }
  response post(std::string path, const json& body,
                std::map<std::string, std::string, std::less<>> headers = {}) {
    headers["content-type"] = "application/json";
    return ask({"POST", std::move(path), {}, {}, std::move(headers), body.dump(), {}});
  }
  response start_by_api(const std::string& key, const std::string& wait = "",
                        const std::string& once = "") {
    const json input = {{"order_id", key}, {"slot", 7}, {"price_cents", 250}};
    std::map<std::string, std::string, std::less<>> headers;
    if (!once.empty()) headers["idempotency-key"] = once;
    return post("/v1/sagas" + wait, {{"definition", definition}, {"input", input}}, headers);
  }
  response act(const std::string& key, const std::string& verb, json body = {{"reason", "test"}},
               const std::string& match = "*") {
    return post("/v1/sagas/" + key + "/actions/" + verb, body, {{"if-match", match}});
  }
  std::optional<api::face> face;
};

json body_of(const response& r) {
  return json::parse(r.body);
}
std::string header_of(const response& r, const std::string& name) {
  for (const auto& [n, value] : r.headers)
    if (n == name) return value;
  return {};
}
}  // namespace

TEST_CASE("start, wait, read, page, follow: over both brokers") {
  for (const auto b : {broker::embedded, broker::real}) {
    faced_world w(b);
    auto r = w.start_by_api("a", "?wait=30s");
    CHECK(r.status == 200);
    CHECK(body_of(r)["saga"]["phase"] == "completed");
    CHECK(header_of(r, "Location") == "/v1/sagas/" + w.saga_of("a"));
    CHECK(w.start_by_api("a").status == 202);  // the same again: nothing happens twice
    auto other = w.post(
        "/v1/sagas", {{"definition", w.definition}, {"input", {{"order_id", "a"}, {"slot", 8}}}});
    CHECK(other.status == 409);
    CHECK(w.count("select count(*) from journal where kind = 0") == 1);

    const auto one = w.get("/v1/sagas/a");
    CHECK(body_of(one)["id"] == w.saga_of("a"));
    CHECK(w.get("/v1/sagas/a", {{"if-none-match", header_of(one, "ETag")}}).status == 304);
    CHECK(w.get("/v1/sagas/nobody").status == 404);
    CHECK(body_of(w.get("/v1/sagas/a/history"))["events"].size() == 4);
    CHECK(body_of(w.get("/v1/sagas/a/replay"))["steps"].size() == 4);
    CHECK(body_of(w.get("/v1/sagas?state=completed"))["sagas"].size() == 1);
    CHECK(body_of(w.get("/v1/sagas?key=a"))["sagas"].size() == 1);
    CHECK(body_of(w.get("/v1/definitions/" + w.definition))["state"] == "active");
    CHECK(body_of(w.get("/v1/participants"))["participants"].size() == 3);
    w.until("it is ready", [&] { return w.get("/readyz").status == 200; });
    CHECK(w.get("/v1/events").stream);
    CHECK(w.get("/v1/events", {{"last-event-id", "0"}}).status == 410);
  }
}

TEST_CASE("actions: held back by If-Match, refused with the engine's reason, done by the owner") {
  faced_world w(broker::real);
  w.on["vending.ChargePayment.v1"] = [](const seen_command&) { return std::optional<answer>(); };
  CHECK(w.start_by_api("p", "", "one").status == 202);
  w.until("the charge is out", [&] { return w.types_seen("p").size() == 2; });
  CHECK(w.post("/v1/sagas/p/actions/pause", {{"reason", "r"}}).status == 428);
  CHECK(w.act("p", "pause", {{"reason", "r"}}, "\"1\"").status == 412);
  CHECK(w.act("p", "pause", json::object()).status == 422);
  const auto refused = w.post("/v1/sagas/p/actions/resume", {{"reason", "r"}},
                              {{"if-match", "*"}, {"idempotency-key", "one"}});
  CHECK(refused.status == 409);
  CHECK(body_of(refused)["detail"].get<std::string>().find("not paused") != std::string::npos);
  CHECK(w.act("p", "retry", {{"reason", "r"}, {"step", "stir"}}).status == 422);

  // A key stands for one action on one saga: the start and the resume have come under it, too.
  const std::map<std::string, std::string, std::less<>> marked{
      {"if-match", header_of(w.get("/v1/sagas/p"), "ETag")}, {"idempotency-key", "one"}};
  const auto paused = w.post("/v1/sagas/p/actions/pause", {{"reason", "a look"}}, marked);
  CHECK(paused.status == 200);
  CHECK(body_of(paused)["verdict"] == "applied");
  CHECK(body_of(w.get("/v1/sagas?facet=paused"))["sagas"].size() == 1);
  CHECK(w.act("p", "cancel").status == 202);  // held
  CHECK(w.act("p", "resume").status == 200);
  const auto ended = w.get("/v1/sagas/p?wait=20s");
  CHECK(body_of(ended)["phase"] == "aborted");
  const auto past = w.get("/v1/sagas/p/history").body;
  CHECK(past.find("\\\"actor\\\":\\\"ann\\\"") != std::string::npos);
  CHECK(past.find("a look") != std::string::npos);
}

TEST_CASE("settle writes the books first; the quarantine is read, redriven, dropped") {
  faced_world w(broker::real, impatient_json());
  int words = 0;
  w.on["vending.ReleaseItem.v1"] = [](const seen_command&) { return std::optional<answer>(); };
  w.on["vending.ChargePayment.v1"] = [](const seen_command& c) {
    return std::optional<answer>({"declined", "vending.PaymentDeclined.v1",
                                  "{\"order_id\":\"" + c.key + "\",\"reason\":\"no money\"}"});
  };
  w.on["skald.settle.v1"] = [&](const seen_command&) {
    ++words;
    return std::optional<answer>({"undone", "skald.reply.v1", "{}"});
  };
  w.start_by_api("s");
  w.until("it is stuck",
          [&] { return body_of(w.get("/v1/sagas?facet=stuck"))["sagas"].size() == 1; });
  CHECK(body_of(w.get("/v1/sagas/s"))["operator_items"].size() == 1);
  CHECK(w.act("s", "settle", {{"reason", "seen to"}, {"step", "reserve"}}).status == 200);
  w.until("the books are written", [&] { return words == 1; });
  CHECK(body_of(w.get("/v1/sagas/s"))["phase"] == "aborted");

  w.publish(w.prefix + ".inbox", "k", {{"ce_specversion", "1.0"}}, "{}");
  w.until("it is in quarantine",
          [&] { return body_of(w.get("/v1/quarantine"))["records"].size() == 1; });
  const auto no = body_of(w.get("/v1/quarantine"))["records"][0]["no"].dump();
  CHECK(body_of(w.get("/v1/quarantine/" + no))["payload"] == "{}");
  CHECK(w.post("/v1/quarantine/" + no + "/redrive", {{"reason", "again"}}).status == 200);
  CHECK(w.post("/v1/quarantine/" + no + "/redrive", {{"reason", "again"}}).status == 409);
  w.until("it comes back", [&] { return body_of(w.get("/v1/quarantine"))["records"].size() == 1; });
  const auto back = body_of(w.get("/v1/quarantine"))["records"][0]["no"].dump();
  CHECK(w.post("/v1/quarantine/" + back + "/drop", {{"reason", "junk"}}).status == 200);
  CHECK(w.get("/v1/quarantine/" + back).status == 404);
  CHECK(w.count("select count(*) from audit_log where actor = 'ann'") == 2);
}

TEST_CASE("retry tries again; resolve tells the saga nothing until the books are written") {
  definition d = vending::vending_saga;
  d.steps[2].within = milliseconds(200);
  d.steps[2].retry.times = 1;
  d.steps[2].undo_retry = {.times = 0};
  faced_world w(broker::real, json_of(d), std::chrono::seconds(3));
  bool has_books = false;
  const auto silent = [](const seen_command&) { return std::optional<answer>(); };
  w.on["vending.DispenseDrink.v1"] = w.on["vending.CancelDispense.v1"] = silent;
  w.on["skald.settle.v1"] = [&](const seen_command&) -> std::optional<answer> {
    if (!has_books) return std::nullopt;
    return answer{"ok", "skald.reply.v1", "{}"};
  };
  const auto stuck = [&] { return body_of(w.get("/v1/sagas?facet=stuck"))["sagas"].size() == 1; };
  const auto caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const json input = {{"order_id", "r"}, {"slot", 7}, {"price_cents", 250}};
  w.post("/v1/sagas", {{"definition", w.definition}, {"input", input}}, {{"traceparent", caller}});
  w.until("it is stuck", stuck);
  CHECK(w.commands.front().header("traceparent") == caller);
  const auto asked = w.types_seen("r").size();
  const auto again = w.act("r", "retry", {{"reason", "once more"}, {"step", "dispense"}});
  CHECK(again.status == 200);
  CHECK(body_of(again)["verdict"] == "applied");
  w.until("it is stuck again", [&] { return w.types_seen("r").size() > asked && stuck(); });

  const json seen = {{"reason", "seen on camera"}, {"step", "dispense"}, {"outcome", "done"}};
  const auto tag = header_of(w.get("/v1/sagas/r"), "ETag");
  const auto deaf = w.act("r", "resolve", seen);
  CHECK(deaf.status == 409);
  CHECK(body_of(deaf)["detail"].get<std::string>().find("has not answered") != std::string::npos);
  CHECK(header_of(w.get("/v1/sagas/r"), "ETag") == tag);
  has_books = true;
  const auto done = w.act("r", "resolve", seen, tag);
  CHECK(done.status == 200);
  CHECK(body_of(w.get("/v1/sagas/r"))["phase"] == "completed");
}

TEST_CASE("a collector gets a saga's spans, each below what led to it; an aborted saga's always") {
  std::mutex guard;
  std::map<std::string, json> spans;  // by id
  http::router routes;
  routes.add({"POST", "/v1/traces", role::anyone, [&](const request& q) {
                const std::lock_guard lock(guard);
                const auto body = json::parse(q.body);
                for (const auto& s : body["resourceSpans"][0]["scopeSpans"][0]["spans"])
                  spans[s["spanId"]] = s;
                return response{};
              }});
  http::server collector({}, routes, [](std::string_view) { return http::principal{}; });
  collector.start();
  world w(broker::real, vending_json());
  w.adjust = [&](settings& s) {
    s.trace_url = "http://127.0.0.1:" + std::to_string(collector.port()) + "/v1/traces";
  };
  w.on["vending.DispenseDrink.v1"] = [](const seen_command& c) -> std::optional<answer> {
    const auto order = "{\"order_id\":\"" + c.key + "\"";
    if (c.key == "rich") return answer{"ok", "vending.DrinkDispensed.v1", order + "}"};
    return answer{"declined", "vending.DispenseFailed.v1", order + ",\"reason\":\"jam\"}"};
  };
  w.serve();
  w.start_drink("poor");  // brings no trace
  w.publish(w.prefix + ".starts", "rich",
            {{"ce_specversion", "1.0"},
             {"ce_id", "start-rich"},
             {"ce_source", "/test"},
             {"ce_type", "vending.ItemSelected.v1"},
             {"ce_partitionkey", "rich"},
             {"ce_sagakind", "start"},
             {"ce_sagatype", w.definition},
             {"content-type", "application/json"},
             {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
            R"({"order_id": "rich", "slot": 7, "price_cents": 250})");
  w.until_phase("rich", "completed");
  w.until_phase("poor", "aborted");
  w.stop_service();  // what is queued is posted
  collector.stop();

  std::multiset<std::string> below;  // "name < name of its parent"
  for (const auto& [id, s] : spans) {
    const std::string parent = s.value("parentSpanId", "");
    below.insert(s["name"].get<std::string>() + " < " +
                 (spans.count(parent) ? spans[parent]["name"].get<std::string>() : parent));
  }
  const auto send = [&](const std::string& participant) {
    return "send " + participant + "-" + w.run + ".commands < step ";
  };
  const auto process = "process " + w.prefix;
  CHECK(below == std::multiset<std::string>{
                     "saga vending < b7ad6b7169203331", "saga vending < ",
                     "step reserve < saga vending", "step charge < saga vending",
                     "step dispense < saga vending", send("inventory") + "reserve",
                     send("payments") + "charge", send("machine") + "dispense",
                     process + ".starts < b7ad6b7169203331", process + ".inbox < saga vending",
                     process + ".inbox < saga vending", process + ".inbox < saga vending"});
}

TEST_CASE("definitions: checked, stored once, activated, retired; keys made and revoked") {
  faced_world w(broker::real);
  auto next = vending::vending_saga;
  next.version = 2;
  auto text = json_of(next);
  for (std::size_t at; (at = text.find("{run}")) != std::string::npos;) text.replace(at, 5, w.run);
  const auto spec = json::parse(text);
  const auto path = "/v1/definitions/vending/versions/2";
  const auto put = [&](const json& body) {
    return w.ask({"PUT", path, {}, {}, {{"content-type", "application/json"}}, body.dump(), {}});
  };
  CHECK(body_of(w.post("/v1/definitions/check", spec))["verdict"] == "proven");
  CHECK(put(spec).status == 201);
  CHECK(put(spec).status == 200);
  auto wrong = spec;
  wrong["steps"][0].erase("undo");
  const auto refused = put(wrong);
  CHECK(refused.status == 422);
  CHECK(body_of(refused)["errors"][0].contains("pointer"));
  CHECK(w.post(std::string(path) + "/activate", {}).status == 200);
  CHECK(body_of(w.get("/v1/definitions/vending"))["version"] == 2);
  auto patient = spec;
  patient["version"] = 3;
  patient["parking_ms"] = 4 * day_ms;
  const auto added = definitions::add(w.database(), patient.dump(), {true, "proven"}, "", "ann");
  REQUIRE(added.problem == "");
  const auto impossible = w.post("/v1/definitions/vending/versions/3/activate", {});
  CHECK(impossible.status == 409);
  CHECK(body_of(impossible)["detail"] == broken_promise(w.service_settings(), 4 * day_ms));
  CHECK(body_of(w.get("/v1/definitions/vending"))["version"] == 2);
  CHECK(w.post(std::string(path) + "/retire", {}).status == 200);
  CHECK(w.post("/v1/definitions/none/versions/1/retire", {}).status == 404);
  CHECK(w.start_by_api("late").status == 422);

  auto& db = w.database();
  const auto made = api::make_key(db, "ann", role::operator_, "root");
  REQUIRE(made.problem == "");
  CHECK(api::make_key(db, "ann", role::viewer, "root").problem != "");
  CHECK(api::read_keyring(db).owner(made.key).role == role::operator_);
  CHECK(api::keys(db).size() == 1);
  CHECK(api::revoke_key(db, "ann", "root", "gone"));
  CHECK_FALSE(api::revoke_key(db, "ann", "root", "gone"));
  CHECK(api::read_keyring(db).owner(made.key).role == role::anyone);
}
