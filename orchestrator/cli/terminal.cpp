#include "orchestrator/cli/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "orchestrator/cli/context.hpp"

namespace skald::cli {
namespace {
std::string variable(const char* name) {
  const char* const text = std::getenv(name);
  return text ? text : "";
}
}  // namespace

bool wants_color(const std::string& choice, int descriptor) {
  if (choice != "auto") return choice == "always";
  if (!variable("NO_COLOR").empty()) return false;
  if (const auto forced = variable("CLICOLOR_FORCE"); !forced.empty() && forced != "0") return true;
  const auto term = variable("TERM");
  return isatty(descriptor) && !term.empty() && term != "dumb";
}

std::string actor() {
  const auto user = variable("USER");
  return user.empty() ? "uid " + std::to_string(getuid()) : user;
}

void confirm(const context& x, bool yes, const std::string& question) {
  if (yes) return;
  if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
    throw failure(usage, question + ": say --yes if that is meant, or look with --dry-run first");
  x.err << question << ". Go on? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "yes") throw failure(failed, "nothing was done");
}
}  // namespace skald::cli
