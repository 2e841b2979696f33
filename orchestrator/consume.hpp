// Consume: from records to inputs. Reads envelopes, checks who may say what, finds the saga an
// input is for; what nobody can apply goes to quarantine, what is on the wrong shard goes on.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "orchestrator/catalog.hpp"
#include "orchestrator/input.hpp"
#include "orchestrator/metrics/counts.hpp"
#include "orchestrator/payload.hpp"
#include "orchestrator/store.hpp"
#include "outbox/structured.hpp"
#include "outbox/token.hpp"
#include "outbox/wire.hpp"

namespace skald {
// The names that one installation uses on the wire.
struct topic_names {
  explicit topic_names(const std::string& prefix)
      : starts(prefix + ".starts"),
        inbox(prefix + ".inbox"),
        saga_events(prefix + ".saga-events") {}
  std::string starts, inbox, saga_events;
};

// Header of a foreign event that was passed on into the inbox: the topic it came from.
inline constexpr std::string_view origin_header = "ce_sagaorigin";

class consumer {
 public:
  // What becomes of records that are no input. Called with records of the poll under way.
  struct sink {
    virtual void quarantine(std::int16_t shard, const wire::record&, std::string_view reason) = 0;
    // To be produced again, keyed `key`, with the batch. False: no broker takes it.
    virtual bool forward(std::int16_t shard, const std::string& topic, std::string_view key,
                         const std::vector<wire::header>&, std::string_view value) = 0;

   protected:
    ~sink() = default;
  };

  consumer(const topic_names& names, std::int32_t shards, catalog& known, signer& tokens,
           metrics& counts)
      : names_(names), shards_(shards), catalog_(known), tokens_(tokens), counts_(counts) {}

  // Reads the catalog anew when a name is unknown.
  std::function<void()> on_unknown_name = [] {};

  void read(const wire::record&, std::int16_t shard, std::vector<input>& out, sink&);
  void end_batch() {  // what inputs of the batch pointed to is gone
    kept_.clear();
    structured_.clear();
    looked_again_ = false;
  }

 private:
  void read_start(input, std::vector<input>& out, sink&);
  void read_reply(input, std::vector<input>& out, sink&);
  void read_action(input, std::vector<input>& out, sink&);
  void read_event(input, std::vector<input>& out, sink&);
  wire::parsed read_envelope(input&);
  bool may_be_bound(input&);
  bool identify(input&, std::string_view topic);
  bool find_type(input&, std::string_view topic);
  void pass_on(const input&, sink&);
  bool to_known_saga(input&, sink&);
  void look_again();
  bool misplaced(const input&, sink&);
  void refuse(const input&, sink&, std::string_view reason,
              quarantine_reason = quarantine_reason::unreadable);

  const topic_names& names_;
  const std::int32_t shards_;
  catalog& catalog_;
  signer& tokens_;
  topic_counts counts_;
  payload_reader payload_;
  std::deque<std::string> kept_;
  std::deque<wire::structured_reader> structured_;
  std::vector<wire::header> headers_;
  bool looked_again_ = false;
};
}  // namespace skald
