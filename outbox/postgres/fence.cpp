#include "outbox/postgres/fence.hpp"

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include "outbox/postgres/arrays.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::fence {
namespace {
constexpr char load_name[] = "skald_fence_load", save_name[] = "skald_fence_save";

// `for update of f`: not of the keys.
constexpr const char* load_sql = R"(
  select k.no, f.occurrence, f.state, f.effect, f.reply_type, f.reply
    from unnest($1::uuid[], $2::text[]) with ordinality as k(saga_id, step, no)
    join fence f using (saga_id, step)
     for update of f)";

// New rows are inserted without "on conflict": a row that is there already was not there at load,
// so somebody else decided on this step meanwhile.
constexpr const char* save_sql = R"(
  with given as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                         $7::bytea[], $8::bool[])
      as g(saga_id, step, occurrence, state, effect, reply_type, reply, stored)),
  changed as (
    update fence f
       set state = g.state, effect = g.effect, reply_type = g.reply_type, reply = g.reply
      from given g
     where g.stored and f.saga_id = g.saga_id and f.step = g.step and f.occurrence = g.occurrence)
  insert into fence (saga_id, step, occurrence, state, effect, reply_type, reply)
  select saga_id, step, occurrence, state, effect, reply_type, reply from given where not stored
   order by saga_id, step, occurrence)";

constexpr const char* set_aside_sql = R"(
  insert into set_aside (topic, partition, position, reason, key, headers, value)
  values ($1, $2, $3, $4, case when $5 then $6::bytea end, $7::jsonb,
          case when $8 then $9::bytea end)
      on conflict do nothing)";

constexpr const char* forget_fences[] = {
    R"(delete from fence where ctid = any(array(
         select ctid from fence where at < now() - make_interval(hours => $1)
          order by at limit $2)))",
    R"(delete from set_aside where ctid = any(array(
         select ctid from set_aside where at < now() - make_interval(hours => $1)
          order by at limit $2)))"};

string_view bytes(const uuid& u) {
  return {reinterpret_cast<const char*>(u.bytes.data()), u.bytes.size()};
}

std::string hex(string_view s) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : s) (out += digits[c >> 4]) += digits[c & 15];
  return out;
}

// jsonb holds neither other encodings nor NUL.
bool fits_json(string_view s) {
  if (s.find('\0') != s.npos) return false;
  try {
    return !nlohmann::json(s).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

std::string headers_json(std::span<const wire::header> headers) {
  auto text = [](string_view s) { return fits_json(s) ? std::string(s) : hex(s); };
  auto all = nlohmann::json::array();
  for (const auto& h : headers) all.push_back({text(h.name), text(h.value)});
  return all.dump();
}
}  // namespace

// The plans are made here and kept: rows are to be found by their key, however small the table is
// now. When it has been analyzed they are made again, by what it has become.
void prepare(pg::connection& session) {
  session.prepare(load_name, load_sql);
  session.prepare(save_name, save_sql);
  using array = pg::array_parameter;
  using pg::oid;
  const auto uuids = array(oid::uuid).parameter(), texts = array(oid::text).parameter(),
             blobs = array(oid::bytea).parameter(), flags = array(oid::boolean).parameter();
  pg::transaction tx(session);
  tx.exec_script(
      "set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; "
      "set local enable_hashjoin = off; set local enable_mergejoin = off");
  try {
    tx.native().exec_prepared(load_name, uuids, texts);
    tx.native().exec_prepared(save_name, uuids, texts, texts, texts, texts, texts, blobs, flags);
  } catch (const pqxx::failure& e) {
    throw pg::error(std::string("PostgreSQL refuses a statement on table fence: ") + e.what(), "",
                    !session.is_open());
  }
  tx.commit();
}

void load(pqxx::transaction_base& tx, memories& m) {
  if (m.empty()) return;
  pg::array_parameter sagas(pg::oid::uuid), steps(pg::oid::text);
  std::vector<memory*> by_no;
  for (auto& [k, remembered] : m) {
    sagas.push(bytes(k.saga));
    steps.push(k.step);
    by_no.push_back(&remembered);
  }
  const auto rows = tx.exec_prepared(load_name, sagas.parameter(), steps.parameter());
  for (const auto& r : rows) {
    row found{.occurrence = r[1].as<std::string>(), .stored = true};
    if (!read(r[2].c_str(), found.now))
      throw std::runtime_error("table fence has an unknown state: " + r[2].as<std::string>());
    found.effect = r[3].as<std::string>();
    found.reply_type = r[4].as<std::string>();
    found.reply = pqxx::binarystring(r[5]).str();
    by_no.at(r[0].as<std::size_t>() - 1)->rows.push_back(std::move(found));
  }
}

void save(pqxx::transaction_base& tx, const memories& m) {
  using array = pg::array_parameter;
  using pg::oid;
  array sagas(oid::uuid), steps(oid::text), occurrences(oid::text), states(oid::text),
      effects(oid::text), types(oid::text), replies(oid::bytea), stored(oid::boolean);
  for (const auto& [k, remembered] : m)
    for (const auto& r : remembered.rows) {
      if (!r.changed) continue;
      sagas.push(bytes(k.saga));
      steps.push(k.step);
      occurrences.push(r.occurrence);
      states.push(name(r.now));
      effects.push(r.effect);
      types.push(r.reply_type);
      replies.push(r.reply);
      stored.push(string_view(r.stored ? "\1" : "\0", 1));
    }
  if (sagas.size() == 0) return;
  tx.exec_prepared(save_name, sagas.parameter(), steps.parameter(), occurrences.parameter(),
                   states.parameter(), effects.parameter(), types.parameter(), replies.parameter(),
                   stored.parameter());
}

void set_aside(pqxx::transaction_base& tx, const wire::record& record, string_view reason) {
  auto bytea = [](string_view s) { return pqxx::binarystring(s.data(), s.size()); };
  tx.exec_params(set_aside_sql, std::string(record.topic), record.partition, record.offset,
                 std::string(reason), record.has_key, bytea(record.key),
                 headers_json(record.headers), record.has_value, bytea(record.value));
}

std::size_t forget(pqxx::transaction_base& tx, std::chrono::hours keep, std::size_t limit) {
  std::size_t deleted = 0;
  for (const auto* sql : forget_fences)
    deleted += tx.exec_params(sql, keep.count(), limit).affected_rows();
  return deleted;
}
}  // namespace skald::fence
