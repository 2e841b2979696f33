// The differential run: the same schedule through the simulated database and a real PostgreSQL,
// every answer of the one held against the other's, and the tables at the end; and what lies in the
// simulated log then, through a real Kafka. Faults that live inside the simulated database are left
// out; stale owners, moved shards and all that participants do are not.
#include <doctest/doctest.h>

#include "orchestrator/saga_no.hpp"
#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"
#include "tests/contract/log_world.hpp"
#include "tests/contract/store_world.hpp"

using namespace skald;
using sim::bit;
using sim::fault;

namespace {
constexpr sim::fault_set of_the_store = bit(fault::commit_refused) | bit(fault::commit_fails) |
                                        bit(fault::commit_answer_lost) | bit(fault::commit_lost) |
                                        bit(fault::commit_late) | bit(fault::read_fails) |
                                        bit(fault::worker_dies) | bit(fault::late_topic);

// Asks both and compares. What PostgreSQL's clock says is left out: time is the simulation's.
class both final : public store {
 public:
  both(std::unique_ptr<store> simulated, const std::string& url)
      : a_(std::move(simulated)), b_(open_postgres_store(url)) {}

  commit_result commit(const batch& b) override {
    const auto mine = a_->commit(b);
    const auto real = b_->commit(b);
    CHECK(mine.fate == real.fate);
    return mine;
  }
  void load(std::span<const uuid> ids, std::vector<saga_row>& out) override {
    std::vector<saga_row> real;
    const auto begin = out.size();
    a_->load(ids, out);
    b_->load(ids, real);
    REQUIRE(out.size() - begin == real.size());
    for (std::size_t i = 0; i < real.size(); ++i) {
      const auto &x = out[begin + i], &y = real[i];
      CHECK(x.no == y.no);
      CHECK(x.key == y.key);
      CHECK(x.seq == y.seq);
      CHECK((x.state == y.state));
      REQUIRE(x.words.size() == y.words.size());
      for (std::size_t k = 0; k < x.words.size(); ++k) {
        CHECK(x.words[k].payload == y.words[k].payload);
        CHECK(x.words[k].occurrence == y.words[k].occurrence);
        CHECK(x.words[k].at_ms == y.words[k].at_ms);
      }
    }
  }
  std::optional<shard_taken> take_over(std::int16_t shard,
                                       std::optional<std::int64_t> if_epoch) override {
    auto mine = a_->take_over(shard, if_epoch);
    const auto real = b_->take_over(shard, if_epoch);
    REQUIRE(mine.has_value() == real.has_value());
    if (!mine) return mine;
    CHECK(mine->row.epoch == real->row.epoch);
    CHECK(mine->row.next_offset == real->row.next_offset);
    CHECK(mine->row.next_no == real->row.next_no);
    CHECK(mine->row.swept_no == real->row.swept_no);
    return mine;
  }
  std::optional<packed_row> next_packed(std::int16_t shard, std::int64_t after) override {
    auto mine = a_->next_packed(shard, after);
    const auto real = b_->next_packed(shard, after);
    REQUIRE(mine.has_value() == real.has_value());
    if (mine) CHECK((mine->seq == real->seq && mine->n == real->n && mine->body == real->body));
    return mine;
  }
  void restore(std::int16_t shard, std::int64_t swept_no, std::vector<open_saga>& out) override {
    std::vector<open_saga> real;
    const auto begin = out.size();
    a_->restore(shard, swept_no, out);
    b_->restore(shard, swept_no, real);
    REQUIRE(out.size() - begin == real.size());
    for (std::size_t i = 0; i < real.size(); ++i) {
      const auto &x = out[begin + i], &y = real[i];
      CHECK((x.no == y.no && x.due_ms == y.due_ms && x.phase == y.phase && x.facet == y.facet));
    }
  }
  std::vector<topic_row> topics() override {
    CHECK(a_->topics().size() == b_->topics().size());
    return a_->topics();
  }
  std::vector<definition_row> definitions() override { return a_->definitions(); }
  std::string definition_spec(std::int32_t no) override { return a_->definition_spec(no); }
  int take_seat(std::string_view node) override { return a_->take_seat(node); }
  std::int64_t journal_end_no() override { return a_->journal_end_no(); }

 private:
  std::unique_ptr<store> a_, b_;
};

// The same topics, shards and definition as the simulated world begins with.
void prepare(pg::connection& c, const sim::tables& t) {
  pg::migrate_up(
      c, "orchestrator",
      pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
  c.exec(
      "insert into definition(name, version, hash, spec, verdict) "
      "values ('d', 1, 'h', '{}', 'proven')");
  for (const auto& topic : t.topics)
    c.exec("insert into topic(no, name, partitions) values ($1::smallint, $2, $3::integer)",
           {int{topic.no}, topic.name, topic.partitions});
  for (const auto& s : t.shards)
    c.exec(
        "insert into shard(id, next_offset) values ($1::smallint, "
        "array_fill(0::bigint, array[$2::int]))",
        {int{s.id}, static_cast<int>(t.topics.size())});
  c.exec("create table journal_all partition of journal default");
}
// All of one topic's records through Kafka: the same partition of each, the same order, bytes and
// absences. Records that the simulator put on a partition by its key are put there by Kafka's.
std::size_t compare_topic(const sim::log_topic& topic, test::broker& real) {
  const auto partitions = static_cast<std::int32_t>(topic.partitions.size());
  const auto name = real.make_topic(partitions);
  test::outcomes sent;
  const auto writer = real.open_writer(sent.record());
  std::size_t records = 0;
  wire::frame frame;
  for (std::int32_t no = 0; no < partitions; ++no)
    for (const auto& r : topic.partitions[static_cast<std::size_t>(no)].records) {
      std::string_view rest = r.packed;
      REQUIRE(wire::read_frame(rest, frame));
      const auto key = r.has_key ? frame.key : std::string_view();
      const bool by_key = r.has_key && murmur2_partition(key, partitions) == no;
      const auto value = r.has_value ? frame.value : std::string_view();
      REQUIRE(writer->send(name, key, frame.headers, value, records++, by_key ? -1 : no) ==
              log_writer::sent::queued);
    }
  REQUIRE(writer->flush(test::patience));
  REQUIRE(sent.acked.size() == records);
  const auto reader = real.open_reader();
  for (std::int32_t no = 0; no < partitions; ++no) reader->assign(test::from(name, no, 0));
  const auto all = test::read(*reader, records);
  REQUIRE(all.size() == records);
  for (const auto& got : all) {
    const auto& r = topic.partitions[static_cast<std::size_t>(got.partition)]
                        .records[static_cast<std::size_t>(got.offset)];
    std::string_view rest = r.packed;
    wire::read_frame(rest, frame);
    CHECK(got.has_key == r.has_key);
    CHECK(got.has_value == r.has_value);
    CHECK(got.key == (r.has_key ? frame.key : std::string_view()));
    CHECK(got.value == (r.has_value ? frame.value : std::string_view()));
    REQUIRE(got.headers.size() == frame.headers.size());
    for (std::size_t i = 0; i < got.headers.size(); ++i)
      CHECK((got.headers[i].first == frame.headers[i].name &&
             got.headers[i].second == frame.headers[i].value));
  }
  return records;
}
}  // namespace

TEST_CASE("what lies in the simulated log is what Kafka would hold") {
  auto real = test::broker::real();
  sim::plan p;
  p.seed = 12;
  p.sagas = 60;
  p.definition = "vending_self_pay";
  std::size_t compared = 0;
  sim::breakage parts;
  parts.at_rest = [&](sim::world& w) {
    for (const auto& [name, topic] : w.log.topics()) compared += compare_topic(topic, real);
  };
  CHECK(sim::run(p, sim::script_of(p, sim::reference_scripts()), parts).findings.violation == "");
  CHECK(compared > 300);
}

TEST_CASE("simulated and real tables are the same after the same schedule") {
  for (const auto* name : {"vending", "vending_self_pay", "travel", "unstoppable"}) {
    CAPTURE(name);
    test::database own("differential");
    pg::connection c(own.url());
    sim::plan p;
    p.seed = 11;
    p.sagas = 60;
    p.definition = name;
    p.without = of_the_store;
    bool prepared = false;
    sim::breakage parts;
    std::size_t compared = 0;
    parts.open_store = [&](sim::database& d) {
      if (!std::exchange(prepared, true)) prepare(c, d.tables);
      return std::make_unique<both>(sim::open_store(d), own.url());
    };
    parts.at_rest = [&](sim::world& w) {
      const auto& d = w.database;
      for (const auto& s : d.tables.sagas) {
        const auto r = c.exec(
            "select phase, seq, due_ms, state, (select count(*) from journal where saga_no = no) "
            "from saga where no = $1::bigint and key = $2",
            {s.no, s.key});
        REQUIRE(r.rows() == 1);
        CHECK(r.number(0, 0) == s.phase);
        CHECK(r.number(0, 1) == s.seq);
        CHECK(r.number(0, 2) == s.due_ms);
        CHECK(r.number(0, 4) == static_cast<std::int64_t>(s.journal.size()));
        ++compared;
      }
      CHECK(c.exec("select count(*) from saga").number(0, 0) ==
            static_cast<std::int64_t>(d.tables.sagas.size()));
      CHECK(c.exec("select count(*) from quarantine").number(0, 0) ==
            static_cast<std::int64_t>(d.tables.quarantine.size()));
      CHECK(c.exec("select count(*) from outbox_batch").number(0, 0) == 0);
    };
    const auto done = sim::run(p, sim::script_of(p, sim::reference_scripts()), parts);
    CHECK(done.findings.violation == "");
    CHECK(compared >= 55);
    CHECK(done.take_overs > 0);
  }
}
