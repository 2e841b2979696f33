// A record on its way into the log, as a handler waits for it without holding its thread.
#pragma once
#include <optional>

#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/patience.hpp"
#include "orchestrator/api/record_sender.hpp"

namespace skald::api {
inline constexpr milliseconds acknowledged_within{10'000}, held_for_ack{50};

// True: acknowledged. False: not yet. Throws http::unavailable when the log did not take it.
inline bool acknowledged(const acknowledgement& sent, milliseconds wait = milliseconds(0)) {
  if (sent.wait_for(wait) != std::future_status::ready) return false;
  if (const auto& why = sent.get(); !why.empty()) throw http::unavailable(why);
  return true;
}

// `then()` is the answer when all is acknowledged. Most acknowledgements come within milliseconds:
// so long the thread waits, later it is given back.
template <class Then>
http::response when_acknowledged(const acknowledgement& sent, Then then) {
  if (acknowledged(sent, held_for_ack)) return then();
  http::response not_yet;
  not_yet.again_after = milliseconds(1);
  not_yet.again = [sent, then] {
    return patiently(acknowledged_within, [=](bool last) -> std::optional<http::response> {
      if (acknowledged(sent)) return then();
      if (!last) return std::nullopt;
      throw http::unavailable("Kafka has not acknowledged the record yet; it may still take it. "
                              "The same request again does no harm.");
    });
  };
  return not_yet;
}
}  // namespace skald::api
