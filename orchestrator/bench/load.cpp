#include "orchestrator/bench/load.hpp"

#include <poll.h>

#include <array>
#include <charconv>
#include <sstream>
#include <stdexcept>

#include "orchestrator/bench/events.hpp"
#include "skald/reflect.hpp"

namespace skald::bench {
namespace {
using std::chrono::steady_clock;

constexpr std::size_t max_records = 5'000;  // taken at once
constexpr std::size_t max_bytes = 8 << 20;
constexpr std::uint64_t max_burst = 1'000;   // started before events are looked at again
constexpr std::uint64_t overtaken_by = 100;  // starts that pass a reordered one
constexpr nanoseconds idle = std::chrono::milliseconds(5);
constexpr std::string_view completed_type = "skald.saga.completed.v1",
                           aborted_type = "skald.saga.aborted.v1",
                           stuck_type = "skald.saga.stuck.v1";

void wait_for(const log_reader& reader, nanoseconds at_most) {
  if (at_most <= nanoseconds::zero()) return;
  pollfd p{reader.wake_fd(), POLLIN, 0};
  const timespec time{at_most.count() / 1'000'000'000, at_most.count() % 1'000'000'000};
  ::ppoll(&p, 1, &time, nullptr);
}

void write_body(std::string& out, std::string_view key, std::uint64_t no) {
  out = R"({"order_id":")";
  out += key;
  out += R"(","slot":)" + std::to_string(no % 60) + R"(,"price_cents":)" +
         std::to_string(100 + no % 400);
  out += R"(,"customer_id":"customer-)" + std::to_string(no % 1'000'003) +
         R"(","machine_id":"machine-)" + std::to_string(no % 4'001) +
         R"(","currency":"EUR","placed_at":"2026-01-01T12:00:00.000Z",)"
         R"("note":"no ice, and the card on file, please"})";
}
}  // namespace

std::string load_result::text() const {
  std::ostringstream out;
  out.precision(17);
  out << seconds << ' ' << ended << ' ' << aborted << ' ' << started_in_all << ' ' << ended_in_all
      << ' ' << aborted_in_all << ' ' << due_in_all << ' ' << stuck << ' ' << never_ended << ';'
      << latency_us.text();
  return out.str();
}

load_result load_result::read(const std::string& text) {
  load_result r;
  std::istringstream in(text);
  char separator = 0;
  in >> r.seconds >> r.ended >> r.aborted >> r.started_in_all >> r.ended_in_all >>
      r.aborted_in_all >> r.due_in_all >> r.stuck >> r.never_ended >> separator;
  if (!in || separator != ';') throw std::invalid_argument("not the text of a load's result");
  r.latency_us = histogram::read(std::string_view(text).substr(text.find(';') + 1));
  return r;
}

load::load(const load_settings& s, log_writer& writer, log_reader& reader, log_admin& admin)
    : settings_(s),
      starts_(s.prefix + ".starts"),
      events_(s.prefix + ".saga-events"),
      source_("/skald/bench/" + s.run),
      writer_(writer),
      reader_(reader),
      random_(s.seed * 2 + 1) {
  follow_from_now(admin);
}

void load::follow_from_now(log_admin& admin) {
  const auto partitions = admin.partitions(events_);
  if (!partitions) throw log_error("There is no topic " + events_ + ": is the service set up?");
  std::vector<position> from;
  for (std::int32_t p = 0; p < partitions; ++p)
    from.push_back({{events_, p}, admin.watermarks({events_, p}).high});
  reader_.assign(from);
}

load_result load::run(const std::function<void(stage)>& reached,
                      const std::function<bool()>& asked_to_stop) {
  begun_ = steady_clock::now();
  for (;;) {
    const bool asked = asked_to_stop();
    if (asked && !settings_.until_asked) break;
    auto now = steady_clock::now();
    change_stage(now, asked, reached);
    const bool patient = now < drain_from_ + settings_.drain_at_most;
    if (draining_ && (flights_.size() == 0 || !patient)) break;
    if (!draining_) start_sagas(now);
    release_held(draining_);
    writer_.poll();
    if (!broken_.empty()) throw log_error(broken_);
    take_events(steady_clock::now());
    const bool pacing = settings_.pace.open() && !draining_;
    now = steady_clock::now();
    wait_for(reader_, pacing ? std::min(settings_.pace.due(begun_, next_) - now, idle) : idle);
  }
  result_.started_in_all = next_;
  result_.never_ended = flights_.size();
  return result_;
}

// Connections and first looks at topics take a while: they are no part of what is measured.
void load::change_stage(instant now, bool asked, const std::function<void(stage)>& reached) {
  const bool warming_up = !measuring_ && !draining_;
  if (warming_up && result_.ended_in_all == 0 && now < begun_ + settings_.first_end_within) {
    measure_from_ = now + settings_.warm_up;
    return;
  }
  if (warming_up && now >= measure_from_) {
    measuring_ = true;
    measure_from_ = now;
    reached(stage::warm);
  }
  const bool over = settings_.until_asked ? asked : now >= measure_from_ + settings_.measured;
  if (measuring_ && over) {
    measuring_ = false;
    draining_ = true;
    drain_from_ = now;
    result_.seconds = std::chrono::duration<double>(now - measure_from_).count();
    reached(stage::measured);
  }
}

void load::start_sagas(instant now) {
  auto count = std::min(settings_.pace.wanted(begun_, now, next_, flights_.size()), max_burst);
  count = std::min(count, settings_.most - next_);
  if (settings_.pace.open()) result_.due_in_all = settings_.pace.due_by(begun_, now);
  for (; count > 0; --count, ++next_) {
    const bool hold = chance(settings_.reordered);
    if (hold)
      held_.push_back({next_, next_ + overtaken_by});
    else if (!send(next_))
      return;
    if (chance(settings_.duplicates)) held_.push_back({next_, next_ + overtaken_by});
    flights_.start(next_, settings_.pace.open() ? settings_.pace.due(begun_, next_) : now);
  }
}

bool load::send(std::uint64_t no) {
  key_ = settings_.run + "-" + std::to_string(no);
  id_ = "start-" + key_;
  write_body(body_, key_, no);
  const std::array<wire::header, 8> headers{{{"content-type", "application/json"},
                                             {"ce_specversion", "1.0"},
                                             {"ce_source", source_},
                                             {"ce_type", wire_name<Ordered>},
                                             {"ce_id", id_},
                                             {"ce_partitionkey", key_},
                                             {"ce_sagatype", settings_.definition},
                                             {"ce_sagakind", "start"}}};
  switch (writer_.send(starts_, key_, headers, body_, no)) {
    case log_writer::sent::queued:
      return true;
    case log_writer::sent::full:
      return false;
    case log_writer::sent::impossible:
      break;
  }
  throw log_error("A start cannot be sent to topic " + starts_ + ".");
}

void load::release_held(bool all) {
  std::erase_if(held_, [&](const held_start& h) { return (all || h.until < next_) && send(h.no); });
}

void load::take_events(instant now) {
  records_.clear();
  reader_.poll(records_, max_records, max_bytes);
  for (const auto& r : records_) take_event(r, now);
}

void load::take_event(const wire::record& record, instant now) {
  const auto type = wire::parse(record.headers).envelope.type;
  if (type == stuck_type) ++result_.stuck;
  if (type != completed_type && type != aborted_type) return;
  const auto run = settings_.run + "-";
  if (!record.key.starts_with(run)) return;  // another generator's
  std::uint64_t no = 0;
  const auto digits = record.key.substr(run.size());
  if (std::from_chars(digits.data(), digits.data() + digits.size(), no).ec != std::errc()) return;
  const auto took = flights_.end(no, now);
  if (!took) return;
  const bool aborted = type == aborted_type;
  ++result_.ended_in_all;
  result_.aborted_in_all += aborted;
  if (!measuring_) return;
  ++result_.ended;
  result_.aborted += aborted;
  result_.latency_us.record(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(*took).count()));
}

void load::delivered(const log_writer::delivery& d) {
  if (!d.error.empty()) broken_ = "A start was not accepted by Kafka: " + std::string(d.error);
}

// xorshift64*: the same seed, the same run.
bool load::chance(double share) {
  if (share <= 0) return false;
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return static_cast<double>((random_ * 0x2545F4914F6CDD1DULL) >> 11) * 0x1.0p-53 < share;
}
}  // namespace skald::bench
