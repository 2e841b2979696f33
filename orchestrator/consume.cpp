#include "orchestrator/consume.hpp"

#include <utility>

#include "orchestrator/failpoint.hpp"

namespace skald {
void consumer::refuse(const input& in, sink& out, std::string_view reason, quarantine_reason why) {
  counts_.quarantined(in.record->topic, why);
  out.quarantine(in.shard, *in.record, reason);
}

void consumer::read(const wire::record& record, std::int16_t shard, std::vector<input>& out,
                    sink& rest) {
  input in;
  in.shard = shard;
  in.record = &record;
  const auto parsed = wire::parse(record.headers);
  in.envelope = parsed.envelope;
  in.topic = record.topic;
  in.counts = &counts_.of(record.topic);
  in.counts->consumed.add();
  failpoint::pass("consume.parsed");
  const bool foreign = record.topic != names_.inbox && record.topic != names_.starts;
  if (!parsed.problem.empty()) {
    if (foreign) return in.counts->unmatched.add();  // other people's
    return refuse(in, rest, parsed.problem);
  }
  if (foreign) return read_event(in, out, rest);
  if (!record.has_value) return refuse(in, rest, "the record is a tombstone: it has no data");
  if (!record.has_key || !is_business_key(record.key))
    return refuse(in, rest, "the record's key is not a business key: 1 to 512 bytes of plain text");
  in.key = record.key;
  in.message_id = in.envelope.id;
  if (misplaced(in, rest)) return;
  switch (in.envelope.kind) {
    case wire::kind::start:
      return read_start(std::move(in), out, rest);
    case wire::kind::reply:
      return read_reply(std::move(in), out, rest);
    case wire::kind::action:
      return read_action(std::move(in), out, rest);
    case wire::kind::event:
      return read_event(in, out, rest);
    default:
      return refuse(in, rest, "ce_sagakind is not start, reply, event or action");
  }
}

// A record that its sender put on the wrong partition is put on the right one.
bool consumer::misplaced(const input& in, sink& rest) {
  if (murmur2_partition(in.key, shards_) == in.shard) return false;
  in.counts->misrouted.add();
  headers_.assign(in.record->headers.begin(), in.record->headers.end());
  rest.forward(in.shard, std::string(in.record->topic), in.key, headers_, in.record->value);
  return true;
}

void consumer::read_start(input in, std::vector<input>& out, sink& rest) {
  in.from = input::source::start;
  if (in.envelope.saga_type.empty())
    return refuse(in, rest, "ce_sagatype does not say which saga to start");
  if (!catalog_.active(in.envelope.saga_type)) look_again();  // it may have been activated since
  if (!to_known_saga(in, rest)) return;
  out.push_back(std::move(in));
}

void consumer::read_reply(input in, std::vector<input>& out, sink& rest) {
  in.from = input::source::reply;
  const auto& e = in.envelope;
  if (!tokens_.good(e.token, e.causation_id))
    return refuse(in, rest, "ce_sagatoken does not fit ce_causationid: the reply is not believed",
                  quarantine_reason::not_believed);
  const auto answered = wire::parse_command_id(e.causation_id);
  if (!answered) return refuse(in, rest, "ce_causationid is not the id of a command");
  // What a participant says to an operator's word for its books is for who sent it, and who then
  // tells the saga so with an action.
  if (answered->kind == wire::kind::settle) return in.counts->unmatched.add();
  in.answered = *answered;
  if (e.outcome == wire::outcome::none) return refuse(in, rest, "ce_sagaoutcome is missing");
  if (!to_known_saga(in, rest)) return;
  if (in.saga != in.answered.saga)
    return refuse(in, rest, "the command answered is another saga's");
  out.push_back(std::move(in));
}

void consumer::read_action(input in, std::vector<input>& out, sink& rest) {
  in.from = input::source::action;
  if (!tokens_.good(in.envelope.token, in.envelope.id))
    return refuse(in, rest, "ce_sagatoken does not fit ce_id: the action is not believed",
                  quarantine_reason::not_believed);
  if (!to_known_saga(in, rest)) return;
  out.push_back(std::move(in));
}

// Once a batch is enough: what is in the batch was sent before.
void consumer::look_again() {
  if (!std::exchange(looked_again_, true)) on_unknown_name();
}

// The id follows from definition and key; a correlation id that says otherwise is a mistake.
bool consumer::to_known_saga(input& in, sink& rest) {
  const auto name = in.envelope.saga_type;
  in.definition = catalog_.newest(name);
  if (!in.definition) {
    look_again();
    in.definition = catalog_.newest(name);
  }
  if (!in.definition) {
    refuse(in, rest, "ce_sagatype names a definition that is not registered",
           quarantine_reason::unknown);
    return false;
  }
  in.saga = saga_id(in.definition->ns(), in.key);
  if (in.envelope.correlation_id.empty()) return true;
  const auto said = parse_uuid(in.envelope.correlation_id);
  if (said && *said == in.saga) return true;
  refuse(in, rest, "ce_correlationid is not the id of this key's saga");
  return false;
}

// An event feeds every definition that binds it; each may look for the key elsewhere.
void consumer::read_event(const input& event, std::vector<input>& out, sink& rest) {
  auto topic = event.topic;
  if (topic == names_.inbox) {
    for (const auto& h : event.record->headers)
      if (h.name == origin_header) topic = h.value;
    if (topic == names_.inbox)
      return refuse(event, rest, "the event does not say where it is from");
  }
  const auto bindings = catalog_.bindings(topic, event.envelope.type);
  if (bindings.empty()) return event.counts->unmatched.add();
  if (!event.record->has_value)
    return refuse(event, rest, "the record is a tombstone: it has no data");
  if (const auto problem = payload_.read(event.record->value); !problem.empty())
    return refuse(event, rest, problem);
  auto id = event.envelope.id;
  if (id.empty())
    id = kept_.emplace_back(std::string(topic) + "-" + std::to_string(event.record->partition) +
                            "-" + std::to_string(event.record->offset));
  for (const auto& b : bindings) {
    const auto& spec = b.definition->spec();
    const auto pointer =
        b.step < 0 ? spec.starts.key : spec.steps[static_cast<std::size_t>(b.step)].await.correlate;
    const auto key = payload_.word(pointer);
    if (!key || !is_business_key(*key)) {
      refuse(event, rest, "the event has no usable business key where the definition looks for it",
             quarantine_reason::no_key);
      continue;
    }
    input in = event;
    in.from = b.step < 0 ? input::source::start : input::source::event;
    in.definition = b.definition;
    in.key = *key;
    in.message_id = id;
    in.topic = kept_.emplace_back(topic);
    if (murmur2_partition(in.key, shards_) != in.shard) {
      if (event.topic == names_.inbox) continue;  // passed on for another definition's key
      event.counts->misrouted.add();
      headers_.clear();
      for (const auto& h : event.record->headers)
        if (h.name != "ce_partitionkey" && h.name != "ce_sagakind" && h.name != origin_header)
          headers_.push_back(h);
      headers_.push_back({"ce_partitionkey", in.key});
      headers_.push_back({"ce_sagakind", "event"});
      headers_.push_back({origin_header, topic});
      rest.forward(in.shard, names_.inbox, in.key, headers_, event.record->value);
      continue;
    }
    in.saga = saga_id(b.definition->ns(), in.key);
    out.push_back(std::move(in));
  }
}
}  // namespace skald
