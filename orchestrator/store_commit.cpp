// The commit: the fences first, then set-based writes, one Sync. Order matters only in that a
// failed fence aborts all that follows.
#include "orchestrator/failpoint.hpp"
#include "orchestrator/store_session.hpp"

namespace skald {
namespace {
constexpr std::string_view division_by_zero = "22012", unique_violation = "23505",
                           serialization = "40001", deadlock = "40P01";

template <class... Arrays>
void clear(Arrays&... arrays) {
  (arrays.clear(), ...);
}
}  // namespace

commit_result postgres_store::commit(const batch& b) {
  session();
  send_fences(b);
  send_sagas(b);
  send_journal(b);
  send_outbox(b);
  send_rare(b);
  carry_out(failpoint::pass("commit.before_sync"));
  auto& s = *session_;
  s.sync();
  if (failpoint::pass("commit.sync_sent") == failpoint::effect::drop) {
    drop();
    return {fate::unknown, 0, "failpoint"};
  }
  if (!s.wait(answer_within_)) {
    drop();
    return {fate::unknown, 0, "PostgreSQL does not answer a commit"};
  }
  const auto outcome = s.outcome();
  if (!s.is_open()) drop();
  switch (outcome.fate) {
    case pg::fate::committed:
      return {fate::committed, b.shards.empty() ? 0 : s.result(0).number(0, 0), {}};
    case pg::fate::unknown:
      return {fate::unknown, 0, outcome.sentence};
    case pg::fate::failed:
      break;
  }
  for (const auto state : {division_by_zero, unique_violation, serialization, deadlock})
    if (outcome.sqlstate == state) return {fate::fenced, 0, outcome.sentence};
  throw store_error(outcome.sentence + " (statement " + std::to_string(outcome.statement) +
                    " of a commit, SQLSTATE " + outcome.sqlstate + ")");
}

void postgres_store::send(const char* prepared, const pg::binary_parameters& p) {
  session_->send(prepared, p);
  carry_out(failpoint::pass("commit.statement", prepared));
}

void postgres_store::carry_out(failpoint::effect e) {
  if (e == failpoint::effect::none) return;
  if (e == failpoint::effect::drop) drop();
  throw store_error("a failpoint ended a commit before it was sent");
}

void postgres_store::send_fences(const batch& b) {
  for (const auto& move : b.shards) {
    clear(a8_, b8_);
    for (const auto offset : move.read->next_offset) a8_.add_int8(offset);
    for (const auto offset : move.next_offset) b8_.add_int8(offset);
    pg::binary_parameters p;
    p.add_int2(move.read->id).add_int8(move.read->epoch).add(a8_).add(b8_);
    p.add_int8(move.next_no).add_int8(move.swept_no);
    send("fence", p);
  }
}

void postgres_store::send_sagas(const batch& b) {
  if (!b.fresh.empty()) {
    clear(a8_, ids_, a4_, at_, a2_, b4_, b8_, ab_, bb_);
    for (const auto& s : b.fresh) {
      a8_.add_int8(s.no);
      ids_.add_uuid(s.id.bytes);
      a4_.add_int4(s.definition);
      at_.add_bytes(s.key);
      a2_.add_int2(s.phase);
      b4_.add_int4(s.seq);
      b8_.add_int8(s.due_ms);
      ab_.add_bytes(s.state);
      bb_.add_bytes(s.trace);
    }
    pg::binary_parameters p;
    p.add(a8_).add(ids_).add(a4_).add(at_).add(a2_).add(b4_).add(b8_).add(ab_).add_int8(b.at_ms);
    p.add(bb_);
    send("saga_insert", p);
  }
  if (b.changed.empty()) return;
  clear(a8_, a2_, a4_, b8_, ab_, b4_);
  for (const auto& s : b.changed) {
    a8_.add_int8(s.no);
    a2_.add_int2(s.phase);
    a4_.add_int4(s.seq);
    b8_.add_int8(s.due_ms);
    ab_.add_bytes(s.state);
    b4_.add_int4(s.definition);
  }
  pg::binary_parameters p;
  p.add(a8_).add(a2_).add(a4_).add(b8_).add(ab_).add_int8(b.at_ms).add(b4_);
  send("saga_update", p);
}

void postgres_store::send_journal(const batch& b) {
  if (b.journal.empty()) return;
  clear(a8_, a4_, a2_, b2_, b4_, b8_, at_, bt_, ab_, c2_, c8_);
  for (const auto& j : b.journal) {
    a8_.add_int8(j.saga_no);
    a4_.add_int4(j.seq);
    a2_.add_int2(j.kind);
    b2_.add_int2(j.step);
    b4_.add_int4(j.number);
    b8_.add_int8(static_cast<std::int64_t>(j.occurrence));
    at_.add_bytes(j.message_id);
    bt_.add_bytes(j.type);
    ab_.add_bytes(j.payload);
    c2_.add_int2(j.outcome);
    c8_.add_int8(static_cast<std::int64_t>(j.commands_hash));
  }
  pg::binary_parameters p;
  p.add(a8_).add(a4_).add(a2_).add(b2_).add(b4_).add(b8_).add(at_).add(bt_).add(ab_).add(c2_);
  p.add(c8_).add_int8(b.at_ms);
  send("journal_insert", p);
}

void postgres_store::send_outbox(const batch& b) {
  for (const auto& row : b.packed) {
    pg::binary_parameters p;
    p.add_int2(row.shard).add_int8(row.seq).add_int4(row.n).add_bytes(row.body);
    send("packed_insert", p);
  }
  if (b.acked.empty()) return;
  clear(a2_, a8_);
  for (const auto& [shard, seq] : b.acked) {
    a2_.add_int2(shard);
    a8_.add_int8(seq);
  }
  pg::binary_parameters p;
  p.add(a2_).add(a8_);
  send("packed_delete", p);
}

void postgres_store::send_rare(const batch& b) {
  if (!b.opened.empty()) {
    clear(a8_, a2_, b2_);
    for (const auto& row : b.opened) {
      a8_.add_int8(row.no);
      a2_.add_int2(row.shard);
      b2_.add_int2(row.facet);
    }
    pg::binary_parameters p;
    p.add(a8_).add(a2_).add(b2_).add_int8(b.at_ms);
    send("open_put", p);
  }
  if (!b.closed.empty()) {
    clear(a8_);
    for (const auto no : b.closed) a8_.add_int8(no);
    send("open_delete", pg::binary_parameters().add(a8_));
  }
  for (const auto& [no, trace] : b.retraced)
    send("saga_retrace", pg::binary_parameters().add_int8(no).add_bytes(trace));
  for (const auto& q : b.quarantined) {
    pg::binary_parameters p;
    p.add_int2(q.shard).add_bytes(q.topic).add_int4(q.partition).add_int8(q.offset);
    q.key ? p.add_bytes(*q.key) : p.add_null();
    q.payload ? p.add_bytes(*q.payload) : p.add_null();
    p.add_bytes(q.headers).add_bytes(q.reason).add_int8(b.at_ms);
    send("quarantine_insert", p);
  }
}
}  // namespace skald
