// SIGINT and SIGTERM, taken by whoever waits for them instead of ending the process.
#pragma once
#include <csignal>

namespace skald::cli {
// Call it before the first thread: all threads inherit it.
inline sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

inline void wait_for_stop(const sigset_t& signals) {
  int which = 0;
  sigwait(&signals, &which);
}
}  // namespace skald::cli
