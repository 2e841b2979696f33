#include "orchestrator/simulate/member.hpp"

#include <algorithm>
#include <utility>

namespace skald::sim {
void member::join(const std::string& topic, ownership told) {
  topic_ = topic;
  told_ = std::move(told);
  cluster_.enter(*this);
}

void member::leave() {
  cluster_.leave(*this);
}

void member::hear() {
  const auto all = std::exchange(news_, {});
  for (const auto& n : all) {
    const std::span<const partition> one(&n.partition, 1);
    if (n.gained && told_.gained) told_.gained(one);
    if (!n.gained && told_.lost) told_.lost(one);
  }
}

void member::assign(std::span<const position> more) {
  for (const auto& p : more) {
    auto* topic = cluster_.find(p.partition.topic);
    const auto no = static_cast<std::size_t>(p.partition.no);
    if (!topic || no >= topic->partitions.size())
      throw log_error("There is no partition " + std::to_string(p.partition.no) + " of topic " +
                      p.partition.topic + ".");
    assigned_[p.partition] = {&topic->partitions[no], p.offset};
  }
}

void member::forget(std::span<const partition> less) {
  for (const auto& p : less) assigned_.erase(p);
}

void member::seek(std::span<const position> to) {
  for (const auto& p : to)
    if (const auto a = assigned_.find(p.partition); a != assigned_.end())
      a->second.next = p.offset, a->second.lost = false;
}

void member::set_paused(std::span<const partition> some, bool paused) {
  for (const auto& p : some)
    if (const auto a = assigned_.find(p); a != assigned_.end()) a->second.paused = paused;
}

void member::poll(std::vector<wire::record>& out, std::size_t max_records, std::size_t max_bytes) {
  bool any_late = false;
  for (auto& n : news_) any_late |= n.polls-- > 0;
  if (!any_late && !news_.empty()) hear();
  used_frames_ = 0;
  if (cluster_.happens(fault::log_fails)) throw log_error("the simulated log cannot be read");
  if (max_records == 0) return;
  const auto begin = out.size();
  std::size_t bytes = 0;
  for (auto& [p, a] : assigned_) {
    if (a.paused || a.lost) continue;
    if (a.next > a.from->end()) {
      if (out.size() > begin) continue;  // said when it has no record
      a.lost = true;
      throw records_lost(p, "Records are lost: offset " + std::to_string(a.next) + " of " +
                                p.topic + " is not there.");
    }
    auto most = max_records - (out.size() - begin);
    if (cluster_.happens(fault::poll_short))
      most = std::min<std::size_t>(most, cluster_.of(fault::poll_short)->below(4));
    take(p, a, out, most, bytes, max_bytes);
  }
}

void member::take(const partition& p, assignment& a, std::vector<wire::record>& out,
                  std::size_t most, std::size_t& bytes, std::size_t max_bytes) {
  for (; most > 0 && bytes < max_bytes && a.next < a.from->end(); --most, ++a.next) {
    const auto& kept = a.from->records[static_cast<std::size_t>(a.next)];
    bytes += kept.packed.size();
    if (used_frames_ == frames_.size()) frames_.emplace_back();
    auto& frame = frames_[used_frames_++];
    std::string_view rest = kept.packed;
    wire::read_frame(rest, frame);
    out.push_back({.topic = frame.topic,
                   .partition = p.no,
                   .offset = a.next,
                   .key = frame.key,
                   .value = frame.value,
                   .has_key = kept.has_key,
                   .has_value = kept.has_value,
                   .headers = frame.headers});
  }
}
}  // namespace skald::sim
