#include "orchestrator/audit/audit.hpp"

#include <memory>
#include <thread>

#include "orchestrator/audit/starts.hpp"
#include "orchestrator/sql.hpp"

namespace skald::audit {
namespace {
using steady = std::chrono::steady_clock;
constexpr auto outbox_look_every = std::chrono::milliseconds(100);

std::size_t slices_of(const snapshot& from, std::int64_t most) {
  constexpr std::int64_t records_a_row = 2;
  const auto records = from.journal_rows() * records_a_row;
  return static_cast<std::size_t>(records / std::max<std::int64_t>(most, 1)) + 1;
}

class auditing {
 public:
  explicit auditing(const settings& s) : settings_(s) {}

  report run() {
    const auto begun = steady::now();
    if (settings_.log) {
      admin_ = settings_.log->open_admin();
      reader_ = settings_.log->open_reader();
      // Which topics there are is known only from the database: a first look, before the snapshot.
      snapshot before(settings_.postgres);
      until_ = ends_of(*admin_, command_audit::topics(before));
    }
    snapshot from(settings_.postgres);
    report_.service_seen_ms_ago = from.service_seen_ms_ago();
    look_at_sagas(from);
    wait_for_outbox(from);
    report_.seconds = std::chrono::duration<double>(steady::now() - begun).count();
    return std::move(report_);
  }

 private:
  void look_at_sagas(snapshot& from) {
    const auto starts = from.prefix() + ".starts";
    saga_examiner examiner(from, from.shards(starts), settings_.overdue_ms, report_.found);
    std::vector<std::unique_ptr<book_audit>> books;
    for (const auto& p : settings_.participants)
      books.push_back(std::make_unique<book_audit>(p, from, report_.found));
    slice part{0, slices_of(from, settings_.most_fingerprints)};
    for (; part.no < part.count; ++part.no) {
      const bool first = part.no == 0;
      command_audit commands(from, part, until_, report_.found);
      const auto expect = [&](const uuid& saga) {
        return [&, mine = settings_.log && part.has(saga)](const implied_record& r) {
          if (mine) commands.expect(r);
        };
      };
      from.each_saga(
          [&](const saga_head& h, std::span<const recorded> rows) {
            if (!first) return examiner.imply(h, rows, expect(h.id));
            examiner.examine(h, rows, expect(h.id));
            for (auto& b : books) b->take(h);
          },
          [&](std::int64_t no) {
            if (first) examiner.orphan(no, settings_.horizon_ms);
          });
      if (settings_.log) look_into_log(from, examiner, commands, part);
    }
    examiner.judge_counts();
    report_.sagas = examiner.counts();
    for (auto& b : books) {
      b->finish(settings_.postgres, settings_.fence_retention_ms);
      report_.fence_rows += b->rows();
      for (const auto& [step, total] : b->totals()) {
        report_.effects[step].done += total.done;
        report_.effects[step].standing += total.standing;
      }
    }
  }

  void look_into_log(snapshot& from, saga_examiner& examiner, command_audit& commands,
                     const slice& part) {
    auto what = ends_of(*admin_, command_audit::topics(from));
    commands.begin(what);
    start_audit starts(settings_.postgres, from, report_.found);
    if (part.no == 0)
      what.merge(starts.begin(ends_of(*admin_, {&starts.topic(), 1}), from.shards(starts.topic())));
    read_all(*reader_, what, [&](const wire::record& r) {
      if (r.topic == starts.topic()) return starts.take(r);
      commands.take(r);
    });
    starts.end();
    if (part.no == 0) report_.starts_read = starts.read();
    commands.end();
    if (commands.any_missing())
      from.each_saga(
          [&](const saga_head& h, std::span<const recorded> rows) {
            if (part.has(h.id))
              examiner.imply(h, rows, [&](const auto& r) { commands.name_missing(h, r); });
          },
          [](std::int64_t) {});
    auto& sum = report_.commands ? *report_.commands : report_.commands.emplace();
    sum.add(commands.counts());
  }

  // What was in the outbox when the audit began must leave it.
  void wait_for_outbox(snapshot& from) {
    std::vector<std::int32_t> shards;
    std::vector<std::int64_t> seqs;
    from.each_packed([&](std::int16_t shard, std::int64_t seq, std::int32_t, std::string_view) {
      shards.push_back(shard);
      seqs.push_back(seq);
    });
    pg::connection db(settings_.postgres);
    const auto left = [&] {
      return db.exec(sql::audit::outbox_left, {pg::array(shards), pg::array(seqs)}).number(0, 0);
    };
    const auto end = steady::now() + std::chrono::milliseconds(settings_.settle_ms);
    auto rows = shards.empty() ? 0 : left();
    for (; rows > 0 && steady::now() < end; rows = left())
      std::this_thread::sleep_for(outbox_look_every);
    if (rows > 0)
      report_.found.add({kind::outbox_stuck, 0, "", "",
                         std::to_string(rows) + " rows of outbox_batch do not go away: is a "
                                                "service running, and does it reach Kafka?"});
  }

  const settings& settings_;
  report report_;
  std::unique_ptr<log_admin> admin_;
  std::unique_ptr<log_reader> reader_;
  stretches until_;
};
}  // namespace

report run(const settings& s) {
  return auditing(s).run();
}
}  // namespace skald::audit
