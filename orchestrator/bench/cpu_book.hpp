// CPU time of processes by the name of the part they play, of those that were killed too.
#pragma once
#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

namespace skald::bench {
class cpu_book {
 public:
  using times = std::map<std::string, std::optional<double>>;  // none: not on this machine

  void watch(const std::string& name, std::optional<pid_t>);  // again: in place of who was ending
  void ending(const std::string& name);  // just before its end: what it took stays counted
  times ms() const;                      // since each process began

 private:
  struct part {
    std::optional<pid_t> pid;
    double ended_ms = 0;  // of those before
  };
  std::map<std::string, part> parts_;
};
}  // namespace skald::bench
