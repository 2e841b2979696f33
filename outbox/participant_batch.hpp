// One batch of commands in one transaction: what each message is, what the fence says to it, which
// handler runs, what is answered. The caller owns the transaction and decides what a throw means.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/postgres/fence.hpp"
#include "outbox/wire.hpp"
#include "skald/participant.hpp"

namespace skald {
struct participant_handlers {
  std::map<std::string, detail::command_handler, std::less<>> commands;
  std::map<std::string, detail::undo_handler, std::less<>> undos;  // null: a pivot's fence
};

struct answer {
  wire::outcome outcome = wire::outcome::none;  // none: no answer is owed
  std::string type, data;
  std::chrono::milliseconds after{};  // of a retry
  bool repeated = false;              // from memory, no handler ran
};

// A message and what became of it. Views live as long as the record.
struct task {
  const wire::record* record = nullptr;
  wire::envelope envelope;
  fence::key about;
  std::string own_id;   // the id of the step's `do`
  std::string problem;  // why it cannot be understood: it is set aside, nobody is answered
  skald::answer answer;
};

// Reads what a record asks for. Never throws on any bytes.
task read_task(const wire::record&, const participant_handlers&);

// Does all tasks in order, and fills their answers. Throws what a handler or the database throws;
// then nothing of it may be committed. Tasks with a problem, found before or here, are set aside.
void do_tasks(transaction&, std::span<task>, const participant_handlers&);
}  // namespace skald
