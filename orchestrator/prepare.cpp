#include "orchestrator/prepare.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <thread>

#include "orchestrator/consume.hpp"
#include "orchestrator/definitions.hpp"
#include "orchestrator/retention.hpp"
#include "orchestrator/sql.hpp"
#include "sagas/json.hpp"

namespace skald {
namespace {
constexpr std::size_t secret_bytes = 32;
constexpr int most_looks = 40;
constexpr milliseconds look_again{50};

void check_installation(pg::transaction& t, log_admin& log, const settings& s) {
  const auto cluster = log.cluster_id();
  t.exec(sql::installation::insert, {s.prefix, s.shards, cluster});
  const auto row = t.exec(sql::installation::read);
  if (row.text(0, 0) != s.prefix)
    throw cannot_serve("This database belongs to the installation with topic prefix \"" +
                       row.text(0, 0) + "\", not \"" + s.prefix +
                       "\". Use another database, or the old prefix.");
  if (row.number(0, 1) != s.shards)
    throw cannot_serve("This installation has " + row.text(0, 1) +
                       " shards, fixed for its life, not " + std::to_string(s.shards) +
                       ". Correct the setting shards.");
  if (row.text(0, 2) != cluster)
    throw cannot_serve("This database belongs to Kafka cluster " + row.text(0, 2) +
                       ", and the one at " + s.kafka.bootstrap + " is " + cluster +
                       ". The stored offsets mean nothing there. Use the right cluster, or a new "
                       "database.");
}

// Each broker learns in its own time of a topic that was just made.
void check_partitions(log_admin& log, const std::string& topic, int wanted) {
  auto found = log.partitions(topic);
  for (int look = 1; found == 0 && look < most_looks; ++look) {
    std::this_thread::sleep_for(look_again);
    found = log.partitions(topic);
  }
  if (found != wanted)
    throw cannot_serve("Topic " + topic + " has " + std::to_string(found) +
                       " partitions and must have " + std::to_string(wanted) + ", one a shard.");
}

// Topics 1 and 2 are the inbox and the starts; the shards read them from their first record.
void make_shards(pg::transaction& t, log_admin& log, const settings& s, const topic_names& names) {
  for (const auto& topic : {names.inbox, names.starts})
    t.exec(sql::topic::add, {topic, s.shards, nullptr});
  if (t.exec(sql::shard::count).number(0, 0) > 0) return;
  t.exec(sql::shard::add, {s.shards});
  int no = 0;
  for (const auto& topic : {names.inbox, names.starts}) {
    ++no;
    for (int shard = 0; shard < s.shards; ++shard)
      t.exec(sql::shard::start_offset, {shard, no, log.watermarks({topic, shard}).low});
  }
}

void make_secret(pg::transaction& t) {
  if (t.exec(sql::installation::secrets).rows() > 0) return;
  std::string bytes(secret_bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), secret_bytes) != 1)
    throw cannot_serve("The system gives no random bytes for the reply tokens' key.");
  t.exec(sql::installation::add_secret, {pg::bytes{bytes}});
}

void check_definitions(pg::transaction& t, log_admin& log, const settings& s) {
  std::int64_t longest_parking_ms = 0;
  const auto all = t.exec(sql::definition::states);
  for (std::size_t i = 0; i < all.rows(); ++i) {
    const auto d = load_definition(t.exec(sql::definition::read, {all.number(i, 0)}).text(0, 4));
    if (all.text(i, 3) == "registered") continue;  // no saga of it can be
    longest_parking_ms = std::max<std::int64_t>(longest_parking_ms, d->parking.count());
    if (all.text(i, 3) != "active") continue;
    for (const auto& p : definitions::participants(*d))
      log.ensure_topic(p + ".commands", s.shards, s.topic_retention_ms);
  }
  if (const auto broken = broken_promise(s, longest_parking_ms); !broken.empty())
    throw cannot_serve(broken);
}
}  // namespace

std::string broken_promise(const settings& s, std::int64_t longest_parking_ms) {
  const auto needed = s.topic_retention_ms + longest_parking_ms + s.fence_retention_ms;
  const auto days = [](std::int64_t ms) { return std::to_string((ms + day_ms - 1) / day_ms); };
  if (s.horizon_ms < needed)
    return "The horizon is " + days(s.horizon_ms) + " days and must be at least " + days(needed) +
           ": topic retention + longest parking time + the participants' fence retention. With a "
           "shorter one a late duplicate could run a finished saga again.";
  if (s.shards < 1 || s.shards > 256) return "The setting shards must be between 1 and 256.";
  if (s.workers < 1 || s.workers > 64) return "The setting workers must be between 1 and 64.";
  return {};
}

void prepare(pg::connection& to, log_admin& log, const settings& s) {
  const topic_names names(s.prefix);
  for (const auto& topic : {names.inbox, names.starts, names.saga_events})
    log.ensure_topic(topic, s.shards, s.topic_retention_ms);
  for (const auto& topic : {names.inbox, names.starts}) check_partitions(log, topic, s.shards);
  {
    pg::transaction t(to);
    t.exec(sql::installation::lock);
    check_installation(t, log, s);
    make_shards(t, log, s, names);
    make_secret(t);
    check_definitions(t, log, s);
    t.commit();
  }
  make_journal_partitions(to, s.journal_period_ms);
}

std::vector<secret_key> live_secrets(pg::connection& from) {
  std::vector<secret_key> all;
  const auto r = from.exec(sql::installation::secrets);
  for (std::size_t i = 0; i < r.rows(); ++i)
    all.push_back({static_cast<int>(r.number(i, 0)), r.data(i, 1)});
  return all;
}
}  // namespace skald
