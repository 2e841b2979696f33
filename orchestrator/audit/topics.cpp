#include "orchestrator/audit/topics.hpp"

#include <chrono>

namespace skald::audit {
namespace {
constexpr auto longest_silence = std::chrono::seconds(30);
constexpr std::size_t records_a_poll = 10'000, bytes_a_poll = 16 << 20;
}  // namespace

stretches ends_of(log_admin& admin, std::span<const std::string> topics) {
  stretches all;
  for (const auto& topic : topics)
    for (std::int32_t no = 0, n = admin.partitions(topic); no < n; ++no) {
      const auto ends = admin.watermarks({topic, no});
      all[{topic, no}] = {ends.low, ends.high};
    }
  return all;
}

void read_all(log_reader& reader, const stretches& what,
              const std::function<void(const wire::record&)>& visit) {
  std::vector<position> begin;
  stretches left;
  for (const auto& [p, s] : what)
    if (s.from < s.to) {
      begin.push_back({p, s.from});
      left[p] = s;
    }
  reader.assign(begin);
  std::vector<wire::record> records;
  auto heard = std::chrono::steady_clock::now();
  while (!left.empty()) {
    records.clear();
    reader.poll(records, records_a_poll, bytes_a_poll);
    for (const auto& r : records) {
      const auto found = left.find({std::string(r.topic), r.partition});
      if (found == left.end() || r.offset >= found->second.to) continue;
      visit(r);
      if (r.offset + 1 >= found->second.to) left.erase(found);
    }
    const auto now = std::chrono::steady_clock::now();
    if (!records.empty())
      heard = now;
    else if (now - heard > longest_silence)
      throw log_error("Kafka gives no more of topic " + left.begin()->first.topic +
                      ", which has more: is it well?");
    else
      reader.wait(milliseconds(100));
  }
  std::vector<partition> done;
  for (const auto& p : begin) done.push_back(p.partition);
  reader.forget(done);
}
}  // namespace skald::audit
