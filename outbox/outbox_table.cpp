#include "outbox/outbox_table.hpp"

namespace skald {
namespace {
using std::chrono::milliseconds;
constexpr milliseconds answer_within{60'000};  // of the small questions

// The first of a pair of advisory lock numbers; the second is the table's oid.
constexpr std::int32_t leader_lock = 813730;
constexpr std::int32_t gate_lock = 813731;  // as in migrations/outbox

// One snapshot for all ranges, lowest ids first: LATERAL goes through them as they are given
// (finish_round() asserts it), where ORDER BY would sort the whole backlog.
constexpr char read_rows[] =
    "select id, topic, key, headers, payload, bytes from ("
    " select o.*, sum(size) over (rows unbounded preceding)::int8 as bytes from ("
    "  select r.* from unnest($1::int8[], $2::int8[]) as unread(first, last)"
    "  cross join lateral ("
    "   select id, topic, key, headers, payload,"
    "    octet_length(headers) + coalesce(octet_length(payload), 0) as size"
    "   from outbox where id between unread.first and unread.last order by id limit $3) r"
    "  limit $3) o) s"
    " where bytes - size < $4";
constexpr char delete_rows[] = "delete from outbox where id = any($1::int8[])";
constexpr char reject_rows[] =
    "with gone as (delete from outbox where id = any($1::int8[]) returning *)"
    " insert into outbox_rejected(id, topic, key, headers, payload, reason)"
    " select g.id, g.topic, g.key, g.headers, g.payload, r.reason"
    " from gone g join unnest($1::int8[], $2::text[]) as r(id, reason) using (id)"
    " on conflict (id) do nothing returning id, topic, reason";
constexpr char last_id[] =
    "select case when is_called then last_value else last_value - 1 end from outbox_id_seq";
constexpr char lock_holders[] =
    "select virtualtransaction from pg_locks where locktype = 'relation'"
    " and relation = $1::int8::oid and mode = 'RowExclusiveLock'"
    " and database = (select oid from pg_database where datname = current_database())"
    " and pid is distinct from pg_backend_pid()";
}  // namespace

outbox_table::outbox_table(const std::string& url, milliseconds longest_silence)
    : session_(url),
      sent_(pg::type::int8),
      rejected_ids_(pg::type::int8),
      reasons_(pg::type::text),
      firsts_(pg::type::int8),
      lasts_(pg::type::int8) {
  // Statistics of a table that is now empty and now full say nothing: never scan it whole.
  // A delete that a crash undoes is a record sent twice, which is allowed.
  session_.exec(
      "set enable_seqscan = off; set enable_bitmapscan = off; set jit = off;"
      " set max_parallel_workers_per_gather = 0; set synchronous_commit = off;"
      " set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5;"
      " set tcp_keepalives_count = 3; set idle_session_timeout = " +
      std::to_string(longest_silence.count()));
  session_.prepare("relation", "select 'outbox'::regclass::oid::int8");
  session_.prepare("lead", "select pg_try_advisory_lock($1, $2::int8::oid::int4)");
  session_.prepare("open_gate", "select pg_advisory_unlock($1, $2::int8::oid::int4)");
  session_.prepare("read", read_rows);
  session_.prepare("delete", delete_rows);
  session_.prepare("reject", reject_rows);
  session_.prepare("last_id", last_id);
  session_.prepare("holders", lock_holders);
  session_.send("relation", {});
  session_.sync();
  session_.wait(answer_within);
  if (session_.outcome().fate != pg::fate::committed)
    throw pg::error(session_.outcome().sentence, session_.outcome().sqlstate, true);
  relation_ = session_.result(0).number(0, 0);
  session_.exec("listen skald_outbox");
}

bool outbox_table::try_to_lead() {
  session_.send("lead", pg::binary_parameters().add_int4(leader_lock).add_int8(relation_));
  return ask("the leader's lock");
}
bool outbox_table::try_to_close_gate() {
  session_.send("lead", pg::binary_parameters().add_int4(gate_lock).add_int8(relation_));
  return ask("the gate");
}
void outbox_table::open_gate() {
  session_.send("open_gate", pg::binary_parameters().add_int4(gate_lock).add_int8(relation_));
  ask("the gate");
}

bool outbox_table::ask(const char* what) {
  session_.sync();
  if (!session_.wait(answer_within))
    throw pg::error(std::string("PostgreSQL does not answer about ") + what, "", true);
  auto& o = session_.outcome();
  if (o.fate != pg::fate::committed) throw pg::error(o.sentence, o.sqlstate, true);
  return session_.result(0).number(0, 0) != 0;
}

void outbox_table::begin_round(const demand& d) {
  asked_ = d;
  row_count_ = 0;
  std::size_t statements = 0;
  reject_at_ = 0;
  if (!d.sent.empty()) {
    sent_.clear();
    for (auto id : d.sent) sent_.add_int8(id);
    session_.send("delete", pg::binary_parameters().add(sent_));
    ++statements;
  }
  if (!d.rejected.empty()) {
    reject_at_ = statements;
    rejected_ids_.clear();
    reasons_.clear();
    for (auto& r : d.rejected) {
      rejected_ids_.add_int8(r.id);
      reasons_.add_bytes(r.reason);
    }
    session_.send("reject", pg::binary_parameters().add(rejected_ids_).add(reasons_));
    ++statements;
  }
  // In this order: the sequence, the holders, and only then a snapshot to read with.
  if (settle_at_ = statements; d.settle) {
    session_.send("last_id", {});
    session_.send("holders", pg::binary_parameters().add_int8(relation_));
    statements += 2;
  }
  if (read_at_ = statements; d.rows > 0) {
    firsts_.clear();
    lasts_.clear();
    for (auto [first, last] : unread_.ranges()) {
      firsts_.add_int8(first);
      lasts_.add_int8(last);
    }
    session_.send(
        "read",
        pg::binary_parameters().add(firsts_).add(lasts_).add_int8(d.rows).add_int8(d.bytes));
  }
  session_.sync();
}

bool outbox_table::advance() {
  if (!session_.advance()) return false;
  auto& o = session_.outcome();
  if (o.fate != pg::fate::committed) throw pg::error(o.sentence, o.sqlstate, true);
  finish_round();
  return true;
}

void outbox_table::finish_round() {
  if (asked_.rows > 0) {
    row_count_ = session_.result(read_at_).rows();
    ids_.clear();
    for (std::size_t i = 0; i < row_count_; ++i) {
      ids_.push_back(at(i).id);
      if (i > 0 && ids_[i] <= ids_[i - 1])
        throw pg::error("PostgreSQL gave the outbox's rows out of order.", "", true);
    }
    unread_.take(ids_);
  }
  if (asked_.settle) settle_ids();
}

void outbox_table::settle_ids() {
  auto holders = session_.result(settle_at_ + 1);
  std::vector<std::string> transactions;
  for (std::size_t i = 0; i < holders.rows(); ++i) transactions.emplace_back(holders.data(i, 0));
  auto settled = floor_.observe(session_.result(settle_at_).number(0, 0), std::move(transactions));
  if (!settled) return;
  // Only what this round's snapshot was really asked for is known to be dead.
  const bool read_all = static_cast<std::int64_t>(row_count_) < asked_.rows &&
                        (row_count_ == 0 || bytes_read() < asked_.bytes);
  if (read_all)
    unread_.close_up_to(*settled);
  else if (row_count_ > 0)
    unread_.close_up_to(std::min(*settled, ids_.back()));
}

std::int64_t outbox_table::bytes_read() const {
  return session_.result(read_at_).number(row_count_ - 1, 5);
}

std::vector<outbox_table::rejection> outbox_table::rejected() const {
  std::vector<rejection> all;
  if (asked_.rejected.empty()) return all;
  auto r = session_.result(reject_at_);
  for (std::size_t i = 0; i < r.rows(); ++i)
    all.push_back({r.number(i, 0), std::string(r.data(i, 2)), std::string(r.data(i, 1))});
  return all;
}

outbox_table::row outbox_table::at(std::size_t i) const {
  auto r = session_.result(read_at_);
  row out;
  out.id = r.number(i, 0);
  out.topic = r.data(i, 1);
  out.has_key = !r.is_null(i, 2);
  out.key = r.data(i, 2);
  out.headers = r.data(i, 3);
  out.has_payload = !r.is_null(i, 4);
  out.payload = r.data(i, 4);
  return out;
}

bool outbox_table::take_notification() {
  session_.advance();
  if (!session_.is_open()) throw pg::error("The connection to PostgreSQL is lost.", "", true);
  return session_.take_notification();
}
}  // namespace skald
