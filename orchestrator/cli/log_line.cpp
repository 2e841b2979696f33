#include "orchestrator/cli/log_line.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
constexpr std::array<std::string_view, 3> names{"error", "warn", "info"};

std::string_view name(severity s) {
  return names[static_cast<std::size_t>(s)];
}

// What is known of where it happened, by the names that both forms use.
ordered_json fields_of(const log_entry& e, std::uint64_t suppressed) {
  ordered_json fields = ordered_json::object();
  if (e.saga) fields["saga_id"] = to_string(*e.saga);
  const auto text = [&](const char* as, const std::string& value) {
    if (!value.empty()) fields[as] = value;
  };
  const auto number = [&](const char* as, const std::optional<std::int64_t>& value) {
    if (value) fields[as] = *value;
  };
  text("definition", e.definition);
  text("step", e.step);
  number("attempt", e.attempt);
  text("trace_id", e.trace_id);
  text("topic", e.topic);
  number("partition", e.partition);
  number("offset", e.offset);
  if (suppressed > 0) fields["suppressed"] = suppressed;
  return fields;
}

std::string dump(const ordered_json& value) {  // what is not UTF-8 is replaced
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}
}  // namespace

std::string json_line(const log_entry& e, std::string_view ts, std::uint64_t suppressed) {
  ordered_json line = {
      {"ts", ts}, {"level", name(e.severity)}, {"event", e.event}, {"message", e.text}};
  line.update(fields_of(e, suppressed));
  return dump(line);
}

std::string text_line(const log_entry& e, std::string_view ts, std::uint64_t suppressed) {
  std::string line(ts);
  line += ' ';
  line += name(e.severity);
  line.append(e.severity == severity::error ? " " : "  ");
  line += e.event;
  line += ": ";
  for (const char c : e.text) line += c == '\n' || c == '\r' ? ' ' : c;
  const auto fields = fields_of(e, suppressed);
  for (const auto& [as, value] : fields.items()) {
    line += ' ' + as + '=';
    line += value.is_string() ? value.get<std::string>() : dump(value);
  }
  return line;
}

rate_limit::answer rate_limit::ask(std::string_view event, clock::time_point now) {
  const std::lock_guard lock(mutex_);
  auto found = windows_.find(event);
  if (found == windows_.end()) found = windows_.emplace(event, window{now}).first;
  auto& w = found->second;
  if (now - w.begun >= std::chrono::seconds(1)) {
    w.begun = now;
    w.written = 0;
  }
  if (w.written >= lines_a_second) {
    ++w.suppressed;
    return {};
  }
  ++w.written;
  return {true, std::exchange(w.suppressed, 0)};
}
}  // namespace skald::cli
