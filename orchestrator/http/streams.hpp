// Server-sent events: one ring of the latest events, many clients that wait for the next.
//
// An event is formatted once and shared. A client that reads too slowly is cut when `max_pending`
// events wait for it; it reconnects with Last-Event-ID and loses nothing that is still in the ring.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skald::http {
struct live_event {
  std::string id;    // resumes after this event, on any node
  std::string type;  // "started", "completed", ...
  std::string saga;  // id, 36 characters
  std::string definition;
  std::string data;  // JSON on one line
};

struct stream_filter {
  std::string saga, definition;  // empty: all
  bool takes(const live_event&) const;
};

class subscription {
 public:
  using text = std::shared_ptr<const std::string>;

  // Appends what waits to `out`. False: this client was too slow and is cut.
  bool take(std::vector<text>& out);
  // Called once, from any thread, when something waits (at once if it does already).
  void when_ready(std::function<void()>);

 private:
  friend class stream_hub;
  bool put(const text&, std::size_t max_pending);  // false: cut
  stream_filter filter_;
  std::mutex guard_;
  std::deque<text> pending_;
  std::function<void()> wake_;
  bool cut_ = false;
};

// Any thread may call any function.
class stream_hub {
 public:
  explicit stream_hub(std::size_t ring = 20'000, std::size_t max_pending = 256)
      : max_ring_(ring), max_pending_(max_pending) {}

  void publish(live_event);
  void beat();  // a comment to every client, so that both sides see a dead connection

  // From now on, or from behind `last_event_id`. Nothing: that event is no longer in the ring.
  std::shared_ptr<subscription> subscribe(stream_filter, std::string_view last_event_id = {});
  std::size_t clients() const;

 private:
  struct kept {
    live_event event;
    subscription::text text;
  };
  void send(const subscription::text&, const live_event*);

  const std::size_t max_ring_, max_pending_;
  mutable std::mutex guard_;
  std::deque<kept> ring_;
  std::vector<std::weak_ptr<subscription>> clients_;
};
}  // namespace skald::http
