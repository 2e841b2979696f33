#include "orchestrator/worker_session.hpp"

#include <algorithm>

#include "orchestrator/failpoint.hpp"
#include "sagas/assert.hpp"

namespace skald {
namespace {
using steady = std::chrono::steady_clock;
constexpr auto upkeep_every = std::chrono::seconds(1);
constexpr auto longest_wait = milliseconds(100);  // so that stop() is heard
constexpr auto flush_at_stop = milliseconds(5'000);
constexpr std::size_t most_broken = 1'000;
constexpr std::int64_t journal_margin_ms = 60'000;
}  // namespace

worker::session::session(const worker_setup& s, metrics& counts)
    : setup(s),
      names(s.prefix),
      store(s.open_store()),
      known(s.prefix),
      sagas(s.limits.cached_sagas, s.limits.cached_bytes),
      out(s.open_writer, s.report, &counts.outbox_publish),
      clock(s.steady_now),
      tokens(s.secrets),
      reader(s.open_reader(s.node + "-" + std::to_string(store->take_seat(s.node)))),
      owned({*store, *reader, known, sagas, out, clock, counts, s.limits.unacked_bytes, s.report}),
      intake(names, s.shards, known, tokens, counts),
      load(*store, known, sagas, counts),
      spans(s.traces),
      commands(names.saga_events, tokens, spans),
      decide(known, sagas, commands, counts, spans,
             [this](std::int16_t id) -> owned_shard& { return *owned.find(id); }),
      commit(*store, owned, sagas, out, clock, counts, s.report),
      metrics_(counts),
      topics(counts) {
  intake.on_unknown_name = [this] { refresh(); };
  known.refresh_topics(*store);
  refresh();
  reader->join(names.inbox, {[this](auto gained) { owned.gained(gained); },
                             [this](auto lost) { owned.lost(lost); }});
}

// True: there may be more to do at once.
bool worker::session::turn(worker_gauges& gauges) {
  out.hear();
  const auto& limits = setup.limits;
  const bool pushed = out.push();
  crowded = !pushed || out.bytes() > (crowded ? limits.unacked_bytes / 2 : limits.unacked_bytes);
  const bool blocked = crowded && out.bytes() > limits.most_unacked_bytes;
  records.clear();
  try {
    reader->poll(records, blocked ? 0 : limits.batch_records, limits.batch_bytes);
  } catch (const records_lost& e) {
    halt(static_cast<std::int16_t>(e.partition.no), e.what());
  }
  failpoint::pass("consume.polled");
  owned.settle();
  watch_bounds(gauges);
  if (blocked) {
    out.hear(milliseconds(5));
    return true;
  }
  const bool idle = clock.steady_now() >= next_upkeep;
  if (idle) upkeep();
  const bool more = run_batch(idle);
  if (idle) notice_topics();
  return more;
}

// Where a topic that was added meanwhile is read from is in the shards' rows, which are read anew.
// A shard that commits is told so by its fence; others would wait for a minute.
void worker::session::notice_topics() {
  known.refresh_topics(*store);
  std::vector<std::int16_t> behind;
  for (const auto& [id, shard] : owned.shards())
    if (shard.row.next_offset.size() < known.topics().size()) behind.push_back(id);
  owned.doubt(behind);
}

bool worker::session::run_batch(bool idle) {
  b.clear();
  b.at_ms = clock.now_ms();
  inputs.clear();
  spans.forget();
  decide.begin(b, b.at_ms);
  bool any = false;
  consume(any);
  take_due();
  if (!inputs.empty() && saga_no::first(b.at_ms + journal_margin_ms, 0) >= journal_end_no) {
    refresh();
    if (saga_no::first(b.at_ms + journal_margin_ms, 0) >= journal_end_no)
      throw store_error(
          "table journal has no partition for the next minute: the retention job "
          "makes them ahead and has not run");
  }
  for (const auto& saga : load.load(inputs)) set_aside(saga);
  set_broken_aside();
  for (const auto& in : inputs) try {
      decide.decide(in);
    } catch (const invariant_error& e) {
      throw_away(in, e.what());
      return true;
    }
  decide.end();
  commit.add_upkeep(b, idle);
  if (commit.commit(b)) {
    spans.hand_over(clock.now_ms());
    decide.tell(setup.report);
  } else {
    spans.forget();
  }
  intake.end_batch();
  out.push();
  if (!records.empty()) metrics_.batch_records.observe(static_cast<std::int64_t>(records.size()));
  return any || !inputs.empty();
}

void worker::session::consume(bool& any) {
  const topic_row* topic = nullptr;
  for (const auto& record : records) {
    auto* shard = owned.find(static_cast<std::int16_t>(record.partition));
    if (!shard) continue;  // given up meanwhile
    if (!topic || topic->name != record.topic) topic = known.topic(record.topic);
    const auto i = static_cast<std::size_t>(topic ? topic->no - 1 : 0);
    if (!topic || i >= shard->next_offset.size() || record.offset < shard->next_offset[i]) continue;
    shard->next_offset[i] = record.offset + 1;
    shard->touched = any = true;
    if (record.timestamp_ms > 0) shard->age_ms[i] = b.at_ms - record.timestamp_ms;
    intake.read(record, shard->id(), inputs, decide);
  }
}

void worker::session::take_due() {
  const auto now_ms = clock.now_ms();
  for (auto& [id, shard] : owned.shards()) {
    const auto next = shard.open.next_ms();
    if (next == 0 || next > now_ms || shard.resent) continue;
    failpoint::pass("timer.due");
    due.clear();
    shard.open.take(now_ms, setup.limits.batch_timers, due);
    for (const auto& d : due) {
      input in;
      in.from = input::source::timer;
      in.shard = id;
      in.saga = d.id;
      in.timer_no = d.no;
      inputs.push_back(std::move(in));
    }
  }
}

// A newer program's shard is left to it; a damaged saga's records wait for people, its timer for
// the next owner.
void worker::session::set_aside(const loader::unreadable& saga) {
  const auto its = [&](const input& in) {
    return saga.newer ? in.shard == saga.shard : in.saga == saga.id;
  };
  if (saga.newer) {
    halt(saga.shard, saga.why);
    std::erase_if(b.quarantined, [&](const auto& q) { return q.shard == saga.shard; });
  } else {
    log_entry e{severity::error, "saga.unreadable",
                saga.why + "; what is said to it goes to quarantine"};
    e.saga = saga.id;
    e.partition = saga.shard;
    setup.report(e);
    for (const auto& in : inputs) {
      if (!its(in)) continue;
      if (!in.record) {
        owned.find(in.shard)->open.forget(in.timer_no);
        continue;
      }
      topics.quarantined(in.record->topic, quarantine_reason::damaged);
      decide.quarantine(in.shard, *in.record, saga.why);
    }
  }
  std::erase_if(inputs, its);
}

void worker::session::set_broken_aside() {
  if (broken.empty()) return;
  std::map<uuid, std::int16_t> here;
  for (const auto& in : inputs)
    if (broken.contains(in.saga)) here.emplace(in.saga, in.shard);
  for (const auto& [id, shard] : here) set_aside({id, shard, false, broken.at(id)});
}

// Nothing of the batch has left memory: its shards are read again from where they were, and then
// this saga is set aside.
void worker::session::throw_away(const input& in, const char* why) {
  if (broken.size() == most_broken) broken.clear();  // they will be found again
  broken[in.saga] = "saga " + to_string(in.saga) + " broke an invariant (" + why + ")";
  std::vector<std::int16_t> all;
  for (const auto& [id, shard] : owned.shards()) all.push_back(id);
  intake.end_batch();
  owned.doubt(all);
}

void worker::session::halt(std::int16_t shard, const std::string& why) {
  if (!owned.find(shard)) return;  // given up meanwhile
  owned.halt(shard);
  log_entry e{severity::error, "partition.halted",
              "Shard " + std::to_string(shard) + " is halted, the others go on. " + why};
  e.partition = shard;
  setup.report(e);
}

// Starts wait in the log while a shard has too many sagas under way, or the broker takes no more of
// what they lead to; so do foreign events then. Replies end sagas, so they go on.
void worker::session::watch_bounds(worker_gauges& gauges) {
  const auto most = setup.limits.open_sagas_per_shard;
  std::size_t open = 0, paused = 0, armed = 0;
  for (auto& [id, shard] : owned.shards()) {
    const auto under_way = shard.open.size() - shard.open.waiting_for_start();
    shard.starts_full = under_way > (shard.starts_full ? most - most / 10 : most);
    if (shard.resent) continue;  // nothing is read yet
    hold(shard, crowded             ? owned_shard::hold::all_but_inbox
                : shard.starts_full ? owned_shard::hold::starts
                                    : owned_shard::hold::nothing);
    open += shard.open.size();
    armed += shard.open.armed();
    paused += shard.held != owned_shard::hold::nothing;
  }
  gauges.sagas_active.set(static_cast<double>(open));
  gauges.sagas_cached.set(static_cast<double>(sagas.size()));
  gauges.sagas_cached_bytes.set(static_cast<double>(sagas.bytes()));
  gauges.outbox_pending.set(static_cast<double>(out.lots()));
  gauges.outbox_oldest_seconds.set(std::chrono::duration<double>(out.oldest()).count());
  gauges.timers_pending.set(static_cast<double>(armed));
  gauges.partitions_owned.set(static_cast<double>(owned.shards().size()));
  gauges.starts_paused.set(static_cast<double>(paused));
  gauges.shards_halted.set(static_cast<double>(owned.halted()));
}

// What only starts sagas may change with any definition, so it is looked at anew while starts wait.
void worker::session::hold(owned_shard& shard, owned_shard::hold wanted) {
  if (shard.held == wanted && wanted == owned_shard::hold::nothing) return;
  const auto waits = [&](const std::string& topic) {
    switch (wanted) {
      case owned_shard::hold::starts:
        return topic == names.starts || known.only_starts(topic);
      case owned_shard::hold::all_but_inbox:
        return topic != names.inbox;
      default:
        return false;
    }
  };
  std::vector<partition> paused;
  for (const auto& topic : known.topics()) {
    const auto i = static_cast<std::size_t>(topic.no - 1);
    if (i < shard.next_offset.size() && shard.next_offset[i] >= 0 && waits(topic.name))
      paused.push_back({topic.name, shard.id()});
  }
  shard.held = wanted;
  if (paused == shard.paused) return;
  reader->resume(shard.paused);
  shard.paused = std::move(paused);
  reader->pause(shard.paused);
}

void worker::session::upkeep() {
  next_upkeep = clock.steady_now() + upkeep_every;
  refresh();
  std::vector<position> read;
  for (const auto& [id, shard] : owned.shards())
    if (const auto* inbox = known.topic(names.inbox))
      read.push_back(
          {{names.inbox, id}, shard.row.next_offset[static_cast<std::size_t>(inbox->no - 1)]});
  reader->commit_for_lag_tools(read);
  show_lag();
}

// Nothing read for a period means that there is nothing, unless reading is paused.
void worker::session::show_lag() {
  for (auto& [id, shard] : owned.shards())
    for (const auto& topic : known.topics()) {
      const auto i = static_cast<std::size_t>(topic.no - 1);
      if (i >= shard.next_offset.size() || shard.next_offset[i] < 0) continue;
      auto& age_ms = shard.age_ms[i];
      metrics_.consumer_lag_seconds.at({topic.name, std::to_string(id)})
          .set(static_cast<double>(std::max<std::int64_t>(age_ms, 0)) / 1'000);
      const bool waits = shard.held != owned_shard::hold::nothing;
      age_ms = waits && age_ms > 0 ? age_ms + milliseconds(upkeep_every).count() : 0;
    }
}

milliseconds worker::session::patience() {
  auto wait = longest_wait;
  if (out.lots() > 0) wait = milliseconds(out.blocked() ? 1 : 10);  // their acks are to be heard of
  const auto now_ms = clock.now_ms();
  for (const auto& [id, shard] : owned.shards())
    if (const auto next = shard.open.next_ms(); next != 0 && !shard.resent)
      wait = std::min(wait, milliseconds(std::clamp<std::int64_t>(next - now_ms, 0, wait.count())));
  return wait;
}

void worker::session::finish() {
  for (const auto end = steady::now() + flush_at_stop; steady::now() < end;) {
    const bool taken = out.push();
    const bool all = out.hear(longest_wait);
    if (all && (!taken || !out.blocked())) break;  // full with nothing on its way, or all is sent
  }
  run_batch(true);  // deletes the rows whose frames were acked
  reader->leave();
}
}  // namespace skald
