// Server-sent events: one ring of the latest events, many clients that wait for the next.
//
// An event is formatted once and shared. A client that reads too slowly is cut when `max_pending`
// events wait for it; it reconnects with Last-Event-ID and loses nothing that is still in the ring.
// The id of an event is how far the log has been read behind it, partition by partition: any node
// can go on from there, and one that restarts fills its ring from the log.
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
using cursor = std::vector<std::int64_t>;  // by partition: the next offset to read
std::string to_text(const cursor&);        // "120.0.7.99"
std::optional<cursor> parse_cursor(std::string_view);

struct live_event {
  std::size_t partition = 0;  // where it lies in the log
  std::int64_t offset = 0;
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
  bool put(const text&);  // false: cut
  stream_filter filter_;
  cursor not_before_;  // of a client that was further on another node; empty: it was not
  std::size_t max_pending_ = 0;
  std::mutex guard_;
  std::vector<text> pending_;
  std::function<void()> wake_;
  bool cut_ = false;
};

// Any thread may call any function.
class stream_hub {
 public:
  explicit stream_hub(std::size_t max_ring_bytes = 16 << 20, std::size_t max_pending = 256)
      : max_ring_bytes_(max_ring_bytes), max_pending_(max_pending) {}

  void begin(cursor at);  // reading begins here; what was before is not known any more
  void open();            // the ring is filled: clients may come
  bool is_open() const;
  void publish(live_event);
  void beat();  // tells every client how far the log was read; both sides see a dead connection

  enum class refused : std::uint8_t { no, not_open, gone };
  struct subscribed {
    std::shared_ptr<subscription> client;  // null: refused
    stream_hub::refused refused = stream_hub::refused::no;
  };
  // From now on, or from `behind`. Gone: events behind it are no longer in the ring.
  subscribed subscribe(stream_filter, const std::optional<cursor>& behind = {});
  std::size_t clients() const;

 private:
  struct kept {
    live_event event;
    subscription::text text;
    std::size_t bytes() const;
  };
  void send(const subscription::text&, const live_event*);
  void forget_oldest();

  const std::size_t max_ring_bytes_, max_pending_;
  mutable std::mutex guard_;
  std::deque<kept> ring_;
  std::size_t ring_bytes_ = 0;
  cursor low_, next_;  // of every partition the ring holds [low, next)
  bool open_ = false;
  std::vector<std::weak_ptr<subscription>> clients_;
};
}  // namespace skald::http
