#include "orchestrator/bench/meter.hpp"

#include <charconv>

namespace skald::bench {
std::optional<pid_t> postmaster_of(pg::connection& db) {
  const auto r = db.exec(
      "select pg_backend_pid(), coalesce(inet_server_addr() <<= '127.0.0.0/8' or "
      "inet_server_addr() = '::1', true)");
  if (!r.boolean(0, 1)) return {};
  const auto parent = parent_of(static_cast<pid_t>(r.number(0, 0)));
  if (!parent || !name_of(*parent).starts_with("postgres")) return {};
  return parent;
}

std::optional<pid_t> kafka_of(const std::string& bootstrap) {
  const auto first = bootstrap.substr(0, bootstrap.find(','));
  const auto colon = first.rfind(':');
  if (colon == std::string::npos) return {};
  const auto host = first.substr(0, colon);
  if (host != "localhost" && host != "[::1]" && !host.starts_with("127.")) return {};
  int port = 0;
  const auto digits = first.substr(colon + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return listener_of(port);
}

std::int64_t meter::wal_now() {
  return db_.exec("select (pg_current_wal_lsn() - '0/0')::bigint").number(0, 0);
}

void meter::begin() {
  begin_wal_ = wal_now();
  begin_machine_ = machine_time_now();
  begin_ms_ = cpu_.ms();
}

void meter::end() {
  const auto now = cpu_.ms();
  const auto machine = machine_time_now();
  wal_bytes_ = wal_now() - begin_wal_;
  const auto total = machine.total_ms - begin_machine_.total_ms;
  busy_share_ = total > 0 ? (machine.busy_ms - begin_machine_.busy_ms) / total : 0;
  for (const auto& [name, ms] : now) {
    const auto& before = begin_ms_[name];
    spent_ms_[name] = ms && before ? std::optional(*ms - *before) : std::nullopt;
  }
}
}  // namespace skald::bench
