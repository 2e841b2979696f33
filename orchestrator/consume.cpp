#include "orchestrator/consume.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "orchestrator/failpoint.hpp"

namespace skald {
namespace {
// Where records that are not CloudEvents may say their type (docs/contract.md).
constexpr std::array<std::string_view, 3> type_headers{"type", "event_type", "eventType"};
constexpr std::string_view type_pointer = "/type";
constexpr std::string_view cannot_be_passed_on = "the record is too large to be passed on";
}  // namespace

void consumer::refuse(const input& in, sink& out, std::string_view reason, quarantine_reason why) {
  counts_.quarantined(in.record->topic, why);
  out.quarantine(in.shard, *in.record, reason);
}

void consumer::read(const wire::record& record, std::int16_t shard, std::vector<input>& out,
                    sink& rest) {
  input in;
  in.shard = shard;
  in.record = &record;
  const auto parsed = read_envelope(in);
  in.envelope = parsed.envelope;
  in.topic = record.topic;
  in.counts = &counts_.of(record.topic);
  in.counts->consumed.add();
  failpoint::pass("consume.parsed");
  const bool foreign = record.topic != names_.inbox && record.topic != names_.starts;
  if (!parsed.problem.empty()) {
    if (foreign && !may_be_bound(in)) return in.counts->unmatched.add();  // other people's
    return refuse(in, rest, parsed.problem);
  }
  if (foreign) return read_event(std::move(in), out, rest);
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
      return read_event(std::move(in), out, rest);
    default:
      return refuse(in, rest, "ce_sagakind is not start, reply, event or action");
  }
}

wire::parsed consumer::read_envelope(input& in) {
  in.headers = in.record->headers;
  in.data = in.record->value;
  if (!in.record->has_value || !wire::is_structured(in.headers)) return wire::parse(in.headers);
  auto& reader = structured_.emplace_back();
  const auto parsed = reader.read(in.record->value, in.data);
  in.headers = reader.headers();
  return parsed;
}

// A record that its sender put on the wrong partition is put on the right one.
bool consumer::misplaced(const input& in, sink& rest) {
  if (murmur2_partition(in.key, shards_) == in.shard) return false;
  in.counts->misrouted.add();
  headers_.assign(in.headers.begin(), in.headers.end());
  if (!rest.forward(in.shard, std::string(in.record->topic), in.key, headers_, in.data))
    refuse(in, rest, cannot_be_passed_on);
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

// Nobody can say of what type a damaged structured event is.
bool consumer::may_be_bound(input& in) {
  if (identify(in, in.record->topic)) return true;
  return in.envelope.type.empty() && wire::is_structured(in.record->headers) &&
         catalog_.binds(in.record->topic);
}

// False: it is nothing that a definition binds, not even one that was activated just now.
bool consumer::identify(input& in, std::string_view topic) {
  if (find_type(in, topic)) return true;
  if (looked_again_) return false;
  look_again();
  return find_type(in, topic);
}

// What is not CloudEvents says what it is in a header of its own or in its data, or its topic says
// it.
bool consumer::find_type(input& in, std::string_view topic) {
  const auto bound = [&](std::string_view type) {
    if (catalog_.bindings(topic, type).empty()) return false;
    in.envelope.type = type;
    return true;
  };
  if (!in.envelope.type.empty()) return bound(in.envelope.type);
  for (const auto& h : in.headers)
    if (std::find(type_headers.begin(), type_headers.end(), h.name) != type_headers.end() &&
        bound(h.value))
      return true;
  if (in.record->has_value && payload_.read(in.data).empty())
    if (const auto word = payload_.word(type_pointer); word && bound(kept_.emplace_back(*word)))
      return true;
  return bound(topic);
}

// An event feeds every definition that binds it; each may look for the key elsewhere.
void consumer::read_event(input event, std::vector<input>& out, sink& rest) {
  if (event.topic == names_.inbox) {
    for (const auto& h : event.headers)
      if (h.name == origin_header) event.topic = h.value;
    if (event.topic == names_.inbox)
      return refuse(event, rest, "the event does not say where it is from");
  }
  if (!identify(event, event.topic)) return event.counts->unmatched.add();
  if (!event.record->has_value)
    return refuse(event, rest, "the record is a tombstone: it has no data");
  if (const auto problem = payload_.read(event.data); !problem.empty())
    return refuse(event, rest, problem);
  event.message_id = event.envelope.id;
  if (event.message_id.empty())
    event.message_id = kept_.emplace_back(std::string(event.topic) + "-" +
                                          std::to_string(event.record->partition) + "-" +
                                          std::to_string(event.record->offset));
  event.topic = kept_.emplace_back(event.topic);
  for (const auto& b : catalog_.bindings(event.topic, event.envelope.type)) {
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
    if (murmur2_partition(in.key, shards_) != in.shard) {
      if (event.record->topic == names_.inbox) continue;  // passed on for another definition's key
      pass_on(in, rest);
      continue;
    }
    in.saga = saga_id(b.definition->ns(), in.key);
    out.push_back(std::move(in));
  }
}

// Into the inbox, under its business key, as one of ours.
void consumer::pass_on(const input& in, sink& rest) {
  in.counts->misrouted.add();
  const auto& e = in.envelope;
  headers_ = {{"content-type", "application/json"},
              {"ce_specversion", "1.0"},
              {"ce_id", in.message_id},
              {"ce_source", e.source.empty() ? in.topic : e.source},
              {"ce_type", e.type},
              {"ce_partitionkey", in.key},
              {"ce_sagakind", "event"},
              {origin_header, in.topic}};
  const auto ours = headers_.size();
  for (const auto& h : in.headers) {
    const auto same = [&](const wire::header& other) { return other.name == h.name; };
    if (std::none_of(headers_.begin(), headers_.begin() + static_cast<std::ptrdiff_t>(ours), same))
      headers_.push_back(h);
  }
  if (!rest.forward(in.shard, names_.inbox, in.key, headers_, in.data))
    refuse(in, rest, cannot_be_passed_on);
}
}  // namespace skald
