// skald saga start: an event into the log; the service that owns its shard starts the saga.
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/definitions.hpp"
#include "outbox/ids.hpp"
#include "outbox/kafka/connection.hpp"
#include "sagas/json.hpp"

namespace skald::cli {
namespace {
constexpr std::size_t max_event_bytes = 256 * 1024;
constexpr milliseconds acknowledged_within{30'000};

struct options {
  std::string definition, data = "-";
};

std::string read_data(const std::string& from) {
  std::string text(max_event_bytes + 1, '\0');
  std::ifstream file;
  if (from.starts_with('@')) file.open(from.substr(1), std::ios::binary);
  if (from.starts_with('@') && !file)
    throw failure(usage, "the file " + from.substr(1) + " cannot be read");
  if (from != "-" && !from.starts_with('@')) return from;
  auto& in = from == "-" ? std::cin : file;
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > max_event_bytes)
    throw failure(usage, "the event is larger than " + std::to_string(max_event_bytes) + " bytes");
  return text;
}

stored_definition active(pg::connection& database, const std::string& name) {
  for (const auto& d : definitions::list(database))
    if (d.name == name && d.state == "active")
      return load_definition(definitions::show(database, d.name, d.version).value());
  throw failure(not_found, "no version of a definition " + name +
                               " is active; `skald definition list` shows all");
}

// The business key where the definition looks for it: a text, or an integer in decimal.
std::string key_of(const definition& d, const std::string& event) {
  const auto data = nlohmann::json::parse(event, nullptr, false);
  if (!data.is_object()) throw failure(usage, "the event must be one JSON object");
  const nlohmann::json::json_pointer at{std::string(d.starts.key)};
  if (data.contains(at) && data[at].is_string()) return data[at].get<std::string>();
  if (data.contains(at) && data[at].is_number_integer()) return data[at].dump();
  throw failure(usage, "the event has no business key: " + std::string(d.starts.key) +
                           " must be a text or an integer");
}

std::string random_id() {
  std::random_device dice;
  uuid id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(dice());
  return to_string(id);
}

void send(const context& x, const definition& d, const std::string& key, const std::string& event) {
  std::string problem;
  const auto writer = kafka::open_writer({.bootstrap = required(x, "kafka")},
                                         {.unknown_topic_after = acknowledged_within},
                                         [&](const log_writer::delivery& told) {
                                           if (!told.error.empty()) problem = told.error;
                                         });
  const auto id = random_id();
  const wire::header headers[] = {{"content-type", "application/json"},
                                  {"ce_specversion", "1.0"},
                                  {"ce_source", "/skald/cli"},
                                  {"ce_type", d.starts.event},
                                  {"ce_id", id},
                                  {"ce_subject", key},
                                  {"ce_partitionkey", key},
                                  {"ce_sagakind", "start"},
                                  {"ce_sagatype", d.name}};
  const auto topic =
      d.starts.topic.empty() ? x.settings.text("prefix") + ".starts" : std::string(d.starts.topic);
  if (writer->send(topic, key, headers, event, 0) != log_writer::sent::queued)
    throw failure(failed, "the event cannot be sent to topic " + topic);
  if (!writer->flush(acknowledged_within) && problem.empty())
    throw failure(unreachable, "Kafka at " + required(x, "kafka") +
                                   " has not taken the event; check the address, and that the "
                                   "broker runs");
  if (!problem.empty()) throw failure(failed, "Kafka refuses the event: " + problem);
}

int start(context& x, const options& o) {
  required(x, "kafka");
  pg::connection database(required(x, "postgres"));
  const auto d = active(database, o.definition);
  const auto event = read_data(o.data);
  const auto key = key_of(*d, event);
  send(x, *d, key, event);
  x.output.show({{"definition", d->name},
                 {"key", key},
                 {"id", to_string(saga_id(saga_namespace(d->name), key))}});
  return done;
}
}  // namespace

void add_saga_start(const commands& c, CLI::App& group) {
  const auto o = std::make_shared<options>();
  auto* const sub = c.add_to(group, "start", "Start a saga with an event",
                             [o](context& x) { return start(x, *o); });
  sub->add_option("definition", o->definition, "the definition's name")->required();
  sub->add_option("--data", o->data, "the event: JSON, @FILE, or - for standard input");
}
}  // namespace skald::cli
