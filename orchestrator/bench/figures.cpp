#include "orchestrator/bench/figures.hpp"

#include <cmath>
#include <cstdio>
#include <map>

#include "orchestrator/bench/report.hpp"

namespace skald::bench {
double percentile_ms(const run_result& r, double percent) {
  return static_cast<double>(r.load.latency_us.percentile(percent)) / 1000;
}

std::string grouped(double number) {
  auto digits = std::to_string(std::llround(std::abs(number)));
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return (number <= -0.5 ? "-" : "") + digits;
}

std::string fixed(double number, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

std::string title(const std::string& name) {
  static const std::map<std::string, std::string> titles{
      {run_name::throughput, "throughput"},
      {run_name::kafka_only, "floor: Kafka only"},
      {run_name::postgres_only, "floor: PostgreSQL only"},
      {run_name::failing, "10 % of dispenses fail"},
      {run_name::noise, "5 % twice, 5 % reordered, 1 % lost"},
      {run_name::latency_200, "open loop, 200/s"},
      {run_name::latency_1000, "open loop, 1,000/s"},
      {run_name::kafka_200, "floor: Kafka only, 200/s"},
      {run_name::kafka_1000, "floor: Kafka only, 1,000/s"},
      {run_name::growth, "throughput on 5 M old sagas"},
      {run_name::kills, "service killed again and again"},
      {run_name::kills_shared, "one of two services killed again and again"},
      {run_name::restart, "restart"}};
  const auto found = titles.find(name);
  return found == titles.end() ? name : found->second;
}
}  // namespace skald::bench
