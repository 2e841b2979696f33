#include "outbox/participant_replies.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ctime>

#include "outbox/frame.hpp"

namespace skald {
namespace {
using wire::outcome;

constexpr std::string_view no_data_type = "skald.reply.v1", no_data = "{}";
constexpr milliseconds full_wait{100};
constexpr std::size_t max_delayed = 10'000;

// P1: what a reply takes over from its command. Saga headers that are not known yet included.
bool copied(std::string_view name) {
  if (name == "ce_correlationid" || name == "ce_subject" || name == "traceparent" ||
      name == "tracestate")
    return true;
  return name.starts_with("ce_saga") && name != "ce_sagakind" && name != "ce_sagaoutcome" &&
         name != "ce_sagareplyto" && name != "ce_sagaretryafter";
}

std::string utc_now() {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  const auto seconds = system_clock::to_time_t(now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto ms = static_cast<int>(now.time_since_epoch().count() % 1000);
  const char tail[] = {'.', static_cast<char>('0' + ms / 100),
                       static_cast<char>('0' + ms / 10 % 10), static_cast<char>('0' + ms % 10),
                       'Z'};
  return std::string(text, length).append(tail, sizeof tail);
}

std::string_view key_of(const task& t) {
  return t.record->has_key ? t.record->key : t.envelope.partition_key;
}
std::string_view data_of(const answer& a) {
  return a.type.empty() ? no_data : a.data;
}
}  // namespace

reply_headers::reply_headers(std::string_view participant_name)
    : source_("/skald/participants/" + std::string(participant_name)) {}

std::span<const wire::header> reply_headers::of(const task& t, std::string_view time) {
  const auto& e = t.envelope;
  const auto& a = t.answer;
  id_ = std::string(e.id) + "/" + std::string(name(a.outcome));
  if (a.outcome == outcome::retry) id_ += "/" + std::to_string(e.attempt);
  headers_.assign({{"content-type", "application/json"},
                   {"ce_specversion", "1.0"},
                   {"ce_source", source_},
                   {"ce_type", a.type.empty() ? no_data_type : std::string_view(a.type)},
                   {"ce_id", id_},
                   {"ce_time", time},
                   {"ce_partitionkey", key_of(t)},
                   {"ce_causationid", e.id},
                   {"ce_sagakind", name(wire::kind::reply)},
                   {"ce_sagaoutcome", name(a.outcome)}});
  if (a.outcome == outcome::retry) {
    retry_after_ = std::to_string(a.after.count());
    headers_.push_back({"ce_sagaretryafter", retry_after_});
  }
  for (const auto& h : t.record->headers)
    if (copied(h.name)) headers_.push_back(h);
  return headers_;
}

reply_sender::reply_sender(log_writer& writer, std::string_view participant_name, faults& f)
    : writer_(writer), headers_(participant_name), faults_(f) {}

void reply_sender::send(std::span<const task> tasks, std::vector<position> next) {
  const auto tag = first_tag_ + batches_.size();
  batches_.push_back({.next = std::move(next)});
  auto& owed = batches_.back().unacked;
  const auto time = utc_now();
  for (const auto& t : tasks) {
    if (t.answer.outcome == outcome::none || faults_.lose_reply()) continue;
    const auto headers = headers_.of(t, time);
    for (int copies = faults_.answer_twice() ? 2 : 1; copies > 0; --copies) {
      ++owed;
      ++unacked_;
      if (faults_.delay_reply() && delayed_.size() < max_delayed) {
        delayed_.push_back({std::chrono::steady_clock::now() + faults_.delay(), tag, {}});
        wire::append_frame(delayed_.back().packed, t.envelope.reply_to, key_of(t), headers,
                           data_of(t.answer));
      } else {
        send_one(t.envelope.reply_to, key_of(t), headers, data_of(t.answer), tag);
      }
    }
  }
}

void reply_sender::send_one(std::string_view topic, std::string_view key,
                            std::span<const wire::header> headers, std::string_view value,
                            std::uint64_t tag) {
  for (;;) {
    switch (writer_.send(topic, key, headers, value, tag)) {
      case log_writer::sent::queued:
        return;
      case log_writer::sent::impossible:
        spdlog::error("a reply to topic {} can never be sent, of {} bytes", topic, value.size());
        ++impossible_;
        return done_with(tag);
      case log_writer::sent::full:
        break;
    }
    writer_.flush(full_wait);
    if (!broken_.empty()) throw log_error(broken_);
  }
}

void reply_sender::send_delayed(bool all) {
  const auto now = std::chrono::steady_clock::now();
  while (!delayed_.empty() && (all || delayed_.front().due <= now)) {
    const auto late = std::move(delayed_.front());
    delayed_.pop_front();
    std::string_view rest = late.packed;
    wire::frame f;
    if (wire::read_frame(rest, f)) send_one(f.topic, f.key, f.headers, f.value, late.tag);
  }
}

void reply_sender::delivered(const log_writer::delivery& d) {
  if (!d.error.empty() && !d.permanent) {
    broken_ = d.error;
    return;
  }
  if (!d.error.empty()) {
    spdlog::error("a reply can never be sent: {}", d.error);
    ++impossible_;
  }
  done_with(d.tag);
}

void reply_sender::done_with(std::uint64_t tag) {
  --unacked_;
  --batches_.at(tag - first_tag_).unacked;
}

std::vector<position> reply_sender::settle() {
  send_delayed(false);
  writer_.poll();
  if (!broken_.empty()) throw log_error(broken_);
  std::vector<position> done;
  while (!batches_.empty() && batches_.front().unacked == 0) {
    for (auto& p : batches_.front().next) {
      std::erase_if(done, [&](const position& older) { return older.partition == p.partition; });
      done.push_back(std::move(p));
    }
    batches_.pop_front();
    ++first_tag_;
  }
  return done;
}

void reply_sender::forget(std::span<const partition> lost) {
  for (auto& b : batches_)
    std::erase_if(b.next, [&](const position& p) {
      return std::find(lost.begin(), lost.end(), p.partition) != lost.end();
    });
}

bool reply_sender::finish(milliseconds at_most) {
  send_delayed(true);
  return writer_.flush(at_most) && broken_.empty();
}
}  // namespace skald
