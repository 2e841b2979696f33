// A participant: typed handlers for the commands of sagas, with the fence kept for you.
//
//   skald::participant inventory{{.name = "inventory", .kafka = "...", .postgres = "..."}};
//   inventory.on<ReserveItem>([](auto& tx, const ReserveItem& c) -> skald::response { ... });
//   inventory.undo<ReleaseItem>([](auto& tx, const ReleaseItem& c, const skald::effect& e) { ...
//   }); inventory.start();
//
// A handler runs in the transaction that also remembers its answer (table fence, in the
// participant's own database: migrations/participant). A repeated command is answered from there
// and its handler not called; a command that comes after its undo is refused. docs/contract.md has
// the rules. Handlers run on one thread, the participant's; what they throw is answered `retry`.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "skald/record.hpp"

namespace pqxx {
class transaction_base;
}

namespace skald {
using transaction = pqxx::transaction_base;

// "Not now": nothing was done and nothing is remembered; the same command comes again, not before
// `after`.
struct later {
  std::chrono::milliseconds after{};
};
inline later retry(std::chrono::milliseconds after) {
  return {after};
}

// What a command's handler answers. Data is JSON.
class response {
 public:
  enum class what : std::uint8_t { ok, declined, retry };

  response(later l) : outcome(what::retry), after(l.after) {}  // NOLINT: meant to convert
  response(what o, std::string t, std::string d)
      : outcome(o), type(std::move(t)), data(std::move(d)) {}

  // Names what was done, when the definition tells effects apart by a field of the reply
  // (`.occurrence = field<&PaymentCompleted::payment_id>`): an undo may then name it.
  response& named(std::string occurrence) & { return effect = std::move(occurrence), *this; }
  response&& named(std::string occurrence) && { return std::move(named(std::move(occurrence))); }

  what outcome;
  std::string type, data, effect;
  std::chrono::milliseconds after{};
};
template <class Event>
response ok(const Event& e) {
  return {response::what::ok, std::string(wire_name<Event>), to_json(e)};
}
// A business "no", for good: nothing was done.
template <class Event>
response declined(const Event& e) {
  return {response::what::declined, std::string(wire_name<Event>), to_json(e)};
}

// Which message a handler is called for. Views live as long as the call.
struct request {
  std::string_view saga;  // the saga's id, 36 characters
  std::string_view saga_type, step;
  std::string_view id;   // the idempotency key, the same on every attempt
  std::string_view key;  // the business key
  std::int32_t attempt = 1;
};

// What an undo shall undo: an effect that is remembered here, or one that the orchestrator names
// and these books do not know (an event that nobody commanded, as a customer's own payment).
struct effect {
  const request& of;
  std::string_view occurrence;  // its name; empty when it has none
  bool remembered = false;
  std::string_view type, data;  // the remembered reply, JSON

  // The remembered reply as a struct; none when it is not remembered or of another type.
  template <class Event>
  std::optional<Event> as() const {
    if (!remembered || type != wire_name<Event>) return std::nullopt;
    return from_json<Event>(data);
  }
};

// What to break on purpose, with which probability (0 to 1), for demos and tests; off by default.
struct participant_faults {
  double lose_command = 0, lose_reply = 0, answer_twice = 0, delay_reply = 0;
  double die_before_commit = 0, die_after_commit = 0;  // SIGKILL to this process
  std::chrono::milliseconds delay{300};                // of a delayed reply; others overtake it
  std::uint64_t seed = 1;
};

struct participant_settings {
  std::string name;      // commands come from topic "<name>.commands"
  std::string kafka;     // bootstrap servers
  std::string postgres;  // URL or key=value of the participant's own database
  std::string schema;    // its search_path; empty: as the URL and the server say
  std::string group;     // consumer group; empty: "skald.<name>"
  int partitions = 0;    // of the command topic when it does not exist; 0: it must exist
  std::chrono::milliseconds topic_retention = std::chrono::hours(24 * 7);  // when it is created
  std::string topic_prefix;  // put before "<name>.commands"; empty in production

  std::size_t batch_records = 500;  // at most, in one transaction
  std::size_t batch_bytes = 4 << 20;
  std::size_t max_unacked_replies = 20'000;    // no further command is read above it
  std::chrono::milliseconds retry_after{500};  // of a command whose handler threw

  // How long the fence remembers, and how long a command can still come: the commands' topic
  // retention and the longest time that a saga is open. Forgetting earlier would let one take
  // effect twice: shorter than `horizon` is refused. `skald serve` is told the same retention.
  std::chrono::hours fence_retention{24 * 30};
  std::chrono::hours horizon{24 * 14};
  participant_faults faults;
};

// What has happened since the start; read from any thread.
struct participant_counts {
  std::uint64_t commands = 0, effects = 0, declined = 0, undone = 0, refused = 0, retried = 0;
  std::uint64_t duplicates = 0;  // answered from memory
  std::uint64_t set_aside = 0;   // not understood, kept in table set_aside
  std::uint64_t reconnects = 0;
};

// Thrown by a handler before it has changed anything: the message makes no sense, whoever sends it
// again. It is set aside with its bytes and nobody is answered. (Data that does not fit the struct
// is set aside without calling the handler.)
struct not_understood : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {
using command_handler =
    std::function<response(transaction&, const request&, std::string_view data)>;
using undo_handler =
    std::function<std::optional<later>(transaction&, const effect&, std::string_view data)>;

template <class Message>
Message read_message(std::string_view data) {
  try {
    return from_json<Message>(data);
  } catch (const bad_json& e) {
    throw not_understood(std::string(wire_name<Message>) + ": " + e.what());
  }
}
}  // namespace detail

class participant {
 public:
  // Throws std::invalid_argument with a sentence when a setting is missing or dangerous.
  explicit participant(participant_settings);
  ~participant();  // stops
  participant(const participant&) = delete;
  participant& operator=(const participant&) = delete;

  // Handler: (transaction&, const Command&) or (transaction&, const Command&, const request&),
  // returns response. Register before start.
  template <class Command, class Handler>
  participant& on(Handler handler) {
    add_command(wire_name<Command>,
                [h = std::move(handler)](transaction& tx, const request& r,
                                         std::string_view data) -> response {
                  const auto c = detail::read_message<Command>(data);
                  if constexpr (std::is_invocable_v<const Handler&, transaction&, const Command&,
                                                    const request&>)
                    return h(tx, c, r);
                  else
                    return h(tx, c);
                });
    return *this;
  }

  // Handler: (transaction&, const Undo&, const effect&), returns nothing, or std::optional<later>
  // to be asked again. An undo cannot be declined. Called once for each effect that is in force,
  // never for what was not done.
  template <class Undo, class Handler>
  participant& undo(Handler handler) {
    add_undo(wire_name<Undo>,
             [h = std::move(handler)](transaction& tx, const effect& e,
                                      std::string_view data) -> std::optional<later> {
               const auto u = detail::read_message<Undo>(data);
               if constexpr (std::is_void_v<decltype(h(tx, u, e))>) {
                 h(tx, u, e);
                 return std::nullopt;
               } else {
                 return h(tx, u, e);
               }
             });
    return *this;
  }

  // The fence of a pivot: has no handler. What is not done yet never will be (`undone`); what is
  // done stays, and its reply is repeated (`ok`).
  template <class Fence>
  participant& fence() {
    add_undo(wire_name<Fence>, nullptr);
    return *this;
  }

  void start();  // returns at once; connects, and reconnects, on its own thread
  void stop();   // waits: finishes the batch, sends its replies. Twice is legal
  participant_counts counts() const;

 private:
  void add_command(std::string_view type, detail::command_handler);
  void add_undo(std::string_view type, detail::undo_handler);

  struct parts;
  std::unique_ptr<parts> parts_;
};
}  // namespace skald
