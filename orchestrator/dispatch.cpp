#include "orchestrator/dispatch.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/quarantine.hpp"
#include "sagas/assert.hpp"

namespace skald {
namespace {
constexpr int index_bits = 24;  // frames of one lot
}  // namespace

outgoing::outgoing(open_writer opening, reporter report, histogram* publish)
    : open_(std::move(opening)), report_(std::move(report)), publish_(publish) {
  open(false);
}

void outgoing::add(std::int16_t shard, std::int64_t seq, std::int32_t n, std::string body) {
  SKALD_ASSERT(n > 0 && n < (1 << index_bits), "a packed row has between 1 and 2^24 frames");
  bytes_ += body.size();
  lots_.emplace(next_id_, lot{.shard = shard, .seq = seq, .n = n, .body = std::move(body)});
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

bool outgoing::push() try {
  while (!unsent_.empty()) {
    const auto id = unsent_.front();
    if (careful_ && id >= doubt_until_) return true;  // for the writer that follows
    if (const auto found = lots_.find(id); found != lots_.end()) {
      auto& l = found->second;
      while (l.sent_bytes < l.body.size()) {
        if (handed_ >= most_handed_frames) return true;
        if (!send_next(id, l)) return false;
      }
      if (l.unacked == 0) finish(id, l);  // all of it was refused
    }
    unsent_.pop_front();
  }
  return true;
} catch (const log_error& e) {
  broken_ = e.what();
  return false;
}

// False: the writer is full.
bool outgoing::send_next(std::uint64_t id, lot& l) {
  std::string_view rest = std::string_view(l.body).substr(l.sent_bytes);
  if (!wire::read_frame(rest, frame_)) throw store_error("a row of outbox_batch is damaged");
  const auto set_aside = std::find(l.refused.begin(), l.refused.end(), l.sent) != l.refused.end();
  const auto sent = set_aside ? log_writer::sent::impossible
                              : writer_->send(frame_.topic, frame_.key, frame_.headers,
                                              frame_.value, id << index_bits | l.sent);
  if (sent == log_writer::sent::full) return false;
  if (sent == log_writer::sent::queued) ++handed_;
  const auto index = l.sent++;
  l.sent_bytes = l.body.size() - rest.size();
  failpoint::pass("dispatch.sent");
  if (sent == log_writer::sent::impossible && !set_aside)
    refuse(l, index, "Kafka can never take this record: it is too large or its topic is invalid");
  return true;
}

bool outgoing::hear(milliseconds at_most) {
  if (at_most.count() > 0) writer_->flush(at_most);
  writer_->poll();
  if (!broken_.empty()) {
    send_again();
  } else if (careful_ && handed_ == 0) {
    oldest();
    if (in_order_.empty() || in_order_.front() >= doubt_until_) open(false);
  }
  return handed_ == 0;
}

void outgoing::delivered(const log_writer::delivery& d) {
  failpoint::pass("dispatch.delivered");
  --handed_;
  if (!d.error.empty() && !d.permanent) {
    if (broken_.empty()) broken_ = d.error;
    return;
  }
  const auto id = d.tag >> index_bits;
  const auto found = lots_.find(id);
  if (found == lots_.end()) return;  // of a shard that was given up
  auto& l = found->second;
  if (d.error.empty())
    --l.unacked;
  else
    refuse(l, d.tag & ((1u << index_bits) - 1), d.error);
  if (l.unacked == 0) finish(id, l);
}

void outgoing::finish(std::uint64_t id, lot& l) {
  if (publish_) publish_->observe(l.age().count());
  acked.emplace_back(l.shard, l.seq);
  bytes_ -= l.body.size();
  if (spares_.size() < max_spares) spares_.push_back(std::move(l.body));
  lots_.erase(id);
}

void outgoing::send_again() {
  const auto why = std::exchange(broken_, {});
  if (careful_) throw log_error("Kafka's producer broke, and so did its successor: " + why);
  report_({severity::warning, "producer.broke",
           "Kafka's producer broke: " + why + ". What is not acknowledged is sent again"});
  unsent_.clear();
  for (const auto id : in_order_) {
    const auto found = lots_.find(id);
    if (found == lots_.end()) continue;
    auto& l = found->second;
    l.sent_bytes = l.sent = 0;
    l.unacked = l.n - static_cast<std::int32_t>(l.refused.size());
    unsent_.push_back(id);
  }
  doubt_until_ = next_id_;
  open(true);
}

void outgoing::open(bool careful) {
  writer_.reset();
  handed_ = 0;
  careful_ = careful;
  writer_ = open_(careful, [this](const auto& d) { delivered(d); });
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
  l.refused.push_back(index);
  --l.unacked;
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
