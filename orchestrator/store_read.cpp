// What the store is asked, and its session.
#include "orchestrator/sql.hpp"
#include "orchestrator/store_session.hpp"

namespace skald {
namespace {
constexpr std::pair<const char*, const char*> statements[] = {
    {"fence", sql::shard::fence},
    {"take_over", sql::shard::take_over},
    {"take_seat", sql::installation::take_seat},
    {"take_over_again", sql::shard::take_over_again},
    {"saga_insert", sql::saga::insert},
    {"saga_update", sql::saga::update},
    {"saga_retrace", sql::saga::retrace},
    {"saga_load", sql::saga::load},
    {"saga_restore", sql::saga::restore},
    {"journal_insert", sql::journal::insert},
    {"journal_end", sql::journal::end},
    {"packed_insert", sql::outbox_batch::insert},
    {"packed_delete", sql::outbox_batch::remove},
    {"packed_next", sql::outbox_batch::next},
    {"open_put", sql::open::put},
    {"open_delete", sql::open::remove},
    {"quarantine_insert", sql::quarantine::insert},
    {"topics", sql::topic::all},
    {"definitions", sql::definition::states},
    {"definition", sql::definition::read},
};

// Every statement here finds its rows by a key. A table that has just begun to grow has no
// statistics, and a plan made then would read all of it for each batch. And a node that vanishes
// in the middle of a batch keeps its shards' rows locked until the server misses it.
constexpr char session_settings[] =
    "set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off;"
    " set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3";
}  // namespace

std::unique_ptr<store> open_postgres_store(const std::string& url, int answer_within_ms) {
  return std::make_unique<postgres_store>(url, answer_within_ms);
}

pg::pipeline& postgres_store::session() {
  if (session_ && session_->is_open()) return *session_;
  session_.reset();
  try {
    session_.emplace(url_);
    session_->exec(session_settings);
    for (const auto& [name, text] : statements) session_->prepare(name, text);
  } catch (const pg::error& e) {
    session_.reset();
    throw store_error(e.what());
  }
  // Another worker may have sat down meanwhile: two must not go by one name.
  if (seat_ && !sit(*session_, seat_->node, seat_->no)) {
    drop();
    throw store_error("The connection to PostgreSQL was lost, and with it the seat of node " +
                      seat_->node);
  }
  return *session_;
}

pg::binary_result postgres_store::ask(pg::pipeline& s, const char* prepared,
                                      const pg::binary_parameters& p) {
  s.send(prepared, p);
  s.sync();
  if (!s.wait(answer_within_)) {
    drop();
    throw store_error("PostgreSQL does not answer");
  }
  if (s.outcome().fate == pg::fate::committed) return s.result(0);
  const auto why = s.outcome().sentence;
  if (!s.is_open()) drop();
  throw store_error(why);
}

void postgres_store::load(std::span<const uuid> ids, std::vector<saga_row>& out) {
  ids_.clear();
  for (const auto& id : ids) ids_.add_uuid(id.bytes);
  const auto r = ask("saga_load", pg::binary_parameters().add(ids_));
  for (std::size_t i = 0; i < r.rows(); ++i) {
    const auto no = r.number(i, 0);
    if (out.empty() || out.back().no != no)
      out.push_back({.no = no,
                     .id = {r.uuid(i, 1)},
                     .definition = static_cast<std::int32_t>(r.number(i, 2)),
                     .key = std::string(r.data(i, 3)),
                     .seq = static_cast<std::int32_t>(r.number(i, 4)),
                     .state = std::string(r.data(i, 5)),
                     .trace = r.is_null(i, 14) ? std::string() : std::string(r.data(i, 14)),
                     .words = {}});
    if (r.is_null(i, 6)) continue;
    out.back().words.push_back({.kind = static_cast<std::uint8_t>(r.number(i, 6)),
                                .step = static_cast<std::uint8_t>(r.number(i, 7)),
                                .outcome = static_cast<std::uint8_t>(r.number(i, 8)),
                                .occurrence = static_cast<std::uint64_t>(r.number(i, 9)),
                                .message_id = std::string(r.data(i, 10)),
                                .type = std::string(r.data(i, 11)),
                                .payload = std::string(r.data(i, 12)),
                                .at_ms = r.number(i, 13)});
  }
}

std::optional<shard_taken> postgres_store::take_over(std::int16_t shard,
                                                     std::optional<std::int64_t> if_epoch) {
  pg::binary_parameters p;
  p.add_int2(shard);
  if (if_epoch) p.add_int8(*if_epoch);
  const auto r = ask(if_epoch ? "take_over_again" : "take_over", p);
  if (r.rows() == 0) return {};
  return shard_taken{{.id = shard,
                      .epoch = r.number(0, 0),
                      .next_offset = r.numbers(0, 1),
                      .next_no = r.number(0, 2),
                      .swept_no = r.number(0, 3)},
                     r.number(0, 4)};
}

std::optional<packed_row> postgres_store::next_packed(std::int16_t shard, std::int64_t after_seq) {
  const auto r = ask("packed_next", pg::binary_parameters().add_int2(shard).add_int8(after_seq));
  if (r.rows() == 0) return {};
  return packed_row{r.number(0, 0), static_cast<std::int32_t>(r.number(0, 1)),
                    std::string(r.data(0, 2))};
}

void postgres_store::restore(std::int16_t shard, std::int64_t swept_no,
                             std::vector<open_saga>& out) {
  const auto r = ask("saga_restore", pg::binary_parameters().add_int2(shard).add_int8(swept_no));
  out.reserve(out.size() + r.rows());
  for (std::size_t i = 0; i < r.rows(); ++i) {
    out.push_back({r.number(i, 0),
                   {r.uuid(i, 1)},
                   r.number(i, 2),
                   static_cast<std::uint8_t>(r.number(i, 3)),
                   {}});
    if (!r.is_null(i, 4)) out.back().facet = static_cast<std::uint8_t>(r.number(i, 4));
  }
}

std::vector<topic_row> postgres_store::topics() {
  std::vector<topic_row> all;
  const auto r = ask("topics");
  for (std::size_t i = 0; i < r.rows(); ++i)
    all.push_back({static_cast<std::int16_t>(r.number(i, 0)), std::string(r.data(i, 1)),
                   static_cast<std::int32_t>(r.number(i, 2))});
  return all;
}

std::vector<definition_row> postgres_store::definitions() {
  std::vector<definition_row> all;
  const auto r = ask("definitions");
  for (std::size_t i = 0; i < r.rows(); ++i)
    all.push_back({static_cast<std::int32_t>(r.number(i, 0)), std::string(r.data(i, 1)),
                   static_cast<std::int32_t>(r.number(i, 2)), std::string(r.data(i, 3))});
  return all;
}

std::string postgres_store::definition_spec(std::int32_t no) {
  const auto r = ask("definition", pg::binary_parameters().add_int4(no));
  if (r.rows() == 0) throw store_error("definition " + std::to_string(no) + " is not stored");
  return std::string(r.data(0, 4));
}

bool postgres_store::sit(pg::pipeline& s, std::string_view node, int no) {
  return ask(s, "take_seat", pg::binary_parameters().add_bytes(node).add_int4(no)).number(0, 0);
}

int postgres_store::take_seat(std::string_view node) {
  constexpr int most_seats = 4'096;
  for (int no = 0; no < most_seats; ++no) {
    if (!sit(session(), node, no)) continue;
    seat_ = {std::string(node), no};
    return no;
  }
  throw store_error("All seats of node " + std::string(node) + " are taken: run fewer workers");
}

std::int64_t postgres_store::journal_end_no() {
  return ask("journal_end").number(0, 0);
}
}  // namespace skald
