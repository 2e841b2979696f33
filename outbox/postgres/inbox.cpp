#include "skald/inbox.hpp"

#include <algorithm>
#include <map>
#include <pqxx/pqxx>
#include <stdexcept>

#include "outbox/postgres/arrays.hpp"

namespace skald {
namespace {
// Sorted, so that two processes with the same ids never wait for each other in a circle.
constexpr const char* take_sql = R"(
  insert into inbox (consumer, message_id)
  select $1, id from unnest($2::text[]) as given(id) order by id
      on conflict do nothing returning message_id)";

constexpr const char* forget_sql = R"(
  delete from inbox where ctid = any(array(
    select ctid from inbox where consumer = $1 and at < now() - make_interval(hours => $2)
     order by at limit $3)))";
}  // namespace

inbox::inbox(inbox_settings s) : settings_(std::move(s)) {
  if (settings_.consumer.empty()) throw std::invalid_argument("an inbox needs a consumer's name");
  if (settings_.retention < settings_.horizon)
    throw std::invalid_argument(
        "inbox '" + settings_.consumer + "': the retention of " +
        std::to_string(settings_.retention.count()) + " h is shorter than the horizon of " +
        std::to_string(settings_.horizon.count()) + " h: a message could take effect twice");
}

std::vector<std::size_t> inbox::take(pqxx::transaction_base& tx,
                                     std::span<const std::string_view> ids) const {
  std::map<std::string_view, std::size_t> first;  // of each id
  for (std::size_t i = 0; i < ids.size(); ++i) first.try_emplace(ids[i], i);
  if (first.empty()) return {};
  pg::array_parameter distinct(pg::oid::text);
  for (const auto& [id, i] : first) distinct.push(id);
  std::vector<std::size_t> taken;
  for (const auto& row : tx.exec_params(take_sql, settings_.consumer, distinct.parameter()))
    taken.push_back(first.at({row[0].c_str(), row[0].size()}));
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::size_t inbox::forget(pqxx::transaction_base& tx, std::size_t limit) const {
  return tx.exec_params(forget_sql, settings_.consumer, settings_.retention.count(), limit)
      .affected_rows();
}
}  // namespace skald
