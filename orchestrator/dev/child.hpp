// A child process that ends with its parent: at the latest when the parent dies, however it dies.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skald::dev {
struct child_command {
  std::vector<std::string> words;                                // words[0]: an absolute path
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::string log;            // standard output and error are appended here; empty: /dev/null
  std::string output;         // standard output goes here instead (truncated); empty: log
  std::optional<uid_t> user;  // with its group `group`; only root may ask for it
  gid_t group = 0;
  int last_signal = SIGKILL;  // sent by the kernel when the parent dies
};

// How a process ended: its exit code, or 128 + the signal.
using exit_status = int;

// Start it from a thread that lives as long as the child shall: the kernel ends the child with the
// thread. Not copyable; the destructor stops it.
class child {
 public:
  // Throws std::runtime_error when it cannot be started (a missing program included).
  explicit child(const child_command&);
  ~child();
  child(child&&) noexcept;
  child& operator=(child&&) noexcept;

  pid_t pid() const { return pid_; }
  std::optional<exit_status> ended();  // none: it still runs
  // Waits at most so long.
  std::optional<exit_status> wait(std::chrono::milliseconds at_most);
  // `signal`, and SIGKILL when it has not ended in time. Twice is legal.
  exit_status stop(int signal, std::chrono::milliseconds at_most);

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<exit_status> status_;
};

// Runs it to its end. Throws std::runtime_error when that takes longer.
exit_status run(const child_command&, std::chrono::milliseconds at_most);
}  // namespace skald::dev
