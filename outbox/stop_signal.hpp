// Tells a background loop to stop, and is what it waits on together with its sockets.
#pragma once
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace skald {
class stop_signal {
 public:
  stop_signal() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::runtime_error("No file descriptor is left: raise ulimit -n.");
  }
  ~stop_signal() { ::close(fd_); }
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;

  void raise() {
    raised_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(fd_, &one, sizeof one);
  }
  bool raised() const { return raised_; }

  // Until raised, until `socket` is ready (-1: none), or until the time is over.
  void wait(std::chrono::milliseconds at_most, int socket = -1, bool for_writing = false) const {
    const short events = static_cast<short>(POLLIN | (for_writing ? POLLOUT : 0));
    std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {socket, events, 0}}};
    ::poll(fds.data(), fds.size(), static_cast<int>(at_most.count()));
  }

 private:
  int fd_;
  std::atomic<bool> raised_{false};
};
}  // namespace skald
