#include "orchestrator/dev/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace skald::dev {
namespace {
using std::chrono::milliseconds;

[[noreturn]] void cannot(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

int open_for_output(const std::string& path, int more_flags) {
  const auto fd = open(path.empty() ? "/dev/null" : path.c_str(),
                       O_WRONLY | O_CREAT | O_CLOEXEC | more_flags, 0644);
  if (fd < 0) cannot("cannot write " + path);
  return fd;
}

// Everything the child needs after fork, made before it: between fork and exec nothing may
// allocate, since other threads may have held a lock.
struct prepared {
  explicit prepared(const child_command& c) {
    for (const auto& w : c.words) words.push_back(const_cast<char*>(w.c_str()));
    words.push_back(nullptr);
    for (char** e = environ; *e; ++e)
      if (!replaced(c, *e)) variables.push_back(*e);
    for (const auto& [name, value] : c.environment) texts.push_back(name + "=" + value);
    for (auto& t : texts) variables.push_back(t.data());
    variables.push_back(nullptr);
  }
  static bool replaced(const child_command& c, const std::string& entry) {
    for (const auto& [name, value] : c.environment)
      if (entry.starts_with(name + "=")) return true;
    return false;
  }
  std::vector<char*> words, variables;
  std::vector<std::string> texts;
};

// In the child. Only system calls; raw ones for the user, as glibc's speak to other threads.
[[noreturn]] void become(const child_command& c, prepared& p, int out, int err, int problem,
                         pid_t parent) {
  const auto ok = [&] {
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) return false;
    const auto empty = open("/dev/null", O_RDONLY);
    if (empty < 0 || dup2(empty, STDIN_FILENO) < 0) return false;
    if (c.user) {
      if (syscall(SYS_setgroups, 0, nullptr) != 0) return false;
      if (syscall(SYS_setresgid, c.group, c.group, c.group) != 0) return false;
      if (syscall(SYS_setresuid, *c.user, *c.user, *c.user) != 0) return false;
      if (chdir("/") != 0) return false;
    }
    // after the change of user, which forgets it
    if (prctl(PR_SET_PDEATHSIG, c.last_signal) != 0) return false;
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(s, SIG_DFL);
    setpgid(0, 0);  // Ctrl-C is for the parent, which ends its children in order
    execve(p.words[0], p.words.data(), p.variables.data());
    return false;
  };
  ok();
  const int reason = errno;
  [[maybe_unused]] const auto told = write(problem, &reason, sizeof reason);
  _exit(127);
}

exit_status decode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
}  // namespace

child::child(const child_command& c) {
  prepared p(c);
  const int err = open_for_output(c.log, O_APPEND);
  const int out = c.output.empty() ? dup(err) : open_for_output(c.output, O_TRUNC);
  int problem[2];
  if (pipe2(problem, O_CLOEXEC) != 0) cannot("cannot make a pipe");
  const auto parent = getpid();
  pid_ = fork();
  if (pid_ < 0) cannot("cannot start another process");
  if (pid_ == 0) become(c, p, out, err, problem[1], parent);
  close(problem[1]);
  close(out);
  close(err);
  int reason = 0;
  const auto got = read(problem[0], &reason, sizeof reason);
  close(problem[0]);
  if (got > 0) {
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    errno = reason;
    cannot("cannot run " + c.words[0]);
  }
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) cannot("cannot watch a child process");
}

child::~child() {
  if (pid_ > 0) stop(SIGKILL, milliseconds(0));
  if (pidfd_ >= 0) close(pidfd_);
}

child::child(child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      status_(other.status_) {}

child& child::operator=(child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(status_, other.status_);
  return *this;
}

std::optional<exit_status> child::ended() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = decode(status);
  return status_;
}

std::optional<exit_status> child::wait(milliseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!ended()) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd watched{pidfd_, POLLIN, 0};
    poll(&watched, 1, static_cast<int>(left.count()));
  }
  return status_;
}

exit_status child::stop(int signal, milliseconds at_most) {
  if (!ended()) kill(pid_, signal);
  if (!wait(at_most)) {
    kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = decode(status);
  }
  return *status_;
}

exit_status run(const child_command& c, milliseconds at_most) {
  child it(c);
  if (const auto status = it.wait(at_most)) return *status;
  throw std::runtime_error(c.words[0] + " did not end within " +
                           std::to_string(at_most.count() / 1000) + " s");
}
}  // namespace skald::dev
