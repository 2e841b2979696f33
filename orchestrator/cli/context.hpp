// What a command is given, and the way to fail: with an exit code and one sentence that says what
// was wrong and what to do. Data goes to `output`, everything else to `err`.
#pragma once
#include <iosfwd>
#include <stdexcept>
#include <string>

#include "orchestrator/cli/output.hpp"
#include "orchestrator/config.hpp"

namespace skald::cli {
enum exit_code : int {
  done = 0,
  failed = 1,     // or a violation was found
  usage = 2,      // or a definition that is wrong
  not_found = 3,  // or a bound was reached
  conflict = 4,
  unreachable = 5,  // PostgreSQL or Kafka
  forbidden = 6,    // by PostgreSQL
  timed_out = 124
};

struct failure : std::runtime_error {
  failure(exit_code c, const std::string& sentence) : std::runtime_error(sentence), code(c) {}
  exit_code code;
};

struct context {
  const config::configuration& settings;
  cli::output& output;
  std::ostream& err;
};

// The setting, or a failure that says how to give it.
const std::string& required(const context&, std::string_view setting);

// Who is noted in journals and in the audit log.
std::string actor();

// Says yes by --yes, or on a terminal by hand; elsewhere a failure that names --yes.
void confirm(const context&, bool yes, const std::string& question);
}  // namespace skald::cli
