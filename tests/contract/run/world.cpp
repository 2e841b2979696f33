#include "tests/contract/run/world.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>

#include "examples/vending/saga.hpp"
#include "orchestrator/prepare.hpp"
#include "outbox/ids.hpp"
#include "outbox/postgres/migrate.hpp"
#include "sagas/json.hpp"

namespace skald::test {
namespace {
using steady = std::chrono::steady_clock;
std::mutex report_guard;

std::string own_word() {
  static std::atomic<int> made{0};
  return "t" + std::to_string(::getpid()) + "x" +
         std::to_string(steady::now().time_since_epoch().count() % 1'000'000'000) + "x" +
         std::to_string(++made);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}
}  // namespace

std::string json_of(const definition& d) {
  auto json = to_json(d);
  for (const std::string name : {"inventory", "payments", "machine"})
    replace_all(json, "\"participant\":\"" + name + "\"", "\"participant\":\"" + name + "-{run}\"");
  replace_all(json, "\"topic\":\"payment.events\"", "\"topic\":\"payment-{run}.events\"");
  return json;
}
std::string vending_json() {
  return json_of(vending::vending_saga);
}

std::string impatient_json() {
  skald::definition d = vending::vending_saga;
  d.steps[0].within = milliseconds(200);
  d.steps[0].retry.times = 50;
  d.steps[0].undo_retry = {.times = 0};
  return json_of(d);
}

world::world(broker b, std::string json, int shards)
    : run(own_word()), prefix("skald." + run), shards_(shards) {
  if (b == broker::embedded) {
    mock_ = std::make_unique<kafka::mock_cluster>();
    to_.bootstrap = mock_->bootstrap();
  } else {
    const char* address = std::getenv("SKALD_TEST_KAFKA");
    if (!address) FAIL("SKALD_TEST_KAFKA is not set: run ./dev test, which starts a Kafka");
    to_.bootstrap = address;
  }
  pg::migrate_up(
      database(), "orchestrator",
      pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
  admin_ = kafka::open_admin(to_);
  kafka::reader_settings settings;
  settings.group = prefix + ".participants";
  reader_ = kafka::open_reader(to_, settings);
  writer_ = kafka::open_writer(to_, {}, [](const auto& d) { CHECK(d.error == ""); });
  for (const auto* topic : {".starts", ".inbox", ".saga-events"})
    make_topic(prefix + topic, shards_);
  prepare(database(), *admin_, service_settings());
  signer_.emplace(live_secrets(database()));
  activate(std::move(json));
}

world::~world() {
  stop_service();
}

pg::connection& world::database() {
  if (!connection_ || !connection_->is_open()) connection_.emplace(url_);
  return *connection_;
}

void world::make_topic(const std::string& name, int partitions) {
  if (admin_->partitions(name) == partitions) return;
  if (mock_)
    mock_->create_topic(name, partitions);
  else
    admin_->ensure_topic(name, partitions, 3'600'000);
}

void world::make_topics(const std::string& json) {
  const auto d = load_definition(json);
  std::vector<position> from;
  for (const auto& p : definitions::participants(*d)) {
    const bool known = !made_.insert(p).second;
    if (!known) make_topic(p + ".commands", shards_);
    for (int i = 0; i < shards_ && !known; ++i) from.push_back({{p + ".commands", i}, 0});
  }
  reader_->assign(from);
  for (const auto& step : d->steps)
    if (step.awaits() && made_.insert(std::string(step.await.topic)).second)
      make_topic(std::string(step.await.topic), shards_);
}

void world::activate(std::string json) {
  replace_all(json, "{run}", run);
  make_topics(json);
  const auto added = definitions::add(database(), json, {true, "proven"}, "", "test");
  REQUIRE(added.problem == "");
  const auto active = definitions::activate(database(), *admin_, service_settings(), added.name,
                                            added.version, false, "test");
  REQUIRE(active.problem == "");
  definition = added.name;
}

settings world::service_settings() const {
  settings s;
  s.postgres_url = url_;
  s.kafka = to_;
  s.prefix = prefix;
  s.shards = shards_;
  s.workers = 1;
  s.log = [this](const log_entry& e) {
    if (e.severity == severity::info) return;
    const std::lock_guard lock(report_guard);
    const_cast<world*>(this)->reports.push_back(e.text);
  };
  return s;
}

void world::serve() {
  auto s = service_settings();
  if (adjust) adjust(s);
  service_ = std::make_unique<service>(s);
  service_->start();
}
void world::stop_service() {
  if (service_) service_->stop();
  service_.reset();
}

std::string world::saga_of(const std::string& key) const {
  return to_string(saga_id(saga_namespace(definition), key));
}

void world::publish(const std::string& topic, const std::string& key,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::string& value, int partition) {
  std::vector<wire::header> views;
  for (const auto& [name, text] : headers) views.push_back({name, text});
  REQUIRE(writer_->send(topic, key, views, value, 0, partition) == log_writer::sent::queued);
  REQUIRE(writer_->flush(std::chrono::seconds(10)));
  writer_->poll();
}

void world::start(const std::string& key, const std::string& data, const std::string& type) {
  publish(prefix + ".starts", key,
          {{"ce_specversion", "1.0"},
           {"ce_id", "start-" + key},
           {"ce_source", "/test"},
           {"ce_type", type},
           {"ce_partitionkey", key},
           {"ce_sagakind", "start"},
           {"ce_sagatype", definition},
           {"content-type", "application/json"}},
          data);
}

void world::start_drink(const std::string& key, int price_cents) {
  start(key, "{\"order_id\": \"" + key +
                 "\", \"slot\": 7, \"price_cents\": " + std::to_string(price_cents) + "}");
}

void world::action(const std::string& key, const std::string& json) {
  const auto id = "action-" + std::to_string(steady::now().time_since_epoch().count());
  std::string token;
  signer_->append_token(token, id);
  publish(prefix + ".inbox", key,
          {{"ce_specversion", "1.0"},
           {"ce_id", id},
           {"ce_source", "/test"},
           {"ce_type", "skald.action.v1"},
           {"ce_partitionkey", key},
           {"ce_sagakind", "action"},
           {"ce_sagatype", definition},
           {"ce_correlationid", saga_of(key)},
           {"ce_sagatoken", token},
           {"content-type", "application/json"}},
          json);
}

void world::reply_early(const std::string& key, const std::string& step, const answer& a) {
  seen_command c;
  c.key = key;
  c.headers = {{"ce_id", saga_of(key) + "/" + step + "/do/0"},
               {"ce_correlationid", saga_of(key)},
               {"ce_sagatype", definition},
               {"ce_sagaversion", "1"},
               {"ce_sagastep", step},
               {"ce_sagareplyto", prefix + ".inbox"}};
  if (a.signed_) {
    std::string token;
    signer_->append_token(token, c.headers["ce_id"]);
    c.headers["ce_sagatoken"] = token;
  }
  reply(c, a);
}

void world::reply(const seen_command& c, const answer& a) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"ce_specversion", "1.0"},
      {"ce_id", "reply-" + std::to_string(++answers_)},
      {"ce_source", "/test"},
      {"ce_type", a.type},
      {"ce_partitionkey", c.key},
      {"ce_causationid", c.id()},
      {"ce_sagakind", "reply"},
      {"ce_sagaoutcome", a.outcome},
      {"content-type", "application/json"}};
  for (const auto* name : {"ce_correlationid", "ce_sagatype", "ce_sagaversion", "ce_sagastep",
                           "ce_sagaoccurrence", "ce_sagatoken"})
    if (!c.header(name).empty()) headers.emplace_back(name, c.header(name));
  for (int i = 0; i < a.copies; ++i) publish(c.header("ce_sagareplyto"), c.key, headers, a.data);
}

answer world::usual(const seen_command& c) const {
  const auto order = "{\"order_id\":\"" + c.key + "\"";
  if (c.header("ce_sagakind") == "undo") return {"undone", "skald.reply.v1", "{}"};
  if (c.type() == "vending.ReserveItem.v1")
    return {"ok", "vending.ItemReserved.v1", order + ",\"reservation_id\":\"r-" + c.key + "\"}"};
  if (c.type() == "vending.ChargePayment.v1")
    return {"ok", "vending.PaymentCompleted.v1",
            order + ",\"payment_id\":\"p-" + c.key + "\",\"amount_cents\":250}"};
  return {"ok", "vending.DrinkDispensed.v1", order + "}"};
}

void world::pump() {
  std::vector<wire::record> records;
  reader_->poll(records, 1'000, 1 << 20);
  std::vector<seen_command> fresh;
  for (const auto& r : records) {
    seen_command c{std::string(r.topic), std::string(r.key), std::string(r.value), {}};
    for (const auto& h : r.headers) c.headers.emplace(h.name, h.value);
    fresh.push_back(c);
  }
  for (const auto& c : fresh) {
    commands.push_back(c);
    const auto found = on.find(c.type());
    const auto a = found == on.end() ? std::optional(usual(c)) : found->second(c);
    if (a) reply(c, *a);
  }
  if (fresh.empty()) reader_->wait(milliseconds(10));
}

void world::until(const char* what, const std::function<bool()>& done) {
  const auto end = steady::now() + patience;
  while (!done()) {
    pump();
    if (steady::now() < end) continue;
    const std::lock_guard lock(report_guard);
    for (const auto& line : reports) MESSAGE(line);
    FAIL("not within 30 s: " << std::string(what));
  }
}

void world::until_phase(const std::string& key, const std::string& phase) {
  until((key + " " + phase).c_str(), [&] {
    const auto r = database().exec("select phase from saga_text where key = $1", {key});
    return r.rows() == 1 && r.text(0, 0) == phase;
  });
}

std::vector<std::string> world::types_seen(const std::string& key) const {
  std::vector<std::string> all;
  for (const auto& c : commands)
    if (c.key == key) all.push_back(c.type().substr(8, c.type().size() - 11));
  return all;
}
}  // namespace skald::test
