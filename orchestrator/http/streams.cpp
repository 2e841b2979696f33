#include "orchestrator/http/streams.hpp"

#include <algorithm>

namespace skald::http {
namespace {
std::string formatted(const live_event& e) {
  return "id: " + e.id + "\nevent: " + e.type + "\ndata: " + e.data + "\n\n";
}
}  // namespace

bool stream_filter::takes(const live_event& e) const {
  return (saga.empty() || saga == e.saga) && (definition.empty() || definition == e.definition);
}

bool subscription::take(std::vector<text>& out) {
  std::lock_guard lock(guard_);
  out.insert(out.end(), pending_.begin(), pending_.end());
  pending_.clear();
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

bool subscription::put(const text& t, std::size_t max_pending) {
  std::function<void()> wake;
  bool fits = true;
  {
    std::lock_guard lock(guard_);
    fits = !cut_ && pending_.size() < max_pending;
    if (fits)
      pending_.push_back(t);
    else
      cut_ = true;
    wake.swap(wake_);
  }
  if (wake) wake();
  return fits;
}

void stream_hub::publish(live_event e) {
  auto text = std::make_shared<const std::string>(formatted(e));
  std::lock_guard lock(guard_);
  send(text, &e);
  ring_.push_back({std::move(e), std::move(text)});
  if (ring_.size() > max_ring_) ring_.pop_front();
}

void stream_hub::beat() {
  static const auto comment = std::make_shared<const std::string>(":\n\n");
  std::lock_guard lock(guard_);
  send(comment, nullptr);
}

void stream_hub::send(const subscription::text& text, const live_event* e) {
  std::erase_if(clients_, [&](const std::weak_ptr<subscription>& weak) {
    const auto client = weak.lock();
    if (!client) return true;
    return (!e || client->filter_.takes(*e)) && !client->put(text, max_pending_);
  });
}

std::shared_ptr<subscription> stream_hub::subscribe(stream_filter filter,
                                                    std::string_view last_event_id) {
  auto client = std::make_shared<subscription>();
  client->filter_ = std::move(filter);
  std::lock_guard lock(guard_);
  if (!last_event_id.empty()) {
    auto at = std::find_if(ring_.rbegin(), ring_.rend(),
                           [&](const kept& k) { return k.event.id == last_event_id; });
    if (at == ring_.rend()) return nullptr;
    for (auto next = at.base(); next != ring_.end(); ++next)
      if (client->filter_.takes(next->event)) client->pending_.push_back(next->text);
  }
  clients_.push_back(client);
  return client;
}

std::size_t stream_hub::clients() const {
  std::lock_guard lock(guard_);
  return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(),
                                                [](const auto& weak) { return !weak.expired(); }));
}
}  // namespace skald::http
