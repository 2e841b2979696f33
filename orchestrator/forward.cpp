#include "orchestrator/forward.hpp"

#include <algorithm>
#include <sstream>

#include "orchestrator/catalog.hpp"
#include "orchestrator/consume.hpp"
#include "orchestrator/prepare.hpp"
#include "orchestrator/quarantine.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/store_postgres.hpp"

namespace skald {
namespace {
constexpr auto turn_every = milliseconds(20);
constexpr auto topics_every = std::chrono::seconds(1);
constexpr auto ack_within = milliseconds(10'000);
constexpr std::size_t most_records = 1'000, most_bytes = 4 * 1024 * 1024;
constexpr std::int16_t no_shard = -1;  // so that every event is one to pass on
}  // namespace

// Until the next failure.
struct forwarder::session final : consumer::sink {
  struct stream {
    std::unique_ptr<log_reader> reader;
    std::vector<std::int64_t> from;  // by partition, where activation found the topic
    std::vector<partition> gained, lost;
  };

  session(const settings& s, metrics& counts)
      : set(s),
        names(s.prefix),
        database(s.postgres_url),
        known(s.prefix),
        store(open_postgres_store(s.postgres_url)),
        seat(store->take_seat(s.node + " forwarding")),
        tokens(live_secrets(database)),
        writer(kafka::open_writer(s.kafka, {}, [this](const auto& d) { told(d); })),
        intake(names, s.shards, known, tokens, counts) {
    intake.on_unknown_name = [this] { known.refresh(*store); };
  }
  ~session() {
    for (auto& [topic, s] : streams) s.reader->leave();
  }

  void quarantine(std::int16_t shard, const wire::record& r, std::string_view reason) override {
    const auto q = quarantined(shard, r, reason);
    const auto maybe = [](const std::optional<std::string>& text) {
      return text ? pg::parameter(pg::bytes{*text}) : pg::parameter(nullptr);
    };
    database.exec(sql::quarantine::insert,
                  {int{q.shard}, q.topic, q.partition, q.offset, maybe(q.key), maybe(q.payload),
                   pg::bytes{q.headers}, q.reason, database.exec(sql::shard::now).number(0, 0)});
  }
  bool forward(std::int16_t, const std::string& topic, std::string_view key,
               const std::vector<wire::header>& headers, std::string_view value) override {
    for (;;) {
      const auto sent = writer->send(topic, key, headers, value, 0);
      if (sent != log_writer::sent::full || !failure.empty())
        return sent != log_writer::sent::impossible;
      writer->flush(milliseconds(100));
      writer->poll();
    }
  }

  void told(const log_writer::delivery& d) {
    if (!d.error.empty()) failure = "An event could not be forwarded: " + std::string(d.error);
  }
  void find_topics();
  void read(const std::string& topic, stream&);
  void settle(const std::string& topic, stream&);

  const settings& set;
  const topic_names names;
  pg::connection database;
  catalog known;
  std::unique_ptr<skald::store> store;
  const int seat;
  signer tokens;
  std::unique_ptr<log_writer> writer;
  consumer intake;
  std::map<std::string, stream> streams;
  std::vector<wire::record> records;
  std::vector<input> inputs;  // stays empty: nothing is decided here
  std::string failure;
  std::chrono::steady_clock::time_point next_look{};
};

void forwarder::session::find_topics() {
  if (std::chrono::steady_clock::now() < next_look) return;
  next_look = std::chrono::steady_clock::now() + topics_every;
  known.refresh(*store);
  const auto all = database.exec(sql::topic::forwarded);
  for (std::size_t i = 0; i < all.rows(); ++i) {
    const auto& topic = all.text(i, 0);
    if (streams.contains(topic)) continue;
    auto& s = streams[topic];
    std::istringstream offsets(all.text(i, 2));
    for (std::int64_t offset; offsets >> offset;) s.from.push_back(offset);
    kafka::reader_settings reader;
    reader.group = set.prefix + ".forward." + topic;
    reader.member = set.node + "-" + std::to_string(seat);
    reader.session = set.session;
    s.reader = kafka::open_reader(set.kafka, reader);
    s.reader->join(
        topic, {[&s](auto moved) { s.gained.insert(s.gained.end(), moved.begin(), moved.end()); },
                [&s](auto moved) { s.lost.insert(s.lost.end(), moved.begin(), moved.end()); }});
  }
}

void forwarder::session::settle(const std::string& topic, stream& s) {
  s.reader->forget(s.lost);
  s.lost.clear();
  if (s.gained.empty()) return;
  auto positions = s.reader->committed(s.gained);
  for (const auto& p : s.gained) {
    const auto known_p = [&](const position& at) { return at.partition == p; };
    if (std::any_of(positions.begin(), positions.end(), known_p)) continue;
    const auto i = static_cast<std::size_t>(p.no);
    positions.push_back({{topic, p.no}, i < s.from.size() ? s.from[i] : 0});
  }
  s.reader->assign(positions);
  s.gained.clear();
}

void forwarder::session::read(const std::string& topic, stream& s) {
  records.clear();
  s.reader->poll(records, most_records, most_bytes);
  settle(topic, s);
  if (records.empty()) return;
  std::map<std::int32_t, std::int64_t> next;
  for (const auto& r : records) {
    intake.read(r, no_shard, inputs, *this);
    next[r.partition] = r.offset + 1;
  }
  intake.end_batch();
  const bool all = writer->flush(ack_within);
  writer->poll();
  if (!all && failure.empty()) failure = "Kafka does not acknowledge forwarded events";
  if (!failure.empty()) throw log_error(failure);
  std::vector<position> positions;
  for (const auto& [no, offset] : next) positions.push_back({{topic, no}, offset});
  s.reader->commit_for_lag_tools(positions);
}

forwarder::forwarder(const settings& s, metrics& counts,
                     std::function<void(const std::string&)> report)
    : settings_(s),
      metrics_(counts),
      loop_(
          turn_every, [this] { turn(); }, std::move(report)) {}
forwarder::~forwarder() {
  loop_.stop();
}

void forwarder::turn() try {
  if (!session_) session_ = std::make_unique<session>(settings_, metrics_);
  session_->find_topics();
  for (auto& [topic, stream] : session_->streams) session_->read(topic, stream);
} catch (...) {
  session_.reset();  // begins anew at the next turn, from the committed offsets
  throw;
}
}  // namespace skald
