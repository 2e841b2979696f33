#include "orchestrator/bench/child.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "sagas/assert.hpp"

namespace skald::bench {
namespace {
using std::chrono::steady_clock;

constexpr std::size_t max_line_bytes = 4 << 20;
constexpr int line_fd = 3;  // in the child, where nothing else is open behind it

// A line begins with what it is: '=' said, '.' last word, '!' thrown.
void write_line(int fd, char what, std::string_view text) {
  std::string line{what};
  line += text;
  for (auto& c : line)
    if (c == '\n') c = ' ';
  line += '\n';
  for (std::size_t done = 0; done < line.size();) {
    const auto n = ::send(fd, line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // the parent is gone; stop_asked() says so
    done += static_cast<std::size_t>(n);
  }
}

int threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<int>(std::distance(begin(tasks), end(tasks)));
}

[[noreturn]] void live(int fd, const std::function<std::string(parent_line&)>& body) {
  // Nothing of the parent's stays open: a child that outlives the parent must notice it.
  ::dup2(fd, line_fd);
  ::close_range(line_fd + 1, ~0U, 0);
  ::signal(SIGINT, SIG_IGN);  // an interrupt is the parent's to answer
  int code = 0;
  try {
    parent_line line(line_fd);
    write_line(line_fd, '.', body(line));
  } catch (const std::exception& e) {
    write_line(line_fd, '!', e.what());
    code = 1;
  }
  ::_exit(code);  // the parent's destructors and buffers are not ours to run
}
}  // namespace

void parent_line::say(std::string_view text) {
  write_line(fd_, '=', text);
}

bool parent_line::stop_asked() const {
  pollfd p{fd_, POLLIN, 0};
  return ::poll(&p, 1, 0) > 0;
}

child child::start(std::string name, const std::function<std::string(parent_line&)>& body) {
  SKALD_ASSERT(threads() == 1, "a benchmark forks before it has threads");
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    throw std::runtime_error("no socket for " + name + ": " + std::strerror(errno));
  const auto pid = ::fork();
  if (pid == 0) live(fds[1], body);
  ::close(fds[1]);
  if (pid < 0) {
    ::close(fds[0]);
    throw std::runtime_error("no process for " + name + ": " + std::strerror(errno));
  }
  return {std::move(name), pid, fds[0]};
}

child::child(child&& other) noexcept {
  *this = std::move(other);
}

child& child::operator=(child&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(pid_, other.pid_);
  std::swap(fd_, other.fd_);
  std::swap(heard_, other.heard_);
  std::swap(said_last_, other.said_last_);
  std::swap(ended_, other.ended_);
  other.kill();
  return *this;
}

child::~child() {
  kill();
}

void child::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (fd_ >= 0) ::close(fd_);
  pid_ = fd_ = -1;
}

void child::fail(const std::string& why) const {
  throw std::runtime_error(name_ + ": " + why);
}

bool child::read_more(milliseconds at_most) {
  pollfd p{fd_, POLLIN, 0};
  const auto ready =
      ::poll(&p, 1, static_cast<int>(std::max<milliseconds::rep>(0, at_most.count())));
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0) return false;
  char buffer[4096];
  const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) fail("the process has died");
  heard_.append(buffer, static_cast<std::size_t>(n));
  if (heard_.size() > max_line_bytes) fail("said an endless line");
  return true;
}

std::string child::hear(milliseconds at_most) {
  auto line = hear_if(at_most);
  if (!line) fail("no word for " + std::to_string(at_most.count()) + " ms");
  return *std::move(line);
}

std::optional<std::string> child::hear_if(milliseconds at_most) {
  if (ended_) return said_last_;
  SKALD_ASSERT(fd_ >= 0, "a killed child is not listened to");
  const auto end = steady_clock::now() + at_most;
  std::size_t line_end;
  while ((line_end = heard_.find('\n')) == std::string::npos)
    if (!read_more(std::chrono::ceil<milliseconds>(end - steady_clock::now()))) return {};
  const char what = heard_.front();
  auto line = heard_.substr(1, line_end - 1);
  heard_.erase(0, line_end + 1);
  if (what == '!') fail(line);
  ended_ = what == '.';
  if (ended_) said_last_ = line;
  return line;
}

void child::ask_to_stop() {
  ::shutdown(fd_, SHUT_WR);
}

std::string child::finish(milliseconds at_most) {
  if (fd_ >= 0) ask_to_stop();
  return last_word(at_most);
}

std::string child::last_word(milliseconds at_most) {
  const auto end = steady_clock::now() + at_most;
  while (!ended_) hear(std::chrono::ceil<milliseconds>(end - steady_clock::now()));
  kill();  // it has said all it had to say
  return said_last_;
}
}  // namespace skald::bench
