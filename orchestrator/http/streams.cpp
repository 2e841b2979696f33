#include "orchestrator/http/streams.hpp"

#include <algorithm>
#include <charconv>

namespace skald::http {
namespace {
constexpr std::size_t max_partitions = 256;
constexpr std::string_view reconnect_after = "retry: 2000\n";  // milliseconds

std::string formatted(const live_event& e, const cursor& behind) {
  return "id: " + to_text(behind) + "\nevent: " + e.type + "\ndata: " + e.data + "\n\n";
}
}  // namespace

std::string to_text(const cursor& c) {
  std::string out;
  for (const auto offset : c) out += (out.empty() ? "" : ".") + std::to_string(offset);
  return out;
}

std::optional<cursor> parse_cursor(std::string_view text) {
  cursor out;
  while (out.size() < max_partitions) {
    std::int64_t offset = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (failed != std::errc{} || offset < 0) return std::nullopt;
    out.push_back(offset);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return out;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

bool stream_filter::takes(const live_event& e) const {
  return (saga.empty() || saga == e.saga) && (definition.empty() || definition == e.definition);
}

bool subscription::take(std::vector<text>& out) {
  std::lock_guard lock(guard_);
  out.insert(out.end(), pending_.begin(), pending_.end());
  std::vector<text>().swap(pending_);  // most clients are idle: they hold no memory
  return !cut_;
}

void subscription::when_ready(std::function<void()> wake) {
  {
    std::lock_guard lock(guard_);
    if (pending_.empty() && !cut_) {
      wake_ = std::move(wake);
      return;
    }
  }
  wake();
}

bool subscription::put(const text& t) {
  std::function<void()> wake;
  bool fits = true;
  {
    std::lock_guard lock(guard_);
    fits = !cut_ && pending_.size() < max_pending_;
    if (fits)
      pending_.push_back(t);
    else
      cut_ = true;
    wake.swap(wake_);
  }
  if (wake) wake();
  return fits;
}

std::size_t stream_hub::kept::bytes() const {
  return sizeof(kept) + text->size() + event.saga.size() + event.definition.size();
}

void stream_hub::begin(cursor at) {
  std::lock_guard lock(guard_);
  ring_.clear();
  ring_bytes_ = 0;
  low_ = next_ = std::move(at);
}

void stream_hub::open() {
  std::lock_guard lock(guard_);
  open_ = true;
}

bool stream_hub::is_open() const {
  std::lock_guard lock(guard_);
  return open_;
}

void stream_hub::publish(live_event e) {
  std::lock_guard lock(guard_);
  if (e.partition >= next_.size()) return;
  next_[e.partition] = e.offset + 1;
  auto text = std::make_shared<const std::string>(formatted(e, next_));
  send(text, &e);
  std::string().swap(e.data);  // the text has it
  ring_.push_back({std::move(e), std::move(text)});
  ring_bytes_ += ring_.back().bytes();
  while (ring_bytes_ > max_ring_bytes_) forget_oldest();
}

void stream_hub::forget_oldest() {
  const auto& oldest = ring_.front();
  low_[oldest.event.partition] = oldest.event.offset + 1;
  ring_bytes_ -= oldest.bytes();
  ring_.pop_front();
}

void stream_hub::beat() {
  std::lock_guard lock(guard_);
  send(std::make_shared<const std::string>("id: " + to_text(next_) + "\n\n"), nullptr);
}

void stream_hub::send(const subscription::text& text, const live_event* e) {
  std::erase_if(clients_, [&](const std::weak_ptr<subscription>& weak) {
    const auto client = weak.lock();
    if (!client) return true;
    if (e && !client->filter_.takes(*e)) return false;
    if (e && !client->not_before_.empty() && e->offset < client->not_before_[e->partition])
      return false;
    return !client->put(text);
  });
}

stream_hub::subscribed stream_hub::subscribe(stream_filter filter,
                                             const std::optional<cursor>& behind) {
  auto client = std::make_shared<subscription>();
  client->filter_ = std::move(filter);
  std::lock_guard lock(guard_);
  if (!open_) return {nullptr, refused::not_open};
  auto first = std::string(reconnect_after);
  if (behind) {
    if (behind->size() != next_.size()) return {nullptr, refused::gone};
    for (std::size_t p = 0; p < next_.size(); ++p) {
      if ((*behind)[p] < low_[p]) return {nullptr, refused::gone};
      if ((*behind)[p] > next_[p]) client->not_before_ = *behind;
    }
    first += "\n";
  } else {
    first += "id: " + to_text(next_) + "\n\n";
  }
  client->pending_.push_back(std::make_shared<const std::string>(std::move(first)));
  if (behind)
    for (const auto& k : ring_)
      if (k.event.offset >= (*behind)[k.event.partition] && client->filter_.takes(k.event))
        client->pending_.push_back(k.text);
  client->max_pending_ = client->pending_.size() + max_pending_;
  clients_.push_back(client);
  return {client, refused::no};
}

std::size_t stream_hub::clients() const {
  std::lock_guard lock(guard_);
  return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(),
                                                [](const auto& weak) { return !weak.expired(); }));
}
}  // namespace skald::http
