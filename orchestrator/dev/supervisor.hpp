// The processes of a demo: started in order, started again when they die, ended in reverse order.
#pragma once
#include <chrono>
#include <list>
#include <string>
#include <vector>

#include "orchestrator/dev/child.hpp"

namespace skald::dev {
inline constexpr int max_restarts = 20;  // of all members together; then something is broken

// One thread: the one that lives as long as the children shall (see child).
class supervisor {
 public:
  // `again`: it is meant to run until it is stopped.
  void start(std::string name, child_command, bool again);

  // Starts again what died. Returns a sentence for each. Throws std::runtime_error, with the end
  // of its log, when a member ends by itself with an exit code (a kill is not its own doing).
  std::vector<std::string> look_after();

  bool ended(const std::string& name);  // of a member that was not meant to run for ever
  int restarts() const { return restarts_; }
  void stop_one(const std::string& name);
  void stop();  // waits; twice is legal

 private:
  struct member {
    std::string name;
    child_command command;
    bool again;
    child process;
  };
  std::list<member> members_;
  int restarts_ = 0;
};

// The last lines of a log, for an error message.
std::string end_of_file(const std::string& path);
}  // namespace skald::dev
