#include "orchestrator/consume.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/unit/orchestrator/run/two_definitions.hpp"

using namespace skald;
using test::two_definitions;

namespace {
using texts = std::vector<std::pair<std::string, std::string>>;

struct desk final : consumer::sink {
  const topic_names names{"p"};
  two_definitions from;
  catalog known{"p"};
  signer tokens{{{1, "secret"}}};
  metrics counts;
  consumer subject{names, 1, known, tokens, counts};
  std::vector<input> inputs;
  std::vector<std::string> reasons;
  std::vector<std::map<std::string, std::string>> passed_on;

  bool takes_all = true;

  // `late`: it knows no definition yet, and looks when it finds an unknown name.
  explicit desk(bool late = false) {
    if (late)
      subject.on_unknown_name = [this] { known.refresh(from); };
    else
      known.refresh(from);
  }
  void quarantine(std::int16_t, const wire::record&, std::string_view reason) override {
    reasons.emplace_back(reason);
  }
  bool forward(std::int16_t, const std::string& topic, std::string_view key,
               const std::vector<wire::header>& headers, std::string_view value) override {
    std::map<std::string, std::string> all{
        {"topic", topic}, {"key", std::string(key)}, {"value", std::string(value)}};
    for (const auto& h : headers) all.emplace(h.name, h.value);
    passed_on.push_back(std::move(all));
    return takes_all;
  }
  // What is given lives until the next call.
  void read(const std::string& topic, const texts& headers, const std::string& key,
            const std::string& value, std::int16_t shard = 0) {
    subject.end_batch();
    inputs.clear(), reasons.clear(), passed_on.clear();
    topic_ = topic, headers_ = headers, key_ = key, value_ = value, views_.clear();
    for (const auto& [name, text] : headers_) views_.push_back({name, text});
    record_ = {.topic = topic_,
               .partition = 0,
               .offset = 7,
               .key = key_,
               .value = value_,
               .has_key = true,
               .has_value = true,
               .headers = views_};
    subject.read(record_, shard, inputs, *this);
  }
  std::string token(const std::string& id) {
    std::string made;
    tokens.append_token(made, id);
    return made;
  }

 private:
  std::string topic_, key_, value_;
  texts headers_;
  std::vector<wire::header> views_;
  wire::record record_;
};

texts with(texts all, const texts& more) {
  for (const auto& [name, text] : more) {
    std::erase_if(all, [&](const auto& h) { return h.first == name; });
    if (!text.empty()) all.emplace_back(name, text);
  }
  return all;
}

const std::string saga_of_k = to_string(saga_id(saga_namespace(vending::vending_saga.name), "k"));
const texts start{{"content-type", "application/json"},
                  {"ce_specversion", "1.0"},
                  {"ce_id", "1"},
                  {"ce_source", "/t"},
                  {"ce_type", "vending.ItemSelected.v1"},
                  {"ce_partitionkey", "k"},
                  {"ce_sagakind", "start"},
                  {"ce_sagatype", "vending"}};
const std::string till = "payment.events";
const texts binary{{"ce_specversion", "1.0"},
                   {"ce_id", "one"},
                   {"ce_source", "/till"},
                   {"ce_type", "vending.CustomerPaid.v1"}};
const std::string paid =
    R"({"order_id":"k","payment_id":"p","amount_cents":1,"type":"vending.CustomerPaid.v1"})";
}  // namespace

TEST_CASE("starts: who may begin what, and what is said to those who may not") {
  desk d;
  const std::pair<texts, std::string> table[] = {
      {{}, ""},
      {{{"ce_sagatype", "nobody"}}, "ce_sagatype names a definition that is not registered"},
      {{{"ce_sagatype", ""}}, "ce_sagatype does not say which saga to start"},
      {{{"ce_correlationid", saga_of_k}}, ""},
      {{{"ce_correlationid", "x"}}, "ce_correlationid is not the id of this key's saga"},
      {{{"ce_sagakind", "do"}}, "a command needs ce_correlationid"},
      {{{"ce_type", ""}}, "ce_type is missing"},
  };
  for (const auto& [change, reason] : table) {
    CAPTURE(reason);
    d.read("p.starts", with(start, change), "k", "{}");
    CHECK(d.inputs.size() == (reason.empty() ? 1 : 0));
    CHECK(d.reasons == (reason.empty() ? std::vector<std::string>{} : std::vector{reason}));
  }
  d.read("p.starts", start, "k\n", "{}");
  CHECK(d.reasons.size() == 1);
  d.read("p.starts", start, "k", "{}");
  CHECK(to_string(d.inputs.at(0).saga) == saga_of_k);
}

TEST_CASE("replies are believed by their token alone") {
  desk d;
  const auto id = saga_of_k + "/reserve/do/0";
  const texts reply = with(start, {{"ce_sagakind", "reply"},
                                   {"ce_sagaoutcome", "ok"},
                                   {"ce_correlationid", saga_of_k},
                                   {"ce_causationid", id},
                                   {"ce_sagatoken", d.token(id)}});
  d.read("p.inbox", reply, "k", "{}");
  REQUIRE(d.inputs.size() == 1);
  CHECK(d.inputs[0].answered.step == "reserve");
  d.read("p.inbox", with(reply, {{"ce_sagatoken", d.token("another")}}), "k", "{}");
  CHECK(d.inputs.empty());
  REQUIRE(d.reasons.size() == 1);
  CHECK(d.reasons[0].find("is not believed") != std::string::npos);
}

TEST_CASE("what a participant says to a word for its books is for who sent it, not for the saga") {
  desk d;
  for (const std::string kind : {"undo", "settle"}) {
    const auto id = saga_of_k + "/reserve/" + kind + "/1";
    d.read("p.inbox",
           with(start, {{"ce_sagakind", "reply"},
                        {"ce_sagaoutcome", "undone"},
                        {"ce_correlationid", saga_of_k},
                        {"ce_causationid", id},
                        {"ce_sagatoken", d.token(id)}}),
           "k", "{}");
    CHECK(d.inputs.size() == (kind == "undo" ? 1 : 0));
    CHECK(d.reasons.empty());
  }
}

TEST_CASE("foreign events: by type, header, data or topic; others' are left alone") {
  desk d;
  const auto& topic = till;
  const texts structured{{"content-type", "application/cloudevents+json"}};
  const auto envelope = R"({"specversion":"1.0","id":"one","source":"/till",)"
                        R"("type":"vending.CustomerPaid.v1","data":)" +
                        paid + "}";
  for (const auto& [headers, value, id] : std::vector<std::tuple<texts, std::string, std::string>>{
           {binary, paid, "one"},
           {structured, envelope, "one"},
           {{{"eventType", "vending.CustomerPaid.v1"}}, paid, "payment.events-0-7"},
           {{}, paid, "payment.events-0-7"}}) {
    CAPTURE(value);
    d.read(topic, headers, "", value);
    REQUIRE(d.inputs.size() == 1);
    CHECK(d.inputs[0].from == input::source::event);
    CHECK(d.inputs[0].envelope.type == "vending.CustomerPaid.v1");
    CHECK(d.inputs[0].message_id == id);
    CHECK(d.inputs[0].data == paid);
    CHECK(d.inputs[0].key == "k");

    d.read(topic, headers, "", value, 3);  // another shard's: passed on as binary CloudEvents
    REQUIRE(d.passed_on.size() == 1);
    CHECK(d.passed_on[0].at("topic") == "p.inbox");
    CHECK(d.passed_on[0].at("value") == paid);
    CHECK(d.passed_on[0].at("ce_id") == id);
    CHECK(d.passed_on[0].at("ce_type") == "vending.CustomerPaid.v1");
    CHECK(d.passed_on[0].at("content-type") == "application/json");
    CHECK(d.passed_on[0].at("ce_sagaorigin") == topic);
  }
  d.read(topic, with(binary, {{"ce_type", "others.Business.v1"}}), "", paid);
  CHECK(d.inputs.empty());
  CHECK(d.reasons.empty());
  d.read(topic, with(binary, {{"ce_specversion", "2.0"}}), "", paid);
  CHECK(d.reasons == std::vector<std::string>{"ce_specversion is not 1.0"});
  d.read(topic, binary, "", R"({"no":"key"})");
  CHECK(d.reasons.size() == 1);
}

TEST_CASE("a foreign event that cannot be read is kept when it may be bound") {
  desk d;
  const auto and_these = [](texts more, const texts& all = binary) {
    more.insert(more.begin(), all.begin(), all.end());
    return more;
  };
  const texts cloud{{"content-type", "application/cloudevents+json"}};
  const auto others = with(binary, {{"ce_type", "others.Business.v1"}});
  const texts twice{{"traceparent", "a"}, {"traceparent", "b"}}, wild{{"ce_subject", "\xff"}};
  struct row {
    std::string topic;
    texts headers;
    std::string value;
    std::size_t kept;
  };
  for (const auto& [topic, headers, value, kept] : std::vector<row>{
           {till, and_these(twice), paid, 1},
           {till, and_these(wild), paid, 1},
           {till, and_these(texts(300, {"x", "y"})), paid, 1},
           {till, twice, paid, 1},  // its type is in its data
           {till, and_these(twice, others), paid, 0},
           {till, cloud, R"({"specversion":"1.0","ty)", 1},  // who knows what it was
           {till, cloud, R"({"type":"others.Business.v1","x":[1]})", 0},
           {"nobodys.events", cloud, R"({"specversion":"1.0","ty)", 0},
       }) {
    CAPTURE(value);
    CAPTURE(headers.size());
    d.read(topic, headers, "", value);
    CHECK(d.inputs.empty());
    CHECK(d.reasons.size() == kept);
  }
}

TEST_CASE("an event of a type that was bound just now is read") {
  desk d(true);
  d.read(till, binary, "", paid);
  CHECK(d.inputs.size() == 1);
}

TEST_CASE("an event that is too large to be passed on is kept") {
  desk d;
  d.takes_all = false;
  d.read(till, binary, "", paid, 3);
  CHECK(d.reasons == std::vector<std::string>{"the record is too large to be passed on"});
}
