// Any records through consume and decide, as a worker's batch does it: each is an input, or goes to
// quarantine, or is passed on, or is counted as nobody's; and what is to be written can be read.
// The input is a list of records: a byte that says what it begins as and what it lacks, its key,
// how many headers are said otherwise, those, its value (pieces.hpp).
#include "orchestrator/decide.hpp"
#include "outbox/frame.hpp"
#include "sagas/assert.hpp"
#include "sagas/encoding.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/unit/orchestrator/run/two_definitions.hpp"

using namespace skald;

namespace {
constexpr std::size_t most_records = 12, most_changes = 8;
enum flag : std::uint8_t { no_key = 0x10, no_value = 0x20, unsigned_ = 0x40, structured = 0x80 };

// What no record changes is made once.
struct lasting {
  test::two_definitions from;
  catalog known{"p"};
  const topic_names names{"p"};
  signer tokens{{{1, "secret"}}};
  metrics counts;
  trace::recorder spans{{}};
  command_writer commands{"p.saga-events", tokens, spans};
  lasting() { known.refresh(from); }
};

struct world {
  lasting& same;
  saga_cache sagas{100, 1 << 20};
  owned_shard shard;
  decider subject{same.known,  sagas,      same.commands,
                  same.counts, same.spans, [this](std::int16_t) -> owned_shard& { return shard; }};
  consumer reader{same.names, 1, same.known, same.tokens, same.counts};
  batch b;

  double unmatched(std::string_view topic) {
    return static_cast<double>(same.counts.messages_unmatched.at({topic}).value());
  }
};

constexpr std::string_view kinds[] = {"start", "reply", "action", "event", "do"};
constexpr std::string_view topics[] = {"p.starts", "p.inbox", "payment.events"};

std::string saga_of(std::string_view key, std::string_view name) {
  return to_string(saga_id(saga_namespace(name), key));
}

// A record of one kind as it should be, for the vending saga of its key.
struct drawn {
  wire::record record;
  std::vector<wire::header> headers;
  std::string id, command, token;

  drawn(fuzz::pieces& in, world& w) {
    const auto how = in.byte(), what = in.byte();
    record.topic = topics[what % 3];
    record.key = in.next();
    record.has_key = !(how & no_key);
    const auto kind = kinds[how % 5];
    id = saga_of(record.key, "vending");
    constexpr std::string_view steps[] = {"reserve", "charge", "dispense"};
    command = id + "/" + std::string(steps[what / 3 % 3]) + "/do/0";
    if (!(how & unsigned_)) w.same.tokens.append_token(token, kind == "reply" ? command : "m");
    headers = {{"content-type", "application/json"},
               {"ce_specversion", "1.0"},
               {"ce_id", "m"},
               {"ce_source", "/s"},
               {"ce_type", "vending.ItemSelected.v1"},
               {"ce_partitionkey", record.key},
               {"ce_sagakind", kind},
               {"ce_sagatype", "vending"},
               {"ce_sagatoken", token}};
    if (kind == "reply") {
      headers.push_back({"ce_correlationid", id});
      headers.push_back({"ce_causationid", command});
      headers.push_back({"ce_sagaoutcome", "ok"});
    }
    if (record.topic == "payment.events" || (how & structured)) headers.clear();
    if (how & structured) headers = {{"content-type", "application/cloudevents+json"}};
    for (auto changes = in.byte() % most_changes; changes > 0; --changes) change(in);
    record.value = in.next();
    record.has_value = !(how & no_value);
    record.headers = headers;
  }
  void change(fuzz::pieces& in) {
    const auto name = in.next(), value = in.next();
    for (auto& h : headers)
      if (h.name == name) return void(h.value = value);
    headers.push_back({name, value});
  }
};

struct counting_sink final : consumer::sink {
  decider& to;
  int calls = 0;
  explicit counting_sink(decider& d) : to(d) {}
  void quarantine(std::int16_t s, const wire::record& r, std::string_view reason) override {
    SKALD_ASSERT(!reason.empty(), "into quarantine without a reason");
    ++calls, to.quarantine(s, r, reason);
  }
  bool forward(std::int16_t s, const std::string& topic, std::string_view key,
               const std::vector<wire::header>& headers, std::string_view value) override {
    return ++calls, to.forward(s, topic, key, headers, value);
  }
};

void judge(const world& w) {
  for (const auto* rows : {&w.b.fresh, &w.b.changed})
    for (const auto& row : *rows) {
      machine::saga saga;
      SKALD_ASSERT(machine::decode(row.state, saga).empty(), "a state that nobody can read");
    }
  wire::frame f;
  for (std::string_view rest = w.shard.packed; !rest.empty();) {
    SKALD_ASSERT(wire::read_frame(rest, f), "a frame that nobody can read");
    SKALD_ASSERT(wire::parse(f.headers).problem.empty(), "what leaves is not as the contract says");
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::int64_t now_ms = 1'900'000'000'000;
  static lasting same;
  world w{same};
  w.shard.next_no = saga_no::first(now_ms, 0);
  fuzz::pieces in{{reinterpret_cast<const char*>(bytes), size}};
  counting_sink sink(w.subject);
  w.subject.begin(w.b, now_ms);
  std::vector<input> inputs;
  for (std::size_t n = 0; n < most_records && !in.rest.empty(); ++n) {
    inputs.clear(), sink.calls = 0;
    const drawn one(in, w);
    const auto nobodys = w.unmatched(one.record.topic);
    w.reader.read(one.record, 0, inputs, sink);
    SKALD_ASSERT(!inputs.empty() || sink.calls > 0 || w.unmatched(one.record.topic) > nobodys,
                 "a record was dropped");
    for (const auto& i : inputs) w.subject.decide(i);
    w.reader.end_batch();
  }
  w.subject.end();
  judge(w);
  return 0;
}
