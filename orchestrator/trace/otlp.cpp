#include "orchestrator/trace/otlp.hpp"

#include "orchestrator/json_text.hpp"

namespace skald::trace {
namespace {
// Writes [{"key":...,"value":{...}},...]; empty values are left out.
class attributes {
 public:
  explicit attributes(std::string& out) : out_(out) { out_ += "\"attributes\":["; }
  ~attributes() { out_ += ']'; }
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    begin(key);
    out_ += "{\"stringValue\":";
    append_json(out_, value);
    out_ += "}}";
  }
  void number(std::string_view key, std::int64_t value) {  // a text, says OTLP's JSON of 64 bits
    begin(key);
    out_ += "{\"intValue\":\"" + std::to_string(value) + "\"}}";
  }

 private:
  void begin(std::string_view key) {
    out_ += first_ ? "{\"key\":\"" : ",{\"key\":\"";
    first_ = false;
    out_ += key;
    out_ += "\",\"value\":";
  }
  std::string& out_;
  bool first_ = true;
};

std::string hex_of(std::uint64_t span) {
  std::string text;
  append_traceparent(text, {}, span);
  return text.substr(36, 16);
}

std::string nanoseconds(std::int64_t ms) {
  return "\"" + std::to_string(ms) + "000000\"";
}

void append_attributes(std::string& out, const span& s) {
  attributes all(out);
  all.text("skald.definition", s.definition);
  all.text("skald.step", s.step);
  all.text("skald.outcome", s.outcome);
  all.text("messaging.message.conversation_id", to_string(s.saga));
  if (s.topic.empty()) return;
  all.text("messaging.system", "kafka");
  all.text("messaging.destination.name", s.topic);
  all.text("messaging.operation.type", s.kind == span_kind::producer ? "send" : "process");
  all.text("messaging.message.id", s.message_id);
  if (s.attempt > 0) all.number("skald.attempt", s.attempt);
  if (s.partition >= 0) all.text("messaging.destination.partition.id", std::to_string(s.partition));
  if (s.offset >= 0) all.number("messaging.kafka.offset", s.offset);
}

void append_span(std::string& out, const span& s) {
  out += "{\"traceId\":\"" + trace_id(s.of) + "\",\"spanId\":\"" + hex_of(s.id) + "\"";
  if (s.of.parent != 0) out += ",\"parentSpanId\":\"" + hex_of(s.of.parent) + "\"";
  out += ",\"name\":";
  append_json(out, s.name);
  out += ",\"kind\":" + std::to_string(static_cast<int>(s.kind)) +
         ",\"startTimeUnixNano\":" + nanoseconds(s.begin_ms) +
         ",\"endTimeUnixNano\":" + nanoseconds(s.end_ms) + ",";
  append_attributes(out, s);
  if (s.link.present())
    out += ",\"links\":[{\"traceId\":\"" + trace_id(s.link) + "\",\"spanId\":\"" +
           hex_of(s.link.parent) + "\"}]";
  if (s.failed) out += ",\"status\":{\"code\":2}";
  out += '}';
}
}  // namespace

std::string otlp_json(const resource& r, std::span<const trace::span> spans) {
  std::string out = "{\"resourceSpans\":[{\"resource\":{";
  {
    attributes of(out);
    of.text("service.name", "skald");
    of.text("service.version", r.version);
    of.text("service.instance.id", r.instance);
  }
  out += "},\"scopeSpans\":[{\"scope\":{\"name\":\"skald\"},\"spans\":[";
  for (const auto& s : spans) {
    if (&s != spans.data()) out += ',';
    append_span(out, s);
  }
  return out += "]}]}]}";
}
}  // namespace skald::trace
