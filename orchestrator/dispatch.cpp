#include "orchestrator/dispatch.hpp"

#include "orchestrator/failpoint.hpp"
#include "orchestrator/quarantine.hpp"
#include "sagas/assert.hpp"

namespace skald {
namespace {
constexpr int index_bits = 24;  // frames of one lot
}

void outgoing::add(std::int16_t shard, std::int64_t seq, std::int32_t n, std::string body) {
  SKALD_ASSERT(n > 0 && n < (1 << index_bits), "a packed row has between 1 and 2^24 frames");
  bytes_ += body.size();
  lots_.emplace(next_id_, lot{shard, seq, n, std::move(body)});
  in_order_.push_back(next_id_);
  unsent_.push_back(next_id_++);
  oldest();  // so that `in_order_` stays as short as it can
}

milliseconds outgoing::oldest() {
  while (!in_order_.empty()) {
    const auto found = lots_.find(in_order_.front());
    if (found != lots_.end()) return found->second.age();
    in_order_.pop_front();
  }
  return {};
}

bool outgoing::push(log_writer& writer) {
  while (!unsent_.empty()) {
    const auto id = unsent_.front();
    const auto found = lots_.find(id);
    if (found == lots_.end()) {  // forgotten
      unsent_.pop_front();
      continue;
    }
    auto& l = found->second;
    std::string_view rest = std::string_view(l.body).substr(l.sent_bytes);
    while (!rest.empty()) {
      if (handed_ >= most_handed_frames) return true;
      if (!wire::read_frame(rest, frame_)) throw store_error("a row of outbox_batch is damaged");
      const auto index = l.sent;
      const auto sent = writer.send(frame_.topic, frame_.key, frame_.headers, frame_.value,
                                    id << index_bits | index);
      if (sent == log_writer::sent::full) return false;
      if (sent == log_writer::sent::queued) ++handed_;
      l.sent_bytes = l.body.size() - rest.size();
      ++l.sent;
      failpoint::pass("dispatch.sent");
      if (sent == log_writer::sent::impossible) {
        refuse(l, index,
               "Kafka can never take this record: it is too large or its topic is invalid");
        if (l.unacked == 1) {
          rest = {};
          finish_frame(id, l);
          break;
        }
        finish_frame(id, l);
      }
    }
    unsent_.pop_front();
  }
  return true;
}

void outgoing::delivered(const log_writer::delivery& d) {
  failpoint::pass("dispatch.delivered");
  --handed_;
  const auto id = d.tag >> index_bits;
  const auto found = lots_.find(id);
  if (found == lots_.end()) return;  // of a shard that was given up
  if (!d.error.empty()) {
    if (!d.permanent) throw log_error("Kafka's producer broke: " + std::string(d.error));
    refuse(found->second, d.tag & ((1u << index_bits) - 1), d.error);
  }
  finish_frame(id, found->second);
}

void outgoing::finish_frame(std::uint64_t id, lot& l) {
  if (--l.unacked > 0) return;
  if (publish_) publish_->observe(l.age().count());
  acked.emplace_back(l.shard, l.seq);
  bytes_ -= l.body.size();
  if (spares_.size() < max_spares) spares_.push_back(std::move(l.body));
  lots_.erase(id);
}

std::string outgoing::take_spare() {
  if (spares_.empty()) return {};
  auto spare = std::move(spares_.back());
  spares_.pop_back();
  spare.clear();
  return spare;
}

void outgoing::refuse(lot& l, std::uint32_t index, std::string_view reason) {
  std::string_view rest = l.body;
  wire::frame frame;
  for (std::uint32_t i = 0; i <= index; ++i)
    if (!wire::read_frame(rest, frame)) throw store_error("a row of outbox_batch is damaged");
  impossible.push_back(quarantined(l.shard, frame, reason));
}

void outgoing::forget(std::int16_t shard) {
  for (auto it = lots_.begin(); it != lots_.end();) {
    if (it->second.shard == shard) {
      bytes_ -= it->second.body.size();
      it = lots_.erase(it);
    } else {
      ++it;
    }
  }
  std::erase_if(acked, [&](const row& r) { return r.first == shard; });
  std::erase_if(impossible, [&](const quarantine_write& q) { return q.shard == shard; });
}
}  // namespace skald
