// A part of a benchmark in a process of its own, so that its CPU time and memory can be told apart.
// Forked, not executed: the parent must have one thread only, and opens no client of Kafka.
#pragma once
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace skald::bench {
using std::chrono::milliseconds;

// The child's end of a line-by-line conversation. One thread.
class parent_line {
 public:
  explicit parent_line(int fd) : fd_(fd) {}
  void say(std::string_view line);  // without line breaks
  bool stop_asked() const;          // also when the parent is gone; stays true
  int fd() const { return fd_; }    // readable: stop_asked() has turned true

 private:
  int fd_;
};

// Destroying it kills the process, if it still runs, and waits.
class child {
 public:
  // `body` runs in the new process; what it returns is the child's last word. What it throws is
  // thrown by hear() and finish() here, as std::runtime_error "<name>: <what>".
  static child start(std::string name, const std::function<std::string(parent_line&)>& body);

  ~child();
  child(child&&) noexcept;
  child& operator=(child&&) noexcept;  // kills what it was

  pid_t pid() const { return pid_; }

  // The next line the child says, or its last word. Throws when none comes in time, and when the
  // child has died.
  std::string hear(milliseconds at_most);
  std::optional<std::string> hear_if(milliseconds at_most);  // nothing: no line has come in time
  void ask_to_stop();
  std::string last_word(milliseconds at_most);  // skips lines, waits until it has ended
  std::string finish(milliseconds at_most);     // asks it to stop, then the same
  void kill();                                  // SIGKILL, and waits

 private:
  child(std::string name, pid_t pid, int fd) : name_(std::move(name)), pid_(pid), fd_(fd) {}
  bool read_more(milliseconds at_most);
  [[noreturn]] void fail(const std::string& why) const;

  std::string name_;
  pid_t pid_ = -1;
  int fd_ = -1;
  std::string heard_, said_last_;
  bool ended_ = false;
};
}  // namespace skald::bench
