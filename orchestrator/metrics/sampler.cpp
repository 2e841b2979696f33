#include "orchestrator/metrics/sampler.hpp"

#include <algorithm>
#include <map>

#include "orchestrator/sql.hpp"

namespace skald {
namespace {
constexpr milliseconds answer_within{2'000};

kafka::connection impatient(kafka::connection to) {
  to.answer_within = answer_within;
  return to;
}
}  // namespace

sampler::sampler(std::string postgres_url, kafka::connection to, metrics& m,
                 std::function<void(const std::string&)> report)
    : url_(std::move(postgres_url)),
      to_(impatient(std::move(to))),
      metrics_(m),
      loop_(
          sample_every, [this] { turn(); }, std::move(report)) {}
sampler::~sampler() {
  stop();
}

void sampler::turn() try {
  if (!database_ || !database_->is_open()) {
    database_.emplace(url_);
    database_->exec(sql::sample::bounds);
  }
  if (!log_) log_ = kafka::open_admin(to_);
  measure_sagas();
  measure_lag();
  metrics_.sampled_at.set(database_->exec(sql::sample::now).real(0, 0));
} catch (...) {
  log_.reset();
  throw;
}

// Every definition has a series of stuck sagas, or an alert would not know that it is over.
void sampler::measure_sagas() {
  const auto rows = database_->exec(sql::sample::open_sagas);
  std::map<std::string, double> stuck, oldest_s;
  const auto names = database_->exec(sql::read::definition_names);
  for (std::size_t i = 0; i < names.rows(); ++i) stuck[names.text(i, 0)] = 0;
  std::vector<family<gauge>::measured> open;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto &definition = rows.text(i, 0), &state = rows.text(i, 1);
    const auto count = static_cast<double>(rows.number(i, 2));
    open.push_back({{definition, state}, count});
    if (state == "stuck") stuck[definition] += count;
    auto& age_s = oldest_s[definition];
    age_s = std::max(age_s, static_cast<double>(rows.number(i, 3)) / 1'000);
  }
  const auto listed = [](const std::map<std::string, double>& values) {
    std::vector<family<gauge>::measured> all;
    for (const auto& [definition, value] : values) all.push_back({{definition}, value});
    return all;
  };
  metrics_.sagas_open.replace(open);
  metrics_.sagas_stuck.replace(listed(stuck));
  metrics_.oldest_open_seconds.replace(listed(oldest_s));
  metrics_.quarantined.set(
      static_cast<double>(database_->exec(sql::sample::quarantined).number(0, 0)));
}

void sampler::measure_lag() {
  const auto read = database_->exec(sql::read::shard_offsets);
  std::vector<family<gauge>::measured> lag;
  for (std::size_t i = 0; i < read.rows(); ++i) {
    const auto& topic = read.text(i, 0);
    const auto no = read.number(i, 1);
    const auto end = log_->watermarks({topic, static_cast<std::int32_t>(no)}).high;
    const auto behind = std::max<std::int64_t>(end - read.number(i, 2), 0);
    lag.push_back({{topic, read.text(i, 1)}, static_cast<double>(behind)});
  }
  metrics_.consumer_lag_records.replace(lag);
}
}  // namespace skald
