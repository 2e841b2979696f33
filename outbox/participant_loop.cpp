#include "outbox/participant_loop.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "outbox/kafka/connection.hpp"

namespace skald {
namespace {
constexpr milliseconds idle_wait{50};         // also how soon a stop is seen
constexpr milliseconds last_replies{10'000};  // to be acked when stopping
constexpr milliseconds commit_every{100};     // a crash repeats the commands since, no effect
constexpr std::chrono::minutes tidy_every{1};
constexpr std::size_t tidy_rows = 5'000;  // forgotten in one transaction

std::vector<position> behind(std::span<const wire::record> records) {
  std::vector<position> next;
  for (const auto& r : records) {
    auto same = [&](const position& p) {
      return p.partition.no == r.partition && p.partition.topic == r.topic;
    };
    auto at = std::find_if(next.begin(), next.end(), same);
    if (at == next.end())
      next.push_back({{std::string(r.topic), r.partition}, r.offset + 1});
    else
      at->offset = r.offset + 1;
  }
  return next;
}

void clear_answers(std::span<task> tasks) {
  for (auto& t : tasks) t.answer = {};
}
}  // namespace

participant_loop::participant_loop(const participant_settings& s, const participant_handlers& h,
                                   pg::books& b, faults& f, participant_tally& t,
                                   const std::atomic<bool>& stop)
    : settings_(s), handlers_(h), books_(b), faults_(f), tally_(t), stop_(stop) {
  kafka::connection to{.bootstrap = s.kafka, .client_id = s.name};
  to.log = [](int severity, std::string_view text) {
    if (severity > 4 || text.starts_with("CONFWARN")) return;
    spdlog::log(severity <= 3 ? spdlog::level::err : spdlog::level::warn, "kafka: {}", text);
  };
  writer_ =
      kafka::open_writer(to, {}, [this](const log_writer::delivery& d) { replies_->delivered(d); });
  replies_ = std::make_unique<reply_sender>(*writer_, s.name, faults_);
  reader_ = kafka::open_reader(to, {.group = s.group});
  admin_ = kafka::open_admin(to);
}

void participant_loop::run() {
  const auto topic = settings_.topic_prefix + settings_.name + ".commands";
  if (settings_.partitions > 0)
    admin_->ensure_topic(topic, settings_.partitions, settings_.topic_retention.count());
  reader_->join(topic,
                {.gained = [this](auto p) { gained_.insert(gained_.end(), p.begin(), p.end()); },
                 .lost = [this](auto p) { lost(p); }});
  std::vector<wire::record> records;
  while (!stop_) {
    commit_offsets();
    assign_gained();
    records.clear();
    const bool room = replies_->unacked() < settings_.max_unacked_replies;
    reader_->poll(records, room ? settings_.batch_records : 0, settings_.batch_bytes);
    if (!room) writer_->flush(idle_wait);
    if (!records.empty())
      work(records);
    else if (replies_->unacked() == 0)
      tidy(), reader_->wait(idle_wait);
    else
      reader_->wait(milliseconds(1));
  }
  if (!replies_->finish(last_replies)) spdlog::warn("stopped with replies that are not acked");
  commit_offsets(true);
  reader_->leave();
}

// From where the group committed. Commands that the topic no longer holds are not waited for: who
// sent them sends them again.
void participant_loop::assign_gained() {
  if (gained_.empty()) return;
  const auto gained = std::exchange(gained_, {});
  const auto committed = reader_->committed(gained);
  std::vector<position> from;
  for (const auto& p : gained) {
    const auto [low, high] = admin_->watermarks(p);
    position start{p, low};
    for (const auto& c : committed)
      if (c.partition == p && c.offset >= low && c.offset <= high) start.offset = c.offset;
    from.push_back(start);
  }
  reader_->assign(from);
}

// Called from within librdkafka: must not throw.
void participant_loop::lost(std::span<const partition> partitions) {
  for (const auto& p : partitions) std::erase(gained_, p);
  try {
    commit_offsets(true);
    replies_->forget(partitions);
    reader_->forget(partitions);
  } catch (const log_error& e) {
    spdlog::warn("partitions are given up: {}", e.what());
  }
}

// A request for each batch would cost an idle broker as much as the commands do.
void participant_loop::commit_offsets(bool at_once) {
  for (auto& p : replies_->settle()) answered_[std::move(p.partition)] = p.offset;
  const auto now = std::chrono::steady_clock::now();
  if (answered_.empty() || (now < next_commit_ && !at_once)) return;
  next_commit_ = now + commit_every;
  std::vector<position> done;
  for (const auto& [p, offset] : answered_) done.push_back({p, offset});
  answered_.clear();
  reader_->commit_for_lag_tools(done);
}

void participant_loop::work(std::span<const wire::record> records) {
  std::vector<task> tasks;
  tasks.reserve(records.size());
  for (const auto& r : records)
    if (!faults_.lose_command()) tasks.push_back(read_task(r, handlers_));
  tally_.commands += tasks.size();
  try {
    run_batch(tasks);
  } catch (const pg::gone&) {
    throw;
  } catch (const std::exception& e) {
    spdlog::info("a batch of {} is run again one by one: {}", tasks.size(), e.what());
    for (auto& t : tasks) run_one(t);
  }
  count(tasks);
  faults_.maybe_die_after_commit();
  replies_->send(tasks, behind(records));
}

void participant_loop::run_batch(std::span<task> tasks) {
  clear_answers(tasks);
  books_.transact([&](transaction& tx) {
    do_tasks(tx, tasks, handlers_);
    faults_.maybe_die_before_commit();
  });
}

void participant_loop::run_one(task& t) {
  try {
    run_batch({&t, 1});
  } catch (const pg::gone&) {
    throw;
  } catch (const std::exception& e) {
    spdlog::warn("{} is answered retry: {}", t.envelope.id, e.what());
    t.answer = {.outcome = wire::outcome::retry, .after = settings_.retry_after};
  }
}

void participant_loop::count(std::span<const task> tasks) {
  for (const auto& t : tasks) {
    if (!t.problem.empty()) {
      spdlog::warn("{}/{}/{} is set aside: {}", t.record->topic, t.record->partition,
                   t.record->offset, t.problem);
      ++tally_.set_aside;
      continue;
    }
    const auto o = t.answer.outcome;
    if (o == wire::outcome::refused) ++tally_.refused;
    if (o == wire::outcome::retry) ++tally_.retried;
    if (t.answer.repeated && o != wire::outcome::refused) ++tally_.duplicates;
    if (t.answer.repeated) continue;
    if (o == wire::outcome::ok) ++tally_.effects;
    if (o == wire::outcome::declined) ++tally_.declined;
    if (o == wire::outcome::undone) ++tally_.undone;
  }
}

void participant_loop::tidy() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_tidy_) return;
  std::size_t deleted = 0;
  books_.transact(
      [&](transaction& tx) { deleted = fence::forget(tx, settings_.fence_retention, tidy_rows); });
  if (deleted < tidy_rows) next_tidy_ = now + tidy_every;  // else there is more
}
}  // namespace skald
