// What people ask of sagas, as records for the log: a start, an operator's action, and the
// operator's word for a participant's books. Nothing is decided here: the owner of the shard does,
// and writes its verdict into the saga's journal, where it is found again by the request's id.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outbox/ids.hpp"
#include "outbox/postgres/connection.hpp"
#include "outbox/token.hpp"
#include "skald/model.hpp"

namespace skald::requests {
// To be produced, keyed `key`, partition by murmur2 (log_writer's default).
struct record {
  std::string topic, key;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string value;
};

// Where records are from and whom they are for.
struct sender {
  std::string prefix;  // of the topics
  std::string source;  // ce_source: "/skald/cli"
};
struct target {
  std::string definition, key;
};
uuid id_of(const target&);

std::string new_id();  // of a request; random, 36 characters

// The business key where the definition looks for it: a text, or an integer in decimal.
struct found_key {
  std::string key, problem;  // problem: empty, or a sentence
};
found_key key_in(const definition&, std::string_view event);

// An event that starts a saga. `key` is what key_in() has found in it.
record start(const sender&, const definition&, std::string_view key, std::string_view event,
             std::string_view request_id);

enum class verb : std::uint8_t { cancel, pause, resume, retry, settle, done, not_done };
std::string_view name(verb);  // as in an action's data: "not_done"
std::optional<verb> verb_named(std::string_view);

// settle, done and not_done are words about an effect. They go into the participant's books first
// (`in_books`), or with a reason why not (`accept_risk`).
constexpr bool about_an_effect(verb v) {
  return v >= verb::settle;
}

struct action {
  requests::verb verb = verb::cancel;
  std::string actor, reason;
  std::string step;                    // empty: the saga as a whole
  std::string occurrence;              // words that tell the surplus apart; empty: the step itself
  std::optional<std::int64_t> if_seq;  // refused as stale when the saga has gone on since
  bool in_books = false;
  std::string accept_risk;
};
record act(const sender&, const target&, const action&, std::string_view request_id, signer&);

// The word of a settle, done or not_done for the books of the step's participant. Nothing: the step
// has no participant, so there are no books. `n`: the last one that an undo of the step has used.
struct book_word {
  requests::verb verb = verb::settle;
  std::string_view occurrence;  // empty: the step's own row
  std::uint16_t n = 0;
};
std::optional<record> settle(const sender&, const definition&, const target&, std::uint8_t step,
                             const book_word&, signer&);

// What the owner said to an action. `held`: the saga is paused; it counts at resume.
struct verdict {
  std::int64_t seq = 0;
  std::string name;  // applied, held, duplicate, recorded, conflict, refused, stale
  bool accepted() const { return name == "applied" || name == "held" || name == "duplicate"; }
};
// Nothing: it has not come yet. `after_seq`: the saga's sequence before the request was sent.
std::optional<verdict> find_verdict(pg::connection&, std::int64_t saga_no, std::int64_t after_seq,
                                    std::string_view request_id, verb);
// Of a request that is no action the saga can take: why it lies in quarantine.
std::optional<std::string> find_quarantined(pg::connection&, std::string_view topic,
                                            std::string_view key, std::string_view request_id);
}  // namespace skald::requests
