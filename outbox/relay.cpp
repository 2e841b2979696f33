#include "outbox/relay.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "outbox/header_text.hpp"
#include "outbox/outbox_table.hpp"
#include "outbox/stop_signal.hpp"

namespace skald {
namespace {
using steady = std::chrono::steady_clock;
constexpr milliseconds ack_pause{1};    // a writer has no descriptor to wait on
constexpr milliseconds first_pause{2};  // of a busy relay that found nothing
constexpr milliseconds longest_busy_pause{20};
constexpr milliseconds after_trouble{200};   // doubled up to longest_pause
constexpr int silences = 3;                  // polls that may be missed before the lead is lost
constexpr milliseconds parting_time{3'000};  // for what is in flight when the relay stops
constexpr std::size_t max_header_text = 64 * 1024;
constexpr std::size_t careful_in_flight = 500;

}  // namespace

struct relay::shared {
  stop_signal stop;
  std::atomic<std::uint64_t> sent{0}, rejected{0}, restarts{0};
  std::atomic<bool> leading{false};
  std::int64_t careful_until = 0;  // ids that were in flight when a writer broke
};

// One session's life: stand by, lead, drain. Ends by stop, or by what the world throws.
class relay::run {
 public:
  explicit run(relay& of)
      : relay_(of),
        shared_(*of.shared_),
        settings_(of.settings_),
        table_(settings_.postgres, settings_.poll_at_most * silences) {}

  ~run() {
    if (!shared_.leading.exchange(false)) return;
    if (relay_.events_.leading) relay_.events_.leading(false);
  }

  void stand_by() {
    while (!shared_.stop.raised()) {
      if (table_.try_to_lead()) {
        try {
          return drain();
        } catch (const log_error&) {
          if (writer_) writer_->flush(parting_time);  // a broken one gives all back at once
          land();
          // What was in flight is sent again by another run, one record a batch.
          for (auto id : in_flight_) shared_.careful_until = std::max(shared_.careful_until, id);
          ++shared_.restarts;
          settle();  // what did arrive, and the record that is to blame
          throw;
        }
      }
      shared_.stop.wait(settings_.lead_retry);
    }
  }

 private:
  void drain();
  void open_writer();
  bool round();
  void tell_rejected();
  void send(const outbox_table::row&);
  void set_aside(std::int64_t id, std::string_view reason) {
    next_.rejected.push_back({id, std::string(reason)});
  }
  void on_delivery(const log_writer::delivery&);
  void land();
  void serve_writer();
  void wait_for_acks();
  void sleep();
  void settle();
  std::int64_t room() const;

  relay& relay_;
  shared& shared_;
  const relay_settings& settings_;
  outbox_table table_;
  header_text header_text_;
  std::vector<wire::header> headers_;
  std::unordered_set<std::int64_t> in_flight_;  // until the round that deletes them
  outbox_table::demand next_;                   // what the next round deletes and sets aside
  std::string broken_;                          // why the writer is of no more use
  std::int64_t last_read_ = 0;
  bool careful_ = false, in_round_ = false;
  steady::time_point settled_at_{};
  std::unique_ptr<log_writer> writer_;  // first to go: it calls on_delivery
};

void relay::run::drain() {
  shared_.leading = true;
  if (relay_.events_.leading) relay_.events_.leading(true);
  open_writer();
  auto pause = first_pause;
  while (!shared_.stop.raised()) {
    if (round()) {
      pause = first_pause;
    } else if (!in_flight_.empty()) {
      wait_for_acks();
    } else if (table_.try_to_close_gate()) {
      if (!round()) sleep();
      table_.open_gate();
    } else {  // a writer has inserted and not yet ended
      shared_.stop.wait(pause);
      pause = std::min(2 * pause, longest_busy_pause);
    }
  }
  writer_->flush(parting_time);
  settle();
}

void relay::run::open_writer() {
  careful_ = shared_.careful_until > 0;
  writer_.reset();
  writer_ = relay_.open_(careful_, [this](auto& d) { on_delivery(d); });
}

// How many rows may be read now.
std::int64_t relay::run::room() const {
  auto most = careful_ ? careful_in_flight : settings_.rows_in_flight;
  if (careful_ && last_read_ >= shared_.careful_until && !in_flight_.empty()) return 0;
  if (in_flight_.size() >= most) return 0;
  auto left = static_cast<std::int64_t>(most - in_flight_.size());
  auto batch = std::min(settings_.batch_rows, static_cast<std::int64_t>(most));
  if (left < batch / 4) return 0;  // small reads cost as much as large ones
  return std::min(batch, left);
}

// False: there was nothing to do.
bool relay::run::round() {
  serve_writer();
  land();
  if (careful_ && in_flight_.empty() && last_read_ >= shared_.careful_until) {
    shared_.careful_until = 0;
    open_writer();
  }
  const auto now = steady::now();
  next_.rows = room();
  next_.bytes = settings_.batch_bytes;
  next_.settle = next_.rows > 0 && table_.has_gaps() && now - settled_at_ >= settings_.settle_every;
  if (next_.rows == 0 && next_.sent.empty() && next_.rejected.empty()) return false;
  const bool changes = !next_.sent.empty() || !next_.rejected.empty();
  if (next_.settle) settled_at_ = now;
  table_.begin_round(std::exchange(next_, {}));
  in_round_ = true;
  while (!table_.advance()) {
    if (shared_.stop.raised()) return true;  // settle() ends it, or gives it up in time
    serve_writer();
    shared_.stop.wait(in_flight_.empty() ? longest_busy_pause : ack_pause, table_.socket(),
                      table_.wants_write());
  }
  in_round_ = false;
  tell_rejected();
  for (std::size_t i = 0; i < table_.rows() && !shared_.stop.raised(); ++i) send(table_.at(i));
  return changes || table_.rows() > 0;
}

void relay::run::tell_rejected() {
  for (auto& r : table_.rejected()) {
    ++shared_.rejected;
    if (relay_.events_.rejected) relay_.events_.rejected(r.id, r.topic, r.reason);
  }
}

void relay::run::send(const outbox_table::row& row) {
  last_read_ = std::max(last_read_, row.id);
  if (in_flight_.contains(row.id)) return;
  if (row.headers.size() > max_header_text || !header_text_.read(row.headers, headers_))
    return set_aside(row.id, "its headers are not a JSON object of strings");
  const auto key = row.has_key ? row.key : string_view();
  const auto value = row.has_payload ? row.payload : string_view();
  for (;;) {
    switch (writer_->send(row.topic, key, headers_, value, static_cast<std::uint64_t>(row.id))) {
      case log_writer::sent::queued:
        in_flight_.insert(row.id);
        return;
      case log_writer::sent::impossible:
        return set_aside(row.id,
                         "it is larger than a record may be, or its topic has no such name");
      case log_writer::sent::full:
        break;
    }
    if (shared_.stop.raised()) return;
    shared_.stop.wait(ack_pause);
    serve_writer();
  }
}

void relay::run::on_delivery(const log_writer::delivery& d) {
  const auto id = static_cast<std::int64_t>(d.tag);
  if (d.error.empty()) {
    next_.sent.push_back(id);
    ++shared_.sent;
  } else if (d.permanent) {
    set_aside(id, d.error);
  } else if (broken_.empty()) {
    broken_ = d.error;
  }
}

// Only now, as a round that is under way may still show what was acked meanwhile.
void relay::run::land() {
  for (auto id : next_.sent) in_flight_.erase(id);
  for (auto& r : next_.rejected) in_flight_.erase(r.id);
}

void relay::run::serve_writer() {
  writer_->poll();
  if (broken_.empty()) return;
  throw log_error("The Kafka producer gave up: " + broken_);
}

void relay::run::wait_for_acks() {
  shared_.stop.wait(ack_pause);
  serve_writer();
}

// The gate is closed: whoever inserts from now on notifies.
void relay::run::sleep() {
  if (relay_.events_.asleep) relay_.events_.asleep();
  const auto until = steady::now() + settings_.poll_at_most;
  while (!shared_.stop.raised() && !table_.take_notification()) {
    auto left = std::chrono::ceil<milliseconds>(until - steady::now());
    if (left.count() <= 0) return;
    shared_.stop.wait(left, table_.socket());
  }
}

// A last round: what has reached Kafka is deleted, so that the next leader does not send it again.
void relay::run::settle() {
  const auto until = steady::now() + parting_time;
  auto finish = [&] {
    while (in_round_ && steady::now() < until) {
      if (!table_.advance()) {
        table_.wait(longest_busy_pause);
        continue;
      }
      in_round_ = false;
      tell_rejected();
    }
    return !in_round_;
  };
  if (!finish() || (next_.sent.empty() && next_.rejected.empty())) return;
  next_.rows = 0;
  next_.settle = false;
  table_.begin_round(std::exchange(next_, {}));
  in_round_ = true;
  finish();
}

relay::relay(relay_settings settings, open_log open, relay_events events)
    : settings_(std::move(settings)),
      open_(std::move(open)),
      events_(std::move(events)),
      shared_(std::make_unique<shared>()) {}

relay::~relay() {
  stop();
}

void relay::start() {
  thread_ = std::thread([this] {
    auto pause = after_trouble;
    while (!shared_->stop.raised()) {
      const auto begin = steady::now();
      try {
        run(*this).stand_by();
      } catch (const std::exception& e) {
        if (events_.trouble) events_.trouble(e.what());
      }
      if (steady::now() - begin > settings_.longest_pause) pause = after_trouble;
      shared_->stop.wait(pause);
      pause = std::min(2 * pause, settings_.longest_pause);
    }
  });
}

void relay::stop() {
  shared_->stop.raise();
  if (thread_.joinable()) thread_.join();
}

relay::counts relay::count() const {
  return {shared_->sent, shared_->rejected, shared_->restarts, shared_->leading};
}
}  // namespace skald
