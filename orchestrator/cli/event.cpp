// skald event publish, tail: what goes over Kafka, by hand.
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/cli/post.hpp"
#include "orchestrator/cli/read_data.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/whole_json.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
using std::chrono::steady_clock;

constexpr std::size_t records_at_once = 1'000, bytes_at_once = 4 * 1024 * 1024;
constexpr milliseconds longest_wait{200};
constexpr std::int64_t most_records = 1'000'000;

struct publish_options {
  std::string topic, type, key, data = "-", id, source = "/skald/cli";
  std::vector<std::string> headers;
};

int publish(context& x, const publish_options& o) {
  requests::record r{.topic = o.topic, .key = o.key, .headers = {}, .value = read_data(o.data)};
  if (whole_json(r.value).is_discarded()) throw failure(usage, "the event's data is not JSON");
  const auto id = o.id.empty() ? requests::new_id() : o.id;
  r.headers = {{"content-type", "application/json"},
               {"ce_specversion", "1.0"},
               {"ce_source", o.source},
               {"ce_type", o.type},
               {"ce_id", id},
               {"ce_subject", o.key}};
  for (const auto& h : o.headers) {
    const auto at = h.find('=');
    if (at == std::string::npos || at == 0)
      throw failure(usage, "--header needs NAME=VALUE, not '" + h + "'");
    r.headers.emplace_back(h.substr(0, at), h.substr(at + 1));
  }
  post mail(x);
  mail.send(r);
  mail.deliver();
  x.output.show({{"topic", o.topic}, {"key", o.key}, {"type", o.type}, {"id", id}});
  return done;
}

struct tail_options {
  std::string topic, key, timeout;
  bool from_beginning = false;
  std::int64_t limit = 0;
};

ordered_json to_json(const wire::record& r) {
  auto headers = ordered_json::object();
  for (const auto& h : r.headers) headers[std::string(h.name)] = std::string(h.value);
  auto data = whole_json<ordered_json>(r.value);
  if (data.is_discarded()) data = r.has_value ? ordered_json(std::string(r.value)) : nullptr;
  return {{"topic", std::string(r.topic)},
          {"partition", r.partition},
          {"offset", r.offset},
          {"key", r.has_key ? ordered_json(std::string(r.key)) : ordered_json()},
          {"type", headers.value("ce_type", "")},
          {"headers", headers},
          {"data", data}};
}

std::unique_ptr<log_reader> open(const context& x, const std::string& topic, bool from_beginning) {
  const auto to = kafka_of(x);
  const auto admin = kafka::open_admin(to);
  const auto partitions = admin->partitions(topic);
  if (partitions == 0)
    throw failure(not_found, "there is no topic " + topic + "; `skald doctor` lists skald's own");
  std::vector<position> from;
  for (std::int32_t p = 0; p < partitions; ++p) {
    const auto marks = admin->watermarks({topic, p});
    from.push_back({{topic, p}, from_beginning ? marks.low : marks.high});
  }
  auto reader = kafka::open_reader(to, {.group = "skald-tail"});
  reader->assign(from);
  return reader;
}

int tail(context& x, const tail_options& o) {
  std::optional<milliseconds> within;
  if (!o.timeout.empty() && !(within = config::parse_duration(o.timeout)))
    throw failure(usage, "--timeout needs a time span such as 30s or 2m");
  if (x.output.format() == format::json && o.limit == 0 && !within)
    throw failure(usage, "-o json is one array: give --limit or --timeout, or -o jsonl");
  const auto topic = o.topic.empty() ? x.settings.text("prefix") + ".saga-events" : o.topic;
  const auto reader = open(x, topic, o.from_beginning);
  x.err << "skald: reading " << topic << '\n';
  const auto begun = steady_clock::now();
  auto all = ordered_json::array();
  std::vector<wire::record> records;
  std::int64_t seen = 0;
  while ((o.limit == 0 || seen < o.limit) && (!within || steady_clock::now() - begun < *within)) {
    records.clear();
    reader->poll(records, records_at_once, bytes_at_once);
    for (const auto& r : records) {
      if ((!o.key.empty() && r.key != o.key) || (o.limit > 0 && seen == o.limit)) continue;
      ++seen;
      const auto row = to_json(r);
      if (x.output.format() == format::json)
        all.push_back(row);
      else
        x.output.stream() << row.dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                          << '\n';
    }
    x.output.stream().flush();
    if (records.empty()) reader->wait(longest_wait);
  }
  if (x.output.format() == format::json) x.output.list(all, {});
  return o.limit > 0 && seen < o.limit ? timed_out : done;
}
}  // namespace

void add_event(const commands& c) {
  auto* const group = c.group("event", "Events: publish one, follow a topic");
  const auto p = std::make_shared<publish_options>();
  auto* const sub = c.add_to(*group, "publish", "Publish an event (CloudEvents over Kafka)",
                             [p](context& x) { return publish(x, *p); });
  sub->add_option("topic", p->topic, "where to")->required();
  sub->add_option("--type", p->type, "its full name with its version")->required();
  sub->add_option("--key", p->key, "the record's key")->required();
  sub->add_option("--data", p->data, "the event: JSON, @FILE, or - for standard input");
  sub->add_option("--id", p->id, "its id; the same id is the same event. Default: drawn");
  sub->add_option("--source", p->source, "who says it")->capture_default_str();
  sub->add_option("--header", p->headers, "one more header: NAME=VALUE")->allow_extra_args(false);

  const auto t = std::make_shared<tail_options>();
  auto* const follow = c.add_to(*group, "tail", "Follow a topic, one JSON object a line",
                                [t](context& x) { return tail(x, *t); });
  follow->add_option("topic", t->topic, "default: <prefix>.saga-events");
  follow->add_option("--key", t->key, "only records of this key");
  follow->add_flag("--from-beginning", t->from_beginning, "not only what comes from now on");
  follow->add_option("--limit", t->limit, "end after so many (exit 124 when --timeout is sooner)")
      ->check(CLI::Range(std::int64_t{1}, most_records));
  follow->add_option("--timeout", t->timeout,
                     "end after so long; with -o json give one of the two");
}
}  // namespace skald::cli
