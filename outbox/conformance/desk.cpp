#include "outbox/conformance/desk.hpp"

#include <algorithm>
#include <random>

namespace skald::conformance {
namespace {
constexpr milliseconds read_wait{20}, send_within{30'000};
constexpr milliseconds idle_fetch{20};  // one reply after another: each is waited for
constexpr std::size_t max_strays = 1'000, max_records = 1'000, max_bytes = 8 << 20;
constexpr std::int64_t reply_retention_ms = 24 * 3600 * 1000;

std::string random_secret() {
  std::random_device chance;
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes += static_cast<char>(chance());
  return bytes;
}

letter copy_of(const wire::record& r) {
  letter l{.topic = std::string(r.topic),
           .key = std::string(r.key),
           .value = std::string(r.value),
           .partition = r.partition,
           .has_key = r.has_key};
  for (const auto& h : r.headers) l.headers.emplace_back(h.name, h.value);
  return l;
}
}  // namespace

std::string_view letter::header(std::string_view name) const {
  for (const auto& [n, v] : headers)
    if (n == name) return v;
  return {};
}

std::string to_text(const letter& l) {
  auto text = "topic " + l.topic + ", key " + (l.has_key ? "'" + l.key + "'" : "none");
  if (l.partition >= 0) text += ", partition " + std::to_string(l.partition);
  for (const auto& [n, v] : l.headers) text += "\n  " + n + ": " + v;
  return text + "\n  " + l.value;
}

desk::desk(desk_settings s) : settings_(std::move(s)), signer_({{1, random_secret()}}) {
  const auto admin = kafka::open_admin(settings_.kafka);
  if (admin->partitions(settings_.command_topic) == 0)
    throw log_error("there is no topic " + settings_.command_topic +
                    ": start the participant first, or create its topic");
  admin->ensure_topic(settings_.reply_topic, settings_.reply_partitions, reply_retention_ms);
  settings_.reply_partitions = admin->partitions(settings_.reply_topic);
  writer_ = kafka::open_writer(settings_.kafka, {}, [this](const log_writer::delivery& d) {
    if (!d.error.empty()) broken_ = d.error;
  });
  reader_ = kafka::open_reader(settings_.kafka,
                               {.group = settings_.reply_topic, .idle_fetch = idle_fetch});
  std::vector<position> ends;
  for (std::int32_t p = 0; p < settings_.reply_partitions; ++p) {
    const partition at{settings_.reply_topic, p};
    ends.push_back({at, admin->watermarks(at).high});
  }
  reader_->assign(ends);
}

std::string desk::token(std::string_view id) {
  std::string token;
  signer_.append_token(token, id);
  return token;
}

void desk::send(const letter& l) {
  std::vector<wire::header> headers;
  for (const auto& [n, v] : l.headers) headers.push_back({n, v});
  filed_.try_emplace(std::string(l.header("ce_id")));
  if (writer_->send(l.topic, l.key, headers, l.value, 0) != log_writer::sent::queued)
    throw log_error("a command could not be sent to " + l.topic);
  if (!writer_->flush(send_within) || !broken_.empty())
    throw log_error("Kafka does not take commands for " + l.topic + ": " + broken_);
}

void desk::read() {
  reader_->wait(read_wait);
  std::vector<wire::record> records;
  reader_->poll(records, max_records, max_bytes);
  for (const auto& r : records) {
    auto l = copy_of(r);
    const auto at = filed_.find(l.header("ce_causationid"));
    if (at != filed_.end())
      at->second.push_back(std::move(l));
    else if (strays_.size() < max_strays)
      strays_.push_back(std::move(l));
  }
}

std::optional<letter> desk::hear(const std::string& command_id) {
  const auto until = std::chrono::steady_clock::now() + settings_.answer_within;
  auto& waiting = filed_[command_id];
  while (waiting.empty() && std::chrono::steady_clock::now() < until) read();
  if (waiting.empty()) return std::nullopt;
  auto l = std::move(waiting.front());
  waiting.pop_front();
  return l;
}
}  // namespace skald::conformance
