// skald saga start: an event into the log; the service that owns its shard starts the saga.
#include <memory>
#include <nlohmann/json.hpp>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/post.hpp"
#include "orchestrator/cli/read_data.hpp"
#include "orchestrator/definitions.hpp"
#include "orchestrator/requests.hpp"
#include "sagas/json.hpp"

namespace skald::cli {
namespace {
struct start_flags {
  std::string definition, data = "-";
};

stored_definition active(pg::connection& database, const std::string& name) {
  for (const auto& d : definitions::list(database))
    if (d.name == name && d.state == "active")
      return load_definition(definitions::show(database, d.name, d.version).value());
  throw failure(not_found, "no version of a definition " + name +
                               " is active; `skald definition list` shows all");
}

int start(context& x, const start_flags& o) {
  required(x, "kafka");
  pg::connection database(required(x, "postgres"));
  const auto d = active(database, o.definition);
  const auto event = read_data(o.data);
  const auto [key, problem] = requests::key_in(*d, event);
  if (!problem.empty()) throw failure(usage, problem);
  post mail(x);
  mail.send(requests::start(mail.from(), *d, key, event, requests::new_id()));
  mail.deliver();
  x.output.show({{"definition", d->name},
                 {"key", key},
                 {"id", to_string(requests::id_of({std::string(d->name), key}))}});
  return done;
}
}  // namespace

void add_saga_start(const commands& c, CLI::App& group) {
  const auto o = std::make_shared<start_flags>();
  auto* const sub = c.add_to(group, "start", "Start a saga with an event",
                             [o](context& x) { return start(x, *o); });
  sub->add_option("definition", o->definition, "the definition's name")->required();
  sub->add_option("--data", o->data, "the event: JSON, @FILE, or - for standard input");
}
}  // namespace skald::cli
