// The service alone in a process of its own, for tests that kill it. The settings are arguments;
// SKALD_FAILPOINTS says where it dies. Ends at SIGTERM.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/service.hpp"

int main(int, char** argv) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, nullptr);
  skald::failpoint::arm_from_environment();
  skald::settings s;
  s.postgres_url = argv[1];
  s.kafka.bootstrap = argv[2];
  s.prefix = argv[3];
  s.shards = std::atoi(argv[4]);
  s.session = std::chrono::milliseconds(std::atoi(argv[5]));
  s.workers = 1;
  s.log = [](const skald::log_entry& e) { std::fprintf(stderr, "%s\n", e.text.c_str()); };
  skald::service service(s);
  service.start();
  int signal = 0;
  sigwait(&term, &signal);
  service.stop();
}
